"""How sessions are tracked: who creates, reads, refreshes, locks and deletes which state, and in which way.

State is recognised by its name (a registry, a pointer, a lock, a pid, a heartbeat, a diary, an event log, a message, a worktree), uses
by the calls of each language that touch files. Instructions in Markdown that agents carry out count as code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from ast_grep_py import SgNode

from session_ops.discovery.aside import is_aside
from session_ops.discovery.bodies import Bodies, Body, Source
from session_ops.discovery.commands import invocations
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.registry import fact

Kind = Literal["lock", "heartbeat", "pid", "pointer", "message", "log", "registry", "diary", "worktree", "socket"]
Act = Literal["creates", "reads", "refreshes", "locks", "deletes"]

KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("worktree", re.compile(r"\bworktrees?(?:[/_-]|$)", re.IGNORECASE)),
    ("lock", re.compile(r"\.lock\b|(?:^|[/_.-])locks?(?:[/_.-]|$)|(?:lock|Lock)(?:file|File|dir|Dir|path|Path)s?\b")),
    ("heartbeat", re.compile(r"heartbeat|(?:^|[/._-])(?:beat|last[-_]?seen|keep-?alive)(?:$|[._-])", re.IGNORECASE)),
    ("pid", re.compile(r"\.pid\b|(?:^|[/._-])pids?(?:$|[/._-]?(?:file|path|dir))|pid(?:File|Path)\b", re.IGNORECASE)),
    (
        "pointer",
        re.compile(
            r"(?:^|[/.])\.?(?:current|active|latest|last)[-_](?:session|agent|task|worktree)(?:[-_](?:id|file|name|path))?(?:\.\w+)?$",
            re.IGNORECASE,
        ),
    ),
    (
        "message",
        re.compile(
            r"(?:^|[/._-])(?:inbox|outbox|mailbox|mailboxes|messages?|signals?|handoffs?|handovers?)(?:$|[/._-])|\.msg$",
            re.IGNORECASE,
        ),
    ),
    ("log", re.compile(r"\.(?:jsonl|ndjson)$|(?:event|audit|activity)s?[-_]?log|events?\.log$", re.IGNORECASE)),
    (
        "registry",
        re.compile(
            r"(?:^|[/._*-])(?:sessions?|agents?|registry|workers?|instances?|claims?|tasks?|queue|assignments?|state)"
            r"(?:[._-](?:state|registry|status|store|db|index|map|data|file|queue|list))?"
            r"\.(?:json|csv|ya?ml|toml|db|sqlite3?|tsv)$"
            r"|(?:sessions?|agents?|registry|workers?|claims?|instances?|tasks?)_?(?:file|path|store|File|Path)$|(?:^|[/_])[\w-]*registry[\w-]*(?:\.\w+)?$",
            re.IGNORECASE,
        ),
    ),
    ("diary", re.compile(r"diar(?:y|ies)|journal|(?:^|/)sessions?/[^/]*\.md$|progress\.(?:md|log)$", re.IGNORECASE)),
    ("socket", re.compile(r"\.sock(?:et)?$", re.IGNORECASE)),
)
"""Kinds of state and the names that mean them; the first that fits a path, or failing that the variable that holds it."""
CODE = ("python", "javascript", "typescript", "tsx", "go", "ruby", "rust")
HINT = re.compile(
    r"session|agent|lock|heartbeat|pid|registry|worktree|inbox|mailbox|message|diary|journal|worker|claim|state|signal",
    re.IGNORECASE,
)
LONGEST = 400_000
"""Characters of a source file; beyond it is data or generated."""


@dataclass(frozen=True)
class Use:
    """One use of one state.

    `state` is its path as far as the text tells (`*` for what varies); `way` says how: `whole` (rewritten in place), `append`, `rename`,
    `exclusive` (O_EXCL, mkdir, ln), `flock`, `read`, `check`, `sweep` (many at once), `delete`, `touch`, `aside` (a temporary file next to it).
    `expression` is the text that names it; `via` the function that gave the path to the one that touches it.
    """

    state: str
    kind: Kind
    act: Act
    way: str
    path: str
    line: int
    function: str = ""
    expression: str = ""
    language: str = ""
    via: str = ""


@dataclass(frozen=True)
class Mechanism:
    """Every use of session state, by path and line."""

    uses: tuple[Use, ...] = ()

    def states(self) -> dict[tuple[Kind, str], tuple[Use, ...]]:
        """Uses by kind and state, locks and registries before logs and diaries."""
        order = {
            kind: n
            for n, kind in enumerate(
                ("registry", "pointer", "lock", "heartbeat", "pid", "worktree", "message", "socket", "log", "diary")
            )
        }
        found: dict[tuple[Kind, str], list[Use]] = defaultdict(list)
        for use in self.uses:
            found[use.kind, use.state].append(use)
        return {key: tuple(found[key]) for key in sorted(found, key=lambda k: (order[k[0]], k[1]))}


def kind_of(*names: str) -> Kind | None:
    """The kind of state that a path or variable names; None where nothing says so."""
    for name in names:
        for kind, pattern in KINDS:
            if name and pattern.search(name) and not _NOT_OURS.search(name):
                return kind
    return None


# --- calls that touch files, by language ---------------------------------------------------------------------------------------

_ARG = r"(?P<{0}>[^,()\n]*(?:\([^()\n]*\)[^,()\n]*)*)"
_FIRST = r"\(\s*" + _ARG.format("to")


def _calls(names: str, group: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$])(?:{names}){_FIRST}".replace("(?P<to>", f"(?P<{group}>"))


@dataclass(frozen=True)
class Touch:
    """A call that touches a file: what it looks like, what it does, how."""

    pattern: re.Pattern[str]
    act: Act
    way: str


_JS = (
    Touch(
        _calls(
            r"(?:\w+\.)?(?:writeFileSync|writeFile|writeJson|writeJSON|writeJsonSync|outputJson|outputFile)|Bun\.write", "to"
        ),
        "creates",
        "whole",
    ),
    Touch(_calls(r"(?:\w+\.)?(?:appendFileSync|appendFile)", "to"), "creates", "append"),
    Touch(_calls(r"(?:\w+\.)?(?:readFileSync|readFile|readJson|readJSON|readJsonSync)", "to"), "reads", "read"),
    Touch(
        _calls(r"(?:fs|fsp|fsPromises|fse)\.(?:unlinkSync|unlink|rmSync|rm|removeSync|remove)|unlinkSync|rmSync", "to"),
        "deletes",
        "delete",
    ),
    Touch(re.compile(r"(?<![\w$])(?:\w+\.)?rename(?:Sync)?\(\s*[^,\n]+,\s*(?P<to>[^,)\n]+)"), "creates", "rename"),
    Touch(
        _calls(r"(?:fs|fsp|fse|fsPromises)\.(?:ensureDirSync|ensureDir|mkdirSync|mkdir|mkdirp)|mkdirSync|ensureDir", "to"),
        "creates",
        "mkdir",
    ),
)
TOUCHES: dict[str, tuple[Touch, ...]] = {
    "python": (
        Touch(re.compile(rf"(?<![\w.])open{_FIRST},\s*(?:mode\s*=\s*)?['\"](?:w|r\+)[bt+]*['\"]"), "creates", "whole"),
        Touch(re.compile(rf"(?<![\w.])open{_FIRST},\s*(?:mode\s*=\s*)?['\"]a[bt+]*['\"]"), "creates", "append"),
        Touch(re.compile(rf"(?<![\w.])open{_FIRST},\s*(?:mode\s*=\s*)?['\"]x[bt+]*['\"]"), "locks", "exclusive"),
        Touch(re.compile(rf"(?<![\w.])open{_FIRST}(?:\)|,\s*(?:encoding|(?:mode\s*=\s*)?['\"]r[bt]?['\"]))"), "reads", "read"),
        Touch(re.compile(r"(?P<to>[\w.\[\]]*fs)\.(?:write_text|write_file)\(\s*(?P<given>[^,()\n]+)"), "creates", "whole"),
        Touch(re.compile(r"(?P<to>[\w.\[\]]*fs)\.(?:read_text|read_file)\(\s*(?P<given>[^,()\n]+)"), "reads", "read"),
        Touch(re.compile(r"(?P<to>\([^()\n]*\)|[\w.]+(?:\([^()\n]*\))?)\.(?:write_text|write_bytes)\("), "creates", "whole"),
        Touch(re.compile(r"(?P<to>\([^()\n]*\)|[\w.]+(?:\([^()\n]*\))?)\.open\(\s*['\"]w"), "creates", "whole"),
        Touch(re.compile(r"(?P<to>\([^()\n]*\)|[\w.]+(?:\([^()\n]*\))?)\.open\(\s*['\"]a"), "creates", "append"),
        Touch(re.compile(r"(?P<to>\([^()\n]*\)|[\w.]+(?:\([^()\n]*\))?)\.(?:read_text|read_bytes|open)\(\s*(?:\)|encoding|['\"]r)"), "reads", "read"),
        Touch(re.compile(r"(?P<to>\([^()\n]*\)|[\w.]+(?:\([^()\n]*\))?)\.unlink\("), "deletes", "delete"),
        Touch(re.compile(r"(?<![\w.])(?:os\.(?:remove|unlink|rmdir)|shutil\.rmtree)" + _FIRST), "deletes", "delete"),
        Touch(re.compile(r"(?<![\w.])(?:os\.(?:replace|rename)|shutil\.move)\(\s*[^,\n]+,\s*(?P<to>[^,)\n]+)"), "creates", "rename"),
        Touch(re.compile(r"(?<![\w.])\w*te?mp\w*\.(?:replace|rename)\(\s*(?P<to>[^,)\n]+)"), "creates", "rename"),
        Touch(re.compile(r"(?P<to>[\w.]+)\.touch\("), "refreshes", "touch"),
    ),
    "javascript": _JS, "typescript": _JS, "tsx": _JS,
    "go": (
        Touch(_calls(r"(?:os|ioutil)\.(?:WriteFile)|os\.Create", "to"), "creates", "whole"),
        Touch(re.compile(rf"\bos\.OpenFile{_FIRST},[^)\n]*O_EXCL"), "locks", "exclusive"),
        Touch(re.compile(rf"\bos\.OpenFile{_FIRST},[^)\n]*O_APPEND"), "creates", "append"),
        Touch(_calls(r"(?:os|ioutil)\.ReadFile|os\.Open", "to"), "reads", "read"),
        Touch(_calls(r"os\.(?:Remove|RemoveAll)", "to"), "deletes", "delete"),
        Touch(re.compile(r"\bos\.Rename\(\s*[^,\n]+,\s*(?P<to>[^,)\n]+)"), "creates", "rename"),
    ),
    "ruby": (
        Touch(re.compile(rf"\bFile\.(?:write|binwrite){_FIRST}"), "creates", "whole"),
        Touch(re.compile(rf"\bFile\.open{_FIRST},\s*['\"]w"), "creates", "whole"),
        Touch(re.compile(rf"\bFile\.open{_FIRST},\s*['\"]a"), "creates", "append"),
        Touch(re.compile(rf"\b(?:File\.(?:read|readlines|foreach)|YAML\.load_file){_FIRST}"), "reads", "read"),
        Touch(re.compile(rf"\b(?:File\.(?:delete|unlink)|FileUtils\.rm(?:_rf|_f|_r)?){_FIRST}"), "deletes", "delete"),
        Touch(re.compile(r"\b(?:File\.rename|FileUtils\.mv)\(\s*[^,\n]+,\s*(?P<to>[^,)\n]+)"), "creates", "rename"),
    ),
    "rust": (
        Touch(re.compile(rf"\b(?:fs::write|File::create){_FIRST}"), "creates", "whole"),
        Touch(re.compile(rf"\b(?:fs::(?:read_to_string|read)|File::open){_FIRST}"), "reads", "read"),
        Touch(re.compile(rf"\bfs::(?:remove_file|remove_dir_all|remove_dir){_FIRST}"), "deletes", "delete"),
        Touch(re.compile(r"\bfs::rename\(\s*[^,\n]+,\s*(?P<to>[^,)\n]+)"), "creates", "rename"),
    ),
}  # fmt: skip
_JS_ANCHOR = re.compile(
    r"writeFile|appendFile|readFile|write[JT]|readJ|output[JF]|Bun\.write|unlink|rmSync|\.rm\(|\.remove|rename|ensureDir|mkdir|worktree"
)
ANCHORS = {
    "python": re.compile(
        r"open\(|(?:write|read)_\w+\(|unlink\(|os\.re|rmdir\(|rmtree\(|\.touch\(|\.rename\(|\.replace\(|shutil\.move|worktree"
    ),
    "javascript": _JS_ANCHOR,
    "typescript": _JS_ANCHOR,
    "tsx": _JS_ANCHOR,
    "go": re.compile(r"WriteFile|os\.Create|OpenFile|ReadFile|os\.Open|os\.Re|worktree"),
    "ruby": re.compile(r"File\.|FileUtils|YAML\.load_file|worktree"),
    "rust": re.compile(r"fs::|File::|worktree"),
}
"""What the calls above have in common, so that only lines that hold one are looked at."""
BETWEEN_PROCESSES = re.compile(
    r"\bflock\b|\blockf\b|[fF]ile_?[lL]ock|portalocker|proper-lockfile|\blockfile\b|msvcrt\.locking|O_EXCL|LOCK_EX|lock_exclusive|fs2::|fd_lock"
    r"|InterProcess|BEGIN\s+(?:IMMEDIATE|EXCLUSIVE)|advisory_lock|_locked\b|with_lock|withLock|acquire_lock|acquireLock|lock_file|"
    r"lockedfile|SETNX|create_new\(true\)|[\"']wx[\"']|[\"']x[\"']"
)
"""What keeps other processes out, in any of the languages."""
_WORKTREE = re.compile(r"worktree['\"`, ]+(?P<verb>add|remove|prune)\b")
_LITERAL = r"\"(?P<a>[^\"\n]*)\"|'(?P<b>[^'\n]*)'|`(?P<c>[^`]*)`"
_TOKEN = re.compile(rf"{_LITERAL}|(?P<name>[A-Za-z_$@][\w$]*(?:(?:\?\.|\.|::)[A-Za-z_$][\w$]*)*)(?P<call>\s*\()?|(?P<op>[+/,])")
_HOLE = re.compile(r"\$\{[^}]*\}|\{[^}]*\}|#\{[^}]*\}|%[sdv]")
_TEMPORARY = re.compile(r"[._-](?:te?mp|new|partial)$")
_NOT_OURS = re.compile(
    r"(?:^|/)(?:[\w-]*(?:yarn|Cargo|poetry|uv|bun|Gemfile|composer|Pipfile|pdm|flake|mix|pixi|package|pnpm)[\w-]*[.-]lock\b|var/lib/)|^\*\.lock$|\.vscode/|\.git/"
)
"""Lock files of package managers, which pin versions and keep nobody out; state of editors and of git."""
_STARS = re.compile(r"(?:\*+/)+|\*{2,}")


_VALUE = re.compile(r"(?: ?: ?[\w.\[\]| ]{1,40})? ?(?::=|=(?![=>])|:(?=\s*(?:filepath|path)\.))\s*([^\n]+)")


class Names:
    """What the variables of a file stand for, as far as its text says. Each is looked for when it is asked for."""

    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._values: dict[str, list[str]] = {}

    def known(self, name: str) -> list[str]:
        """What is assigned to a name, where that holds a literal: at most four texts."""
        if name not in self._values:
            found: list[str] = []
            at = self._text.find(name)
            while at >= 0 and len(found) <= 3:
                match = _VALUE.match(self._text, at + len(name))
                before = self._text[at - 1 : at]
                if match and not (before.isalnum() or before == "_") and any(q in match[1] for q in "\"'`"):
                    found.append(match[1])
                at = self._text.find(name, at + len(name))
            self._values[name] = found
        return self._values[name]

    def label(self, expression: str, depth: int = 0) -> str:
        """A path for an expression: literals as written, `*` for what is not known."""
        parts: list[str] = []
        for match in _TOKEN.finditer(expression):
            literal = next((match[g] for g in "abc" if match[g] is not None), None)
            if literal is not None:
                if not re.fullmatch(r"[A-Z][A-Z0-9_]+|utf-?8|\.|rw?b?|wb?|a", literal):
                    parts.append(_HOLE.sub("*", literal))
            elif match["op"]:
                parts.append("/" if match["op"] in "/," else "")
            elif match["name"] and not match["call"]:
                name = re.split(r"\.|::", match["name"])[-1]
                known = self.known(name) if name.isidentifier() and len(name) > 2 else []
                resolved = self.label(known[0], depth + 1) if known and len(known) <= 3 and depth < 3 else "*"
                parts.append(resolved or "*")
        text = "".join(parts).replace("//", "/")
        text = re.sub(r"/+", "/", text)
        return _STARS.sub(lambda m: "*/" if m[0].endswith("/") else "*", text).removeprefix("*/").strip("/ ")[-80:] or "*"


@fact
def mechanism(tree: Tree, bodies: Bodies, syntax: Syntax, scripts: Scripts, docs: Docs) -> Mechanism:
    """Every use of session state by the target's own code and by the instructions for its agents, tests and examples apart."""
    found: list[Use] = []
    for entry in tree.files(*CODE):
        text = tree.text(entry.path)
        if is_aside(entry.path) or len(text) > LONGEST or not ANCHORS[entry.language].search(text) or not HINT.search(text):
            continue
        found += _code(bodies.source(entry.path))
    shells = [s.path for s in scripts if s.language == "shell" and not is_aside(s.path) and HINT.search(tree.text(s.path))]
    shared = _shared_values({path: tree.text(path) for path in shells})
    for path in shells:
        if (root := syntax.root(path)) is not None:
            found += _shell(path, tree.text(path), root, shared)
    for doc in docs:
        if doc.role in ("agent", "agent-rules") and not is_aside(doc.path.replace("commands/", "")):
            found += _told(doc.path, tree.lines(doc.path))
    return Mechanism(tuple(sorted(set(found), key=lambda u: (u.path, u.line, u.act, u.state))))


