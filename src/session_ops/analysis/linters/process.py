"""Linters run beside the rules: each in a thread, on a copy of the files it reads, until its time is up.

Linters write caches and read configuration where they stand, so they get a copy of the texts alone, under plain names: nothing that a file of
the target is called reaches a command line. They see an empty HOME and no token of ours.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.patterns import regex
from session_ops.registry import CannotCheck, NotApplicable, fact

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

SECONDS = 10.0
"""What one linter may take in all; what it did not get to is said."""
LONGEST = 400_000
"""Characters up to which a file is given to a linter; a longer one is generated or data."""
WHOLE = "tree"
"""The folder of the copy for linters that judge a folder as it is laid out."""
_PLAIN = regex(r"[A-Za-z0-9_][\w.-]{0,80}", re.ASCII)
_NUMBER = regex(r"\d+\.\d+(?:\.\d+)*")


@dataclass(frozen=True)
class Remark:
    """What a linter said about a line (from 1) of a file: its code, its text, and the column (from 1) where it gives one."""

    path: str
    line: int
    code: str
    text: str
    column: int = 0
    sure: bool = True


@dataclass(frozen=True)
class Linter:
    """How a linter is called and understood.

    `wants` chooses its files; `argv` follows the program's path and is followed by file names; `parse` reads its standard output;
    `package` is what installs it; `below` is a folder that it expects its files in;
    `batch` is how many files go on one command line: few for a slow one, so that it has looked at the first ones when its time is up.
    `roots` is for a linter that judges a folder as a whole: the folders, each of which is copied as it is laid out and linted by itself;
    no file name reaches the command line then. `inside` is for a linter that is a Python library: what it says of a path and its text.
    """

    name: str
    package: str
    wants: Callable[[Tree], Iterable[str]]
    argv: tuple[str, ...] = ()
    parse: Callable[[str], Iterable[Remark]] = lambda _: ()
    below: str = ""
    batch: int = 1000
    roots: Callable[[Tree], Iterable[str]] | None = None
    inside: Callable[[str, str], Iterable[Remark]] | None = None


@dataclass(frozen=True)
class Report:
    """What one linter said, how many files it read, its version, and why it is not the whole story."""

    remarks: tuple[Remark, ...] = ()
    files: int = 0
    version: str = ""
    problem: str = ""


@dataclass
class Linters:
    """The linters of one check; none of them unless they were started."""

    running: dict[str, Future[Report]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor | None = None
    _scratch: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def start(cls, tree: Tree) -> Linters:
        """Start every linter of this package on a tree; close what is returned, or use it in a `with` block."""
        from concurrent.futures import ThreadPoolExecutor

        scratch = tempfile.TemporaryDirectory(prefix="session-ops-lint-", ignore_cleanup_errors=True)
        chosen = adapters()
        pool = ThreadPoolExecutor(max(len(chosen), 1), thread_name_prefix="linter")
        made = cls({}, pool, scratch)
        for linter in chosen:
            made.running[linter.name] = pool.submit(run, linter, tree, Path(scratch.name) / linter.name)
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._scratch is not None:
            self._scratch.cleanup()

    def report(self, name: str) -> Report:
        """What a linter said; waits for it.

        Raises:
            NotApplicable: linters are not part of this check, or there is no file for this one.
            CannotCheck: it is not installed, or gave nothing.
        """
        if name not in self.running:
            raise NotApplicable("linters are not part of this check: `session-ops check` without --no-linters runs them")
        said = self.running[name].result()
        if not said.files and not said.problem:
            raise NotApplicable(f"no file for {name}")
        if said.problem and not said.remarks:
            raise CannotCheck(said.problem)
        return said

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the linters that ran."""
        done = {name: future.result() for name, future in self.running.items() if future.done()}
        return {name: said.version for name, said in sorted(done.items()) if said.version}


@fact
def linters() -> Linters:
    """No linters; `check` puts its own in the place of this."""
    return Linters()


def adapters() -> list[Linter]:
    """The LINTER of every module of this package."""
    package = importlib.import_module(__package__)
    modules = (importlib.import_module(f"{__package__}.{info.name}") for info in pkgutil.iter_modules(package.__path__))
    return [module.LINTER for module in modules if hasattr(module, "LINTER")]


def program(name: str) -> str | None:
    """The path of a linter: beside our own Python first, then on PATH (absolute folders only, so that nothing of a target is started)."""
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    return shutil.which(name, path=os.pathsep.join(folder for folder in folders if Path(folder).is_absolute()))


def run(linter: Linter, tree: Tree, folder: Path) -> Report:
    """Run one linter on its files."""
    # what is deployed comes first, should the time run out
    files = sorted(
        (path for path in linter.wants(tree) if len(tree.text(path)) <= LONGEST), key=lambda path: (not_deployed(path), path)
    )
    if not files:
        return Report()
    missing = f"{linter.name} is not installed: pip install session-ops[linters]"
    try:
        if linter.inside is not None:
            return _asked(linter, linter.inside, tree, files)
        exe = program(linter.name)
        return Report(problem=missing) if exe is None else _run(linter, exe, tree, files, folder)
    except ImportError:
        return Report(problem=missing)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Report(problem=f"{linter.name}: {type(error).__name__}: {error}")


