"""Two cases side by side: before and after a change, yesterday and today."""

from __future__ import annotations

from session_ops.compare.difference import Comparison, compare

__all__ = ["Comparison", "compare"]
