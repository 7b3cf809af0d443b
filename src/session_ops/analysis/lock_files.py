"""What each kind of lock file knows of a manifest's dependencies: one short reader for each, nothing is resolved.

A reader gives the declared dependencies that its lock does not hold, or None where the lock is not about this manifest.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Dependency, Manifest, Manifests
from session_ops.patterns import regex

Missing = list[Dependency] | None
PYTHON_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock")
"""Lock files of npm and its kin that are text."""
_LOCAL = regex(r"^(?:file|link|portal|workspace|catalog|exec|patch):")


@dataclass(frozen=True)
class LockKind:
    """A kind of lock file: its name, the manifests it belongs to, its reader, and how an install that insists on it is written."""

    name: str
    ecosystem: str
    missing: Callable[[Tree, str, Manifest, Manifests], Missing]
    frozen: re.Pattern[str]
    command: str
    upward: bool = False
    """May it lie in a folder above the manifest, as in workspaces?"""


def lock_of(tree: Tree, kind: LockKind, one: Manifest) -> str:
    """The lock file of this kind that is the manifest's: beside it, or above it for workspaces; empty where there is none."""
    folders = [one.folder]
    while kind.upward and folders[-1]:
        folders.append(folders[-1].rpartition("/")[0])
    places = (f"{folder}/{kind.name}" if folder else kind.name for folder in folders)
    return next((path for path in places if (e := tree.entries.get(path)) and e.status == "read" and not e.ignored), "")


def spelled(name: str) -> str:
    """A distribution's name as indexes compare it. Source: packaging.python.org, names and normalization."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _npm(tree: Tree, lock: str, one: Manifest, everything: Manifests) -> Missing:
    try:
        packages = json.loads(tree.text(lock))["packages"][_inside(lock, one)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(packages, dict):
        return None
    known: set[str] = set()
    for table in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        known |= set(packages.get(table) or ())
    known |= {m.name for m in everything if m.ecosystem == "npm"}  # a package of this tree may be linked by a workspace
    return [d for d in one.dependencies if d.name not in known and d.group != "peer"]


def _inside(lock: str, one: Manifest) -> str:
    """The manifest's folder as the lock file above it calls it."""
    top = lock.rpartition("/")[0]
    return one.folder.removeprefix(top).strip("/")


def _pnpm(tree: Tree, lock: str, one: Manifest, _all: Manifests) -> Missing:
    """Pnpm writes what each manifest asked for: `importers`, by folder, or the same tables at the top where there is one manifest."""
    lines = tree.lines(lock)
    if not any(line.startswith("lockfileVersion:") for line in lines[:5]):
        return None
    inside = _inside(lock, one) or "."
    if "importers:" in lines:
        asked = _below(lines, ("importers", inside))
        deep = 4
    else:
        asked, deep = (lines if inside == "." else None), 0
    if asked is None:
        return None
    known: set[str] = set()
    table = ""
    for line in asked:
        if line.startswith(" " * deep) and line[deep : deep + 1].strip():
            table = line.strip().rstrip(":")
        elif (
            table in ("dependencies", "devDependencies", "optionalDependencies", "specifiers")
            and line.startswith(" " * (deep + 2))
            and line[deep + 2 : deep + 3].strip()
        ):
            known.add(line.strip().partition(": ")[0].rstrip(":").strip("'\""))
    return [d for d in one.dependencies if d.name not in known and d.group != "peer"]


def _below(lines: list[str], keys: tuple[str, ...]) -> list[str] | None:
    """The lines below nested keys of a YAML text that a program wrote with two spaces a level."""
    at, end = 0, len(lines)
    for depth, key in enumerate(keys):
        indent = " " * (2 * depth)
        heads = {f"{indent}{key}:", f"{indent}'{key}':", f'{indent}"{key}":'}
        at = next((n for n in range(at, end) if lines[n].rstrip() in heads), -1) + 1
        if not at:
            return None
        end = next((n for n in range(at, end) if lines[n].strip() and not lines[n].startswith(indent + "  ")), end)
    return lines[at:end]


_YARN_KEY = regex(r"^\"?(?P<keys>(?:@[^@\s\"]+/)?[^@\s\"]+@[^\n]*?)\"?:$", re.MULTILINE)