def _asked(linter: Linter, look: Callable[[str, str], Iterable[Remark]], tree: Tree, files: Sequence[str]) -> Report:
    """Ask a linter that is a library, file by file until its time is up."""
    end = time.monotonic() + SECONDS
    version = metadata.version(linter.package)
    said: list[Remark] = []
    for done, path in enumerate(files):
        if time.monotonic() > end:
            return Report(tuple(said), done, version, _stopped(linter, done, len(files)))
        said += look(path, tree.text(path))
    return Report(tuple(said), len(files), version)


def _stopped(linter: Linter, done: int, many: int) -> str:
    return f"{linter.name} was stopped after {SECONDS:g} s: it read {done} of {many} files"


def _run(linter: Linter, exe: str, tree: Tree, files: Sequence[str], folder: Path) -> Report:
    end = time.monotonic() + SECONDS
    folder.mkdir()
    (folder / "home").mkdir()
    version = _NUMBER.search(_output([exe, "--version"], folder, end))
    said: list[Remark] = []
    gave_up: list[str] = []
    done, problem = 0, ""
    pending = _batches(linter, tree, files)
    many = f"{len(files)} files" if linter.roots is None else f"{len(pending)} folders"
    while pending:
        batch = pending.pop(0)
        names = _laid_out(linter, tree, batch, folder)
        try:
            if linter.roots is None:
                output = _output([exe, *linter.argv, *names], folder, end)
            else:
                output = _output([exe, *linter.argv], folder / WHOLE / batch.root, end)
        except subprocess.TimeoutExpired:
            problem = _stopped(linter, done, len(files))
            break
        except ValueError as error:
            # one file that a linter dies of shall not cost the others
            half = len(batch.files) // 2
            if half and linter.roots is None:
                pending[:0] = [Batch(batch.files[:half]), Batch(batch.files[half:])]
            else:
                gave_up.append(f"{batch.files[0] if linter.roots is None else batch.root or '.'}: {error}")
            continue
        for remark in linter.parse(output):
            # some give back the path as it was given, some the whole one, some the one inside of the folder they were started in
            given = remark.path.removeprefix(f"{folder}/").removeprefix(f"{WHOLE}/").removeprefix("./")
            original = names.get(given) or names.get(f"{batch.root}/{given}")
            if original is not None:
                said.append(replace(remark, path=original, text=remark.text.replace(f"{folder}/", "")))
        done += len(names)
    if gave_up and not problem:
        problem = f"{linter.name} gave up on {len(gave_up)} of {many}, the first is {gave_up[0]}"
    return Report(tuple(said), done, version[0] if version else "", problem)


@dataclass(frozen=True)
class Batch:
    """Files that go into one run, and the folder that it judges where it judges one."""

    files: tuple[str, ...]
    root: str = ""


def _batches(linter: Linter, tree: Tree, files: Sequence[str]) -> list[Batch]:
    if linter.roots is None:
        return [Batch(tuple(files[at : at + linter.batch])) for at in range(0, len(files), linter.batch)]
    inside = {root: tuple(f for f in files if not root or f.startswith(f"{root}/")) for root in linter.roots(tree)}
    return [Batch(found, root) for root, found in inside.items() if found]


def _laid_out(linter: Linter, tree: Tree, batch: Batch, folder: Path) -> dict[str, str]:
    """Copy the files of a batch; the names of the copies, and which file of the tree each is."""
    names: dict[str, str] = {}
    for path in batch.files:
        if linter.roots is None:
            name = str(PurePosixPath(str(len(names)), linter.below, _plain(path)))
            copy = folder / name
        else:
            name = path
            copy = folder / WHOLE / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(tree.text(path), encoding="utf-8", newline="")
        names[name] = path
    return names


def _plain(path: str) -> str:
    """The file's name, or its ending alone where the name could be taken for an option or holds odd characters."""
    name = PurePosixPath(path).name
    suffix = PurePosixPath(path).suffix
    return name if _PLAIN.fullmatch(name) else "file" + (suffix if _PLAIN.fullmatch(suffix[1:]) else "")


def _output(argv: Sequence[str], folder: Path, end: float) -> str:
    """Standard output of a process; its exit status says only whether it found something.

    Raises:
        ValueError: nothing was printed where an answer was due.
    """
    env = {"HOME": str(folder / "home"), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TMPDIR": str(folder)}
    done = subprocess.run(
        argv,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=max(end - time.monotonic(), 0.1),
        check=False,
    )
    text = done.stdout.decode("utf-8", "replace")
    if not text.strip():
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ValueError(f"no answer, exit status {done.returncode}{': ' + last[-1][:200] if last else ''}")
    return text
