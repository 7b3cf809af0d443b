"""The discovery document: the facts that other phases and people read, as plain data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Directive
from session_ops.discovery.environment import Environment
from session_ops.discovery.files import FileEntry
from session_ops.discovery.history import History
from session_ops.discovery.kind import PackageKind
from session_ops.discovery.manifests import Manifest
from session_ops.discovery.mechanism import Mechanism
from session_ops.discovery.references import Reference
from session_ops.discovery.scripts import Script
from session_ops.registry import CannotCheck

if TYPE_CHECKING:
    from session_ops.case import Case


@dataclass(frozen=True)
class DocSummary:
    """One documentation file: path, role, title and how much it says."""

    path: str
    role: str
    title: str
    headings: int
    links: int
    blocks: int


@dataclass(frozen=True)
class CommandSummary:
    """An external command: how often it is used, where first, and whether every use is guarded."""

    name: str
    uses: int
    path: str
    line: int
    guarded: bool


@dataclass(frozen=True)
class GitSummary:
    """The repository around the target. `inside` is the target's path in it; `reason` says why there is none."""

    present: bool
    reason: str
    head: str
    inside: str
    tracked: int
    untracked: int
    ignored: int
    changed: tuple[str, ...]
    submodules: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """What is there. `unread` are the facts that could not be read, with the reason."""

    name: str
    digest: str
    files: tuple[FileEntry, ...]
    git: GitSummary
    kind: PackageKind
    manifests: tuple[Manifest, ...]
    scripts: tuple[Script, ...]
    references: tuple[Reference, ...]
    commands: tuple[CommandSummary, ...]
    environment: Environment
    docs: tuple[DocSummary, ...]
    directives: tuple[Directive, ...]
    deployment: Deployment
    history: History
    unread: dict[str, str]
    mechanism: Mechanism = field(default_factory=Mechanism)

    @property
    def verdicts(self) -> dict[str, int]:
        """How many references resolve, are missing, and so on."""
        return dict(sorted(Counter(r.verdict for r in self.references).items()))


def compute(case: Case) -> Document:
    """Read all facts of the case's target."""
    tree, facts = case.tree, case.facts

    def get(name: str, otherwise: Any) -> Any:
        try:
            return facts[name]
        except CannotCheck:
            return otherwise

    files = tuple(tree)
    tracked = [f for f in files if f.tracked]
    changed = tuple(f.path for f in tracked if f.kind == "file" and f.status == "read" and _changed(case, f.path))
    git = GitSummary(
        tree.git.root is not None, tree.git.reason, tree.git.head, tree.prefix, len(tracked),
        sum(f.tracked is False and not f.ignored for f in files), sum(bool(f.ignored) for f in files), changed, tree.git.submodules,
    )  # fmt: skip
    docs = tuple(
        DocSummary(d.path, d.role, d.title, len(d.headings), sum(s.kind == "link" for s in d.spans), len(d.blocks))
        for d in get("docs", ())
    )
    uses: dict[str, list[Any]] = {}
    for command in get("commands", ()):
        uses.setdefault(command.name, []).append(command)
    commands = tuple(
        CommandSummary(name, len(found), found[0].path, found[0].line, all(c.guarded for c in found))
        for name, found in sorted(uses.items())
    )
    return Document(
        name=case.target.name, digest=tree.digest, files=files, git=git, kind=get("package_kind", PackageKind("unknown", ())),
        manifests=get("manifests", ()), scripts=get("scripts", ()), references=get("references", ()), commands=commands,
        environment=get("environment", Environment((), ())), docs=docs, directives=get("directives", ()),
        deployment=get("deployment", Deployment()), history=get("history", History(0, False, (), {})),
        mechanism=get("mechanism", Mechanism()), unread=facts.broken,
    )  # fmt: skip


def _changed(case: Case, path: str) -> bool:
    return case.tree.git.is_changed(path, (case.tree.root / path).read_bytes())
