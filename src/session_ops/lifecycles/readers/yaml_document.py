"""A YAML document of records, read as a whole: what a JSON document may hold, in YAML's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from session_ops.discovery.deployment.yaml import is_list, is_map, read_yaml
from session_ops.lifecycles.readers.json_document import contained, records_of
from session_ops.lifecycles.readers.pieces import CannotRead, Piece

WHOLE_LIMIT = 20_000_000
"""Bytes up to which a YAML document is read: its nodes take a hundred times as much memory."""
VALUES = 1_000_000
"""Values of one document; more of them are an alias bomb."""


def yaml_records(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:
    """The records of a file's YAML documents, as `json_records` finds them in a JSON document, with their lines.

    Nothing is constructed: scalars stay texts (null is nothing), tags run nothing.

    Raises:
        CannotRead: it is too large, no YAML, nested too deeply, or holds no records.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if path.stat().st_size > WHOLE_LIMIT:
        raise CannotRead(f"larger than {WHOLE_LIMIT // 1_000_000} MB, and a YAML document is read as a whole")
    try:
        text = (data := path.read_bytes()).decode("utf-8-sig")
        nodes = read_yaml(text, lambda yaml: list(yaml.compose_all(text)))
    except UnicodeDecodeError as error:
        raise CannotRead(f"not UTF-8 at byte {error.start}") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CannotRead(f"not YAML at line {line}: {error.problem}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise CannotRead(f"not readable YAML: {type(error).__name__}") from None
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    for node in nodes:
        yield from _records(path, _Values(), node, starts, (options or {}).get("containers", ()))


def _records(path: Path, values: _Values, node: Any, starts: list[int], containers: tuple[str, ...]) -> Iterator[Piece]:
    _, value = contained(values.of(node), containers)
    if value is None:
        return
    if not isinstance(value, list | dict):
        raise CannotRead("a YAML document that holds no records")

    def at(line: int) -> tuple[int, int]:
        return line, starts[line - 1]

    yield from records_of(path, value, lambda item: at(values.lines[id(item)]), lambda key: at(values.keys[id(value), key]))


@dataclass
class _Values:
    """Nodes as values. `lines` are those of maps and lists by identity, `keys` those of a map's keys."""

    lines: dict[int, int] = field(default_factory=dict)
    keys: dict[tuple[int, str], int] = field(default_factory=dict)
    _count: int = 0

    def of(self, node: Any) -> Any:
        """The value of a node.

        Raises:
            CannotRead: there are too many of them.
        """
        self._count += 1
        if self._count > VALUES:
            raise CannotRead(f"more than {VALUES:,} values")
        if node is None:
            return None
        line = node.start_mark.line + 1
        if is_map(node):
            found: dict[str, Any] = {}
            self.lines[id(found)] = line
            for key, value in node.value:
                name = str(key.value) if isinstance(key.value, str) else ""
                if name and name != "<<":
                    self.keys[id(found), name] = key.start_mark.line + 1
                    found[name] = self.of(value)
            return found
        if is_list(node):
            items = [self.of(item) for item in node.value]
            self.lines[id(items)] = line
            return items
        return None if str(node.tag).endswith(":null") else str(node.value)
