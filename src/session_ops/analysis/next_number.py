"""Ids that are the next free number: found by a look at what is there, and written under afterwards."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from session_ops.analysis.imported import with_import
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies, Source
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.discovery.mechanism import Mechanism
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule, split_lines

LISTS = frozenset(("glob", "rglob", "iglob", "iterdir", "listdir", "scandir"))
SHARED = regex(r"task|session|agent|job|ticket|claim|message|worker|mission|handoff|request|issue|run_?id", re.IGNORECASE)
"""What several sessions make beside each other; a migration or a picture is numbered by one person."""
ALONE = regex(
    r"flock|lockf|O_EXCL|\block\w*\(|Lock\(|\.lock\b|\bmkdir\((?![^)]*(?:exist_ok|recursive))|os\.mkdir\(|open\([^)\n]*[\"']x|mkstemp|['\"]wx['\"]|proper-lockfile"
    r"|acquire|with\s+\w*_?lock|\bset -C\b|noclobber|^\s*(?:if\s+|until\s+|while\s+)?!?\s*mkdir\s+(?!-p)",
    re.IGNORECASE | re.MULTILINE,
)
"""A lock, or a creation that fails where somebody was faster."""
WRITES = regex(r"write|save|dump|store|create|touch|mkdir|open", re.IGNORECASE)
MOST = 4
_COUNTED = regex(
    r"^[ \t]*(?:local\s+|export\s+|readonly\s+)?(?P<name>\w+)=[\"']?\$\(\s*(?:ls|find)\b(?P<what>[^\n)]*)\|(?P<how>[^\n]*)\)",
    re.MULTILINE,
)
_TAKES_LAST = regex(r"\bwc\s+-l|\btail\s+-n?\s*-?1\b|\bsort\b|\bhead\s+-n?\s*-?1\b")
_JS_NEXT = regex(r"\.length\s*\+\s*1\b|Math\.max\([^;\n]*\)\s*\+\s*1\b|\b(?:max|last|highest)\w*\s*\+\s*1\b", re.IGNORECASE)
_JS_WRITES = regex(r"\b(?:writeFile|outputFile|outputJson|writeJson|mkdir|ensureDir)(?:Sync)?\(")


def one_at_a_time(finding: Finding, tree: Tree) -> Fix | None:
    """Hold a lock from the look for a free number to the writing under it; for functions of Python that join a folder and the number."""
    path, line = finding.at.path, finding.at.line
    folder, name = finding.data.get("folder", ""), finding.data.get("name", "")
    module = parse(tree.text(path)) if path.endswith(".py") and folder else None
    functions = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)] if module is not None else []
    around = next((f for f in functions if any(s.lineno == line for s in f.body)), None)
    added = with_import(tree, path, "fcntl") if around is not None else None
    if around is None or added is None or around.end_lineno is None:
        return None
    lines = tree.lines(path)[line - 1 : around.end_lineno]
    if any('"""' in text or "'''" in text or text.endswith("\\") for text in lines):
        return None
    lead = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    opened = f'{folder} / ".next.lock"' if finding.data["joined"] == "/" else f'os.path.join({folder}, ".next.lock")'
    held = (
        f'{lead}with open({opened}, "a") as alone:  # one at a time, from the look for a free number to the writing',
        f"{lead}    fcntl.flock(alone, fcntl.LOCK_EX)",
    )
    new = "\n".join((*held, *(f"    {text}" if text.strip() else text for text in lines)))
    why = f"Of two that look for the next {name} at once one waits until the other has written its own."
    return Fix(
        f"Number one {name} at a time in {path}",
        (finding.id,),
        "review",
        (*added, Edit(path, "\n".join(lines), new, line)),
        why=why,
    )


