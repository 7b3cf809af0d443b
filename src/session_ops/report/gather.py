"""From a case to what its report shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from session_ops.discovery import tables
from session_ops.model import Evidence, Fix
from session_ops.registry import reread
from session_ops.report.contents import Contents, Picture, excerpts
from session_ops.report.quality import not_checked, quality
from session_ops.report.redact import Redactor, is_secret, settings
from session_ops.report.state import current_state

if TYPE_CHECKING:
    from session_ops.case import Case


def redactor(case: Case) -> Redactor:
    """What is private about a case: its places, and all values of a `.env` that a finding calls secret."""
    findings = case["analysis"].findings
    files = {f.at.path for f in findings if is_secret(f) and PurePosixPath(f.at.path).name.startswith(".env")}
    values = frozenset[str]().union(*(settings(case.tree.text(path)) for path in files))
    hide = places(case)
    return replace(hide, secrets=values).knowing(findings)


def places(case: Case) -> Redactor:
    """The same without the findings, for what is shared before they are known. Without masking only secrets are hidden."""
    if not case.parameters.mask:
        return Redactor(personal=False)
    return Redactor.here(case=case.folder, target=case.target, project=case.tree.project_root)


def gather(case: Case) -> Contents:
    """Everything that the report shows, not masked yet."""
    from session_ops.case import version

    discovery, analysis, lifecycles = case["discovery"], case["analysis"], case["lifecycles"]
    diagnosis, solution = case["diagnosis"], case["solution"]
    root = case.tree.root

    def again(evidence: Evidence) -> str:
        return reread(root, evidence)

    return Contents(
        name=case.target.name,
        version=version(),
        state=current_state(discovery),
        results=analysis.results,
        findings=analysis.findings,
        lifecycles=lifecycles,
        diagnosis=diagnosis,
        solution=solution,
        quality=quality(discovery, analysis, diagnosis, solution, again),
        not_checked=not_checked(discovery, analysis, lifecycles, diagnosis, solution),
        excerpts=excerpts(analysis.findings, case.tree),
        patches={fix.id: _patch(case, fix, {c.fix: c.patch for c in solution.checks}) for fix in solution.fixes},
        mechanism=discovery.mechanism,
        tracking=tuple(tables.mechanism(discovery)),
        pictures=tuple(p for name, alt in lifecycles.figures if (p := _picture(case, name, alt)) is not None),
    )


def _patch(case: Case, fix: Fix, names: dict[str, str]) -> str:
    """The text of a fix's patch; empty where it was not written."""
    name = names.get(fix.id) or fix.patch
    try:
        return (case.folder / name).read_bytes().decode("utf-8", "replace") if name else ""
    except OSError:
        return ""


def _picture(case: Case, name: str, alt: str) -> Picture | None:
    try:
        return Picture(name, alt, (case.folder / "figures" / name).read_bytes())
    except OSError:
        return None
