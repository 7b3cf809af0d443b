"""Wheels of declared requirements, resolved and downloaded before anything runs.

uv resolves against the user's own index with wheels alone allowed, so no build script of anybody runs; the files are downloaded by us and
kept only where their SHA-256 is the one that the index promised. What a resolution found is remembered for a day; without a network
an older one is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from session_ops.proof import cache
from session_ops.proof.toolchains import toolchains
from session_ops.registry import CannotCheck

FRESH_S = 86_400.0
"""Seconds for which a resolution is taken without asking the index again."""
RESOLVE_S, DOWNLOAD_S = 120.0, 120.0
LARGEST = 700_000_000
"""Bytes of all wheels of one resolution; more would not fit into the sandbox."""
_ABSENT = re.compile(
    r"(?i)was not found in the package registry|there (?:is|are) no versions? of|only .{1,80} (?:is|are) available|not found in the provided package locations"
)
_NO_WHEEL = re.compile(
    r"(?i)no (?:usable )?wheels|wheels? (?:is|are) required|has no .*wheel|no-build|building source distributions is disabled"
)
_OFFLINE = re.compile(
    r"(?i)failed to fetch|request failed|dns error|connect error|timed out|network|offline|401 unauthorized|403 forbidden|"
    r"could not connect|certificate"
)
_UNSAT = re.compile(r"(?i)no solution found|requirements are unsatisfiable|are incompatible|conflicting")


class Unsatisfiable(Exception):
    """No set of packages fits what is declared; the text says why."""


@dataclass(frozen=True)
class Wheels:
    """A folder of wheels in the cache: `name` is its path relative to the cache."""

    name: str
    files: tuple[str, ...] = ()


def fetched(requirements: Iterable[str], *, python: str = "", constraints: Sequence[str] = ()) -> Wheels:
    """The wheels that these requirements need, with all that they need in turn.

    Parameters: `python` is the interpreter (a path on this machine) for which they shall fit.

    Raises:
        CannotCheck: they cannot be fetched: no network, no wheel, a requirement that is an address. Unsatisfiable: there are none.
    """
    interpreter = python or toolchains().python
    wanted = sorted({_plain(text) for text in requirements})
    held = sorted({_plain(text) for text in constraints})
    key = hashlib.sha256("\n".join([interpreter, *wanted, "--", *held]).encode()).hexdigest()[:24]
    base = cache.folder("wheels")
    folder = base / key
    name = f"wheels/{key}"
    age = _age(folder)
    if age is not None and age < FRESH_S:
        return Wheels(name, _names(folder))
    try:
        packages = _resolve(wanted, held, interpreter) if wanted else []
        _download(packages, cache.folder("wheels", "files"), folder, interpreter)
    except CannotCheck:
        if age is None:
            raise
    return Wheels(name, _names(folder))


def _plain(text: str) -> str:
    """A requirement as packaging understands it: no option, no address, so that nothing but the index is asked."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise Unsatisfiable(f"{text!r} is no requirement: {str(error).splitlines()[0]}") from None
    if requirement.url:
        raise CannotCheck(f"{requirement.name} is asked for by an address ({requirement.url}), which is not fetched")
    return str(requirement)


