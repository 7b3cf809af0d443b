"""Programs in Python and JavaScript that print their error and end with the status 0."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_test, not_deployed
from session_ops.discovery.callers import Callers
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

TOP = r"(?m)^(?:await\s+|void\s+)?(?:main|run|start|cli|bootstrap|init|program)\([^()\n]*\)"
JS_CATCH = regex(
    rf"{TOP}(?:\s*\.(?:then|finally)\((?:[^()]|\([^()]*\))*\))*\s*\.catch\(\s*(?P<handler>console\.\w+\s*\)|(?:async\s*)?(?:\(?\w*(?::\s*\w+)?\)?)\s*=>\s*)"
)
ENDS = regex(
    r"process\.(?:exit|exitCode|abort|kill)|\bexit\w*\(|throw\b|reject\(|Deno\.exit|die\(|fail\(|fatal\(", re.IGNORECASE
)
HOOKS = regex(r"(?:^|/)hooks?/|hook", re.IGNORECASE)


@rule("ERR-EXITZERO", gate="start", category="error-handling")
def fails_with_success(tree: Tree, manifests: Manifests, callers: Callers) -> Iterator[Finding]:
    """A program catches every error of its main function, prints it, and ends with the status 0.

    Why: a shell's `&&`, CI, a hook, a scheduler and an agent look at the status: to them the work is done. `main().catch(console.error)` is the
    usual form in JavaScript; in Python it is `except Exception as e: print(e)` around all of main(). An error that nobody catches would have
    ended the program with 1. Passes: handlers that exit, raise or return a status, hooks of agents (they must not stand in the way), tests.
    Do: End with a status: `process.exitCode = 1` in the handler, `sys.exit(1)` or `raise` in Python.
    Source: POSIX.1-2024, Shell & Utilities 2.8.2; nodejs.org, process.exitCode; Python, sys.exit.
    """
    code = [
        e
        for e in tree.files("javascript", "typescript", "python")
        if not not_deployed(e.path) and not is_test(e.path) and not HOOKS.search(e.path)
    ]
    if not code:
        raise NotApplicable("no program in Python or JavaScript")
    entries = _entries(manifests)
    for entry in code:
        text = tree.text(entry.path)
        if entry.vendored or entry.ignored:
            continue
        line = _python(text) if entry.language == "python" else _script(text)
        if not line:
            continue
        name = posixpath.splitext(posixpath.basename(entry.path))[0]
        who = callers.headless(entry.path) or ("whoever installs it" if name in entries else "")
        yield Finding(
            "whatever goes wrong, the error is printed and the program ends with the status 0",
            tree.evidence(entry.path, line),
            impact=f"{who[:1].upper() + who[1:]} takes a failed run for a good one."
            if who
            else "Who starts it takes a failed run for a good one.",
            confidence="likely" if who else "possible",
        )


def _entries(manifests: Manifests) -> frozenset[str]:
    """Base names of the modules that manifests start as commands."""
    values = [e.value for m in manifests for e in m.entry_points if e.kind in ("script", "bin")]
    return frozenset(
        posixpath.splitext(posixpath.basename(v.partition(":")[0].replace(".", "/") if ":" in v else v))[0] for v in values
    )


def _script(text: str) -> int:
    if ".catch(" not in text:
        return 0
    match = JS_CATCH.search(text)
    if match is None:
        return 0
    handler = match["handler"]
    if not handler.startswith("console"):
        rest = text[match.end() : match.end() + 1500]
        body = rest[: _end(rest)]
        if "console." not in body or ENDS.search(body):
            return 0
    elif re.search(r"process\.on\(\s*['\"]uncaught|process\.exitCode", text):
        return 0
    return text.count("\n", 0, match.start("handler")) + 1


def _end(text: str) -> int:
    deep = 0
    for match in re.finditer(r"[(){}]", text):
        deep += 1 if match[0] in "({" else -1
        if deep < 0:
            return match.start()
    return len(text)


def _python(text: str) -> int:
    if "__main__" not in text or "except" not in text or "def main" not in text:
        return 0
    module = parse(text)
    if module is None:
        return 0
    main = next((n for n in module.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == "main"), None)
    if main is None:
        return 0
    body = [n for n in main.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    last = body[-1] if body else None
    if not isinstance(last, ast.Try) or not any(isinstance(n, ast.Call) for one in last.body for n in ast.walk(one)):
        return 0
    for handler in last.handlers:
        if handler.type is not None and not (
            isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
        ):
            continue
        inner = [n for one in handler.body for n in ast.walk(one)]
        calls = [ast.unparse(n.func) for n in inner if isinstance(n, ast.Call)]
        ends = any(
            isinstance(n, ast.Raise | ast.Continue) or (isinstance(n, ast.Return) and n.value is not None) for n in inner
        )
        if (
            not ends
            and any(re.search(r"print|log|echo|write", c) for c in calls)
            and not any(re.search(r"exit|fail|die|abort|quit", c) for c in calls)
        ):
            return handler.lineno
    return 0
