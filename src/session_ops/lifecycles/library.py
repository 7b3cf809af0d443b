"""The formats that are known: those of the package and the user's own, read from YAML and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from session_ops.discovery.deployment.yaml import read_yaml
from session_ops.lifecycles.carry import TIME, Header
from session_ops.lifecycles.definition import Format, Rule
from session_ops.lifecycles.format_check import problem
from session_ops.model import UsageError
from session_ops.visible import visible

_MERGED = ("key", "values", "attrs", "words", "states")
"""Parts of a format that are added to those of the format it extends; other parts replace them."""


@cache
def _own() -> tuple[Format, ...]:
    folder = files(__package__) / "formats"
    texts = sorted((item.name, item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".yaml"))
    return tuple(load(text, name) for name, text in texts)


def formats(folders: Iterable[Path] = ()) -> tuple[Format, ...]:
    """The formats of the package and those in these folders (*.yaml, *.yml), by id. A user's format replaces ours of the same id.

    Raises:
        UsageError: a folder cannot be read, or a file is no format; the message names file, line and what is wrong.
    """
    known = {form.id: form for form in _own()}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{visible(str(folder))}: no folder of formats; give one that holds *.yaml files")
        for path in sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml")):
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"{visible(str(path))}: cannot be read: {error}") from None
            form = load(text, str(path))
            known[form.id] = form
    return tuple(known[name] for name in sorted(known))


def load(text: str, name: str = "format") -> Format:
    """A format from the text of its YAML file; `name` is what errors call it.

    Raises:
        UsageError: it is no format; the message names the line and what is wrong.
    """
    own = _parsed(text, name)
    data = _extended(own, text, name)
    try:
        found = problem(data, frozenset(_builtin_names()))
        if found is None:
            return _format(data)
    except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
        found = (
            (),
            f"is not shaped as a format is ({type(error).__name__}: {error}); see `session-ops formats ID` for one that is",
        )
    path, message = found
    raise UsageError(f"{visible(name)}:{_line(text, path)}: {'.'.join(map(str, path)) or 'the file'}: {visible(message)}")


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        data = read_yaml(text, lambda yaml: yaml.load(text))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{visible(name)}:{line}: not YAML: {visible(str(error.problem))}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{visible(name)}:1: not YAML: {visible(str(error).splitlines()[0])}") from None
    if not isinstance(data, dict):
        raise UsageError(
            f"{visible(name)}:1: a format is a mapping of names to values: id, title, reader, detect, time, rules, samples"
        )
    return data


def _extended(own: dict[str, Any], text: str, name: str) -> dict[str, Any]:
    """A format with what it takes over from the one that it extends."""
    base = own.get("extends")
    if base is None:
        return own
    if base not in _builtin_names():
        raise UsageError(
            f"{visible(name)}:{_line(text, ('extends',))}: extends: no format {visible(str(base))!r}; known: {', '.join(_builtin_names())}"
        )
    inherited = _builtin(str(base))
    merged = {
        part: inherited[part] | own[part]
        for part in _MERGED
        if isinstance(own.get(part), dict) and isinstance(inherited.get(part), dict)
    }
    return {name: value for name, value in inherited.items() if name != "samples"} | own | merged


@cache
def _builtin_names() -> tuple[str, ...]:
    folder = files(__package__) / "formats"
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


@cache
def _builtin(name: str) -> dict[str, Any]:
    text = (files(__package__) / "formats" / f"{name}.yaml").read_text("utf-8")
    return _extended(_parsed(text, name), text, name)


def _line(text: str, path: tuple[Any, ...]) -> int:
    """The line of a YAML text on which a value stands, or the nearest part around it."""
    node = YAML(typ="rt").load(text)
    line = 1
    for step in path:
        marks = getattr(node, "lc", None)
        if marks is None or not (isinstance(step, int) or step in node):
            break
        line = (marks.item(step) if isinstance(step, int) else marks.key(step))[0] + 1
        node = node[step]
    return line


@dataclass(frozen=True)
class _Words:
    words: Mapping[str, str]

    def pattern(self, text: str) -> re.Pattern[str]:
        for name, body in self.words.items():
            text = text.replace("{" + name + "}", body)
        return re.compile(text, re.IGNORECASE)


def _rules(data: Mapping[str, Any]) -> list[Rule]:
    words = _Words({name: str(body) for name, body in data.get("words", {}).items()})
    found: list[Rule] = []
    for rule in data["rules"]:
        when = tuple((alias, words.pattern(text)) for alias, text in rule.get("when", {}).items())
        absent = listed(rule.get("absent"))
        if "use" in rule:
            found += [
                Rule(r.emit, (*when, *r.when), (*absent, *r.absent), r.at, r.slot, dict(r.set) | rule.get("set", {}))
                for r in _rules(_builtin(rule["use"]))
            ]
        else:
            found.append(
                Rule(rule["emit"], when, absent, listed(rule.get("at")), rule.get("slot", "event"), rule.get("set", {}))
            )
    return found


def _format(data: Mapping[str, Any]) -> Format:
    aliases = {name: listed(v) for part in ("key", "values") for name, v in data.get(part, {}).items()}
    time = data["time"]
    return Format(
        id=data["id"],
        title=data["title"],
        version=int(data["version"]),
        role=data["role"],
        reader=data["reader"],
        detect=data["detect"],
        aliases=aliases | {"time": (*listed(time["field"]), *([TIME] if time.get("carry") else []))},
        attrs={name: listed(v) for name, v in data.get("attrs", {}).items()},
        rules=tuple(_rules(data)),
        facts=data.get("facts", {}),
        time_required=bool(time.get("required", True)),
        samples=tuple(data.get("samples", ())),
        globs=listed(data["detect"].get("globs")),
        unless=listed(data["detect"].get("unless")),
        needs=listed(data["detect"].get("needs")),
        mine=listed(data.get("mine")),
        states={str(word): str(state) for word, state in data.get("states", {}).items()},
        zone=zone(str(time["zone"])) if "zone" in time else None,
        time_shapes=listed(time.get("formats")),
        local=listed(data.get("local")),
        session_by=data.get("session_by", "source"),
        header=_header(data["header"]) if "header" in data else None,
        carry_time=bool(time.get("carry", False)),
    )


def _header(data: Mapping[str, Any]) -> Header:
    when = ((name, re.compile(text, re.IGNORECASE)) for name, text in data["when"].items())
    return Header(tuple(when), {str(name): str(place) for name, place in data["fields"].items()})


def zone(name: str) -> tzinfo:
    """A zone by its name (Europe/Berlin) or offset (+02:00).

    Raises:
        ValueError: there is no such zone.
    """
    if found := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", name):
        minutes = int(found[2]) * 60 + int(found[3])
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"no zone {name!r}") from error


def listed(value: Any) -> tuple[str, ...]:
    """One text or a list of them as a tuple; nothing for None."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)
