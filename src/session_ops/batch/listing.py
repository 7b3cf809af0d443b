"""The list of a batch: which targets, with which logs and answers. Text, CSV or YAML; one entry may stand for many folders."""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from session_ops.model import UsageError
from session_ops.parameters import Parameters

URL = re.compile(r"^(?:https?|ssh|git|file)://|^[\w.-]+@[\w.-]+:")
"""What git clones, apart from a folder: an address with a scheme, or the short form of ssh."""
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True)
class Job:
    """One target of a batch. `source` is a folder or an address for git, `given` are its parameters, `place` where the list says so."""

    name: str
    source: str
    place: str
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_remote(self) -> bool:
        """Has it to be cloned first?"""
        return URL.match(self.source) is not None


def read(path: Path, common: Mapping[str, Any]) -> list[Job]:
    """The jobs of a list, each with a name of its own. Relative paths start at the list's folder; `common` are parameters for all.

    Raises:
        UsageError: the list cannot be read, names a parameter that there is none of, or a folder that is not there.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"LIST {path}: cannot be read ({error.strerror}); give a text, CSV or YAML file") from None
    except UnicodeDecodeError:
        raise UsageError(f"LIST {path}: is no text; give a text, CSV or YAML file") from None
    entries = {".csv": _csv, ".yaml": _yaml, ".yml": _yaml}.get(path.suffix.lower(), _lines)(path, text)
    jobs: list[Job] = []
    names: dict[str, int] = {}
    for place, entry in entries:
        source = str(entry.pop("target", "") or "").strip()
        if not source:
            raise UsageError(f"{place}: has no target; give a folder or an address for git")
        given = dict(common) | {name: value for name, value in entry.items() if value not in (None, "")}
        given = _anchored(given, path.parent)
        _refuse(given, place)
        for one in _targets(source, path.parent, place):
            stem = _stem(one)
            names[stem] = number = names.get(stem, 0) + 1
            jobs.append(Job(stem if number == 1 else f"{stem}-{number}", one, place, given))
    if not jobs:
        raise UsageError(f"LIST {path}: names no target; give one a line")
    return jobs


def _lines(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if (target := line.strip()) and not target.startswith("#"):
            yield f"{path}:{number}", {"target": target}


def _csv(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if "target" not in (rows.fieldnames or ()):
            raise UsageError(f"{path}:1: has no column target; the first line names the columns")
        for row in rows:
            place = f"{path}:{rows.line_num}"
            if None in row or None in row.values():
                raise UsageError(f"{place}: has {'more' if None in row else 'fewer'} values than the first line has columns")
            if any(row.values()):
                entry: dict[str, Any] = {name.strip(): _typed(name.strip(), value.strip()) for name, value in row.items()}
                if isinstance(entry.get("logs"), str):
                    entry["logs"] = [one for one in entry["logs"].split(";") if one]
                yield place, entry
    except csv.Error as error:
        raise UsageError(f"{path}:{rows.line_num}: is no CSV ({error})") from None


def _typed(name: str, value: str) -> Any:
    """A value of CSV as its parameter's type."""
    kind = type(getattr(Parameters, name, ""))
    if kind is bool and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if kind is float:
        try:
            return float(value) if value else None
        except ValueError:
            return value
    return value


def _yaml(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    from ruamel.yaml.error import YAMLError

    from session_ops.discovery.deployment.yaml import read_yaml

    try:
        data = read_yaml(text, lambda yaml: yaml.load(text))
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise UsageError(f"{where}: is no YAML ({getattr(error, 'problem', None) or 'cannot be read'})") from None
    if isinstance(data, dict):
        data = data.get("targets")
    if not isinstance(data, list):
        raise UsageError(f"{path}: holds no list; write targets as `- ./folder` or `- target: ./folder`")
    for number, entry in enumerate(data, start=1):
        place = f"{path}: entry {number}"
        if isinstance(entry, str):
            yield place, {"target": entry}
        elif isinstance(entry, dict) and all(isinstance(name, str) for name in entry):
            yield place, dict(entry)
        else:
            raise UsageError(f"{place}: is neither a target nor a mapping with a target")


def _refuse(given: dict[str, Any], place: str) -> None:
    """Names and values as a case would check them, with the place in the list."""
    if "case" in given:
        raise UsageError(f"{place}: case is given by the batch; leave it out")
    try:
        Parameters.checked(given)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def _anchored(given: dict[str, Any], base: Path) -> dict[str, Any]:
    """Paths of parameters, taken from the list's folder."""

    def anchored(value: Any) -> Any:
        if isinstance(value, list):
            return [anchored(one) for one in value]
        return str(base / Path(value).expanduser()) if isinstance(value, str) and value else value

    paths = ("logs", "rules", "formats", "detectors")
    return {name: anchored(value) if name in paths else value for name, value in given.items()}


def _targets(source: str, base: Path, place: str) -> Iterator[str]:
    if URL.match(source):
        yield source
        return
    whole = str(base / Path(source).expanduser())
    if Path(whole).is_dir():
        yield str(Path(whole).resolve())
        return
    found = [hit for hit in sorted(glob.glob(whole, recursive=True)) if Path(hit).is_dir()]  # noqa: PTH207 - an absolute pattern
    if not found:
        what = "is a file; give the folder that holds it" if Path(whole).exists() else "there is no such folder"
        raise UsageError(f"{place}: {source}: {what}")
    yield from (str(Path(hit).resolve()) for hit in found)


def _stem(source: str) -> str:
    """A name for folders and links: the target's own, with its parent where it is only called agent-ops."""
    if URL.match(source):
        parts = [
            part for part in re.split(r"[/:]", source.split("#", maxsplit=1)[0].removesuffix("/").removesuffix(".git")) if part
        ]
    else:
        parts = [part for part in Path(source).parts if part != "/"]
    plain = [re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("-.") for part in parts[-2:]]
    name = plain[-1] if plain and plain[-1] else hashlib.sha256(source.encode()).hexdigest()[:8]
    generic = name.lower() in ("agent-ops", ".agent-ops", "ops", "scripts", "src", "tracker")
    return f"{plain[0]}-{name}" if generic and len(plain) == 2 and plain[0] else name


def options(given: Mapping[str, Any]) -> list[str]:
    """The parameters of a job as options of `session-ops run`."""
    default = asdict(Parameters())
    words: list[str] = []
    for name, value in given.items():
        if value == default[name]:
            continue
        option = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words += [option]
        else:
            words += [f"{option}={one}" for one in (value if isinstance(value, list) else [value])]
    return words
