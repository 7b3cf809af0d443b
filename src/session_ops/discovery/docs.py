"""Documentation: headings, links, code spans and fenced blocks with their lines; directives to agents."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from session_ops.discovery.files import FileEntry, Tree
from session_ops.patterns import regex
from session_ops.registry import fact

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

Role = Literal["readme", "agent-rules", "agent", "changelog", "doc"]
LONGEST_LINE = 20_000
"""Characters; a longer line is data, and is not parsed as Markdown."""


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
    role: Role
    title: str
    headings: tuple[Heading, ...]
    spans: tuple[Span, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Directive:
    """A rule that CLAUDE.md or AGENTS.md gives: what to use, never to use, or how to build and test.

    `kind` `command` holds a command line of a fenced block or list; the others hold the sentence as written. `subjects` are the
    code spans of the sentence, in order.
    """

    path: str
    line: int
    kind: Literal["must", "never", "prefer", "command"]
    text: str
    subjects: tuple[str, ...] = ()


Docs = tuple[Doc, ...]
Directives = tuple[Directive, ...]

_RULES = frozenset(
    ("claude.md", "claude.local.md", "agents.md", "agent.md", "gemini.md", "copilot-instructions.md", "conventions.md")
)
_RULE_FILES = frozenset((".cursorrules", ".windsurfrules", ".clinerules"))
_CHANGES = regex(r"(?:changelog|changes|history|news|releases?|release[-_]notes)(?:[-_.]|$)", re.IGNORECASE)
_PATH = regex(
    r"(?<![\w/.:@~<$*%{}-])"
    r"(?P<path>(?:~/|\.{1,2}/|/)?(?:[\w.@+-]+/)+[\w.@+-]*[\w@+-]|(?:\./)?[\w@+-][\w.@+-]*\."
    r"(?:sh|bash|py|js|mjs|cjs|ts|tsx|rb|go|rs|md|json|jsonl|ya?ml|toml|ini|cfg|conf|env|service|sql|txt|lock|plist))"
    r"(?P<end>/?)(?![\w:@/])"
)
_SPEAKS = regex(r"[`\[<&/]|[\w@+-]\.[a-z]")
"""What a link, a code span, a tag or a path cannot do without."""
_ATTRIBUTE = regex(
    r"<(?P<tag>a|img|source|link|script|video)\b[^>]*?\b(?:href|src)\s*=\s*[\"'](?P<to>[^\"']+)[\"']", re.IGNORECASE
)
_FRONT = regex(r"\A---[ \t]*\r?\n(?:.*\r?\n)*?---[ \t]*(?:\r?\n|\Z)")


def npm_run(script: str) -> str:
    """How people write that a script of package.json is to be run."""
    return "npm start" if script == "start" else f"npm run {script}"


def in_readme(tree: Tree, docs: Docs, command: str) -> bool:
    """Does a README tell people to run this command?"""
    wanted = re.compile(rf"(?<![\w-]){re.escape(command)}(?![\w:-])")
    return any(doc.role == "readme" and wanted.search(tree.text(doc.path)) for doc in docs)


def role_of(entry: FileEntry) -> Role:
    """What a Markdown file is for, by its name and place."""
    pure = PurePosixPath(entry.path)
    name = pure.name.lower()
    parts = tuple(part.lower() for part in pure.parts[:-1])
    if name in _RULES or name in _RULE_FILES or ".clinerules" in parts or (len(parts) >= 2 and parts[-1] == "rules"):
        return "agent-rules"
    if name.startswith("readme"):
        return "readme"
    if name == "skill.md" or (parts and parts[-1] in ("agents", "commands", "chatmodes", "prompts")):
        return "agent"
    if any(a in (".claude", ".opencode", ".codex", ".gemini") and b in ("agents", "commands") for a, b in pairwise(parts)):
        return "agent"
    if _CHANGES.match(name):
        return "changelog"
    return "doc"


@fact
def docs(tree: Tree) -> Docs:
    """Every Markdown file without vendored ones, parsed as CommonMark with tables; front matter is left out.

    Source: CommonMark 0.31.2; GitHub Flavored Markdown, tables.
    """
    from markdown_it import MarkdownIt

    # emphasis changes nothing that is read here, and takes a tenth of the time
    parser = MarkdownIt("commonmark").enable("table").disable("emphasis")
    parser.core.ruler.at("inline", _inline)
    tops = frozenset(path for path in tree.folders if path and "/" not in path)
    found = [_doc(parser, tree, entry, tops) for entry in tree.files("markdown")]
    loose = (e for e in tree.files() if e.language != "markdown" and PurePosixPath(e.path).name in _RULE_FILES)
    return tuple(sorted([*found, *(_doc(parser, tree, entry, tops) for entry in loose)], key=lambda d: d.path))


def _doc(parser: MarkdownIt, tree: Tree, entry: FileEntry, tops: frozenset[str]) -> Doc:
    lines = [line if len(line) <= LONGEST_LINE else "" for line in tree.lines(entry.path)]
    if lines:
        lines[0] = lines[0].removeprefix("\ufeff")
    text = "\n".join(lines) + "\n"
    if front := _FRONT.match(text):
        text = "\n" * front[0].count("\n") + text[front.end() :]
    headings: list[Heading] = []
    spans: list[Span] = []
    blocks: list[Block] = []
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        first, last = token.map or (0, 0)
        if token.type == "fence":
            words = token.info.strip().strip("{}").split()
            language = words[0].lstrip(".").lower() if words else ""
            blocks.append(Block(language, token.content, first + 2))
        elif token.type == "code_block":
            blocks.append(Block("", token.content, first + 1))
        elif token.type == "html_block":
            spans += _attributes(token.content, first + 1)
        elif token.type == "inline":
            before = tokens[index - 1]
            if before.type == "heading_open":
                headings.append(Heading(int(before.tag[1:]), token.content.strip(), first + 1))
            spans += _spans(token, lines, first, max(last, first + 1), tops)
    title = next((h.text for h in headings if h.level == 1), headings[0].text if headings else "")
    return Doc(entry.path, role_of(entry), title, tuple(headings), tuple(spans), tuple(blocks))


def _inline(state: StateCore) -> None:
    """The parser's own rule, but for blocks in which nothing stands that we look for: a third of the time."""
    for token in state.tokens:
        if token.type == "inline":
            token.children = []
            if _SPEAKS.search(token.content):
                state.md.inline.parse(token.content, state.md, state.env, token.children)


