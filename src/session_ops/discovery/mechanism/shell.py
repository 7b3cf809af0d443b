"""Uses of session state by shell scripts: redirections, tests and commands, read from their syntax trees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ast_grep_py import SgNode

from session_ops.discovery.commands import invocations
from session_ops.discovery.mechanism.model import WORKTREE, Act, Use, kind_of
from session_ops.discovery.mechanism.names import ShellNames
from session_ops.discovery.syntax import line_of

_SHELL_FILES: dict[str, tuple[Act, str]] = {
    "rm": ("deletes", "delete"), "rmdir": ("deletes", "delete"), "unlink": ("deletes", "delete"), "touch": ("creates", "touch"), "cat": ("reads", "read"),
    "jq": ("reads", "read"), "source": ("reads", "read"), ".": ("reads", "read"), "tee": ("creates", "whole"), "mv": ("creates", "rename"),
    "mkdir": ("creates", "mkdir"), "flock": ("locks", "flock"), "ln": ("creates", "exclusive"), "grep": ("reads", "read"),
    "stat": ("reads", "check"), "head": ("reads", "read"), "tail": ("reads", "read"),
}  # fmt: skip


def uses(path: str, text: str, root: SgNode, shared: dict[str, str]) -> Iterator[Use]:
    """Every use in a script; `shared` are values of variables that all scripts agree on."""
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
        if command == "git" and (verb := WORKTREE.search(" ".join(one.words))):
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
        if (
            command == "find"
            and (swept := _found_and_deleted(one.words))
            and (use := made(swept, "deletes", "sweep", one.line))
        ):
            yield use
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


def _found_and_deleted(words: Sequence[str]) -> str:
    """The pattern of what a `find` deletes whatever its age, as `folder/name`; empty for any other find."""
    text = " ".join(words)
    if "-delete" not in words and not re.search(r"-exec(?:dir)? rm\b", text):
        return ""
    if re.search(r" -(?:[cma]min|[cma]time|newer\w*|size|empty|user)\b", text) or len(words) < 3:
        return ""
    named = next((words[n + 1] for n, word in enumerate(words[:-1]) if word in ("-name", "-iname")), "*")
    return f"{words[1].rstrip('/')}/{named}" if not words[1].startswith("-") else ""
