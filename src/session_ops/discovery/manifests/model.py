"""What a manifest says, with the line of each entry."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Literal

Ecosystem = Literal["pip", "npm", "gem", "cargo", "go", "plugin"]


@dataclass(frozen=True)
class Dependency:
    """A declared dependency: `spec` as written, `group` is `runtime`, `dev`, `optional:<extra>`, `build` or `peer`."""

    name: str
    spec: str
    group: str
    line: int


@dataclass(frozen=True)
class EntryPoint:
    """Something that the manifest promises to start or import: `kind` is script, bin, main, module, exports, task, command or hook."""

    kind: str
    name: str
    value: str
    line: int


@dataclass(frozen=True)
class Field:
    """Any other entry of interest (readme, license, requires-python, engines.node, files, module …), dotted name and text value.

    The elements of a list are fields of the same name, in their order.
    """

    name: str
    value: str
    line: int


@dataclass(frozen=True)
class Problem:
    """Something in the manifest that its ecosystem's standard refuses. `sure` is False where tools differ about it."""

    text: str
    line: int
    sure: bool = True


@dataclass(frozen=True)
class Manifest:
    """One manifest file. `name` and `version` are empty where absent or dynamic (`dynamic` names what is computed at build).

    `broken` says why the file does not parse; nothing else is known of it then, and `problems` stays empty.
    """

    ecosystem: Ecosystem
    path: str
    name: str = ""
    version: str = ""
    licence: str = ""
    dynamic: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: str = ""

    def field(self, name: str) -> Field | None:
        """The first field of this dotted name."""
        return next((f for f in self.fields if f.name == name), None)

    def listed(self, name: str) -> tuple[Field, ...]:
        """Every field of this dotted name: the elements of a list."""
        return tuple(f for f in self.fields if f.name == name)

    @property
    def folder(self) -> str:
        """The folder of the manifest, relative to the target; the target itself is the empty string."""
        return self.path.rpartition("/")[0]

    def beside(self, path: str) -> str:
        """A path that the manifest names, relative to the target; a slash at its front means the manifest's folder too."""
        whole = f"{self.folder}/{path}" if self.folder else path.strip().lstrip("/")
        clean = posixpath.normpath(whole or ".")
        return "" if clean == "." else clean


Manifests = tuple[Manifest, ...]