def _attributes(text: str, line: int) -> Iterator[Span]:
    for match in _ATTRIBUTE.finditer(text):
        kind: Literal["link", "image"] = "link" if match["tag"].lower() in ("a", "link") else "image"
        yield Span(kind, html.unescape(match["to"]).strip(), line + text.count("\n", 0, match.start("to")))


def _spans(inline: Token, lines: list[str], first: int, last: int, tops: frozenset[str]) -> Iterator[Span]:
    """The spans of one block. A child token has no line of its own: line breaks are counted, and the quote is looked for onwards."""
    here = _Place(lines, first, last)
    link: tuple[str, int, list[str]] | None = None
    for child in inline.children or []:
        if child.type in ("softbreak", "hardbreak"):
            here.next_line()
        elif child.type == "link_open":
            link = (unquote(str(child.attrs.get("href", ""))), here.number, [])
        elif child.type == "link_close" and link is not None:
            target, _, label = link
            yield Span("link", target, here.find(target), "".join(label))
            link = None
        elif child.type == "image":
            target = unquote(str(child.attrs.get("src", "")))
            yield Span("image", target, here.find(target), child.content)
        elif child.type == "code_inline":
            if link is not None:
                link[2].append(child.content)
            yield Span("code", child.content.strip(), here.find(child.content.split("\n")[0].strip()))
        elif child.type == "html_inline":
            yield from _attributes(child.content, here.find(child.content.split("\n")[0]))
        elif child.type == "text":
            if link is not None:
                link[2].append(child.content)
            elif "/" in child.content or "." in child.content:
                for match in _PATH.finditer(child.content):
                    if _is_path(match["path"], match["end"], tops):
                        yield Span("path", match["path"] + match["end"], here.find(match["path"]))


def _is_path(path: str, end: str, tops: frozenset[str]) -> bool:
    """Is this word of prose a path, and not "and/or", "CI/CD" or a product ("Node.js")?"""
    first, _, rest = path.partition("/")
    name = path.rpartition("/")[2]
    if not rest:
        return not (name[0].isupper() and name.endswith((".js", ".ts"))) and not re.fullmatch(r"v?[\d.]+\w*", name)
    if path.startswith(("./", "../", "~/")) or first in tops:
        return True
    return bool(re.search(r"[A-Za-z]\w*\.[a-z]{1,5}$", name)) or (bool(end) and path.islower() and not path.startswith("/"))


