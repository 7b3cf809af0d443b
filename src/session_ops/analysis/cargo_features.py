"""Binaries of cargo that are built only with features that nobody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.manifests.cargo import load
from session_ops.discovery.manifests.positions import Key
from session_ops.discovery.manifests.pyproject import line_at
from session_ops.model import Edit, Evidence, Finding, Fix, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_CARGO = regex(r"\bcargo\s+(?:\+\S+\s+)?(?P<verb>build|b|run|r|install)\b(?P<rest>(?:\\\r?\n|[^\n;&|#])*)")
_BIN = regex(r"--bin[ =](?P<name>[\w-]+)")
_FEATURES = regex(r"(?:--features|-F)[ =]?[\"']?(?P<names>[\w,/ -]+)")


@dataclass(frozen=True)
class _Binary:
    name: str
    crate: str
    missing: tuple[str, ...]
    at: Evidence


def _with_features(finding: Finding) -> Fix | None:
    """Name the features in the command, everywhere in the file."""
    old, features = finding.data["old"], finding.data["features"]
    places = [e for e in (finding.at, *finding.also) if e.path == finding.at.path]
    if any(e.quote.count(old) != 1 for e in places):
        return None
    edits = tuple(Edit(e.path, old, f"{old} --features {features}", e.line) for e in places)
    return Fix(
        f"Build with --features {features}", (finding.id,), "safe", edits, why="The manifest requires them for this binary."
    )


@rule("PKG-FEATURE", gate="ship", category="deploy-config", fix=_with_features)
def binary_without_its_features(tree: Tree, manifests: Manifests, deployment: Deployment, docs: Docs) -> Iterator[Finding]:
    """A command builds a binary of cargo without the features that it requires.

    Why: a [[bin]] with required-features is left out where they are not on; asked for by name, cargo ends with "target `x` requires
    the features". Passes: --all-features, the features in the command or among the defaults, other crates' binaries of that name.
    Do: Add `--features` with what `required-features` of this binary names to the command, or put these features among the
    default ones.
    Source: The Cargo Book, Cargo Targets (required-features).
    """
    binaries = [b for m in manifests if m.ecosystem == "cargo" and not m.broken for b in _binaries(tree, m.path)]
    if not binaries:
        raise NotApplicable("no binary of cargo that requires features")
    plain = {b.name for b in binaries if not b.missing}
    found: dict[tuple[str, str, str], list[tuple[int, str, bool, _Binary]]] = {}
    for path, text, first, told in _texts(tree, deployment, docs):
        for command in _CARGO.finditer(text):
            rest = command["rest"]
            named = _BIN.search(rest)
            if not named or "--all-features" in rest or re.search(r"--features[ =][\"']?\$", rest):
                continue
            on = {part.rpartition("/")[2] for m in _FEATURES.finditer(rest) for part in re.split(r"[, ]+", m["names"]) if part}
            package = re.search(r"(?:--package|-p)[ =](?P<name>[\w-]+)", rest)
            asked = [b for b in binaries if b.name == named["name"] and (not package or package["name"] == b.crate)]
            missing = ",".join(f for f in asked[0].missing if f not in on) if asked and named["name"] not in plain else ""
            if missing:
                line = first + text.count("\n", 0, command.start("rest") + named.start())
                found.setdefault((path, missing, named[0]), []).append((line, command["verb"], told, asked[0]))
    for (path, missing, old), places in found.items():
        line, verb, told, binary = places[0]
        yield Finding(
            f"cargo {verb} {old} lacks --features {missing}, which the manifest requires for this binary",
            tree.evidence(path, line),
            also=(binary.at, *(tree.evidence(path, n) for n, _, _, _ in places[1:])),
            impact="cargo ends with an error and builds nothing.",
            gate=Gate.FOLLOW if told else None,
            data={"old": old, "features": missing},
        )


def _binaries(tree: Tree, path: str) -> Iterator[_Binary]:
    data, lines, _ = load(tree, path)
    features, package = data.get("features"), data.get("package")
    table: dict[str, Any] = features if isinstance(features, dict) else {}
    on = _closure(table, table.get("default"))
    crate = str(package.get("name") or "") if isinstance(package, dict) else ""
    bins = data.get("bin")
    for n, one in enumerate(bins if isinstance(bins, list) else ()):
        wanted = one.get("required-features") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            missing = tuple(str(f) for f in wanted if f not in on) if isinstance(wanted, list) else ()
            key: Key = ("bin", n, "required-features")
            yield _Binary(one["name"], crate, missing, tree.evidence(path, line_at(lines, key)))


def _closure(table: dict[str, Any], names: Any) -> set[str]:
    """Features that are on when these are."""
    on: set[str] = set()
    pending = list(names) if isinstance(names, list) else []
    while pending:
        name = str(pending.pop())
        if name not in on:
            on.add(name)
            inner = table.get(name)
            pending += inner if isinstance(inner, list) else []
    return on


def _texts(tree: Tree, deployment: Deployment, docs: Docs) -> Iterator[tuple[str, str, int, bool]]:
    """Texts that hold commands, the line of their start, and whether a person types them."""
    for entry in tree.files("shell", "zsh", "makefile"):
        if "cargo" in (text := tree.text(entry.path)) and not is_aside(entry.path):
            yield entry.path, re.sub(r"(?m)^[ \t]*#.*$", "", text), 1, False
    for image in deployment.dockerfiles:
        yield from ((image.path, i.value, i.line, False) for i in image.instructions if i.name == "RUN" and "cargo" in i.value)
    yield from ((s.path, s.run, s.line, False) for s in deployment.steps if "cargo" in s.run)
    for doc in docs:
        if doc.role in ("readme", "agent-rules", "doc") and not is_aside(doc.path):
            yield from ((doc.path, b.text, b.line, True) for b in doc.blocks if "cargo" in b.text and "--bin" in b.text)
