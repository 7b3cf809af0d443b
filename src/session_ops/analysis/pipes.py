"""Processes that wait for each other: pipes that one side fills and the other does not empty."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from session_ops.discovery.aside import is_test, not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Finding
from session_ops.registry import NotApplicable, rule

READERS = ("communicate", "Thread(", "select.", "selectors", "create_task", "executor", "submit(", "set_blocking", "O_NONBLOCK")


@rule("IPC-FULL", gate="coordinate", category="ipc")
def pipe_that_nobody_empties(tree: Tree) -> Iterator[Finding]:
    """A Python program reads one pipe of a process to its end, or waits for its end, while another pipe fills up.

    Why: a pipe holds 64 KiB. A child that has written that much to standard error stops until somebody reads; the parent reads standard
    output until the child ends, or waits for that: both wait for ever. It works in every test with little output. The same where all of a
    long text is written to standard input before anything is read.
    Passes: communicate(), a thread or a selector per pipe, standard error that goes to a file, to nowhere or into standard output.
    Do: Use `communicate()`, send standard error elsewhere (`stderr=subprocess.STDOUT` or a file), or read it in a thread of its own.
    Source: Python's documentation, subprocess: the warnings at Popen.wait and Popen.stderr; pipe(7), capacity.
    """
    files = [e for e in tree.files("python") if not is_test(e.path) and not not_deployed(e.path) and not e.vendored]
    texts = [(e.path, text) for e in files if "Popen(" in (text := tree.text(e.path)) and "PIPE" in text]
    if not texts:
        raise NotApplicable("no Python code opens pipes to a process")
    for path, text in texts:
        module = parse(text)
        for function in ast.walk(module) if module else ():
            if isinstance(function, ast.FunctionDef):
                found = _stuck(function)
                if found:
                    line, what = found
                    yield Finding(
                        what, tree.evidence(path, line),
                        impact="A child that writes more than the pipe holds never ends, and neither does this.",
                        confidence="possible",
                    )  # fmt: skip


def _stuck(function: ast.FunctionDef) -> tuple[int, str] | None:
    opened: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.withitem)):
            call = node.value if isinstance(node, ast.Assign) else node.context_expr
            target = node.targets[0] if isinstance(node, ast.Assign) else node.optional_vars
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Popen") and isinstance(target, ast.Name):
                opened[target.id] = {
                    k.arg
                    for k in call.keywords
                    if k.arg in ("stdin", "stdout", "stderr") and ast.unparse(k.value).endswith("PIPE")
                }
    said = ast.unparse(function)
    if not opened or any(word in said for word in READERS):
        return None
    for name, pipes in opened.items():
        reads = {pipe: _first(function, name, pipe) for pipe in ("stdout", "stderr")}
        if pipes >= {"stdout", "stderr"} and reads["stdout"] and not 0 < reads["stderr"] < reads["stdout"]:
            return reads["stdout"], f"{name}.stdout is read to its end, and nobody empties {name}.stderr, a pipe too, meanwhile"
        waits = _called(function, name, "wait")
        unread = [pipe for pipe in ("stdout", "stderr") if pipe in pipes and not _used(function, name, pipe, waits)]
        if waits and unread and not _timed(function, name):
            return waits, f"{name}.wait() waits for the end of a process of which nobody empties {unread[0]}, a pipe"
    return None


def _first(function: ast.FunctionDef, name: str, pipe: str) -> int:
    """The first line that reads a pipe to its end: a loop over it, or read() without a length."""
    lines = []
    for node in ast.walk(function):
        if isinstance(node, (ast.For, ast.comprehension)) and f"{name}.{pipe}" in ast.unparse(node.iter):
            lines.append(node.iter.lineno)
        elif (
            isinstance(node, ast.Call)
            and not node.args
            and ast.unparse(node.func) in (f"{name}.{pipe}.{verb}" for verb in ("read", "readlines"))
        ):
            lines.append(node.lineno)
    return min(lines, default=0)


def _used(function: ast.FunctionDef, name: str, pipe: str, before: int) -> bool:
    """Does anything above a line take this pipe, be it to hand it on?"""
    return any(
        isinstance(n, ast.Attribute) and n.lineno < before and ast.unparse(n) == f"{name}.{pipe}" for n in ast.walk(function)
    )


def _called(function: ast.FunctionDef, name: str, method: str) -> int:
    return min(
        (n.lineno for n in ast.walk(function) if isinstance(n, ast.Call) and ast.unparse(n.func) == f"{name}.{method}"),
        default=0,
    )


def _timed(function: ast.FunctionDef, name: str) -> bool:
    """Does every wait have a limit?"""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and ast.unparse(n.func) == f"{name}.wait"]
    return all(n.args or n.keywords for n in calls)
