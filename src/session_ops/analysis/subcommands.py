"""Subcommands that documents or key bindings name, against those that the command takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ast_grep_py import SgNode

from session_ops.discovery.aside import is_aside, not_deployed
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.references import References
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_FIRST = regex(r"^\"?\$(?:\{)?(?P<name>1|[A-Za-z_]\w*)(?::-[\w-]*)?\}?\"?$")
_LABEL = regex(r"^[\"']?[a-z][\w:-]*[\"']?$")
_REFUSES = regex(
    r"\b(?:exit|return)\s+[1-9]|\b(?:die|fail|fatal|usage|show_usage|print_usage|err(?:or)?)\b|[Uu]nknown|[Ii]nvalid"
)
_HANDS_ON = regex(r"\"?\$[@*]|\$\{?1\b|\beval\b|\bexec\b|exit 0|\$\{?@")
_USE = regex(r"\bUse:\s*\"(?P<use>[\w.-]+)[^\"]*\"")
_ALIASES = regex(r"\bAliases:\s*\[\]string\{(?P<names>[^}]*)\}")
_NEGATED = regex(
    r"\bno\b|\bnot\b|n't\b|\bremoved\b|\bnew\b|\blegacy\b|\bdeprecated\b|\bplanned\b|\bsoon\b|\bTODO\b|\bfuture\b|\bwould\b",
    re.IGNORECASE,
)
_SHOWN = 6


@dataclass(frozen=True)
class _Dispatcher:
    """A command that takes subcommands: how people write it, what it takes, and where it decides."""

    names: tuple[str, ...]
    takes: frozenset[str]
    path: str
    line: int


@rule("ENTRY-SUBCOMMAND", gate="start", category="entry-point")
def subcommand_that_is_refused(tree: Tree, docs: Docs, shell_texts: ShellTexts) -> Iterator[Finding]:
    """A command refuses a subcommand that its documents or the project's own scripts use.

    Why: `tool deploy` ends with "unknown command" although the README says it and the code for it is there, or a key binding calls a
    subcommand that was renamed. Read are the branches of a `case` on the first argument whose last branch ends with an error, and the commands
    of cobra (Go). Passes: commands with a pattern among their branches or that hand unknown words on, words of prose, and commands of which no
    document uses a subcommand that is there. Sure where the code of the subcommand is there or a script calls it; where only a document
    names it, it is only possible.
    Do: Add the branch for the subcommand, or write the one that is there.
    Source: POSIX.1-2024, Shell & Utilities, case; spf13/cobra, "unknown command".
    """
    found = [*_shell_dispatchers(shell_texts), *_cobra(tree)]
    names = [name for one in found for name in one.names]
    found = [one for one in found if names.count(one.names[0]) == 1]
    if not found:
        raise NotApplicable("no command with subcommands")
    for one in found:
        told = list(_documented(docs, one))
        if not any(word in one.takes for word, _, _ in told):
            told = []  # nothing says that this is how it is called
        whole = tree.text(one.path)
        refused = [r for r in told if r[0] not in one.takes and not _NEGATED.search(tree.lines(r[1])[r[2] - 1])]
        built = [r for r in refused if _is_built(tree, one, r[0])]
        if built:
            word, path, line = built[0]
            yield Finding(
                f"{one.names[0]} refuses {word}, which {path} tells people to use and which is there",
                tree.evidence(one.path, one.line),
                (tree.evidence(path, line),),
                f"`{one.names[0]} {word}` ends with an error.",
            )
        by_word: dict[str, list[tuple[str, int]]] = {}
        for word, path, line in refused:
            if not any(word == b[0] for b in built) and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", whole):
                by_word.setdefault(word, []).append((path, line))
        for word, places in list(by_word.items())[:3]:
            yield Finding(
                f"{one.names[0]} has no subcommand {word}; there are {', '.join(sorted(one.takes)[:_SHOWN])}",
                tree.evidence(*places[0]),
                (tree.evidence(one.path, one.line), *(tree.evidence(*place) for place in places[1:_SHOWN])),
                "The command ends with an error for who follows the text.",
                "possible",
            )
        yield from _called(tree, shell_texts, one)


def _shell_dispatchers(shell_texts: ShellTexts) -> Iterator[_Dispatcher]:
    for text in shell_texts:
        if text.kind != "script" or text.aside or not_deployed(text.path) or "esac" not in text.text:
            continue
        for node in text.nodes("case_statement"):
            value = node.field("value")
            match = _FIRST.match(value.text()) if value is not None else None
            if match is None or not _first_argument(text, match["name"]) or _inside(node):
                continue
            takes = _branches(node)
            if takes:
                name = PurePosixPath(text.path).name
                spaced = name.removesuffix(".sh").replace("-", " ")
                names = (name, spaced) if name == spaced.replace(" ", "-") and " " in spaced else (name,)
                yield _Dispatcher(names, takes, text.path, text.line(node))
            break


def _first_argument(text: ShellText, name: str) -> bool:
    """Is this the first argument, or a variable that is given nothing else?"""
    if name == "1":
        return True
    given = re.findall(rf"^[ \t]*(?:local |readonly )?{name}=(.*)$", text.text, re.MULTILINE)
    return len(given) == 1 and re.match(r"[\"']?\$(?:1\b|\{1[:}])", given[0]) is not None


def _inside(node: SgNode) -> bool:
    """Does it stand in a loop over options, or in a function that is not the main one?"""
    for above in node.ancestors():
        if above.kind() in ("while_statement", "for_statement", "case_statement"):
            return True
        if above.kind() == "function_definition":
            name = above.field("name")
            return name is None or name.text() not in ("main", "_main", "dispatch", "run")
    return False


def _branches(node: SgNode) -> frozenset[str]:
    """The words that a case takes, where it refuses all others; empty where it does not, or takes patterns."""
    takes: set[str] = set()
    refuses = False
    for item in (child for child in node.children() if child.kind() == "case_item"):
        label, _, body = item.text().partition(")")
        words = [w.strip() for w in label.lstrip("( ").replace("\\\n", "").split("|")]
        if words == ["*"]:
            refuses = bool(_REFUSES.search(body)) and not _HANDS_ON.search(
                re.sub(r"[^\n]*(?:echo|printf|error|die|fail|log)[^\n]*", "", body)
            )
            continue
        for word in words:
            bare = word.strip("\"'")
            if _LABEL.match(word):
                takes.add(bare)
            elif bare and not bare.startswith("-"):
                return frozenset()
    return frozenset(takes) if refuses and len(takes) >= 3 else frozenset()


def _cobra(tree: Tree) -> Iterator[_Dispatcher]:
    """The one command of a Go program that cobra dispatches."""
    uses: list[tuple[str, str, int]] = []
    aliases: set[str] = set()
    for entry in tree.files("go"):
        text = tree.text(entry.path)
        if "cobra.Command" not in text or entry.path.endswith("_test.go") or is_aside(entry.path):
            continue
        uses += [(m["use"], entry.path, text.count("\n", 0, m.start()) + 1) for m in _USE.finditer(text)]
        aliases |= {name for m in _ALIASES.finditer(text) for name in re.findall(r"\"([^\"]+)\"", m["names"])}
        if re.search(r"\bUse:(?!\s*\")", text):
            return  # a name that the program computes
    folders = {PurePosixPath(e.path).parts[1] for e in tree.files("go") if e.path.startswith("cmd/") and e.path.count("/") > 1}
    roots = [u for u in uses if u[0] in folders or tree.text("go.mod").split("\n", 1)[0].endswith("/" + u[0])]
    if len({u[0] for u in roots}) != 1 or len(uses) < 4:
        return
    name, path, line = roots[0]
    if "Args:" in tree.text(path).split("Use:", 1)[1].partition("}")[0]:
        return
    takes = frozenset(u[0] for u in uses if u[0] != name) | aliases | {"help", "completion"}
    yield _Dispatcher((name,), takes, path, line)


_WORD = r"(?P<word>[a-z][a-z0-9]*(?:[-:_][a-z0-9]+)*)"
_PLANS = regex(
    r"(?:^|/)(?:plans?|prds?|future[\w-]*|ideas|decisions|reports?|instructions|reviews?|archive|specs?|rfcs?|design)/|(?:^|[/_-])(?:feature|plan|todo|roadmap|proposal|prd|ideas?|spec|design)s?[\w-]*\.\w+$",
    re.IGNORECASE,
)


def _documented(docs: Docs, one: _Dispatcher) -> Iterator[tuple[str, str, int]]:
    """Subcommands that documents give a command at the beginning of a line of a block or of a code span."""
    said = "|".join(re.escape(name) for name in one.names)
    shape = re.compile(rf"^\s*(?:\$ |> )?(?:\S*/)?(?:{said})\s+{_WORD}(?=\s|$)")
    for doc in docs:
        if doc.role in ("changelog", "agent-rules") or is_aside(doc.path) or _PLANS.search(doc.path):
            continue
        for block in doc.blocks:
            if block.language in ("", "bash", "sh", "shell", "console", "zsh", "text") and any(
                n in block.text for n in one.names
            ):
                for number, line in enumerate(block.text.split("\n"), block.line):
                    if (match := shape.match(line)) and not re.search(r"[├└│]", line):
                        yield match["word"], doc.path, number
        for span in doc.spans if doc.role == "readme" else ():
            if span.kind == "code" and (match := shape.match(span.text)):
                yield match["word"], doc.path, span.line


def _is_built(tree: Tree, one: _Dispatcher, word: str) -> bool:
    """Is the code of a subcommand there: a script of that name beside it, or a function?"""
    folder, _, name = one.path.rpartition("/")
    stem = name.removesuffix(".sh")
    beside = [f"{folder}/{stem}-{word}".lstrip("/"), f"{folder}/{stem}-{word}.sh".lstrip("/")]
    function = re.search(
        rf"^\s*(?:function\s+)?(?:cmd|do|command)_{re.escape(word.replace('-', '_'))}\s*(?:\(\)|\{{)",
        tree.text(one.path),
        re.MULTILINE,
    )
    return any(path in tree.entries for path in beside) or function is not None


def _called(tree: Tree, shell_texts: ShellTexts, one: _Dispatcher) -> Iterator[Finding]:
    """Calls of scripts, through a variable that holds the path of the command, with a subcommand that it does not take."""
    if not one.path.endswith(".go"):
        return
    name = re.escape(one.names[0])
    for text in shell_texts:
        if text.kind != "script" or text.aside or one.names[0] not in text.text:
            continue
        variables = re.findall(
            rf"^[ \t]*(?:readonly |local |export )?(\w+)=[\"']?[^\n\"']*/{name}[\"']?\s*$", text.text, re.MULTILINE
        )
        if len(variables) != 1:
            continue
        shape = re.compile(rf"(?:^|[\"'\s])\$\{{?{variables[0]}\}}?\"?\s+{_WORD}(?=[\s\"']|$)")
        wrong = [
            (n, m["word"])
            for n, line in enumerate(text.lines, text.first)
            for m in shape.finditer(line)
            if m["word"] not in one.takes
        ]
        if wrong:
            line, word = wrong[0]
            yield Finding(
                f"{one.names[0]} has no subcommand {word}; there are {', '.join(sorted(one.takes)[:_SHOWN])}",
                tree.evidence(text.path, line),
                (tree.evidence(one.path, one.line), *(tree.evidence(text.path, n) for n, _ in wrong[1:_SHOWN])),
                f"`{one.names[0]} {word}` ends with an error.",
            )


@rule("ENTRY-SOURCED", gate="start", category="shell")
def sourced_and_started(tree: Tree, shell_texts: ShellTexts, references: References) -> Iterator[Finding]:
    """A script that others source ends them, since it looks at the first argument by itself.

    Why: a sourced file sees the arguments of the script that sources it. Its `case "$1"` finds none of its own subcommands, prints its usage and
    calls `exit 1`, which ends the other script before its first command. Passes: files that ask who was started (`BASH_SOURCE` against
    `$0`, `return` outside of functions), and those that nothing sources.
    Do: Put the branches behind `if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then … fi`.
    Source: bash manual, source ("if no arguments are supplied, the positional parameters are unchanged"), BASH_SOURCE.
    """
    sourced = {r.target: r for r in references if r.act == "source" and r.place == "shell" and r.verdict == "resolves"}
    texts = [t for t in shell_texts if t.kind == "script" and t.path in sourced]
    if not texts:
        raise NotApplicable("no script sources another one")
    for text in texts:
        if "esac" not in text.text or (
            "BASH_SOURCE" in text.text
            and re.search(r"BASH_SOURCE[^\n]*==?[^\n]*\$\{?0|\$\{?0\}?[^\n]*==?[^\n]*BASH_SOURCE", text.text)
        ):
            continue
        if re.search(r"^\s*(?:return\b|\(?\s*return\s+0)", text.text, re.MULTILINE) and not text.functions:
            continue
        for node in text.nodes("case_statement"):
            value = node.field("value")
            match = _FIRST.match(value.text()) if value is not None else None
            above = node.parent()
            if match is None or match["name"] != "1" or above is None or above.kind() != "program":
                continue
            last = [c.text() for c in node.children() if c.kind() == "case_item"][-1]
            ref = sourced[text.path]
            passed = re.search(
                rf"(?:source|\.)\s+\S*{re.escape(PurePosixPath(text.path).name)}[\"']?[ \t]+[^\s;&|#)}}]",
                tree.lines(ref.source)[ref.line - 1],
            )
            if _branches(node) and re.search(r"\bexit\s+[1-9]", last) and not passed:
                yield Finding(
                    f"{ref.source} sources this file, which ends it: `exit` where the first argument is none of its own subcommands",
                    tree.evidence(text.path, text.line(node)),
                    (tree.evidence(ref.source, ref.line),),
                    f"{ref.source} ends before its first command.",
                    "possible" if is_aside(ref.source) else "likely",
                )
            break