def _code(source: Source) -> Iterator[Use]:
    names = Names(source)
    text = source.text
    through: list[tuple[Body, Touch, int, int]] = []
    lines = sorted({source.line(m.start()) for m in ANCHORS[source.language].finditer(text)})
    tests = (
        source.line(text.find("#[cfg(test)]"))
        if source.language == "rust" and "#[cfg(test)]" in text
        else len(source.lines) + 1
    )
    for line in lines:
        if line >= tests:
            break
        here = source.lines[line - 1]
        if len(here) > 1000:
            continue
        if here.rstrip().endswith("(") and line < len(source.lines):
            here += source.lines[line].strip()
        taken: set[Act] = set()
        for touch in TOUCHES[source.language]:
            match = touch.pattern.search(here)
            expression = ((match.groupdict().get("given") or match["to"] or "") if match else "").strip()
            if not expression or touch.act in taken:
                continue
            taken.add(touch.act)
            body = source.body_at(line)
            if body is not None and re.fullmatch(r"\w+", expression) and expression in body.parameters:
                through.append((body, touch, line, body.parameters.index(expression)))
            use = _use(source, names, expression, touch, line, body)
            if use is not None:
                yield use
    for body, touch, line, place in through:  # a helper that is given the path: one use for each state that its callers give
        seen: set[tuple[str, str]] = set()
        for call in re.finditer(rf"(?<!def )(?<!func )(?<!function )\b{re.escape(body.name)}\(\s*(?P<all>[^\n]*)", text):
            given = call["all"].split(",")
            if len(given) <= place:
                continue
            expression = re.split(r"\)(?=[\s;:]*$)", given[place])[0].strip()
            use = _use(source, names, expression, touch, line, body)
            caller = source.body_at(source.line(call.start()))
            if use is not None and caller is not None and (use.state, caller.name) not in seen:
                seen.add((use.state, caller.name))
                yield replace(use, via=caller.name)
    for match in _WORKTREE.finditer(text):
        line = source.line(match.start())
        verb = match["verb"]
        if line >= tests or re.search(
            r"(?:console\.|log(?:ger)?\.|print|echo|puts|description|help|raise|throw|Error|errorf)",
            source.lines[line - 1],
            re.IGNORECASE,
        ):
            continue
        inside = source.body_at(line)
        name = inside.name if inside else ""
        act: Act = "creates" if verb == "add" else "deletes"
        yield Use("git worktree", "worktree", act, verb, source.path, line, name, match[0], source.language)


