"""Documentation: headings, links, code spans and fenced blocks with their lines; directives to agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 to 6."""

    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Span:
    """A link target, an inline code span, or a bare path in prose."""

    kind: Literal["link", "image", "code", "path"]
    text: str
    line: int
    label: str = ""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language tag in lower case, its text, the line of its first content line."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Doc:
    """One Markdown file. `role` is readme, agent-rules (CLAUDE.md, AGENTS.md …), agent (an agent or command definition), changelog or doc."""

    path: str
    role: Literal["readme", "agent-rules", "agent", "changelog", "doc"]
    title: str
    headings: tuple[Heading, ...]
    spans: tuple[Span, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Directive:
    """A rule that CLAUDE.md or AGENTS.md gives: what to use, never to use, or how to build and test."""

    path: str
    line: int
    kind: Literal["must", "never", "prefer", "command"]
    text: str


Docs = tuple[Doc, ...]
Directives = tuple[Directive, ...]
