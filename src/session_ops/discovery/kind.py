"""What kind of package the target is meant to be, with scored reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.scripts import Scripts
from session_ops.model import Evidence
from session_ops.patterns import regex
from session_ops.registry import fact

KINDS = ("pip", "npm", "gem", "cargo", "go", "shell bundle", "container service", "agent plugin", "mixed")
PACKAGED = ("pip", "npm", "gem", "cargo", "go")
"""Kinds that exclude each other as the answer to "how is this installed"; the others can be a part of any of them."""
LANGUAGES = {
    "python": "pip", "javascript": "npm", "typescript": "npm", "tsx": "npm", "ruby": "gem", "rust": "cargo", "go": "go",
    "shell": "shell bundle", "zsh": "shell bundle",
}  # fmt: skip
COMMANDS = {
    "pip": regex(r"\b(?:pip3?|pipx|uv(?:x| tool| pip| sync| run)?|poetry)\s+(?:install|add|run|sync)\b|\buvx\s"),
    "npm": regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:install|i|ci|add|start|run|test)\b|\bnpx\s"),
    "gem": regex(r"\b(?:gem|bundle)\s+install\b"),
    "cargo": regex(r"\bcargo\s+(?:install|build|run)\b"),
    "go": regex(r"\bgo\s+(?:install|build|run)\b"),
    "shell bundle": regex(r"(?:^|\s)(?:\./|bash\s+)[\w./-]+\.sh\b|\bchmod\s+\+x\b"),
    "container service": regex(r"\bdocker(?:-|\s+)compose\b|\bdocker\s+(?:run|build)\b"),
    "agent plugin": regex(r"/plugin\s+(?:install|marketplace)|\.claude/(?:commands|agents|skills)"),
}
"""What a README tells its reader to type, by kind."""
CLOSE = 15
"""Points within which two kinds that exclude each other make a mixed target."""
PART = 30
"""Points from which another kind counts as a part."""


@dataclass(frozen=True)
class Reason:
    """Why a kind was given points (0 to 100)."""

    points: int
    text: str
    at: Evidence


@dataclass(frozen=True)
class KindScore:
    """Points of one kind and their reasons, best first."""

    kind: str
    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class PackageKind:
    """The kind that won, or `mixed` where two that exclude each other are close; all scores, best first."""

    kind: str
    scores: tuple[KindScore, ...]
    parts: tuple[str, ...] = ()

    def points(self, kind: str) -> int:
        """The points of one kind, 0 where nothing speaks for it."""
        return next((s.points for s in self.scores if s.kind == kind), 0)


@fact
def package_kind(tree: Tree, manifests: Manifests, scripts: Scripts, deployment: Deployment, docs: Docs) -> PackageKind:
    """Score every kind by manifests, code, what the docs tell people to type, and deployment files.

    A folder with a manifest and container files is what its manifest says, with the container as a part: the container
    installs the package, not the other way round.
    """
    reasons: dict[str, list[Reason]] = {}
    for kind, reason in (
        *_by_manifest(tree, manifests),
        *_by_code(tree),
        *_by_docs(tree, docs),
        *_by_deployment(tree, deployment),
        *_by_plugin(tree, manifests),
        *_by_scripts(tree, scripts),
    ):
        reasons.setdefault(kind, []).append(reason)
    scores = []
    for kind, given in reasons.items():
        best = tuple(sorted(given, key=lambda r: (-r.points, r.text)))
        scores.append(KindScore(kind, min(100, sum(r.points for r in best)), best))
    scores.sort(key=lambda s: (-s.points, KINDS.index(s.kind)))
    if not scores:
        return PackageKind("shell bundle", (), ())
    chosen = _choose(scores, {m.ecosystem for m in manifests if not _aside(m.path) and m.name})
    parts = tuple(s.kind for s in scores if s.points >= PART and s.kind != chosen)
    return PackageKind(chosen, tuple(scores), parts)


def _aside(path: str) -> bool:
    return is_aside(path) or is_document(path)


def _choose(scores: list[KindScore], declared: set[str]) -> str:
    points = {s.kind: s.points for s in scores}
    packaged = [s for s in scores if s.kind in PACKAGED]
    if declared & set(PACKAGED):
        # containers and plugins ship a package that is declared: they are parts of it
        packaged = [s for s in packaged if s.kind in declared] or packaged
        first = packaged[0]
        rivals = [s for s in scores if s.kind in (*PACKAGED, "shell bundle") and s is not first]
        if rivals and rivals[0].points >= first.points - CLOSE and rivals[0].points >= PART:
            return "mixed"
        if points.get("agent plugin", 0) >= first.points + CLOSE:
            return "agent plugin"
        return first.kind
    best = scores[0]
    rival = next((s for s in scores[1:] if s.kind in (*PACKAGED, "shell bundle")), None)
    if best.kind in (*PACKAGED, "shell bundle") and rival and rival.points >= best.points - CLOSE and rival.points >= PART:
        return "mixed"
    return best.kind


def _by_manifest(tree: Tree, manifests: Manifests) -> Iterator[tuple[str, Reason]]:
    done: Counter[str] = Counter()
    for one in manifests:
        if one.ecosystem not in PACKAGED or (_aside(one.path)):
            continue
        done[one.ecosystem] += 1
        if done[one.ecosystem] > 1:
            continue
        top = not one.folder
        name = one.path.rpartition("/")[2]
        if not _is_package(one):
            points, text = (20 if top else 8), f"{name} lists dependencies"
        else:
            points, text = (50 if top else 25), f"{name} declares {one.name or 'a package'}"
        yield one.ecosystem, Reason(points, text, tree.evidence(one.path))
        starts = [e for e in one.entry_points if e.kind in ("script", "bin", "main", "exports")]
        if starts:
            text = f"it promises {starts[0].kind} {starts[0].name}"
            yield one.ecosystem, Reason(15 if top else 8, text, tree.evidence(one.path, starts[0].line))


def _is_package(one: Manifest) -> bool:
    return bool(one.name) or one.field("workspace") is not None


def _by_code(tree: Tree) -> Iterator[tuple[str, Reason]]:
    """The share of each language in the lines of code, tests and examples aside."""
    lines: Counter[str] = Counter()
    biggest: dict[str, tuple[int, str]] = {}
    for entry in tree.files(*LANGUAGES):
        if _aside(entry.path):
            continue
        kind, count = LANGUAGES[entry.language], tree.text(entry.path).count("\n")
        lines[kind] += count
        biggest[kind] = max(biggest.get(kind, (0, "")), (count, entry.path))
    total = sum(lines.values())
    for kind, count in lines.items():
        if points := round(40 * count / total) if total else 0:
            text = f"{round(100 * count / total)} % of the code lines"
            yield kind, Reason(points, text, tree.evidence(biggest[kind][1]))


def _by_docs(tree: Tree, docs: Docs) -> Iterator[tuple[str, Reason]]:
    """What the README's fenced blocks tell people to type, once for each kind."""
    told: set[str] = set()
    for doc in docs:
        if doc.role != "readme" or "/" in doc.path:
            continue
        for block in doc.blocks:
            for n, line in enumerate(block.text.splitlines()):
                for kind, pattern in COMMANDS.items():
                    if kind not in told and pattern.search(line):
                        told.add(kind)
                        said = f"the README says {line.strip()[:60]!r}"
                        yield kind, Reason(15, said, tree.evidence(doc.path, block.line + n))


