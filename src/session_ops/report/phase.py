"""The report document: what was written, the six quality checks, what was not checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from session_ops.case import Case


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
    raise NotImplementedError
