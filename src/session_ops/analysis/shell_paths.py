"""Paths and names that a script takes apart, empties, or builds from any text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.headless import folded
from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import place, told
from session_ops.analysis.shell_programs import FREE, PATHS
from session_ops.discovery.aside import is_aside
from session_ops.discovery.commands import SOURCES
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, name_of, statements, words_of
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

MOVES = frozenset(("rm", "mv", "cp", "cd", "source", ".", "ln", "rsync", "rmdir"))
LISTS = regex(r"\$\(\s*(?:grep\s+-\w*[lL]|find|ls|fd)\b")


def quoted(finding: Finding, tree: Tree) -> Fix | None:
    """Put the path into quotes."""
    return rewritten(
        finding, tree, "Put the path into quotes", "safe", "For paths without blanks and patterns nothing changes."
    )


@rule("SHELL-WORDS", gate="relocate", category="shell", fix=quoted)
def path_taken_apart(shell_texts: ShellTexts, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A path without quotes is taken apart where it has a space.

    Why: in another user's home ("/Users/Ann Lee/…") `rm -rf $dir` removes two other things and `cd $dir` fails. Looked at are commands
    that move, copy, remove or enter, with a variable that holds a path of this machine or a list of paths; and hooks of agents that start
    a script below `${CLAUDE_PLUGIN_ROOT}` or `$CLAUDE_PROJECT_DIR`, which is where the user has the plugin or the project.
    Passes: quotes, values without a folder of the machine in them.
    Do: Put the variable in double quotes (`"$dir"`); keep several paths in an array and expand it as `"${paths[@]}"`, or read
    them line by line.
    Source: POSIX.1-2024, Shell & Utilities 2.6.5 field splitting.
    """
    if not shell_texts and not deployment.hooks:
        raise NotApplicable("no shell script and no hook")
    yield from told((found for text in shell_texts if text.kind == "script" for found in _apart(tree, text)), 1, 6)
    yield from folded(list(_of_hooks(tree, deployment)), 1, 4)


AGENT_ROOT = regex(r"\$\{?(?:CLAUDE|CURSOR|CODEX|GEMINI)_(?:PLUGIN_ROOT|PROJECT_DIR)\}?[\w./-]*")