def _use(source: Source, names: Names, expression: str, touch: Touch, line: int, body: Body | None) -> Use | None:
    label, way = names.label(expression), touch.way
    if (aside := _TEMPORARY.search(label)) is not None and touch.act == "creates":
        label, way = label[: aside.start()] or "*", "aside"
    last = re.split(r"\.|::", expression)[-1].strip("()'\" &*")
    if way == "aside" and label == "*":  # `next = self.sessions_file + ".tmp"` says in its first half what it is
        last = next((m[1] for known in names.known(last) if (m := re.match(r"[\w.]*?(\w+)\s*\+", known))), last)
    kind = kind_of(label if label != "*" else "", last if re.fullmatch(r"\w+", last) else "")
    if kind is None:
        return None
    suffix = PurePosixPath(label).suffix
    if suffix in (".py", ".ts", ".js", ".html", ".sh") or (suffix == ".md" and kind not in ("diary", "message")):
        return None
    act: Act = touch.act
    if act == "creates" and kind == "heartbeat":
        act = "refreshes"
    elif act == "creates" and kind == "lock" and way in ("exclusive", "whole"):
        act = "locks"
    shown = label if label.strip("*./") else last
    return Use(shown, kind, act, way, source.path, line, body.name if body else "", expression, source.language)


# --- shell -----------------------------------------------------------------------------------------------------------------------