class _Place:
    """Where in the source a child token is: never before the last one found, never after the block's end."""

    def __init__(self, lines: list[str], first: int, last: int) -> None:
        self._lines = lines
        self._last = min(last, len(lines))
        self._line = first

    @property
    def number(self) -> int:
        return self._line + 1

    def next_line(self) -> None:
        self._line = min(self._line + 1, max(self._last - 1, 0))

    def find(self, quote: str) -> int:
        """The line (from 1) of a quote; of its first words where it runs over a line end, of the last one found where it is spelt differently."""
        for part in dict.fromkeys((quote, " ".join(quote.split(" ")[:2]), quote.split(" ", maxsplit=1)[0])):
            for line in range(self._line, self._last):
                if part and part in self._lines[line]:
                    self._line = line
                    return line + 1
        return self.number


_NEVER = regex(
    r"(?:^|[.;:!?—–-]\s+|\()(?:please\s+)?(?:never|not|do not|don['’]t|avoid|no\b(?! (?:need|scripts? required)))\b"
    r"|\b(?:must not|mustn['’]t|must never|may not|is forbidden|are forbidden|prohibited|not allowed)\b",
    re.IGNORECASE,
)
_PREFER = regex(r"\b(?:prefer(?:red)?|instead of|rather than|recommended)\b", re.IGNORECASE)
_MUST = regex(r"\b(?:must|always|required?|only use|use only|need to|make sure|ensure|mandatory)\b|^use\b", re.IGNORECASE)
_CLAUSE = regex(r"[,;]\s+(?:and\s+)?(?=(?:never|not|do not|don['’]t|avoid)\b)", re.IGNORECASE)
_SHELL = frozenset(("bash", "sh", "shell", "console", "zsh", "shell-session", "terminal"))
_BULLET = regex(r"^\s*(?:[-*+]|\d+[.)])\s+")
_CODE = regex(r"`([^`\n]+)`")
_COMMANDS = frozenset(
    (
        "npm",
        "npx",
        "pnpm",
        "yarn",
        "bun",
        "node",
        "uv",
        "uvx",
        "pip",
        "pip3",
        "poetry",
        "pipenv",
        "hatch",
        "tox",
        "nox",
        "pytest",
        "python",
    )
    + (
        "python3",
        "ruff",
        "mypy",
        "make",
        "just",
        "cargo",
        "go",
        "bundle",
        "rake",
        "gem",
        "docker",
        "docker-compose",
        "bash",
        "sh",
        "deno",
    )
)


@fact
def directives(tree: Tree, docs: Docs) -> Directives:
    """What files with rules for agents order, in file order: sentences with must, never or prefer, and the commands they give.

    Only a sentence that names something in a code span, or orders outright (never, must, always), counts; headings do not.
    """
    found: list[Directive] = []
    for doc in docs:
        if doc.role == "agent-rules":
            found += _directives(doc, tree.lines(doc.path))
    return tuple(sorted(found, key=lambda d: (d.path, d.line, d.kind)))


def _directives(doc: Doc, lines: list[str]) -> Iterator[Directive]:
    fenced: set[int] = set()
    for block in doc.blocks:
        fenced.update(range(block.line - 1, block.line + block.text.count("\n") + 1))
        if block.language in _SHELL or not block.language:
            for number, line in enumerate(block.text.split("\n")):
                command = re.sub(r"^\s*[$>]\s+", "", line).split(" #")[0].strip()
                if command and command.split()[0] in _COMMANDS:
                    yield Directive(doc.path, block.line + number, "command", command)
    headings = {heading.line for heading in doc.headings}
    for number, line in enumerate(lines, start=1):
        skip = number in fenced or number in headings or len(line) > LONGEST_LINE
        if skip or not line.strip() or line.lstrip().startswith(("|", "<", ">")):
            continue
        sentence = _BULLET.sub("", line).strip().replace("**", "")
        for clause in _CLAUSE.split(sentence):
            yield from _clause(doc.path, number, sentence, clause)


def _clause(path: str, number: int, sentence: str, clause: str) -> Iterator[Directive]:
    subjects = tuple(_CODE.findall(clause))
    plain = _CODE.sub("", clause)
    if _NEVER.search(plain):
        yield Directive(path, number, "never", sentence, subjects)
    elif _PREFER.search(plain):
        yield Directive(path, number, "prefer", sentence, subjects)
    elif _MUST.search(plain) and subjects:
        yield Directive(path, number, "must", sentence, subjects)
    else:
        for subject in subjects:
            words = subject.split()
            if len(words) > 1 and words[0] in _COMMANDS:
                yield Directive(path, number, "command", subject)