def _yarn(tree: Tree, lock: str, one: Manifest, everything: Manifests) -> Missing:
    """Yarn's keys are `name@range`, several to a line. A workspace's own packages are in the lock of version 2 and later alone."""
    text = tree.text(lock)
    berry = "\n__metadata:" in text
    parts = (part.strip(' "') for match in _YARN_KEY.finditer(text) for part in match["keys"].split(", "))
    known = {name[0] for part in parts if (name := re.match(r"@?[^@]+(?=@)", part))}
    inside = _inside(lock, one)
    if not known or (berry and f"@workspace:{inside or '.'}" not in text) or (not berry and inside):
        return None
    own = {m.name for m in everything if m.ecosystem == "npm"}
    return [
        d
        for d in one.dependencies
        if d.name not in known
        and d.group != "peer"
        and not _LOCAL.match(d.spec)
        and d.name not in own
        and not d.group.startswith("optional")
    ]


def _toml_names(text: str) -> set[str] | None:
    try:
        return {spelled(str(package["name"])) for package in tomllib.loads(text).get("package", [])}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _with_itself(tree: Tree, lock: str, one: Manifest, _all: Manifests) -> Missing:
    """uv.lock and Cargo.lock hold the package itself too: one that does not is another's."""
    known = _toml_names(tree.text(lock))
    if not known or not one.name or spelled(one.name) not in known:
        return None
    # cargo's `alias = { package = "name" }`: the lock knows the name, the manifest's entry (here or in the workspace) is the alias
    renamed = re.compile(r"\bpackage\s*=|\bworkspace\s*=")
    lines = tree.lines(one.path)
    return [
        d
        for d in one.dependencies
        if d.group != "build"
        and not renamed.search(lines[d.line - 1] if d.line <= len(lines) else "")
        and spelled(d.name) not in known
        and not (one.ecosystem == "pip" and d.group == "dev")
    ]


def _python(tree: Tree, lock: str, one: Manifest, _all: Manifests) -> Missing:
    """poetry.lock and pdm.lock: the packages without the project. Groups of development may be left out of a lock of pdm."""
    known = _toml_names(tree.text(lock))
    if not known or not one.path.endswith("pyproject.toml"):
        return None
    groups = {"runtime"} if lock.endswith("pdm.lock") or "[dependency-groups]" in tree.text(one.path) else {"runtime", "dev"}
    return [
        d
        for d in one.dependencies
        if d.group in groups and spelled(d.name) not in known and spelled(d.name) not in ("python", spelled(one.name))
    ]


_PATH_SPEC = regex(r"^PATH\n(?:  .*\n)*", re.MULTILINE)


def _gem(tree: Tree, lock: str, one: Manifest, _all: Manifests) -> Missing:
    """Gemfile.lock repeats a gem's specification in its PATH block."""
    for block in _PATH_SPEC.findall(tree.text(lock).replace("\r\n", "\n")):
        inside, names = False, set()
        for line in block.splitlines():
            if re.match(r"    \S", line):
                inside = line.strip().split(" ")[0] == one.name
            elif inside and line.startswith("      "):
                names.add(line.strip().split(" ")[0])
        if f"    {one.name} (" in block:
            return [d for d in one.dependencies if d.group == "runtime" and d.name not in names]
    return None


def _go(tree: Tree, lock: str, one: Manifest, _all: Manifests) -> Missing:
    """go.sum holds a line for every required module of the version that go.mod names; replaced ones count under their new name."""
    folder = f"{one.folder}/" if one.folder else ""
    if tree.exists(f"{folder}vendor/modules.txt") or not tree.text(lock).strip():
        return None
    work = [e.path for e in tree.files() if e.path.endswith("go.work.sum")]
    known = {" ".join(line.split()[:2]).removesuffix("/go.mod") for path in (lock, *work) for line in tree.lines(path)}
    replaced = {f.value.split()[0] for f in one.fields if f.name == "replace" and f.value.split()}
    if any(e.path.endswith("go.work") for e in tree):
        return None  # another module of the workspace may stand for it
    return [d for d in one.dependencies if d.name not in replaced and f"{d.name} {d.spec}" not in known]


