"""Calls that touch files, by language: what they are named, which argument is the path, what they do to it.

Calls are found in the syntax tree by ast-grep rules (one for each language, made from the names below), so that a call over many lines
is one call, and a name in a comment or a text is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ast_grep_py import SgNode

from session_ops.discovery.mechanism.model import Act
from session_ops.patterns import regex

ON = -1
"""Stands for the place of the path: what the method is called on."""


@dataclass(frozen=True)
class Call:
    """A call that touches a file.

    `names` are alternatives of its last name, `on` is what stands before the last dot (nothing: a bare name; None: anything), `to` the
    place of the path among the arguments (or `ON`), `when` must be found in the other arguments and `never` must not.
    """

    names: str
    act: Act
    way: str
    on: str | None = ""
    to: int = 0
    when: str = ""
    never: str = ""
    receiver_has: str = ""


@dataclass(frozen=True)
class Touch:
    """A call that was found: the text of its path, what it does to it, its node."""

    expression: str
    act: Act
    way: str
    node: SgNode


_MODE = r"""(?:^|mode\s*=\s*|,\s*)['"]"""
_FS = r"(?:[\w.]*\b)?(?:fs|fsp|fse|fsPromises|fsExtra)(?:\.promises)?|promises"
_JS = (
    Call("writeFileSync|writeFile|openSync|open", "locks", "exclusive", None, when=r"['\"](?:wx|ax)\+?['\"]|O_EXCL"),
    Call("writeFileSync|writeFile|writeJson|writeJSON|writeJsonSync|outputJson|outputFile", "creates", "whole", None),
    Call("write", "creates", "whole", "Bun"),
    Call("appendFileSync|appendFile", "creates", "append", None),
    Call("readFileSync|readFile|readJson|readJSON|readJsonSync", "reads", "read", None),
    Call("unlinkSync|unlink|rmSync|rm|removeSync|remove", "deletes", "delete", _FS),
    Call("unlinkSync|rmSync", "deletes", "delete"),
    Call("rename|renameSync", "creates", "rename", None, to=1),
    Call("ensureDirSync|ensureDir|mkdirSync|mkdir|mkdirp", "creates", "mkdir", _FS),
    Call("mkdirSync|ensureDir", "creates", "mkdir"),
)
CALLS: dict[str, tuple[Call, ...]] = {
    "python": (
        Call("open", "locks", "exclusive", when=_MODE + r"x[bt+]*['\"]"),
        Call("open", "creates", "whole", when=_MODE + r"(?:w|r\+)[bt+]*['\"]"),
        Call("open", "creates", "append", when=_MODE + r"a[bt+]*['\"]"),
        Call("open", "reads", "read", when=r"^$|^encoding|" + _MODE + r"r[bt]?['\"]"),
        Call("open", "locks", "exclusive", "os", when=r"O_EXCL"),
        Call("write_text|write_file", "creates", "whole", r"[\w.\[\]]*fs"),
        Call("read_text|read_file", "reads", "read", r"[\w.\[\]]*fs"),
        Call("write_text|write_bytes", "creates", "whole", None, to=ON),
        Call("open", "locks", "exclusive", None, to=ON, when=_MODE + r"x[bt+]*['\"]", never=r"^\w+\s*,"),
        Call("open", "creates", "whole", None, to=ON, when=_MODE + r"w[bt+]*['\"]", never=r"^\w+\s*,"),
        Call("open", "creates", "append", None, to=ON, when=_MODE + r"a[bt+]*['\"]", never=r"^\w+\s*,"),
        Call("read_text|read_bytes|open", "reads", "read", None, to=ON, when=r"^$|^encoding|^['\"]r"),
        Call("unlink", "deletes", "delete", r"(?!os$).+", to=ON),
        Call("remove|unlink|rmdir", "deletes", "delete", "os"),
        Call("rmtree", "deletes", "delete", "shutil"),
        Call("replace|rename", "creates", "rename", "os", to=1),
        Call("move", "creates", "rename", "shutil", to=1),
        Call("replace|rename", "creates", "rename", r"[\w.]*te?mp\w*", never=","),
        Call("touch", "refreshes", "touch", None, to=ON),
    ),
    "javascript": _JS,
    "typescript": _JS,
    "tsx": _JS,
    "go": (
        Call("WriteFile|Create", "creates", "whole", "os|ioutil"),
        Call("OpenFile", "locks", "exclusive", "os", when="O_EXCL"),
        Call("OpenFile", "creates", "append", "os", when="O_APPEND"),
        Call("ReadFile|Open", "reads", "read", "os|ioutil"),
        Call("Remove|RemoveAll", "deletes", "delete", "os"),
        Call("Rename", "creates", "rename", "os", to=1),
    ),
    "ruby": (
        Call("write|binwrite", "creates", "whole", "File"),
        Call("open|new", "locks", "exclusive", "File", when=r"EXCL|^['\"]wx"),
        Call("open|new", "creates", "whole", "File", when=r"^['\"]w"),
        Call("open|new", "creates", "append", "File", when=r"^['\"]a"),
        Call("read|readlines|foreach", "reads", "read", "File"),
        Call("load_file", "reads", "read", "YAML"),
        Call("delete|unlink", "deletes", "delete", "File"),
        Call("rm|rm_f|rm_r|rm_rf", "deletes", "delete", "FileUtils"),
        Call("rename", "creates", "rename", "File", to=1),
        Call("mv", "creates", "rename", "FileUtils", to=1),
        Call("touch", "refreshes", "touch", "FileUtils"),
    ),
    "rust": (
        Call("write", "creates", "whole", r"(?:\w+::)*fs"),
        Call("create", "creates", "whole", r"(?:\w+::)*File"),
        Call("create_new", "locks", "exclusive", r"(?:\w+::)*File"),
        Call("read_to_string|read", "reads", "read", r"(?:\w+::)*fs"),
        Call("open", "reads", "read", r"(?:\w+::)*File"),
        Call("remove_file|remove_dir_all|remove_dir", "deletes", "delete", r"(?:\w+::)*fs"),
        Call("rename", "creates", "rename", r"(?:\w+::)*fs", to=1),
        Call("open", "locks", "exclusive", r"[\s\S]*OpenOptions[\s\S]*", receiver_has=r"create_new\(\s*true"),
        Call("open", "creates", "append", r"[\s\S]*OpenOptions[\s\S]*", receiver_has=r"append\(\s*true"),
        Call("open", "creates", "whole", r"[\s\S]*OpenOptions[\s\S]*", receiver_has=r"truncate\(\s*true"),
    ),
}
_JS_ANCHOR = regex(
    r"writeFile|appendFile|readFile|write[JT]|readJ|output[JF]|Bun\.write|unlink|rmSync|\.rm\(|\.remove|rename|ensureDir|mkdir|openSync|worktree"
)
ANCHORS = {
    "python": regex(
        r"open\(|(?:write|read)_\w+\(|unlink\(|os\.re|rmdir\(|rmtree\(|\.touch\(|\.rename\(|\.replace\(|shutil\.move|worktree"
    ),
    "javascript": _JS_ANCHOR,
    "typescript": _JS_ANCHOR,
    "tsx": _JS_ANCHOR,
    "go": regex(r"WriteFile|os\.Create|OpenFile|ReadFile|os\.Open|os\.Re|worktree"),
    "ruby": regex(r"File\.|FileUtils|YAML\.load_file|worktree"),
    "rust": regex(r"fs::|File::|OpenOptions|worktree"),
}
"""What the calls above have in common, so that only files that hold one are parsed."""
BETWEEN_PROCESSES = regex(
    r"\bflock\b|\blockf\b|[fF]ile_?[lL]ock|portalocker|proper-lockfile|\blockfile\b|msvcrt\.locking|O_EXCL|LOCK_EX|lock_exclusive|fs2::|fd_lock"
    r"|InterProcess|BEGIN\s+(?:IMMEDIATE|EXCLUSIVE)|advisory_lock|_locked\b|with_lock|withLock|acquire_lock|acquireLock|lock_file|"
    r"lockedfile|SETNX|create_new\(true\)|[\"']wx[\"']|[\"']x[\"']"
)
"""What keeps other processes out, in any of the languages."""
_TAIL = regex(r"(?:\?\.|\.|::)(?=[A-Za-z_]\w*$)")
LONGEST = 400
"""Characters of an expression that names a path; beyond it is data."""


@cache
def _names(language: str) -> str:
    """An expression for the end of every call that the table holds."""
    return rf"(?:^|[.:])(?:{'|'.join(sorted({name for call in CALLS[language] for name in call.names.split('|')}))})$"


def calls_named(root: SgNode, language: str, names: str) -> list[SgNode]:
    """The calls whose function's (in Ruby method's) text fits an expression."""
    if language == "ruby":
        return root.find_all(kind="call", has={"field": "method", "regex": names})
    return root.find_all(kind="call" if language == "python" else "call_expression", has={"field": "function", "regex": names})


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def touches(root: SgNode, language: str) -> Iterator[Touch]:
    """Every call of a file that touches a file, in the order of the text; of several that fit one call the first."""
    for node in calls_named(root, language, _names(language)):
        receiver, name = _named(node, language)
        given = arguments(node)
        for call in CALLS[language]:
            if name not in call.names.split("|") or not _fits(call, receiver, given):
                continue
            expression = receiver if call.to == ON else given[call.to]
            if len(expression) <= LONGEST:
                yield Touch(expression, call.act, call.way, node)
            break


def _fits(call: Call, receiver: str, given: list[str]) -> bool:
    if call.on is None:
        if call.to == ON and not receiver:
            return False
    elif not _matcher(call.on).fullmatch(receiver):
        return False
    if call.to >= len(given):
        return False
    others = ", ".join(given if call.to == ON else given[: call.to] + given[call.to + 1 :]) if call.to < 1 else ""
    if call.receiver_has and not _matcher(call.receiver_has).search(receiver):
        return False
    return not (
        (call.when and not _matcher(call.when).search(others)) or (call.never and _matcher(call.never).search(", ".join(given)))
    )


def _named(node: SgNode, language: str) -> tuple[str, str]:
    """What a call is called on, and its last name."""
    if language == "ruby":
        on, method = node.field("receiver"), node.field("method")
        return (on.text() if on else ""), (method.text() if method else "")
    function = node.field("function")
    text = function.text() if function is not None else ""
    cut = list(_TAIL.finditer(text))
    return (text[: cut[-1].start()].strip(), text[cut[-1].end() :]) if cut else ("", text)


def arguments(node: SgNode) -> list[str]:
    """The texts of a call's arguments."""
    given = node.field("arguments")
    if given is None:
        return []
    return [child.text() for child in given.children() if child.is_named() and child.kind() != "comment"]
