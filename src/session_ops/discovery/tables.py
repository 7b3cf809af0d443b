"""Tables of the discovery document, as rows that a notebook shows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from session_ops.discovery.phase import Document

Rows = list[dict[str, Any]]


def files_by_language(document: Document) -> Rows:
    """Files and bytes for each language, most files first; files that nobody recognises are counted as `other`."""
    files = [f for f in document.files if f.kind == "file"]
    count = Counter(f.language or "other" for f in files)
    size = Counter[str]()
    for file in files:
        size[file.language or "other"] += file.size
    return [
        {"language": name, "files": n, "bytes": size[name]} for name, n in sorted(count.items(), key=lambda x: (-x[1], x[0]))
    ]


def not_read(document: Document) -> Rows:
    """Every path whose text was not read, with the reason."""
    return [{"path": f.path, "kind": f.kind, "bytes": f.size, "reason": f.reason} for f in document.files if f.status != "read"]


def kinds(document: Document) -> Rows:
    """Points of each kind of package and what speaks for it."""
    return [
        {
            "kind": score.kind,
            "points": score.points,
            "because": "; ".join(f"{r.text} ({r.at.place}, {r.points:+d})" for r in score.reasons),
        }
        for score in document.kind.scores
        if score.points
    ]


def manifests(document: Document) -> Rows:
    """Each manifest with what it promises."""
    return [
        {
            "path": m.path, "ecosystem": m.ecosystem, "name": m.name, "version": m.version, "licence": m.licence,
            "dependencies": len(m.dependencies), "entry points": len(m.entry_points), "problems": len(m.problems),
        }
        for m in document.manifests
    ]  # fmt: skip


def references(document: Document, verdict: str = "missing") -> Rows:
    """Who names which file, for one verdict."""
    return [
        {
            "place": f"{r.source}:{r.line}",
            "does": r.act,
            "says": r.text,
            "means": r.target,
            "guarded": r.guarded,
            "candidates": r.candidates,
        }
        for r in document.references
        if r.verdict == verdict
    ]


def all_references(document: Document) -> Rows:
    """All references with their verdicts."""
    return [row | {"verdict": verdict} for verdict in document.verdicts for row in references(document, verdict)]


def attempts(document: Document) -> Rows:
    """Deployment files that git once held."""
    return [
        {"path": a.path, "what": a.what, "removed in": a.commit[:9], "date": a.date, "subject": a.subject}
        for a in document.history.attempts
    ]


def directives(document: Document) -> Rows:
    """What the files for agents order."""
    return [{"place": f"{d.path}:{d.line}", "kind": d.kind, "text": d.text} for d in document.directives]


def variables(document: Document) -> Rows:
    """Environment variables: used where, with which default, documented where."""
    mentioned: dict[str, list[str]] = {}
    for m in document.environment.mentions:
        mentioned.setdefault(m.name, []).append(f"{m.path}:{m.line}")
    first: dict[str, dict[str, Any]] = {}
    for use in document.environment.uses:
        row = first.setdefault(
            use.name,
            {"name": use.name, "first use": f"{use.path}:{use.line}", "uses": 0, "default": use.default, "documented": ""},
        )
        row["uses"] += 1
        row["documented"] = ", ".join(mentioned.get(use.name, ())[:2]) or "nowhere"
    return list(first.values())


def deployment(document: Document) -> Rows:
    """Deployment files and how much is in them."""
    found = document.deployment
    rows = [
        {"path": d.path, "what": "Dockerfile", "holds": f"{len(d.instructions)} instructions, context {d.context or '.'}"}
        for d in found.dockerfiles
    ]
    for what, items in (
        ("compose services", found.services),
        ("CI steps", found.steps),
        ("hooks", found.hooks),
        ("unit", found.units),
    ):
        for path, n in sorted(Counter(item.path for item in items).items()):
            rows.append({"path": path, "what": what, "holds": str(n) if what != "unit" else "service unit"})
    rows += [{"path": path, "what": "does not parse", "holds": f"line {line}: {text}"} for path, line, text in found.problems]
    return rows


def mechanism(document: Document) -> Rows:
    """How sessions are tracked: each state, and who creates, refreshes, locks, reads and deletes it."""
    rows = []
    for (kind, state), uses in document.mechanism.states().items():
        row: dict[str, Any] = {"state": state, "kind": kind}
        for act in ("creates", "refreshes", "locks", "reads", "deletes"):
            places = list(dict.fromkeys(f"{u.path}:{u.line}" + _way(u.way) for u in uses if u.act == act))
            row[act] = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        rows.append(row)
    return rows


def _way(way: str) -> str:
    words = {"append": "appends", "rename": "by rename", "whole": "in place", "flock": "flock", "sweep": "all at once"}
    words |= {"exclusive": "exclusively", "mkdir": "mkdir", "aside": "aside", "prune": "prune"}
    return f" ({words[way]})" if way in words else ""