@rule("ID-NEXT", gate="coordinate", category="state", fix=one_at_a_time)
def next_free_number(bodies: Bodies, mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """The id of a new task or session is the highest one that is there plus one, and nothing keeps another from taking it too.

    Why: between the look at the folder and the writing another process looks too and finds the same number; both write the same file, and
    the first task, session or message is gone without a word. Passes: numbers taken under a lock or by a creation that fails where the file
    exists (O_EXCL, mode `x` or `wx`, mkdir without -p), and what one person numbers (migrations, pictures, runs of an experiment).
    Do: Take a name that nobody else can have (uuid4, `mktemp`), or look and write under one lock; or create the file with O_EXCL and
    try the next number where it is there.
    Source: open(2), O_CREAT with O_EXCL; CWE-367, time-of-check time-of-use race condition.
    """
    many, looked = 0, False
    for entry in tree.files("python", "shell", "javascript", "typescript"):
        text = tree.text(entry.path)
        if not_deployed(entry.path) or "1" not in text or many >= MOST:
            continue
        find = {"python": _python, "shell": _shell}.get(entry.language, _script)
        for finding in find(entry.path, tree, bodies):
            looked = True
            if mechanism.uses or SHARED.search(finding.message):
                many += 1
                yield finding
    if not looked:
        raise NotApplicable("nothing is numbered by what is there")


def _found(tree: Tree, path: str, line: int, what: str, also: int, data: dict[str, str] | None = None) -> Finding:
    return Finding(
        f"the number of {what} is the next one after those that are there, and nothing keeps another process from taking it too",
        at=tree.evidence(path, line),
        also=(tree.evidence(path, also),) if also and also != line else (),
        impact="Two that are made at once get the same id, and one overwrites the other.",
        confidence="likely" if SHARED.search(what) else "possible",
        data=data or {},
    )


# Python


def _python(path: str, tree: Tree, _: Bodies) -> Iterator[Finding]:
    text = tree.text(path)
    if "+ 1" not in text or not any(word in text for word in LISTS):
        return
    module = parse(text)
    functions = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)] if module is not None else []
    counting = {f.name: line for f in functions if (line := _counts(f))}
    if not counting:
        return
    lines = split_lines(text)

    def alone(function: ast.FunctionDef) -> bool:
        return bool(ALONE.search("\n".join(lines[function.lineno - 1 : function.end_lineno])))

    for function in functions:
        for number, statement in enumerate(function.body):
            called = _called(statement)
            if called is None or called[1] not in counting:
                continue
            name, counter = called
            counted = next(f for f in functions if f.name == counter)
            if alone(function) or alone(counted):
                continue
            where = _path_with(function.body[number + 1 :], name)
            if where is None:
                continue
            folder, joined = where
            patterns = _patterns(counted)
            # a lock file beside them must not be counted
            safe = (
                folder is not None
                and _settled(folder, function, name)
                and bool(patterns)
                and not any(p.startswith("*") for p in patterns)
            )
            data = {
                "folder": ast.unparse(folder) if folder is not None and safe else "",
                "joined": joined,
                "name": _noun(counter, function.name, *patterns),
            }
            what = f"`{name}` in {function.name}" + (f" ({patterns[0]})" if patterns else "")
            yield _found(tree, path, statement.lineno, what, counting[counter], data)


def _counts(function: ast.FunctionDef) -> int:
    """The line on which a function gives the number after those that a folder holds; 0 where it does not."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
    if not any(isinstance(c.func, ast.Attribute) and c.func.attr in LISTS for c in calls):
        return 0
    if not any(isinstance(c.func, ast.Name) and c.func.id in ("max", "len", "int", "sorted") for c in calls):
        return 0
    raised = {
        target.id
        for n in ast.walk(function) if isinstance(n, ast.Assign) and _plus_one(n.value)
        for target in n.targets if isinstance(target, ast.Name)
    }  # fmt: skip
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            if _plus_one(node.value) or names & raised:
                return node.lineno
    return 0


def _plus_one(node: ast.expr) -> bool:
    return any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add) and isinstance(n.right, ast.Constant) and n.right.value == 1
        for n in ast.walk(node)
    )


def _called(statement: ast.stmt) -> tuple[str, str] | None:
    """Variable and function of `x = next_id(…)`."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or not isinstance(statement.value, ast.Call):
        return None
    target, func = statement.targets[0], statement.value.func
    name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
    return (target.id, name) if isinstance(target, ast.Name) and name else None


