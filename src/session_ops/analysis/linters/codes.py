"""Which codes of the linters break a gate. Every other code is advice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from session_ops.model import Confidence, Gate
from session_ops.patterns import regex


@dataclass(frozen=True)
class Breach:
    """A code that breaks a gate: how sure it is at best, and what the user sees."""

    gate: Gate
    confidence: Confidence
    impact: str


_SHELL = Breach(Gate.PARSE, "proven", "the shell refuses the script when it gets to this place")
_PYTHON = Breach(Gate.PARSE, "proven", "Python refuses the file with a SyntaxError, and every module that imports it")
_NAME = Breach(Gate.START, "likely", "the module ends with a NameError when it is imported")
_BUILD = Breach(Gate.SHIP, "likely", "the image cannot be built")
_INJECT = Breach(Gate.GUARD, "likely", "whoever opens an issue or a pull request runs commands with the workflow's token")
_SETTINGS = Breach(
    Gate.SHIP, "likely", "the agent's program refuses the file or passes over the entry, so that its hooks or servers never run"
)
_AGENT = Breach(Gate.SHIP, "possible", "the agent's program may pass over it without a word")
_SECRET = Breach(Gate.GUARD, "possible", "whoever reads the repository acts in the owner's name until it is revoked")

TABLE: tuple[tuple[str, re.Pattern[str], Breach], ...] = (
    ("shellcheck", regex(r"SC107[23]|SC1(?:00[69]|03[3-9]|04[0-9]|05[0-9]|06[0-9]|08[0-9]|13[0-9])"), _SHELL),
    ("ruff", regex(r"invalid-syntax|E9\d\d|F70[1467]|F702"), _PYTHON),
    ("ruff", regex(r"F82[13]"), _NAME),
    ("hadolint", regex(r"DL1000|DL3011|DL3023|DL3061"), _BUILD),
    ("zizmor", regex(r"template-injection"), _INJECT),
    ("agnix", regex(r"CC-HK-0(?:05|06|07|12)|MCP-010|MCP-022"), _SETTINGS),
    ("agnix", regex(r"CC-HK-002|CC-AG-00[127]|AS-0(?:01|03|16)|MCP-009|CDX-CFG-009"), _AGENT),
    ("detect-secrets", regex(r"\w+"), _SECRET),
)
"""Linter, its code, what it breaks. A breach is what the adapter may claim at most: it lowers it where its own doubts say so."""


def breach(linter: str, code: str) -> Breach | None:
    """What a code of a linter breaks, or None where it is advice."""
    return next((found for name, codes, found in TABLE if name == linter and codes.fullmatch(code)), None)
