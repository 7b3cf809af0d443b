"""The target in a few lines: what it is, what is in it, what was tried before."""

from __future__ import annotations

from collections import Counter

from session_ops.discovery.phase import Document as Discovery
from session_ops.report.text import plural

NAMED = 6
"""Names listed before the rest is only counted."""


def current_state(found: Discovery) -> tuple[tuple[str, str], ...]:
    """Names and values for the section "Current State"."""
    rows = [
        ("Kind", _kind(found)),
        ("Files", _files(found)),
        ("Git", _git(found)),
        (
            "Manifests",
            _listed([f"`{m.path}` ({m.ecosystem}{', does not parse' if m.broken else ''})" for m in found.manifests]),
        ),
        ("Scripts", _scripts(found)),
        ("References", _references(found)),
        ("Deployment files", _deployment(found)),
        ("Documents", _docs(found)),
        ("Environment variables", _environment(found)),
        ("Earlier attempts", _attempts(found)),
    ]
    return tuple(rows)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more if names else "none"


def _kind(found: Discovery) -> str:
    best = found.kind.scores[0] if found.kind.scores else None
    reasons = (
        "; ".join(f"{r.text} (`{r.at.place}`)" for r in best.reasons[:3]) if best else "nothing says what it is meant to be"
    )
    parts = f", with {' and '.join(found.kind.parts)}" if found.kind.parts else ""
    return f"{found.kind.kind}{parts}: {reasons}"


def _files(found: Discovery) -> str:
    entries = [e for e in found.files if e.kind == "file"]
    read = sum(e.status == "read" for e in entries)
    links = sum(e.kind == "symlink" for e in found.files)
    return f"{read:,} of {plural(len(entries), 'file')} read" + (f", {plural(links, 'symbolic link')}" if links else "")


def _git(found: Discovery) -> str:
    git = found.git
    if not git.present:
        return git.reason or "no git work tree around it"
    inside = f" below `{git.inside}`" if git.inside else ""
    changed = f", {len(git.changed):,} changed" if git.changed else ""
    return f"commit `{git.head[:10]}`{inside}: {git.tracked:,} tracked, {git.untracked:,} untracked, {git.ignored:,} ignored{changed}"


def _scripts(found: Discovery) -> str:
    by_language = Counter(s.language for s in found.scripts)
    return ", ".join(f"{many:,} {name}" for name, many in sorted(by_language.items(), key=lambda i: (-i[1], i[0]))) or "none"


def _references(found: Discovery) -> str:
    words = {"resolves": "resolve", "missing": "name what is not there", "created": "name what is made at run time"}
    words |= {"ambiguous": "cannot be resolved by reading", "placeholder": "are placeholders"}
    verdicts = found.verdicts
    return ", ".join(f"{verdicts[v]:,} {words[v]}" for v in words if v in verdicts) or "none"


def _deployment(found: Discovery) -> str:
    d = found.deployment
    places = (d.dockerfiles, d.services, d.steps, d.units, d.hooks)
    names = [one.path for group in places for one in group]
    return _listed([f"`{name}`" for name in dict.fromkeys(names)])


def _docs(found: Discovery) -> str:
    ordering = Counter(d.path for d in found.directives)
    orders = ", ".join(f"{plural(many, 'directive')} in `{path}`" for path, many in sorted(ordering.items())[:NAMED])
    return plural(len(found.docs), "document") + (f"; {orders}" if orders else "")


def _environment(found: Discovery) -> str:
    names = {u.name for u in found.environment.uses}
    missing = [f"`{name}`" for name in found.environment.undocumented()]
    return f"{len(names):,} used" + (f", {len(missing):,} named in no document: {_listed(missing)}" if missing else "")


def _attempts(found: Discovery) -> str:
    said = [f"`{a.path}` ({a.what}), removed in `{a.commit[:10]}` of {a.date[:10]}" for a in found.history.attempts]
    return _listed(said) if said else "none in the history that is here" if found.git.present else "no history"
