"""The bundled example: a home-made tracker that is broken for deployment, and the logs that it really wrote.

It lies in `notebooks/example/` as plain files. Nobody investigates it there: `materialise` copies it into a folder and builds
a git repository of its own around it, with a short fixed history, so that a clone of session-ops and an installed wheel
give the same documents, down to the commit ids.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from session_ops.model import UsageError

NAME = "agent-ops"
_STAMP = "session-ops-example"  # inside .git: says that we made the folder and may replace it


def bundled() -> Traversable:
    """The folder `notebooks/example`, from the installed package or from the checkout around it.

    Raises UsageError when neither holds it.
    """
    installed = files("session_ops") / "notebooks" / "example"
    checkout = Path(__file__).parents[2] / "notebooks" / "example"
    for place in (installed, checkout):
        if (place / NAME).is_dir():
            return place
    raise UsageError(f"the bundled example is missing: {checkout} is not there; install session-ops again")


def materialise(into: Path) -> Path:
    """Copies the example to `into`/agent-ops, as the root of a git work tree with its fixed history, and returns that path.

    A folder that an earlier call made there is replaced. The commit ids are equal on every machine: contents, modes, names
    and dates come from the bundle alone, and no git configuration of the user is read.

    Raises UsageError when git is absent or fails, or when something else is in the way at `into`/agent-ops.
    """
    git = shutil.which("git")
    if git is None:
        raise UsageError("the bundled example needs git, which is not on PATH; install git or name a target of your own")
    bundle = bundled()
    tree = _tree(bundle)
    place = into / NAME
    if place.exists() and not (place / ".git" / _STAMP).is_file():
        raise UsageError(f"{place} is in the way of the bundled example; remove it or choose another folder")
    try:
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=into) as aside:
            fresh = Path(aside) / NAME
            _write(tree, fresh)
            _build_repository(git, fresh, _history(bundle, tree))
            if place.exists():
                shutil.rmtree(place)
            fresh.rename(place)
    except OSError as error:
        raise UsageError(f"cannot write the bundled example to {place}: {error.strerror or error}") from error
    return place


def logs(target: Path) -> list[Path]:
    """What the tracker itself wrote at `target`: the event log, the registry, the diaries by name; those that exist."""
    wanted = [target / "logs" / "events.jsonl", target / "state" / "sessions.json"]
    return [path for path in wanted if path.is_file()] + sorted(target.glob("sessions/*/diary.md"))


def _tree(bundle: Traversable) -> dict[str, tuple[int, bytes]]:
    """Every file of the example: its path to its mode and content.

    A name that starts with `dot.` is stored so because its real name (`.gitignore`) would act on the repository that
    holds the bundle.
    """
    lines = (bundle / "modes.txt").read_text(encoding="utf-8").splitlines()
    executable = {line for line in lines if line and not line.startswith("#")}
    tree = {path: (0o755 if path in executable else 0o644, content) for path, content in _walk(bundle / NAME)}
    if unknown := executable - tree.keys():
        raise UsageError(
            f"modes.txt of the bundled example names {', '.join(sorted(unknown))}, not there; install session-ops again"
        )
    return dict(sorted(tree.items()))


def _walk(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name == "__pycache__":
            continue
        path = above + (entry.name.removeprefix("dot") if entry.name.startswith("dot.") else entry.name)
        if entry.is_dir():
            yield from _walk(entry, path + "/")
        else:
            yield path, entry.read_bytes()


def _write(tree: Mapping[str, tuple[int, bytes]], root: Path) -> None:
    for path, (mode, content) in tree.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)


def _history(bundle: Traversable, tree: Mapping[str, tuple[int, bytes]]) -> bytes:
    """The history as a stream for `git fast-import`: it takes bytes and modes as they are, without filters or hooks."""
    history = tomllib.loads((bundle / "history.toml").read_text(encoding="utf-8"))
    stream = bytearray()
    for commit in history["commit"]:
        date: datetime = commit["date"]
        who = f"{history['author']} {int(date.timestamp())} +0000"
        message = commit["message"].encode() + b"\n"
        stream += f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n".encode() + message
        for path, (mode, content) in tree.items():
            if any(fnmatchcase(path, glob) for glob in commit.get("add", ())):
                stream += _modify(path, mode, content)
        for path in commit.get("past", ()):
            stream += _modify(path, 0o644, (bundle / "history" / path).read_bytes())
        for path in commit.get("remove", ()):
            stream += f"D {path}\n".encode()
        stream += b"\n"
    return bytes(stream)


def _modify(path: str, mode: int, content: bytes) -> bytes:
    return f"M 100{mode:o} inline {path}\ndata {len(content)}\n".encode() + content + b"\n"


def _build_repository(git: str, root: Path, history: bytes) -> None:
    """Puts a repository with the given history around `root`; the index is that of its last commit."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env = outside | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
    steps: list[tuple[tuple[str, ...], bytes]] = [
        (("init", "--quiet", "--template="), b""),
        (("symbolic-ref", "HEAD", "refs/heads/main"), b""),
        (("fast-import", "--quiet"), history),
        (("-c", "core.autocrlf=false", "reset", "--quiet"), b""),
    ]
    for arguments, data in steps:
        done = subprocess.run((git, "-C", str(root), *arguments), input=data, capture_output=True, env=env, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise UsageError(
                f"git {arguments[0]} failed while building the bundled example: {said[0] if said else done.returncode}"
            )
    (root / ".git" / _STAMP).touch()
