"""The report document: what was written, the six quality checks, what was not checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from session_ops.model import to_json
from session_ops.registry import Checked

if TYPE_CHECKING:
    from session_ops.case import Case

FILES = ("report.md", "report.html", "findings.sarif", "findings.json")
"""What this phase writes into the case."""


@dataclass(frozen=True)
class QualityCheck:
    """One of the six checks: whether it holds, and its numbers in a sentence."""

    name: str
    holds: bool
    numbers: str


@dataclass(frozen=True)
class NotChecked:
    """Something that was not looked at: what, why, and how it could be."""

    what: str
    why: str
    how: str = ""


@dataclass(frozen=True)
class Document:
    """`files` are the report's files, relative to the case."""

    files: tuple[str, ...]
    quality: tuple[QualityCheck, ...]
    not_checked: tuple[NotChecked, ...]


def compute(case: Case) -> Document:
    """Write report.md, report.html, findings.sarif and findings.json from the earlier documents."""
    from session_ops.diagnosis import picture as causes_picture
    from session_ops.discovery.mechanism.picture import drawing
    from session_ops.report.gather import gather, redactor
    from session_ops.report.html import html
    from session_ops.report.jsonout import findings_json
    from session_ops.report.markdown import CAUSES, MECHANISM, markdown
    from session_ops.report.sarif import sarif

    hide = redactor(case)
    contents = gather(case).masked(hide)
    analysis, solution = case["analysis"], case["solution"]
    checked = Checked(analysis.results, analysis.findings)
    tree, name, fixes = case.tree, case.target.name, solution.fixes
    log = sarif(checked, case.registry, tree.prefix, name, fixes, contents.version, texts=tree.text, redactor=hide)
    case.write("report.md", markdown(contents))
    case.write("report.html", html(contents))
    if picture := drawing(contents.mechanism):
        case.write(f"figures/{MECHANISM}", picture)
    if picture := causes_picture.drawing(contents.diagnosis.causes, contents.diagnosis.gates):
        case.write(f"figures/{CAUSES}", picture)
    case.write("findings.sarif", to_json(log))
    case.write("findings.json", findings_json(checked, name, tree.prefix, version=contents.version, fixes=fixes, redactor=hide))
    return Document(FILES, contents.quality, contents.not_checked)
