"""Files that shell code names: what it runs, sources, reads, copies and writes, with variables and `cd` followed.

Nothing is run. Where a value depends on arguments, the environment or a branch, the path stays open (`ambiguous`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ast_grep_py import SgNode

from session_ops.discovery.files import normal
from session_ops.discovery.references.reference import Act, Named, Place
from session_ops.discovery.references.shell_words import ROOT, SPACE, TOPLEVEL, UNKNOWN, Scope, Word, last, located, word_of
from session_ops.discovery.references.verdict import Created
from session_ops.patterns import regex

INTERPRETERS = regex(
    r"(?:bash|sh|zsh|dash|ksh|node|nodejs|bun|deno|tsx|ts-node|python[\d.]*|pypy3?|ruby|perl|php|pwsh|Rscript|osascript)$"
)
_CODE_FLAGS = {
    "-c",
    "-e",
    "-m",
    "-p",
    "-s",
    "--eval",
    "--print",
    "-lc",
    "-ec",
    "-ic",
    "--version",
    "-v",
    "-V",
    "--help",
    "-xc",
    "-pe",
    "-ne",
}
_VALUE_FLAGS = {
    "-r",
    "--require",
    "--import",
    "--loader",
    "-O",
    "-o",
    "-W",
    "-X",
    "-I",
    "--env-file",
    "--config",
    "-C",
    "--tsconfig",
}
_WRAPPERS = {
    "sudo",
    "env",
    "exec",
    "nohup",
    "time",
    "nice",
    "command",
    "builtin",
    "timeout",
    "stdbuf",
    "setsid",
    "doas",
    "caffeinate",
    "ionice",
    "dotenv",
}
_OUTPUT_FLAGS = {
    "-o",
    "-O",
    "--output",
    "-out",
    "--out",
    "--outfile",
    "--output-file",
    "-keyout",
    "--output-dir",
    "--outdir",
    "--out-dir",
}
_COPY = {"cp", "mv", "ln", "install", "rsync"}
_SHOW = {
    "cat": 0,
    "head": 0,
    "tail": 0,
    "sed": 1,
    "jq": 1,
    "awk": 1,
    "grep": 1,
    "wc": 0,
    "source-highlight": 0,
    "chmod": 1,
    "envsubst": 0,
}
_UNPACKERS = frozenset(("tar", "unzip", "bsdtar", "7z", "7za", "unar", "dpkg", "rpm2cpio", "cpio"))
_TESTS = {"-f", "-e", "-x", "-d", "-r", "-s", "-L", "-h", "-w"}
_FILE_NAME = regex(r"[\w@%+,./ -]*\.[A-Za-z][\w]{0,5}$")
_PACKAGE_RUNNERS = {
    ("uv", "run"),
    ("poetry", "run"),
    ("pipenv", "run"),
    ("npx", ""),
    ("bunx", ""),
    ("pdm", "run"),
    ("hatch", "run"),
    ("rye", "run"),
}


@dataclass
class Findings:
    """What a reading of code found: references, and what the code makes."""

    named: list[Named]
    created: Created
    tested: set[str]

    @classmethod
    def empty(cls) -> Findings:
        """Nothing yet."""
        return cls([], Created(), set())


@dataclass(frozen=True)
class _Context:
    """Around a statement: its failure is looked at, forgiven, ends the script for sure; it runs in a function or a branch."""

    checked: bool = False
    guarded: bool = False
    must: bool = False
    function: bool = False


@dataclass(frozen=True)
class _Folder:
    """Where the shell may stand: `exact` where a `cd` of the script itself says so, at the given line and by the given variable."""

    paths: tuple[str, ...]
    exact: bool = False
    variable: str = ""
    line: int = 0


class ShellReader:
    """Reads one shell text.

    `starts` are the folders in which it may be started, `exact` says that there is no doubt about the first;
    `exists` answers whether a path of the target is there; `parse` gives the root of another script of the target, for `source`.
    """

    def __init__(
        self,
        source: str,
        place: Place,
        starts: Sequence[str],
        project: str,
        found: Findings,
        exists: Callable[[str], bool],
        parse: Callable[[str], SgNode | None] = lambda _path: None,
        *,
        exact: bool = False,
        script: str = "",
        zero: str = UNKNOWN,
        errexit: bool = False,
        first_line: int = 1,
        within: str = "",
        values: dict[str, str] | None = None,
    ) -> None:
        self.source, self.place, self.project, self.found = source, place, project, found
        self.exists, self.parse, self.within, self.first_line = exists, parse, within, first_line
        self.scope = Scope(script, zero, project, dict(values or {}), dict.fromkeys(values or {}, 0))
        self.starts = tuple(dict.fromkeys(starts))
        self.folder = _Folder(self.starts, exact)
        self.errexit = errexit
        self.pending: list[tuple[Named, bool]] = []
        self.functions: list[tuple[SgNode, Scope, _Folder]] = []
        self.wandering: set[str] = set()
        self.lost = False
        self.unpacked = False
        self.stack: list[_Folder] = []
        self.sourcing: list[str] = []

    def read(self, root: SgNode) -> None:
        """Read the whole text, its functions last (with the values that the main part leaves behind)."""
        statements = [c for c in root.children() if c.is_named() and c.kind() != "comment"]
        for statement in statements:
            self._statement(
                statement,
                _Context(must=self.place == "shell" and statement is statements[-1] and statement.kind() == "command"),
            )
        after, errexit = self.scope.copy(), self.errexit
        rest = self.folder if self.folder.exact or not self.folder.paths else _Folder(self.starts)
        done = 0
        while done < len(self.functions):
            body, scope, _ = self.functions[done]
            done += 1
            merged = after.copy()
            for name, value in scope.values.items():
                merged.values.setdefault(name, value)
                merged.lines.setdefault(name, scope.lines[name])
            self.scope, self.folder, self.errexit = merged, rest, errexit
            self._statement(body, _Context(function=True))
        self._release()

    def _release(self) -> None:
        """Give out what was found; a relative path may also mean a folder into which some function goes."""
        for named, loose in self.pending:
            more = (
                [normal(posixpath.join(folder, named.literal or named.text)) for folder in sorted(self.wandering)]
                if loose
                else []
            )
            targets = tuple(dict.fromkeys((*named.targets, *more)))
            tested = any(t in self.found.tested for t in targets)
            self.found.named.append(
                replace(
                    named, targets=targets, guarded=named.guarded or tested, fatal=named.fatal and not (loose and self.lost)
                )
            )

    # statements

    def _statement(self, node: SgNode, context: _Context) -> None:
        kind = node.kind()
        if kind == "command":
            self._command(node, context)
        elif kind in ("variable_assignment", "declaration_command", "variable_assignments"):
            self._assign(node)
        elif kind == "list":
            self._list(node, context)
        elif kind == "if_statement":
            self._branches(node, context)
        elif kind == "case_statement":
            self._choice([c for c in node.children() if c.kind() == "case_item"], context)
        elif kind in ("for_statement", "while_statement", "c_style_for_statement"):
            self._loop(node, context)
        elif kind == "function_definition":
            body = node.children()[-1]
            self.functions.append((body, self.scope.copy(), self.folder))
        elif kind == "redirected_statement":
            for child in node.children():
                if child.kind() == "file_redirect":
                    self._redirect(child, context)
                elif child.is_named() and not child.kind().endswith("redirect"):
                    self._statement(child, context)
                elif child.kind() == "heredoc_redirect":
                    for piece in child.children():
                        if piece.kind() in ("pipeline", "command", "list"):
                            self._statement(piece, context)
                        elif piece.kind() == "file_redirect":
                            self._redirect(piece, context)
        elif kind == "subshell":
            scope, folder, errexit = self.scope.copy(), self.folder, self.errexit
            self._all(node, replace(context, must=False))
            self.scope, self.folder, self.errexit = scope, folder, errexit
        elif kind == "pipeline":
            parts = [c for c in node.children() if c.is_named()]
            for part in parts:
                self._statement(part, replace(context, checked=context.checked or part is not parts[-1]))
        elif kind == "negated_command":
            self._all(node, replace(context, checked=True))
        elif kind == "test_command":
            self._test(node)
        elif kind in ("compound_statement", "do_group", "else_clause", "elif_clause", "program", "ERROR"):
            self._all(node, replace(context, must=False))

    def _all(self, node: SgNode, context: _Context) -> None:
        for child in node.children():
            if child.is_named() and child.kind() != "comment":
                self._statement(child, context)

    def _list(self, node: SgNode, context: _Context) -> None:
        parts = node.children()
        if len(parts) < 3:
            self._all(node, context)
            return
        left, operator, right = parts[0], parts[1].kind(), parts[-1]
        if operator == "||":
            stops = re.search(r"\b(?:exit|return|die|fail|fatal|abort|err|error|bail|panic)\w*\b", right.text()) is not None
            self._statement(left, replace(context, checked=not stops, guarded=not stops, must=stops))
            before = self.scope.copy()
            self._statement(right, context)
            self.scope.merge(before, self.scope.copy()) if right.kind() != "command" else None
        else:
            self._statement(left, replace(context, checked=True) if right.kind() in ("command", "list") else context)
            before, assigns = self.scope.copy(), left.kind() in ("test_command", "negated_command")
            self._statement(right, context)
            if assigns:
                self.scope.merge(before, self.scope.copy())

    def _branches(self, node: SgNode, context: _Context) -> None:
        """`if`: the conditions are looked at; each branch has its own values, joined behind it."""
        before, results, folders = self.scope.copy(), [], []
        start, has_else = self.folder, False
        in_condition = True
        for child in node.children():
            kind = child.kind()
            if kind == "then":
                in_condition = False
                before, start = self.scope.copy(), self.folder
            elif kind in ("elif_clause", "else_clause"):
                results.append(self.scope)
                folders.append(self.folder)
                self.scope, self.folder = before.copy(), start
                has_else = has_else or kind == "else_clause"
                if kind == "elif_clause":
                    self._elif(child, context)
                else:
                    self._all(child, replace(context, must=False))
            elif child.is_named() and kind != "comment":
                self._statement(
                    child, replace(context, checked=True, must=False) if in_condition else replace(context, must=False)
                )
        results.append(self.scope)
        folders.append(self.folder)
        if not has_else:
            results.append(before)
            folders.append(start)
        merged = before.copy()
        merged.merge(*results)
        self.scope = merged
        self.folder = folders[0] if all(f == folders[0] for f in folders) else _Folder(())

    def _elif(self, node: SgNode, context: _Context) -> None:
        in_condition = True
        for child in node.children():
            if child.kind() == "then":
                in_condition = False
            elif child.is_named() and child.kind() != "comment":
                self._statement(child, replace(context, checked=context.checked or in_condition, must=False))

    def _choice(self, items: Iterable[SgNode], context: _Context) -> None:
        before, results, start = self.scope.copy(), [self.scope.copy()], self.folder
        folders = [start]
        for item in items:
            self.scope, self.folder = before.copy(), start
            self._all(item, replace(context, must=False))
            results.append(self.scope)
            folders.append(self.folder)
        merged = before.copy()
        merged.merge(*results)
        self.scope = merged
        self.folder = start if all(f == start for f in folders) else _Folder(())

    def _loop(self, node: SgNode, context: _Context) -> None:
        before, start = self.scope.copy(), self.folder
        changed = node.find_all(kind="variable_assignment")
        for one in changed:
            name = one.children()[0].text()
            if name in self.scope.values:
                self.scope.set(name, UNKNOWN, one.range().start.line + self.first_line)
        for child in node.children():
            if child.kind() == "variable_name":
                self.scope.set(child.text(), UNKNOWN, child.range().start.line + self.first_line)
            elif child.kind() in ("do_group", "compound_statement"):
                self._statement(child, context)
            elif child.is_named() and child.kind() in ("test_command", "command", "list", "negated_command", "pipeline"):
                self._statement(child, replace(context, checked=True))
        self.scope.merge(before, self.scope.copy())
        if self.folder != start:
            self.folder = _Folder(())

    def _assign(self, node: SgNode) -> None:
        pairs = (
            [node]
            if node.kind() == "variable_assignment"
            else [c for c in node.children() if c.kind() == "variable_assignment"]
        )
        for pair in pairs:
            parts = pair.children()
            name, value = parts[0], parts[-1]
            line = pair.range().start.line + self.first_line
            if name.kind() != "variable_name" or parts[1].kind() != "=" or value.kind() == "array":
                self.scope.set(name.text().split("[")[0], UNKNOWN, line)
                continue
            text = "" if value.kind() == "=" else word_of(value, self.scope, self.first_line).value
            self.scope.set(name.text(), text, line)

    def _test(self, node: SgNode) -> None:
        parts = node.find_all(kind="unary_expression")
        for part in parts:
            pieces = part.children()
            if len(pieces) == 2 and pieces[0].text() in _TESTS:
                self._tested(word_of(pieces[1], self.scope, self.first_line))

    def _tested(self, word: Word) -> None:
        targets, _ = located(word.value, self.folder.paths or self.starts, self.project)
        self.found.tested.update(targets)

    def _redirect(self, node: SgNode, context: _Context) -> None:
        parts = node.children()
        operator = next((p.text() for p in parts if p.text()[:1] in "<>&"), "")
        word = word_of(parts[-1], self.scope, self.first_line)
        if operator == "<":
            if word.value.startswith(ROOT):
                self._name("read", word, context)
        elif operator.endswith((">", ">>", ">|")) or operator in ("&>", "&>>"):
            self._made(word)

    # commands

    def _command(self, node: SgNode, context: _Context) -> None:
        words: list[Word] = []
        for child in node.children():
            kind = child.kind()
            if kind == "file_redirect":
                self._redirect(child, context)
            elif kind == "variable_assignment" and not words:
                continue
            elif child.is_named() and not kind.endswith("redirect"):
                word = word_of(child, self.scope, self.first_line)
                words.append(word)
        if not words:
            return
        if words[0].value in ("test", "["):
            for flag, word in pairwise(words):
                if flag.value in _TESTS:
                    self._tested(word)
            return
        if words[0].value == "eval":
            words = words[1:]
        if words and " " in words[0].value.replace(SPACE, " ") and (words[0].variable or node.text().startswith("eval")):
            words = self._split(words[0]) + words[1:]  # CMD="node x.js --flag"; $CMD
        self.run(words, context)

    def _split(self, word: Word) -> list[Word]:
        """A variable that holds a whole command is read as its words, at the line that set it."""
        line = self.scope.lines.get(word.variable, 0) or word.line
        values = [v for v in word.plain.split() if v]
        return [Word(v, v, line, literal="" if set(v) & {UNKNOWN, ROOT} else v) for v in values]

    def run(self, words: list[Word], context: _Context) -> None:
        """One command with its words."""
        words, replaced = _unwrapped(words)
        if not words:
            return
        context = replace(context, must=context.must or replaced)
        head, args = words[0], words[1:]
        name = head.value
        if name == "set":
            self._options(args)
        elif name in ("cd", "pushd"):
            self._go(args, context, push=name == "pushd")
        elif name == "popd":
            self.folder = self.stack.pop() if self.stack else _Folder(())
        elif name in (".", "source"):
            if args:
                self._source(args[0], context)
        elif name in ("command", "which", "type", "hash"):
            return
        elif INTERPRETERS.match(posixpath.basename(name)) and UNKNOWN not in name and ROOT not in name:
            self._interpret(posixpath.basename(name), args, context)
        elif name in _COPY:
            self._copy(name, args, context)
        elif name in ("mkdir", "touch", "tee"):
            for word in args:
                if not word.value.startswith("-"):
                    self._made(word, folder=name == "mkdir")
        elif name in _SHOW:
            files = [w for w in args if not w.value.startswith("-")][_SHOW[name] :]
            for word in files:
                if word.value.startswith(ROOT):
                    self._name("read", word, context)
        elif name == "git" and args and args[0].value in ("clone", "worktree"):
            self._made(args[-1], folder=True)
            if args[0].value == "clone":
                self.found.created.folders.add(posixpath.basename(args[-1].value).removesuffix(".git"))
        elif name in _UNPACKERS:
            self._unpack(name, args)
        elif "/" in name:
            self._name("run", head, context)
        elif name.endswith((".sh", ".py")) and not head.variable:
            return  # found by PATH
        self._flags(name, args, context)

    def _unpack(self, name: str, args: list[Word]) -> None:
        """An archive brings files that nobody here can name."""
        flags = {"-C", "--directory", "-d"}
        into = next((w for flag, w in pairwise(args) if flag.value in flags), None)
        if into is not None:
            self._made(into, folder=True)
        elif name != "tar" or any("x" in w.value.split("=")[0] for w in args[:1]) or "--extract" in {w.value for w in args}:
            self.unpacked = True

    def _options(self, args: list[Word]) -> None:
        for index, word in enumerate(args):
            if re.match(r"[-+][a-zA-Z]+$", word.value):
                letters = word.value[1:]
                named = letters.endswith("o") and index + 1 < len(args) and args[index + 1].value == "errexit"
                if "e" in letters or named:
                    self.errexit = word.value[0] == "-"

    def _go(self, args: list[Word], context: _Context, *, push: bool) -> None:
        if push:
            self.stack.append(self.folder)
        places = [a for a in args if not a.value.startswith("-") or a.value == "-"]
        if len(places) != 1 or places[0].value == "-":
            self.folder = _Folder(())
            self.lost = self.lost or context.function
            return
        word = places[0]
        targets, base = located(word.value, self.folder.paths, self.project)
        there = tuple(t for t in targets if self.exists(t) or t == "")
        if targets and not there and base == "script":
            self._name("read", word, context)
        if not there:
            self.folder = _Folder(())
            self.lost = self.lost or context.function
            return
        exact = base == "script" or self.folder.exact
        line = self.scope.lines.get(word.variable, 0) if word.variable else word.line
        variable = word.variable if word.value == word.head else ""
        self.folder = _Folder(there, exact, variable, line if variable else 0)
        if context.function:
            self.wandering.update(there)

    def _source(self, word: Word, context: _Context) -> None:
        if word.value in ("/dev/stdin", "-"):
            return
        target = self._name("source", word, context)
        if not target or target in self.sourcing or len(self.sourcing) > 4:
            return
        root = self.parse(target)
        if root is None:
            return
        # its assignments are ours now: read it for its values alone
        inner = ShellReader(
            target, "shell", self.folder.paths or self.starts, self.project, Findings.empty(), self.exists, self.parse,
            script=target, zero=self.scope.zero, values=self.scope.values,
        )  # fmt: skip
        inner.sourcing = [*self.sourcing, target]
        for statement in root.children():
            if statement.kind() in ("variable_assignment", "declaration_command", "command", "if_statement", "list"):
                inner._statement(statement, _Context())
        for name, value in inner.scope.values.items():
            if self.scope.values.get(name) != value:
                self.scope.values[name], self.scope.lines[name] = value, 0

    def _interpret(self, name: str, args: list[Word], context: _Context) -> None:
        skip = False
        for index, word in enumerate(args):
            if skip:
                skip = False
            elif word.value == "-n" and name.endswith("sh"):
                return  # it only looks at the syntax
            elif word.value in _CODE_FLAGS and not (word.value == "-s" and name not in ("bash", "sh", "zsh")):
                if (
                    word.value == "-m"
                    and name.startswith("python")
                    and index + 2 < len(args)
                    and args[index + 1].value in ("venv", "virtualenv")
                ):
                    self._made(args[index + 2], folder=True)
                return
            elif word.value in _VALUE_FLAGS:
                skip = word.value != "-r" or not name.startswith("python")
            elif word.value.startswith("-") or (word.value in ("run", "watch", "test") and name in ("bun", "deno", "tsx")):
                continue
            else:
                if (
                    word.value.startswith((ROOT, "./", "../"))
                    or _FILE_NAME.match(word.value.lstrip(TOPLEVEL))
                    or ("/" in word.value and name in ("bash", "sh"))
                ):
                    self._name("run", word, context)
                return

    def _copy(self, name: str, args: list[Word], context: _Context) -> None:
        if any(w.value == "-d" for w in args) and name == "install":
            for word in args:
                self._made(word, folder=True)
            return
        names, skip = [], False
        into = None
        for index, word in enumerate(args):
            if skip:
                skip = False
            elif word.value in ("-t", "--target-directory"):
                into, skip = args[index + 1] if index + 1 < len(args) else None, True
            elif word.value in ("-m", "-o", "-g", "--exclude", "-e", "--include") and name in ("install", "rsync"):
                skip = True
            elif not word.value.startswith("-"):
                names.append(word)
        if into is None and len(names) >= 2:
            into = names.pop()
        for word in names:
            if ":" in word.value or (name == "ln" and not word.value.startswith(ROOT)):
                continue
            self._name("copy", word, context)
        if into is not None and ":" not in into.value:
            self._made(into, known_name=not any(last(w.value) == last(into.value) for w in names))
            for word in names:
                targets, _ = located(into.value, self.folder.paths, self.project)
                self.found.created.paths.update(f"{t}/{last(word.value)}" for t in targets if last(word.value) != UNKNOWN)

    def _flags(self, name: str, args: list[Word], context: _Context) -> None:
        """Flags that name files for the common build and deploy commands."""
        for index, word in enumerate(args):
            following = args[index + 1] if index + 1 < len(args) else None
            if (
                word.value in _OUTPUT_FLAGS
                and following is not None
                and name not in ("grep", "set", "ls", "ps", "find", "sort")
            ):
                self._made(following)
            elif re.match(r"--(?:output|outfile|out|output-file)=", word.value):
                self._made(replace(word, value=word.value.split("=", 1)[1]))
        if name in ("pip", "pip3", "uv") and any(w.value == "install" for w in args):
            self._after(args, {"-r", "--requirement"}, context)
        elif name in ("docker", "podman") and args and args[0].value == "build":
            self._after(args, {"-f", "--file"}, context)
        elif (name in ("docker", "podman") and args and args[0].value == "compose") or name == "docker-compose":
            start = 0 if name == "docker-compose" else 1
            end = next(
                (i for i in range(start, len(args)) if not args[i].value.startswith("-") and args[i - 1].value[:1] != "-"),
                len(args),
            )
            self._after(args[start : max(end, start)], {"-f", "--file", "--env-file"}, context)
        elif name == "make":
            self._after(args, {"-f", "-C", "--directory", "--file"}, context)
        elif name == "kubectl" and args and args[0].value in ("apply", "create"):
            self._after(args, {"-f", "-k", "--filename"}, context)

    def _after(self, args: Sequence[Word], flags: set[str], context: _Context) -> None:
        for flag, word in pairwise(args):
            if flag.value in flags and word.value != "-":
                self._name("read", word, context)

    # names

    def _name(self, act: Act, word: Word, context: _Context) -> str:
        """Note that this word names a file; the path where it is there or clear, else an empty string."""
        value = word.plain.rstrip("/") or word.plain
        if "://" in value or "\n" in value or not value.strip():
            return ""
        targets, base = located(word.value, self.folder.paths, self.project)
        if self.unpacked and base == "cwd" and not any(self.exists(normal(t).split("/")[0]) for t in targets):
            targets = ()
        if base in ("absolute", "home") and (tail := tail_of(word.value, self.exists)):
            targets = (tail,)
        loose = base == "cwd" and not self.folder.exact and bool(targets)
        if base == "cwd" and self.folder.exact:
            base = "script"
        anchor, variable, line = "", "", 0
        if word.head and word.literal:
            anchor = next(iter(located(word.head, self.folder.paths, self.project)[0]), "")
            variable, line = word.variable, self.scope.lines.get(word.variable, 0)
        elif word.literal and self.folder.paths:
            anchor, variable, line = self.folder.paths[0], self.folder.variable, self.folder.line
        fatal = context.must or (
            not context.checked and not context.guarded and (self.errexit or (act == "source" and not context.function))
        )
        named = Named(
            self.source, word.line, self.place, act, word.text or value, targets, base,  # type: ignore[arg-type]
            context.guarded, fatal, anchor, word.literal, variable, line, self.within,
        )  # fmt: skip
        self.pending.append((named, loose))
        return next((t for t in targets if self.exists(t)), "")

    def _made(self, word: Word, *, folder: bool = False, known_name: bool = True) -> None:
        targets, base = located(word.value, self.folder.paths or self.starts, self.project)
        if targets:
            (self.found.created.folders if folder else self.found.created.paths).update(t for t in targets if t)
        elif base == "cwd" and known_name and not folder and "/" in word.value:
            name = last(word.value)
            if name not in (UNKNOWN, "") and UNKNOWN not in name:
                self.found.created.names.add(name)


def tail_of(path: str, exists: Callable[[str], bool]) -> str:
    """The file of the target that an absolute path of some machine means: the longest end of two or more parts that is there."""
    parts = [p for p in path.split("/") if p]
    ends = ("/".join(parts[start:]) for start in range(1, len(parts) - 1))
    return next((end for end in ends if exists(end)), "")


def _unwrapped(words: list[Word]) -> tuple[list[Word], bool]:
    """A command without sudo, env, nohup, timeout … before it; whether `exec` puts it in the script's place."""
    replaced = False
    while words:
        name = words[0].value
        second = words[1].value if len(words) > 1 else ""
        if (name, second) in _PACKAGE_RUNNERS or (name, "") in _PACKAGE_RUNNERS:
            rest = words[1:] if (name, "") in _PACKAGE_RUNNERS else words[2:]
            while rest and rest[0].value.startswith("-"):
                rest = rest[1:]
            if not rest or not (INTERPRETERS.match(rest[0].value) or rest[0].value.endswith((".py", ".sh"))):
                return [], replaced
            if rest[0].value.endswith(".py"):
                rest = [replace(rest[0], value="python", text="python"), *rest]
            words = rest
            continue
        if name not in _WRAPPERS or second in ("-v", "-V") or (name == "exec" and not second):
            return words, replaced
        replaced = replaced or name == "exec"
        words = words[1:]
        while words and (words[0].value.startswith("-") or re.match(r"\w+=", words[0].value)):
            takes = words[0].value in ("-u", "-g", "-n", "-s", "-k", "-C", "-a", "-c") and name in (
                "sudo",
                "nice",
                "timeout",
                "env",
                "exec",
            )
            words = words[2:] if takes and len(words) > 1 else words[1:]
        if name == "timeout" and words and re.match(r"[\d.\0$]+[smhd]?$", words[0].value):
            words = words[1:]
    return words, replaced