_SHELL_ASSIGN = re.compile(
    r"^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+|declare[ \t]+(?:-\w+[ \t]+)*)?"
    r"(?P<name>[A-Za-z_]\w*)=(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|]+)",
    re.MULTILINE,
)
_VARIABLE = re.compile(r"\$\{(?P<long>\w+)(?P<rest>[^}]*)\}|\$(?P<short>\w+)|\$\([^)]*\)|`[^`]*`|\$[$!@*#?]")


def _shared_values(texts: dict[str, str]) -> dict[str, str]:
    """Values of variables in capitals that all scripts agree on: what one script sets and another, which sources it, uses."""
    values: dict[str, set[str]] = defaultdict(set)
    for text in texts.values():
        for match in _SHELL_ASSIGN.finditer(text):
            if match["name"].isupper():
                values[match["name"]].add(match["value"].strip("\"'"))
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}


class ShellNames:
    """What the variables of a shell script stand for."""

    def __init__(self, text: str, shared: dict[str, str]) -> None:
        self._values = dict(shared)
        for match in _SHELL_ASSIGN.finditer(text):
            self._values[match["name"]] = match["value"].strip("\"'")

    def label(self, word: str, depth: int = 0) -> str:
        """A path for a word: `*` for what is not known."""

        def value(match: re.Match[str]) -> str:
            name = match["long"] or match["short"]
            known = self._values.get(name or "")
            if known is None or depth > 3:
                default = re.match(r":?-(.+)", match["rest"] or "") if name else None
                return self.label(default[1], depth + 1) if default and depth <= 3 else "*"
            return "*" if "$(" in known or "`" in known else self.label(known, depth + 1)

        text = _VARIABLE.sub(value, re.sub(r"\$\{(\w+)[/#%^,][^}]*\}+", "*", word.strip("\"'")).replace('"', ""))
        return _STARS.sub(lambda m: "*/" if m[0].endswith("/") else "*", text).removeprefix("*/").strip("/ ")[-80:] or "*"


