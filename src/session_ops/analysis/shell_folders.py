"""Files that a script writes into a folder which it makes only further down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import Invocation
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import tolerated
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_WRITES = frozenset(("cp", "mv", "install", "touch", "tee"))
_THERE = regex(
    r"^(?:~|/|/tmp|/etc|/usr(?:/\w+)*|/var(?:/\w+)?|\.|\.\.|\$\{?(?:HOME|PWD|TMPDIR|TMP|\w*(?:ROOT|SCRIPT_?DIR|REPO\w*|PROJECT\w*|WORKSPACE|SRC|HERE))\}?)$"
)
"""Folders that are there, or that are the project's own."""
_FOUND = regex(r"mktemp|\bpwd\b|\bcd\s|dirname|rev-parse|realpath|readlink|git\s+worktree|\$\{?\d")
"""How variables get folders that exist already."""


@rule("SHELL-MKDIR", gate="start", category="deploy-config")
def folder_made_too_late(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script copies or writes a file into a folder that the same script makes only further down.

    Why: on the machine of whoever wrote it the folder is there from the last time; on a fresh one (a new volume, another user) cp and `>`
    answer "No such file or directory", and `set -e` ends the script before it comes to its mkdir.
    Passes: folders that are asked for with -d or made anywhere above, a function that makes them, the project's own folders and those of
    git, writes whose failure is allowed for.
    Do: Move the `mkdir -p` above the first write.
    Source: cp(1p); POSIX.1-2024, Shell & Utilities 2.7.2 redirecting output.
    """
    texts = [text for text in shell_texts if text.kind == "script" and "mkdir" in text.text and text.ever("errexit")]
    if not texts:
        raise NotApplicable("no script with set -e makes folders")
    yield from told((found for text in texts for found in _late(tree, text)), 1, 6)


def _braces(word: str) -> list[str]:
    """The words that one with a brace expansion stands for; nested ones are left alone."""
    match = re.fullmatch(r"(?P<head>[^{}]*(?:\$\{\w+\}[^{}]*)*)\{(?P<inner>[^{}$]*,[^{}]*)\}(?P<tail>[^{}]*)", word)
    if match is None:
        return [word]
    return [f"{match['head']}{part}{match['tail']}".replace('"', "") for part in match["inner"].split(",")]


def _late(tree: Tree, text: ShellText) -> Iterator[Finding]:
    made = [
        (one, word.rstrip("/"))
        for one in text.commands
        if one.words[0] == "mkdir"
        for said in one.words[1:]
        for word in _braces(said)
        if not word.startswith("-") and not re.fullmatch(r"[0-7]{3,4}", word)
    ]
    for node, target in _written(text):
        folder = target.rpartition("/")[0]
        if (
            "/" not in target
            or _THERE.match(folder)
            or ".git" in folder.split("/")
            or not re.match(r"[\w./~$]", folder)
            or "*" in folder
        ):
            continue
        makes = [(one, path) for one, path in made if path == folder or path.startswith(folder + "/")]
        if not makes or any(one.node.range().start.index < node.range().start.index for one, _ in makes):
            continue
        first = makes[0][0]
        if (
            text.function_of(first.node) != text.function_of(node)
            or not text.dies(node)
            or tolerated(node)
            or _known(text, node, folder)
        ):
            continue
        if any(a.kind() in ("for_statement", "while_statement") for a in node.ancestors()):
            continue
        yield place(
            tree,
            text,
            node,
            f"it writes into {folder}, which it makes only in line {text.line(first.node)}",
            "On a machine where the folder is not there yet the script ends here.",
            "likely" if any(path == folder for _, path in makes) or "$" in folder else "possible",
        )
        return


def _written(text: ShellText) -> Iterator[tuple[SgNode, str]]:
    """(statement, path) of every file that a command copies, makes or redirects to, as written without quotes."""
    for one in text.commands:
        if one.words[0] in _WRITES and len(one.words) > 1 and not one.words[-1].startswith("-") and _plain(one):
            yield one.node, one.words[-1].replace('"', "")
    for node in text.nodes("file_redirect"):
        words = re.fullmatch(r"\d?>{1,2}\|?\s*\"?([^\"'\s]+)\"?", node.text())
        above = node.parent()
        if words and not words[1].startswith(("&", "/dev/")) and above is not None:
            yield above, words[1]


def _plain(one: Invocation) -> bool:
    return not (one.words[0] == "install" and any(word.startswith(("-d", "-D")) for word in one.words[1:]))


def _known(text: ShellText, node: SgNode, folder: str) -> bool:
    """Is a folder asked for, entered, or given by a variable whose value exists?"""
    above = text.text[: node.range().start.index].replace('"', "")
    bare = re.escape(folder)
    if re.search(
        rf"-d\s+{bare}(?![\w])|\bcd\s+{bare}(?![\w])|(?:clone|worktree add|tar|unzip|mkdir|install -d)\b[^\n]*{bare}(?![\w])",
        above,
    ):
        return True
    if node.text().replace('"', "").count(f"{folder}/") > 1:
        return True  # it reads from there too
    heads = (a.text().split("\n")[0].replace('"', "") for a in node.ancestors() if a.kind() == "if_statement")
    if any(re.search(rf"(?<!!\s)-[efsx]\s+{bare}/", head) and "!" not in head for head in heads):
        return True
    name = re.match(r"\$\{?(\w+)\}?", folder)
    if name is None:
        return False
    values = re.findall(rf"(?m)(?:^|[\s;]){name[1]}=([^\n]*)", text.text)
    return not values or any(_FOUND.search(value) for value in values)