def _by_deployment(tree: Tree, deployment: Deployment) -> Iterator[tuple[str, Reason]]:
    for image in deployment.dockerfiles[:1]:
        start = next((i for i in image.instructions if i.name in ("CMD", "ENTRYPOINT")), None)
        points = 25 if start else 15
        text = "a Dockerfile that starts something" if start else "a Dockerfile"
        yield "container service", Reason(points, text, tree.evidence(image.path, start.line if start else 0))
    services = [s for s in deployment.services if not _aside(s.path)]
    if services:
        text = f"a compose file with {len(services)} service(s)"
        yield "container service", Reason(25, text, tree.evidence(services[0].path, services[0].line))


def _by_plugin(tree: Tree, manifests: Manifests) -> Iterator[tuple[str, Reason]]:
    for one in [m for m in manifests if m.ecosystem == "plugin"][:1]:
        yield "agent plugin", Reason(60, f"{one.path.rpartition('/')[2]} declares {one.name}", tree.evidence(one.path))
    parts = [
        e.path
        for e in tree.files("markdown")
        if re.search(r"(?:^|/)(?:\.claude/)?(?:commands|agents|skills)/", e.path) and not _aside(e.path)
    ]
    if parts:
        code = sum(1 for e in tree.files(*LANGUAGES) if not _aside(e.path))
        points = min(40, 5 * len(parts)) if code <= len(parts) else min(15, 2 * len(parts))
        text = f"{len(parts)} command, agent or skill definition(s)"
        yield "agent plugin", Reason(points, text, tree.evidence(parts[0]))


def _by_scripts(tree: Tree, scripts: Scripts) -> Iterator[tuple[str, Reason]]:
    shell = [s for s in scripts if s.language in ("shell", "zsh") and not _aside(s.path)]
    if len(shell) >= 3:
        started = [s for s in shell if s.executable or s.interpreter]
        yield "shell bundle", Reason(min(30, 10 + len(started)), f"{len(shell)} shell scripts", tree.evidence(shell[0].path))
        top = PurePosixPath(shell[0].path).parts[0]
        if not any(s.path.count("/") > 2 for s in shell) and top in ("bin", "scripts", "libexec"):
            yield "shell bundle", Reason(5, f"they live in {top}/", tree.evidence(shell[0].path))