_SHELL_FILES: dict[str, tuple[Act, str]] = {
    "rm": ("deletes", "delete"), "rmdir": ("deletes", "delete"), "unlink": ("deletes", "delete"), "touch": ("creates", "touch"), "cat": ("reads", "read"),
    "jq": ("reads", "read"), "source": ("reads", "read"), ".": ("reads", "read"), "tee": ("creates", "whole"), "mv": ("creates", "rename"),
    "mkdir": ("creates", "mkdir"), "flock": ("locks", "flock"), "ln": ("creates", "exclusive"), "grep": ("reads", "read"),
    "stat": ("reads", "check"), "head": ("reads", "read"), "tail": ("reads", "read"),
}  # fmt: skip


def _shell(path: str, text: str, root: SgNode, shared: dict[str, str]) -> Iterator[Use]:
    names = ShellNames(text, shared)
    functions = [
        (line_of(node), node.range().end.line + 1, name.text())
        for node in root.find_all(kind="function_definition")
        if (name := node.field("name")) is not None
    ]

    def inside(line: int) -> str:
        return next((name for first, last, name in reversed(functions) if first <= line <= last), "")

    def made(word: str, act: Act, way: str, line: int) -> Use | None:
        label = names.label(word)
        variable = re.fullmatch(r"\"?\$\{?(\w+)\}?\"?", word.strip())
        kind = kind_of(label if label != "*" else "", variable[1].lower() if variable else "")
        if kind is None or word.startswith("-") or (label.endswith((".sh", ".md", ".py")) and kind not in ("diary", "message")):
            return None
        if kind == "heartbeat" and act == "creates":
            act = "refreshes"
        elif kind == "lock" and act == "creates" and way in ("whole", "exclusive", "mkdir", "touch"):
            act = "locks"
        return Use(
            label if label.strip("*./") else (variable[1] if variable else word),
            kind,
            act,
            way,
            path,
            line,
            inside(line),
            word,
            "shell",
        )

    for node in root.find_all(kind="file_redirect"):
        target = node.field("destination")
        mark = next((c.text() for c in node.children() if c.text().strip() in (">", ">>", "<", ">|", "&>")), "")
        if target is None or not mark or target.text().startswith(("/dev/", "&", "<(", ">(")):
            continue
        act, way = {">>": ("creates", "append"), "<": ("reads", "read")}.get(mark, ("creates", "whole"))
        use = made(target.text(), act, way, line_of(target))  # type: ignore[arg-type]
        if use:
            yield use
    for node in root.find_all(kind="test_command"):
        match = re.search(r"(?:\[|!|&&|\|\|)\s*-[efsdr]\s+(\S+)", node.text())
        if match and (use := made(match[1].rstrip("]"), "reads", "check", line_of(node))):
            yield use
    for one in invocations(root):
        command = one.words[0]
        if command == "git" and (verb := _WORKTREE.search(" ".join(one.words))):
            added = verb["verb"] == "add"
            yield Use(
                "git worktree",
                "worktree",
                "creates" if added else "deletes",
                verb["verb"],
                path,
                one.line,
                inside(one.line),
                verb[0],
                "shell",
            )
            continue
        if command not in _SHELL_FILES or len(one.words) < 2:
            continue
        act, way = _SHELL_FILES[command]
        words = [w for w in one.words[1:] if not w.startswith("-")]
        if command in ("jq", "grep"):
            words = words[1:]
        elif command in ("mv", "ln"):
            words = words[-1:]
        elif command == "tee" and "-a" in one.words:
            way = "append"
        elif command == "mkdir" and any(w.startswith("-") and "p" in w for w in one.words[1:]):
            continue
        for word in words:
            use = made(word, act, "sweep" if act == "deletes" and "*" in word else way, one.line)
            if use:
                yield use


