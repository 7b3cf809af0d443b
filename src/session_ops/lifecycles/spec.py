"""Formats as the other parts use them: what a format is, which there are, and how records become events by it."""

from session_ops.lifecycles.columns import COLUMNS, ENDS, KINDS, Row
from session_ops.lifecycles.definition import Format, Rule
from session_ops.lifecycles.library import formats, load
from session_ops.lifecycles.mapper import Mapper

__all__ = ["COLUMNS", "ENDS", "KINDS", "Format", "Mapper", "Row", "Rule", "formats", "load"]