KINDS = (
    LockKind("package-lock.json", "npm", _npm, regex(r"\bnpm\s+(?:ci|clean-install)\b"), "npm ci", upward=True),
    LockKind(
        "pnpm-lock.yaml", "npm", _pnpm, regex(r"\bpnpm\s+(?:-\S+\s+)*(?:i|install)\b[^\n]*--frozen-lockfile|\bpnpm\s+ci\b"),
        "pnpm install --frozen-lockfile", upward=True,
    ),
    LockKind("yarn.lock", "npm", _yarn, regex(r"\byarn\b[^\n]*(?:--frozen-lockfile|--immutable)\b"), "yarn install --immutable", upward=True),
    LockKind(
        "Gemfile.lock", "gem", _gem,
        regex(r"bundler-cache:\s*[\"']?true|BUNDLE_(?:FROZEN|DEPLOYMENT)|bundle\s+(?:config\s.*(?:frozen|deployment)|install\s.*--(?:frozen|deployment))"),
        "bundle install in frozen mode",
    ),
    LockKind("uv.lock", "pip", _with_itself, regex(r"\buv\s+(?:sync|run|export)\b[^\n]*--(?:locked|frozen)\b|UV_(?:LOCKED|FROZEN)"), "uv with --locked"),
    LockKind("poetry.lock", "pip", _python, regex(r"\bpoetry\s+(?:install|sync|check\s+--lock)\b"), "poetry install"),
    LockKind("pdm.lock", "pip", _python, regex(r"\bpdm\s+(?:install|sync)\b[^\n]*--(?:check|frozen-lockfile)\b"), "pdm install --check"),
    LockKind("Cargo.lock", "cargo", _with_itself, regex(r"\bcargo\s[^\n]*--(?:locked|frozen)\b"), "cargo with --locked"),
    LockKind("go.sum", "go", _go, regex(r"\bgo\s+(?:build|install|test|run|vet|mod\s+verify)\b|golangci|setup-go"), "go build"),
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A name in a Pipfile or Gemfile that its lock does not hold, and the line of it."""

    name: str
    line: int


def pipfile_missing(tree: Tree, pipfile: str, lock: str) -> Iterator[Listed]:
    """Names of a Pipfile's [packages] and [dev-packages] that Pipfile.lock does not know. Source: pipenv.pypa.io, Pipfile."""
    try:
        wanted: dict[str, Any] = tomllib.loads(tree.text(pipfile))
        locked: dict[str, Any] = json.loads(tree.text(lock))
    except (ValueError, RecursionError):
        return
    if not isinstance(locked, dict) or "_meta" not in locked:
        return
    for table, group in (("packages", "default"), ("dev-packages", "develop")):
        names, known = wanted.get(table), locked.get(group)
        if not isinstance(names, dict) or not isinstance(known, dict):
            continue
        held = {spelled(name) for name in known}
        for name in names:
            line = next(
                (n for n, text in enumerate(tree.lines(pipfile), 1) if re.match(rf"[\"']?{re.escape(name)}[\"']?\s*=", text)), 0
            )
            if spelled(name) not in held and line:
                yield Listed(name, line)


_GEM_LINE = regex(r"^\s*gem\s+[\"'](?P<name>[\w.-]+)[\"']")


def gemfile_missing(tree: Tree, gemfile: str, lock: str) -> Iterator[Listed]:
    """Gems of a Gemfile that the DEPENDENCIES of its lock do not name. Source: bundler.io, Gemfile.lock."""
    section = re.search(r"^DEPENDENCIES\n((?:  .*\n?)*)", tree.text(lock).replace("\r\n", "\n"), re.MULTILINE)
    if section is None:
        return
    known = {line.strip().rstrip("!").split(" ")[0].rstrip("!") for line in section[1].splitlines()}
    for number, text in enumerate(tree.lines(gemfile), 1):
        match = _GEM_LINE.match(text)
        if (
            match
            and match["name"] not in known
            and not re.search(r"\b(?:if|unless)\b", text)
            and not text.startswith((" ", "\t"))
        ):
            yield Listed(match["name"], number)
