"""What a case can be asked: one table for the notebooks' parameters cell, the command line, the widgets and the help."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from session_ops import limits
from session_ops.model import UsageError

Environment = Literal["local", "docker", "systemd", "cloud", "unknown"]
YesNo = Literal["yes", "no", "unknown"]
Shape = Literal["library", "service", "bundle", "unknown"]
Engine = Literal["duckdb", "spark"]

OWN_FILES = {"rules": "*.py", "formats": "*.y*ml", "detectors": "*.sql"}
"""Parameters that name a folder with knowledge of the user's own, and the files in it."""


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True)
class Parameters:
    """The effective parameters of a case, validated."""

    target: str = field(default="", metadata=_help("folder to investigate; empty: the bundled example"))
    logs: str | list[str] = field(
        default="", metadata=_help("tracker logs: a path, a glob or a list; empty: those found in the target")
    )
    case: str = field(default="", metadata=_help("case folder; empty: session-ops-cases/<target>-<n>"))
    environment: Environment = field(
        default="unknown", metadata=_help("where it shall run: local, docker, systemd, cloud, unknown")
    )
    consumers: str = field(default="", metadata=_help("who will use it, in a few words; empty: inferred"))
    preserve_data: YesNo = field(default="unknown", metadata=_help("must existing state survive the change: yes, no, unknown"))
    access_control: str = field(default="", metadata=_help("who may read its secrets and steer it; empty: inferred"))
    shape: Shape = field(default="unknown", metadata=_help("what it is meant to be: library, service, bundle, unknown"))
    prove: bool = field(default=False, metadata=_help("run the gates, and try fixes, in a sandboxed copy of the target"))
    trust_target: bool = field(
        default=False, metadata=_help("with prove: run the target's code even where there is no sandbox")
    )
    probe_start: str = field(
        default="", metadata=_help("command that starts a session, with {agent} {task} {session}; empty: found; -: none")
    )
    probe_beat: str = field(
        default="", metadata=_help("command that says a session lives, with {session}; empty: found; -: none")
    )
    probe_lock: str = field(
        default="", metadata=_help("command that takes a lock, with {resource} {session}; empty: found; -: none")
    )
    probe_end: str = field(default="", metadata=_help("command that ends a session, with {session}; empty: found; -: none"))
    orphan_after_min: float = field(
        default=60.0, metadata=_help("minutes without an event after which an open session is an orphan")
    )
    silent_after_min: float = field(
        default=10.0, metadata=_help("smallest gap between two heartbeats that counts as silence, in minutes")
    )
    lock_after_min: float = field(
        default=60.0, metadata=_help("minutes after which a lock that is still held at the log's end is stuck")
    )
    limits: str = field(
        default="", metadata=_help("other limits of the detectors, comma-separated; session-ops help logs lists them")
    )
    logs_as: str = field(default="", metadata=_help("format that all logs are read as; empty: found for each log"))
    log_mapping: str = field(
        default="", metadata=_help("confirmed fields of an unknown log, as its source names them; empty: guessed and said")
    )
    engine: Engine = field(default="duckdb", metadata=_help("what computes the lifecycles: duckdb, spark"))
    mask: bool = field(
        default=True, metadata=_help("mask paths, names, hosts and addresses in all that is written to be shared")
    )
    rules: str = field(default="", metadata=_help("folder with rules of your own"))
    formats: str = field(default="", metadata=_help("folder with log formats of your own"))
    detectors: str = field(default="", metadata=_help("folder with detectors of your own"))

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Parameters:
        """Validate names and values.

        Raises:
            UsageError: a name is unknown or a value impossible; says what was meant or which values there are.
        """
        known = {f.name: f for f in fields(cls)}
        refuse_unknown(given, known)
        hints = get_type_hints(cls)
        parameters = cls(**{name: _checked(name, value, hints[name]) for name, value in given.items()})
        if parameters.trust_target and not parameters.prove:
            raise UsageError("trust_target=True only means something together with prove=True; set both, or neither")
        return parameters


def refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    """Raise a UsageError for the first name that is no parameter, with the nearest one as a suggestion."""
    known = list(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]!r}?" if near else f"the parameters are {', '.join(known)}"
            raise UsageError(f"unknown parameter {name!r}: {meant}")


def injected_names(source: str) -> list[str]:
    """The names that papermill's injected cell assigns; empty for any other cell."""
    if not source.lstrip().startswith("# Parameters"):
        return []
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    return [t.id for node in body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)]


def _checked(name: str, value: Any, hint: Any) -> Any:
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if value not in choices:
            near = difflib.get_close_matches(str(value), choices, 1)
            meant = f"did you mean {near[0]!r}?" if near else f"give one of {', '.join(choices)}"
            raise UsageError(f"{name}={value!r} is not possible: {meant}")
        return value
    if hint is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name}={value!r} is not possible: give True or False")
        return value
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
            raise UsageError(f"{name}={value!r} is not possible: give a number of minutes above 0")
        return float(value)
    if isinstance(value, list) and name == "logs" and all(isinstance(item, str) for item in value):
        return value
    if not isinstance(value, str):
        raise UsageError(f"{name}={value!r} is not possible: give a text")
    if "\0" in value:
        raise UsageError(f"{name} is not possible: it holds a NUL character")
    if name == "limits":
        limits.parsed(value)
    if name in OWN_FILES and value and not Path(value).expanduser().is_dir():
        raise UsageError(f"{name} {value}: no such folder of {name}; give a folder with {OWN_FILES[name]} files")
    return value
