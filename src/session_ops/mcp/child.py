"""One command of session-ops as a child process: its own group, its progress passed on, ended with the call that wanted it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LONGEST = 200_000
"""Characters of an answer; the rest is cut off, and that is said."""
_STEP = re.compile(r"\[(\d+)/(\d+)\]\s*(.*)")
Progress = Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True)
class Done:
    """How a command ended, what it printed, and its last words on standard error."""

    code: int
    out: str
    said: str


async def call(*words: str, progress: Progress) -> Done:
    """Run `session-ops WORDS`. Lines like `[2/6] ...` on standard error are progress; a cancelled call ends the whole group."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "session_ops", *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True, limit=2**24,
    )  # fmt: skip
    try:
        out, said = await asyncio.gather(_read(child.stdout), _follow(child.stderr, progress))
        return Done(await child.wait(), out, said)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()


async def _read(stream: asyncio.StreamReader | None) -> str:
    return (await stream.read()).decode("utf-8", "replace") if stream else ""


async def _follow(stream: asyncio.StreamReader | None, progress: Progress) -> str:
    kept: list[str] = []
    lines = 0
    while stream and (raw := await stream.readline()):
        line = raw.decode("utf-8", "replace").rstrip()
        kept = [*kept[-19:], line]
        lines += 1
        step = _STEP.match(line)
        await progress(*((float(step[1]), float(step[2]), step[3]) if step else (float(lines), None, line[:300])))
    return "\n".join(kept)


def bounded(text: str) -> str:
    """A text that fits into an answer."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n[cut: {len(text) - LONGEST} more characters]"