def _of_hooks(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """Commands of hooks in which a folder of the user's stands without quotes."""
    for hook in deployment.hooks:
        for match in AGENT_ROOT.finditer(hook.command):
            before = hook.command[: match.start()]
            if before.count('"') % 2 or before.count("'") % 2 or is_aside(hook.path):
                continue
            name = match[0].strip("${").split("}")[0].split("/")[0]
            yield Finding(
                f"the hook gets ${name} without quotes; the path falls apart where it has a space",
                tree.evidence(hook.path, hook.line),
                impact="The hook ends with: no such file or directory, at every event.",
                confidence="possible",
                data={"old": match[0], "new": f'\\"{match[0]}\\"'},
            )
            break


def _apart(tree: Tree, text: ShellText) -> Iterator[Finding]:
    hint = re.compile(r"^[^#\n]*\b(?:rm|mv|cp|cd|source|ln|rsync|rmdir)\s[^\"'\n]*\$", re.MULTILINE)
    if not hint.search(text.text) or text.aside:
        return
    for one in text.commands:
        if one.words[0] not in MOVES:
            continue
        for child in one.node.children():
            bare = child if child.kind() in ("simple_expansion", "expansion") else None
            if child.kind() == "concatenation" and (first := child.child(0)) is not None and first.kind() == "simple_expansion":
                bare = first
            if bare is None or not re.fullmatch(r"\$\{?[A-Za-z_]\w*\}?", bare.text()):
                continue
            name = bare.text().strip("${}")
            values = re.findall(rf"(?:^|[\s;(]){name}=([^\n]*)", text.text, re.MULTILINE)
            path = any(PATHS.search(v.strip("\"'")) and not v.strip("\"'").startswith("http") for v in values)
            many = any(LISTS.search(v) for v in values)
            if not path and not many:
                continue
            whole = child.text()
            yield place(
                tree,
                text,
                child,
                f"`{one.words[0]}` gets ${name} without quotes; the path falls apart where it has a space",
                "It works on other files than meant, or on none.",
                "possible",
                old=f"{one.words[0]} {whole}" if path and not many and f"{one.words[0]} {whole}" in one.node.text() else "",
                new=f'{one.words[0]} "{whole}"',
            )
            break


@rule("SHELL-CD", gate="start", category="shell")
def removes_in_the_wrong_place(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script removes or resets relative to a folder that it may not have entered, or below a variable that may be empty.

    Why: where `cd` fails and nothing looks, `rm -rf build`, `git clean -fd` or `git reset --hard` work in the folder of whoever started the
    script. `rm -rf "$DIR/data"` of an empty DIR is `rm -rf /data`.
    Passes: `set -e`, `cd … || exit`, `cd … && …`, a subshell with `&&`, `${DIR:?}`, a variable that is set or asked about before.
    Do: Stop where the folder is not entered (`cd "$dir" || exit 1`), and write what is removed as `"${DIR:?}/data"`, which ends
    the script where DIR is empty.
    Source: POSIX.1-2024, cd; Shell & Utilities 2.6.2 `${parameter:?}`.
    """
    texts = [t for t in shell_texts if re.search(r"\brm\s+-\w*[rR]|git\s+(?:clean|reset)", t.text)]
    if not texts:
        raise NotApplicable("no script removes folders")
    yield from told(found for text in texts for found in (*_elsewhere(tree, text), *_emptied(tree, text)))


DESTROYS = regex(
    r"(?:sudo\s+)?(?:rm\s+-\w*[rR]\w*\s+(?:-\w+\s+)*(?![\"']?[/$~-])\S|git\s+clean\s+-\w*f|git\s+reset\s+--hard|git\s+checkout\s+--?\s*\.|find\s+\.\s[^|]*-delete)"
)


DESTROYED = regex(rf"^\s*{DESTROYS.pattern}", re.MULTILINE)


def _elsewhere(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if text.kind == "block" or not DESTROYED.search(text.text):
        return
    for node in (one.node for one in text.commands if one.words[0] in ("cd", "pushd")):
        body = node.parent()
        if body is None or text.on("errexit", node) or not words_of(node)[1:]:
            continue
        base = node
        if body.kind() == "redirected_statement":
            base, body = body, body.parent() or body
        if body.kind() not in (
            "program",
            "compound_statement",
            "do_group",
            "if_statement",
            "else_clause",
            "case_item",
            "subshell",
        ):
            continue
        where = words_of(node)[1]
        if (
            where in ("..", "-", "/", "~", "$HOME", "$TMPDIR")
            or "BASH_SOURCE" in node.text()
            or "$0" in node.text()
            or "dirname" in node.text()
        ):
            continue
        variable = re.match(r"\$\{?(\w+)", where)
        if variable and re.search(
            rf"{variable[1]}=\"?\$\((?:cd|pwd|mktemp|git rev-parse --show-toplevel)|-d\s+\"?\$\{{?{variable[1]}\b", text.text
        ):
            continue
        for following in statements(body):
            if following.range().start.index <= base.range().start.index:
                continue
            if re.search(r"\$\?|\bpwd\b|\$PWD", following.text().split("\n")[0]) or name_of(following) in (
                "cd",
                "popd",
                "pushd",
            ):
                break
            if following.kind() in ("command", "redirected_statement", "list") and DESTROYS.match(following.text()):
                yield place(
                    tree,
                    text,
                    following,
                    f"`{_short(following.text())}` runs where the script was started, if `cd {where}` fails",
                    "It removes or resets another folder's content.",
                )
                break


def _emptied(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if text.ever("nounset") or text.aside:
        return
    for one in text.commands:
        if one.words[0] != "rm" or not any(re.match(r"-\w*[rR]", w) for w in one.words[1:]):
            continue
        for word in one.words[1:]:
            hit = re.match(r"\"?\$\{?([A-Za-z_]\w*|[1-9])\}?\"?/(?:\*|[\w.*])", word)
            if not hit:
                continue
            name = hit[1]
            looked = rf"-[nzdef]\s+\"?\$\{{?{name}\b|\$\{{{name}:[?=-]|(?:^|[\s;(]){name}=[^\s$`\"']|(?:^|[\s;(]){name}=\"?(?:[^\"$`\s]|\$\{{?\w+\}}?/)"
            if re.search(looked, text.text, re.MULTILINE):
                continue
            values = re.findall(rf"(?:^|[\s;(]){name}=([^\n]*)", text.text, re.MULTILINE)
            if values and not any(
                re.match(r"\"?\$(?:\{?[1-9]|\((?!cd|pwd|mktemp|dirname|git rev-parse --show))", v) for v in values
            ):
                continue
            if (
                (not values and name in ("HOME", "PWD", "TMPDIR"))
                or SOURCES.search(text.text)
                or re.search(rf"\b(?:for|read)\b[^\n]*\b{name}\b", text.text)
            ):
                continue
            yield place(
                tree,
                text,
                one.node,
                f"`rm -r` works on `/…` where ${name} is empty, and nothing looks whether it is",
                "It removes folders of the machine.",
                "possible",
            )
            break


REFS = regex(
    r"git\s+(?:-C\s+\S+\s+)?(?:checkout\s+-[bB]|switch\s+-[cC]|branch(?!\s+(?:-[dDamrv]|--))|tag(?!\s+-[dl])|worktree\s+add\b[^\n]*?\s-[bB])"
    r"\s+(\"[^\"\n]*\"|\S+)"
)
CLEAN = r"\b{name}=[^\n]*(?:tr\s|sed\s|//|slug|sanit|cut\b|basename)|=~|slugify|sanitize|check-ref-format"
STAMP = regex(r"(\w+)=\"?\$\(date\s[^)\n]*(?:%T|%H:%M|%c|-I(?:s|m)|%R)[^)\n]*\)")


@rule("SHELL-REFNAME", gate="start", category="shell")
def name_from_any_text(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """The name of a branch or tag is built from text that git refuses.

    Why: a ref has no blank, colon, `~`, `^`, `?`, `*`, `[`, `..` or slash at its end. A task's title or a message with a blank, and a
    time with colons, end in "is not a valid branch name", and what follows works on the branch that was there before.
    Passes: a text that was cleaned (tr, sed, `${x//…}`), checked (`=~`, git check-ref-format), an id, a stamp without colons.
    Do: Clean the text before it is a name (`tr -cs 'A-Za-z0-9._-' '-'`), take the time as `date +%Y%m%d-%H%M%S`, and ask
    `git check-ref-format --branch "$name"`.
    Source: git-check-ref-format(1).
    """
    texts = [t for t in shell_texts if REFS.search(t.text)]
    if not texts:
        raise NotApplicable("no script makes branches or tags")
    yield from told(found for text in texts for found in _refs(tree, text))


def _refs(tree: Tree, text: ShellText) -> Iterator[Finding]:
    stamps = {m[1] for m in STAMP.finditer(text.text)}
    for row, line in enumerate(text.lines):
        match = REFS.search(line) if len(line) < 2000 and not line.lstrip().startswith("#") else None
        if match is None:
            continue
        names = [a or b for a, b in re.findall(r"\$(?:\{(\w+)\}|(\w+))", _values(text, match[1]))]
        stamp = next((n for n in names if n in stamps), "")
        if stamp or re.search(r"\$\(date\s[^)]*(?:%T|%H:%M|%c|-I(?:s|m)|%R)", match[1]):
            yield place(
                tree,
                text,
                text.first + row,
                f"{f'${stamp}' if stamp else 'the time'} has colons, which git refuses in the name of a branch or tag",
                "git answers `not a valid branch name`, always.",
            )
            continue
        free = next((n for n in names if FREE.match(n) and not re.search(CLEAN.format(name=n), text.text)), "")
        if free:
            yield place(
                tree,
                text,
                text.first + row,
                f"${free} is free text and becomes the name of a branch or tag, where git refuses blanks and colons",
                "git answers `not a valid branch name`, and what follows works on the branch that was there before.",
                "possible",
            )


def _values(text: ShellText, word: str) -> str:
    """A word, and what the variables in it were set to."""
    found = [word]
    for a, b in re.findall(r"\$(?:\{(\w+)\}|(\w+))", word):
        found += re.findall(rf"(?:^|[\s;(]){a or b}=([^\n]*)", text.text, re.MULTILINE)[:3]
    return " ".join(v for v in found if v == word or not re.search(r"\|\s*(?:tr|sed|cut)|//|basename", v))


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
