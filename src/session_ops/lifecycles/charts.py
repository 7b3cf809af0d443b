"""Charts."""

from __future__ import annotations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from session_ops.case import Case


def draw(case: Case) -> tuple[tuple[str, str], ...]:
    return ()
