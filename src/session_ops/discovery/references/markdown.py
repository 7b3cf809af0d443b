"""Files that documentation names: links, code spans, paths in prose, and commands in fenced blocks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote

from session_ops.discovery.docs import Block, Doc
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.folders import starts_of
from session_ops.discovery.references.layouts import layout
from session_ops.discovery.references.reference import Named
from session_ops.discovery.references.shell import INTERPRETERS, Findings, ShellReader
from session_ops.discovery.references.shell_words import UNKNOWN
from session_ops.discovery.references.verdict import is_placeholder
from session_ops.discovery.syntax import Syntax
from session_ops.patterns import regex

SHELLS = frozenset(("bash", "sh", "shell", "zsh", "console", "shell-session", "terminal"))
_SCHEME = regex(r"^(?:[a-zA-Z][\w+.-]*:|//|#|\?|\{|<|@|\$)")
_PAGES = ("", ".md", ".mdx", ".markdown", "/README.md", "/index.md", "/index.html", ".html", ".rst")
_HOST_PAGES = regex(
    r"(?:^|/)(?:issues|pulls?|wiki|releases|discussions|actions|blob|tree|tags|commits?|security|projects|compare|stargazers|fork)(?:/|$)"
)
_PATH = regex(r"(?:\.{1,2}/)?(?:[\w@+.-]+/)+[\w@+-][\w@+.-]*\.[A-Za-z][\w]{0,9}$")
_FOLDER = regex(r"(?:\./)?(?:[\w@+.-]+/)+$")
_ENTRY = regex(r"\s*(?:[-*+|]|\d+\.)\s+(?:\*\*)?(?:\[)?`(?P<name>(?:\./)?(?:[\w@+.-]+/)+)`")
"""An entry of a list, or a row of a table, that begins with a folder."""
_MADE = regex(
    r"\b(?:creat|generat|add|writ|produc|output|sav|stor|new|will be|example|e\.g|for instance|such as|like|copy|put|place|should|rename|"
    r"remov|delet|former|previous|deprecat|moved|obsolete|legacy|if you (?:want|need|like|prefer|have|wish)|optional|"
    r"planned|todo|future|your|missing|not exist|does not|doesn't|no longer|instead)\w*",
    re.IGNORECASE,
)
_FILE = regex(r"(?:\.{1,2}/)?(?:[\w@+.-]+/)*[\w@+-][\w@+.-]*\.[A-Za-z][\w]{0,5}$|(?:\.{1,2}/)(?:[\w@+.-]+/)*[\w@+.-]+$")
_USERS_OWN = frozenset(
    (
        "main.py",
        "app.py",
        "index.js",
        "main.js",
        "server.js",
        "script.py",
        "script.sh",
        "test.py",
        "gradlew",
        "mvnw",
        "activate",
    )
)
_ABOUT_US = frozenset(("docs", "doc", ".claude", ".github", ".cursor", ".codex", "scripts", "bin", "documentation", "wiki"))
"""Top folders whose documents speak of the whole project."""
PLANS = regex(
    r"(?:^|[/_.-])(?:plans?|planning|design|specs?|prds?|rfcs?|roadmap|proposals?|archived?|history|research|adrs?|notes?|todo|reports?|summary|"
    r"migrations?|postmortem|audits?|reviews?|refactor\w*|comparison|analysis|backlog|tasks?|drafts?|ideas?|sessions?|checkpoints?|memory|"
    r"handoffs?|journal|diar(?:y|ies)|logs?|changes|old|legacy|deprecated|implementation|enhancements?|architecture|"
    r"salvage|concepts?|vision|brainstorm\w*|retros?|snapshots?|investigations?|findings|\d{4}-\d\d-\d\d[\w-]*)(?=$|[/_.-])",
    re.IGNORECASE,
)
"""Documents that tell what was, is planned or was found: what they name need not be there."""
_CODE = frozenset(
    (
        ".sh",
        ".bash",
        ".py",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".tsx",
        ".jsx",
        ".rb",
        ".go",
        ".rs",
        ".md",
        ".mdx",
        ".sql",
        ".service",
    )
)
_PROMPT = regex(r"^\s*(?:\w*@?[\w-]*)?[$%>❯]\s+")


class DocReader:
    """Reads one document after the other; `exists` answers whether a path of the target is there."""

    def __init__(self, tree: Tree, found: Findings, exists: Callable[[str], bool], project: str) -> None:
        self.tree, self.found, self.exists, self.project = tree, found, exists, project
        self._tails: dict[str, list[str]] = {}
        for entry in tree:
            self._tails.setdefault(posixpath.basename(entry.path), []).append(entry.path)

    def read(self, doc: Doc) -> None:
        """One document; a changelog tells what was."""
        if doc.role == "changelog":
            return
        folder = posixpath.dirname(doc.path)
        for span in doc.spans:
            if span.kind in ("link", "image"):
                self._link(doc, folder, span.text, span.line)
            else:
                self._mention(doc, folder, span.text, span.line)
        self._blocks(doc)
        self._layouts(doc)

    def _link(self, doc: Doc, folder: str, text: str, line: int) -> None:
        plain = unquote(re.split(r"[#?]", text)[0]).strip()
        if not plain or _SCHEME.match(text) or plain.startswith(("/", "~")) or "\\" in plain or is_placeholder(plain):
            return
        path = normal(posixpath.join(folder, plain))
        if path.startswith("..") and (not self.tree.inside_project(path) or _HOST_PAGES.search(path)):
            return
        if _HOST_PAGES.match(plain.lstrip("./")) and not PurePosixPath(plain).suffix:
            return
        stems = [path, path.removesuffix(".html")] if path.endswith(".html") else [path]
        hit = next((stem + ending for stem in stems for ending in _PAGES if self.exists(stem + ending)), None)
        if hit is None and not PurePosixPath(plain).suffix and not plain.endswith("/") and "/" not in plain:
            return  # a word in parentheses, or a page of a site
        targets = (hit,) if hit is not None else (path,)
        self.found.named.append(
            Named(doc.path, line, "markdown", "link", text, targets, "script", False, False, folder, re.split(r"[#?]", text)[0])
        )

    def _mention(self, doc: Doc, folder: str, text: str, line: int) -> None:
        plain = _named_in(text).rstrip(".,;:").split(":")[0]
        if _FOLDER.match(plain):
            self._folder(doc, plain, line)
        if not _PATH.match(plain) or is_placeholder(plain) or len(plain) > 200:
            return
        clean = normal(plain)
        if clean.startswith(".."):
            clean = normal(posixpath.join(folder, plain))
        if clean.startswith(".."):
            return
        tries = [normal(posixpath.join(f, clean)) for f in starts_of(doc.path)]
        hit = next((t for t in tries if self.exists(t)), None)
        if hit is None:
            tail = clean.removeprefix("./")
            hit = next((p for p in self._tails.get(PurePosixPath(tail).name, ()) if p.endswith("/" + tail)), None)
        targets: tuple[str, ...] = (hit,) if hit is not None else ()
        if hit is None and self._is_ours(doc, tries, clean, line):
            targets = (next((t for t in tries if self.tree.is_folder(posixpath.dirname(t))), clean),)
        self.found.named.append(
            Named(doc.path, line, "markdown", "mention", plain, targets, "project", False, False, "", plain)
        )

    def _folder(self, doc: Doc, plain: str, line: int) -> None:
        """A folder in a list of the project's folders, of which others are there."""
        clean = normal(plain)
        lines = self.tree.lines(doc.path)
        said = lines[line - 1] if 0 < line <= len(lines) else ""
        entry = _ENTRY.match(said)
        if (
            entry is None
            or doc.role not in ("readme", "agent-rules")
            or "/" in doc.path
            or _MADE.search(said)
            or is_placeholder(plain)
        ):
            return
        if self.exists(clean) or normal(entry["name"]) != clean:
            return
        near = [
            m for n in range(max(0, line - 12), min(len(lines), line + 11)) if (m := _ENTRY.match(lines[n])) and n != line - 1
        ]
        there = sum(self.exists(normal(m["name"])) for m in near)
        if there < 2 or there < len(near) - 1:
            return
        self.found.named.append(
            Named(doc.path, line, "markdown", "mention", plain, (clean,), "project", False, False, "", plain)
        )

    def _is_ours(self, doc: Doc, tries: list[str], clean: str, line: int) -> bool:
        """Does the document speak of this project's own file, as of one that is there?

        Its folder must be there, with a file of the same ending in it; a line that speaks of making, removing or examples does not count.
        """
        lines = self.tree.lines(doc.path)
        said = lines[line - 1] if 0 < line <= len(lines) else ""
        told = said.replace(clean, "")
        if doc.role == "agent" and not re.search(
            rf"\b(?:follow|read|see|use|run|load|consult|execute|call)\w*\s+[`*\[(\"]*(?:\./)?{re.escape(clean)}",
            said,
            re.IGNORECASE,
        ):
            return False  # definitions of agents mostly talk about the projects that they will meet
        if (
            PLANS.search(doc.path)
            or PurePosixPath(clean).suffix not in _CODE
            or _MADE.search(told)
            or said.lstrip().startswith("|")
        ):
            return False
        suffix = PurePosixPath(clean).suffix
        if doc.path.partition("/")[0] not in _ABOUT_US and "/" in doc.path:
            tries = tries[1:]  # a document that is shipped with code tells its users of their own project
        for path in tries:
            folder = posixpath.dirname(path)
            if folder and folder in self._endings and suffix in self._endings[folder]:
                return True
        return False

    @cached_property
    def _endings(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path in self.tree.entries:
            found.setdefault(posixpath.dirname(path), set()).add(posixpath.splitext(path)[1])
        return found

    def _blocks(self, doc: Doc) -> None:
        blocks = [(block, commands_of(block)) for block in doc.blocks]
        gone = [m for _, text in blocks for m in re.findall(r"(?m)^\s*cd\s+[\"']?([\w./-]+)", text)]
        starts = list(starts_of(doc.path))
        starts += [normal(posixpath.join(s, g)) for s in starts[:2] for g in gone if self.exists(normal(posixpath.join(s, g)))]
        for block, text in blocks:
            if not text.strip():
                continue
            found = Findings([], self.found.created, set())
            reader = ShellReader(
                doc.path, "markdown", starts, self.project, found, self.exists, first_line=block.line, zero=UNKNOWN
            )
            try:
                reader.read(Syntax.parse(text, "bash"))
            except RecursionError:
                continue
            self.found.named += [replace(n, fatal=False) for n in found.named if self._is_command(doc, n)]

    def _layouts(self, doc: Doc) -> None:
        """What a picture of the project's tree shows and is not there."""
        folder = posixpath.dirname(doc.path)
        if doc.role not in ("readme", "agent-rules") and folder not in ("", "docs"):
            return
        if PLANS.search(doc.path) and doc.role != "readme":
            return
        for block in doc.blocks:
            root = folder if doc.role == "readme" else ""
            for path, line in layout(block.text, block.line, self.exists, root):
                self.found.named.append(
                    Named(
                        doc.path,
                        line,
                        "markdown",
                        "mention",
                        posixpath.basename(path),
                        (path,),
                        "project",
                        False,
                        False,
                        "",
                        "",
                    )
                )

    def _is_command(self, doc: Doc, named: Named) -> bool:
        """Does a command of a fenced block name a file that should be there? Tutorials name files that their reader writes."""
        path = named.literal or named.text
        if named.act not in ("run", "source", "copy", "read") or is_placeholder(path) or not _FILE.match(path):
            return False
        if any(self.exists(t) for t in named.targets):
            return True
        if doc.role == "agent" or PLANS.search(doc.path) or PurePosixPath(path).name in _USERS_OWN:
            return False
        if "/" not in normal(path) and (named.act in ("copy", "read") or not PurePosixPath(path).suffix):
            return False
        nearby = any(t and self.tree.is_folder(posixpath.dirname(t)) and posixpath.dirname(t) for t in named.targets[:2])
        return nearby or len(self._tails.get(PurePosixPath(path).name, ())) == 1


def _named_in(text: str) -> str:
    """The path that a code span names: all of it, or the script of a command line (`./run.sh <id>`, `bash x.sh -v`)."""
    words = text.strip().split()
    if len(words) < 2:
        return text.strip()
    if INTERPRETERS.match(words[0]):
        words = words[1:]
    return words[0] if words[0].startswith("./") or words[0].endswith((".sh", ".py", ".js", ".ts", ".rb")) else ""


def commands_of(block: Block) -> str:
    """The shell text of a fenced block, line for line; empty for other languages and for output."""
    lines = block.text.split("\n")
    prompts = any(_PROMPT.match(line) for line in lines)
    if block.language not in SHELLS and not (prompts and block.language in ("", "text")):
        return ""
    if prompts:
        return "\n".join(_PROMPT.sub("", line) if _PROMPT.match(line) else "" for line in lines)
    return block.text
