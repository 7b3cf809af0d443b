"""The commit message at the top of a patch, in the form that `git am` takes and `git apply` passes over."""

from __future__ import annotations

import re
import textwrap

from session_ops.solution.loop import Step
from session_ops.visible import visible

WIDTH = 72
SHOWN = 20
"""Removed findings that a message lists before it counts the rest."""
FIRST = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
"""The line by which git knows a mail made of a patch; the date is always this one. Source: git-format-patch(1)."""


def with_message(step: Step, number: int, count: int) -> bytes:
    """The patch of a step with a message: what it does, why, and which findings it removes."""
    subject = _line(step.fix.title)[:200]
    body = _wrapped(step.fix.why)
    removed = [f"- {finding.rule} at {finding.at.place}" for finding in step.removed[:SHOWN]]
    if len(step.removed) > SHOWN:
        removed.append(f"- and {len(step.removed) - SHOWN} more")
    if removed:
        body += (
            ["", "Removes:", *(_line(text) for text in removed)] if body else ["Removes:", *(_line(text) for text in removed)]
        )
    head = [FIRST, "From: session-ops <session-ops@localhost>", f"Subject: [PATCH {number:02}/{count:02}] {subject}", ""]
    return ("\n".join([*head, *(_kept(text) for text in body), "---", ""]) + "\n").encode(
        "utf-8", "backslashreplace"
    ) + step.patch


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(_line(text), WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", visible(text)).strip()


def _kept(text: str) -> str:
    """A line of the message that git cannot take for the beginning of the patch."""
    return f" {text}" if re.match(r"diff |Index: |--- |\+\+\+ |@@ |---$|From ", text) else text