def _path_with(statements: list[ast.stmt], name: str) -> tuple[ast.expr | None, str] | None:
    """The folder of a path that holds the number and is written, and how it is joined; None where no such path is written."""
    if not any(
        isinstance(n, ast.Call) and WRITES.search(n.func.id if isinstance(n.func, ast.Name) else getattr(n.func, "attr", ""))
        for s in statements
        for n in ast.walk(s)
    ):
        return None
    for node in (n for s in statements for n in ast.walk(s)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _holds(node.right, name):
            return node.left, "/"
        func = node.func if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not isinstance(func, ast.Attribute) or func.attr not in ("join", "joinpath"):
            continue
        if any(_holds(argument, name) for argument in node.args[-1:]):
            only = func.attr == "join" and len(node.args) == 2
            return (node.args[0], "join") if only else (None, "")
    return None


def _holds(node: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _settled(folder: ast.expr, function: ast.FunctionDef, name: str) -> bool:
    """Is the folder known before the number is looked for?"""
    given = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
    made = {n.id for s in function.body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    used = {n.id for n in ast.walk(folder) if isinstance(n, ast.Name)}
    return name not in used and not (used & made) | (used & given & made)


def _patterns(counter: ast.FunctionDef) -> list[str]:
    """The patterns of the files that it looks at; empty where it looks at all."""
    calls = [
        c for c in ast.walk(counter) if isinstance(c, ast.Call) and isinstance(c.func, ast.Attribute) and c.func.attr in LISTS
    ]
    given = [c.args[0] for c in calls if c.args]
    return (
        [p.value for p in given if isinstance(p, ast.Constant) and isinstance(p.value, str)] if len(given) == len(calls) else []
    )


def _noun(*names: str) -> str:
    return next((m[0].lower() for one in names if (m := SHARED.search(one))), "number")


# shell


def _shell(path: str, tree: Tree, bodies: Bodies) -> Iterator[Finding]:
    text = tree.text(path)
    if "$(ls" not in text.replace("$( ", "$(") and "$(find" not in text.replace("$( ", "$("):
        return
    source = bodies.source(path)
    for match in _COUNTED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        body = source.body_at(line)
        last = body.last if body is not None else line + 40
        around = "\n".join(tree.lines(path)[(body.first - 1 if body is not None else max(line - 40, 0)) : last])
        rest = "\n".join(tree.lines(path)[line:last])
        name = match["name"]
        raised = re.search(rf"(?:(?P<next>\w+)=[\"']?)?[^\n]*\$\(\(\s*(?:10#)?\$?\{{?{name}\}}?\s*\+\s*1\s*\)\)", rest)
        if not _TAKES_LAST.search(match["how"]) or raised is None or ALONE.search(around):
            continue
        given = raised["next"]
        made = rest[raised.end() :] if given else raised[0]
        named = rf"\$\{{?{given}\b" if given else r"\$\(\("
        if re.search(rf"(?:>\s*|\bmkdir\s+-p\s+|\btouch\s+|\btee\s+|\bcp\s[^\n]*\s)[\"']?[^\s\"'|;&]*{named}", made) or (
            given and (made_of := re.search(rf"^\s*(?:local\s+)?(?P<as>\w+)=[^\n]*\$\{{?{given}\b", made, re.MULTILINE))
            and re.search(rf"(?:>\s*|\bmkdir\s+-p\s+|\btouch\s+)[\"']?[^\s\"'|;&]*\$\{{?{made_of['as']}\b", made)
        ):  # fmt: skip
            yield _found(
                tree,
                path,
                line,
                f"`{given or name}`, counted from {match['what'].strip()[:60]},",
                line + rest.count("\n", 0, raised.end()),
            )


# JavaScript


def _script(path: str, tree: Tree, bodies: Bodies) -> Iterator[Finding]:
    text = tree.text(path)
    if "readdir" not in text or not _JS_NEXT.search(text):
        return
    source: Source = bodies.source(path)
    texts = {body: source.body_text(body) for body in source.bodies}
    for body, own in texts.items():
        found = _JS_NEXT.search(own)
        if (
            "readdir" not in own
            or found is None
            or ALONE.search(own)
            or any(b.first > body.first and b.last <= body.last and "readdir" in t for b, t in texts.items())
        ):
            continue
        line = body.first + own.count("\n", 0, found.start())
        if _JS_WRITES.search(own, found.end()):
            yield _found(tree, path, line, f"`{body.name}`", 0)
            continue
        called = re.compile(rf"(?<![\w$]){re.escape(body.name)}\(")
        for other, its in texts.items():
            at = called.search(its)
            if other is not body and at and _JS_WRITES.search(its, at.end()) and not ALONE.search(its):
                yield _found(
                    tree, path, line, f"`{body.name}`, taken in {other.name},", other.first + its.count("\n", 0, at.start())
                )
                break