def _resolve(wanted: Sequence[str], held: Sequence[str], interpreter: str) -> list[dict[str, Any]]:
    uv = toolchains().files[0][0]
    with tempfile.TemporaryDirectory(prefix="session-ops-resolve-") as scratch:
        (Path(scratch) / "in.txt").write_text("\n".join(wanted) + "\n", encoding="utf-8")
        (Path(scratch) / "held.txt").write_text("\n".join(held) + "\n", encoding="utf-8")
        argv = [
            uv, "pip", "compile", "--quiet", "--no-progress", "--color", "never", "--only-binary", ":all:", "--format", "pylock.toml",
            "--python", interpreter, "--no-python-downloads", "--output-file", "pylock.toml", "--constraint", "held.txt", "in.txt",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                argv, cwd=scratch, capture_output=True, text=True, errors="replace", timeout=RESOLVE_S, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise CannotCheck(f"the index did not answer within {RESOLVE_S:g} s") from None
        if done.returncode == 0:
            text = (Path(scratch) / "pylock.toml").read_text(encoding="utf-8")
            return list(tomllib.loads(text).get("packages", []))
    said = " ".join(done.stderr.replace("×", " ").replace("╰─▶", " ").replace("│", " ").split())
    why = said.removeprefix("error: ")[:400]
    if _NO_WHEEL.search(said):
        raise CannotCheck(f"a dependency has no wheel, and building one would run its code: {why}")
    if _ABSENT.search(said) and not _OFFLINE.search(said.replace("was not found in the package registry", "")):
        raise Unsatisfiable(why)
    if _UNSAT.search(said) and not _OFFLINE.search(said):
        raise Unsatisfiable(why)
    raise CannotCheck(f"dependencies could not be fetched: {why}")


def _download(packages: Sequence[dict[str, Any]], store: Path, folder: Path, interpreter: str) -> None:
    tags = _tags(interpreter)
    chosen = [_choose(package, tags) for package in packages]
    if sum(int(one.get("size") or 0) for one in chosen) > LARGEST:
        raise CannotCheck(f"the dependencies are larger than {LARGEST // 1_000_000} MB; they were not fetched")
    names = []
    for one in chosen:
        name = _file_name(one)
        digest = str(one["hashes"]["sha256"])
        kept = store / f"{digest[:16]}-{name}"
        if not kept.exists():
            _fetch(str(one.get("url") or one.get("path") or ""), digest, kept)
        names.append((name, kept))
    _replace(folder, names)


def _replace(folder: Path, names: Sequence[tuple[str, Path]]) -> None:
    """Put links to the files into a new folder, and the folder in its place in one step."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    aside.chmod(0o755)
    for name, kept in names:
        (aside / name).symlink_to(os.path.relpath(kept, folder))
    old = aside.with_suffix(".old")
    with contextlib.suppress(OSError):
        folder.rename(old)
    try:
        aside.rename(folder)
    except OSError:  # another process was faster, with the same content
        shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _choose(package: dict[str, Any], tags: Sequence[Tag]) -> dict[str, Any]:
    """The wheel that fits best. Source: PEP 425, an installer's order of tags."""
    rank = {tag: n for n, tag in enumerate(tags)}
    best: tuple[int, dict[str, Any]] | None = None
    for wheel in package.get("wheels", []):
        with contextlib.suppress(InvalidWheelFilename):
            fits = [rank[tag] for tag in parse_wheel_filename(_file_name(wheel))[3] if tag in rank]
            if fits and (best is None or min(fits) < best[0]):
                best = min(fits), wheel
    if best is None:
        raise CannotCheck(f"{package.get('name')} has no wheel for this machine, and building one would run its code")
    return best[1]


def _file_name(wheel: dict[str, Any]) -> str:
    name = str(wheel.get("name") or unquote(urlsplit(str(wheel.get("url") or wheel.get("path") or "")).path).rpartition("/")[2])
    if not re.fullmatch(r"[\w.+!-]+\.whl", name):
        raise CannotCheck(f"{name!r} is no name of a wheel")
    return name


def _fetch(url: str, digest: str, to: Path) -> None:
    if urlsplit(url).scheme not in ("https", "http", "file"):
        raise CannotCheck(f"{url}: not fetched, only https and files are")
    handle, aside = tempfile.mkstemp(prefix=".", dir=to.parent)
    try:
        sums = hashlib.sha256()
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(url, timeout=DOWNLOAD_S) as answer:  # noqa: S310 - the scheme is checked
            while piece := answer.read(1 << 20):
                sums.update(piece)
                file.write(piece)
        if sums.hexdigest() != digest:
            raise CannotCheck(f"{to.name}: what was downloaded is not what the index promised")
        Path(aside).chmod(0o644)
        Path(aside).replace(to)
    except (OSError, urllib.error.URLError) as error:
        raise CannotCheck(f"{to.name} could not be fetched: {error}") from None
    finally:
        Path(aside).unlink(missing_ok=True)


_ASK_TAGS = (
    "import json,sys,platform,sysconfig;"
    "print(json.dumps([list(sys.version_info[:2]),sysconfig.get_platform(),sys.implementation.name]))"
)


def _tags(interpreter: str) -> list[Tag]:
    """The tags of the interpreter, in its order; asked of it where it is not the one that we run on."""
    from packaging.tags import compatible_tags, cpython_tags, sys_tags

    if interpreter == toolchains().python:
        return list(sys_tags())
    try:
        done = subprocess.run(
            [interpreter, "-I", "-S", "-c", _ASK_TAGS],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        version, _, name = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        raise CannotCheck(f"{interpreter} does not answer") from None
    if name != "cpython":
        raise CannotCheck(f"{interpreter} is {name}; only CPython is tried")
    return [*cpython_tags(tuple(version)), *compatible_tags(tuple(version), f"cp{version[0]}{version[1]}")]


def _age(folder: Path) -> float | None:
    """Seconds since the folder was made; None where it is absent or a file of it is gone."""
    try:
        if not all(path.exists() for path in folder.iterdir()):
            return None
        return time.time() - folder.stat().st_mtime
    except OSError:
        return None


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ()


def pinned(wheels: Wheels) -> list[str]:
    """`name==version` of every wheel of a folder."""
    return [f"{canonicalize_name(n)}=={v}" for n, v, _, _ in map(parse_wheel_filename, wheels.files)]
