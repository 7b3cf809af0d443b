"""What kind of package the target is meant to be, with scored reasons."""

from __future__ import annotations

from dataclasses import dataclass

from session_ops.model import Evidence

KINDS = ("pip", "npm", "gem", "cargo", "go", "shell bundle", "container service", "agent plugin", "mixed")


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