# --- instructions that agents carry out --------------------------------------------------------------------------------------

_VERB: tuple[tuple[re.Pattern[str], Act, str], ...] = (
    (re.compile(r"\b(?:delete|remove|clear|empty|clean up)\b", re.IGNORECASE), "deletes", "delete"),
    (re.compile(r"\bappend\b", re.IGNORECASE), "creates", "append"),
    (re.compile(r"\b(?:create|write|update|set|save|record|store|overwrite|echo)\b", re.IGNORECASE), "creates", "whole"),
    (re.compile(r"\b(?:read|check|look|open|load|get|find|see)\b", re.IGNORECASE), "reads", "read"),
)
_SPAN = re.compile(r"`([^`\n]{3,120})`")


def _told(path: str, lines: list[str]) -> Iterator[Use]:
    for number, text in enumerate(lines, start=1):
        if len(text) > 2000 or "`" not in text:
            continue
        for match in _SPAN.finditer(text):
            span = match[1].strip()
            if " " in span or not re.search(r"[/.]", span) or span.endswith((".sh", ".py", ".ts")):
                continue
            label = re.sub(r"<[^>]*>|\{[^}]*\}|\$\w+|\[[^\]]*\]|YYYY[\w-]*", "*", span).removeprefix("./")
            kind = kind_of(label)
            if kind is None:
                continue
            before = text[: match.start()]
            said = [(m.start(), act, way) for verb, act, way in _VERB for m in verb.finditer(before)]
            if said:
                _, act, way = max(said)
                yield Use(label, kind, act, way, path, number, "", span, "markdown")
