"""The fixes of a file that is named and not there: name the one that is meant, put it back, write it, or take out what names it."""

from __future__ import annotations

import ast
import posixpath
import re

from session_ops.analysis.brought_back import removed_in, with_needed
from session_ops.analysis.first_steps import rendered
from session_ops.analysis.repoint import repoint
from session_ops.analysis.taken_out import drop_branch, drop_hook, drop_icon, drop_sentence, drop_step
from session_ops.discovery.aside import is_document, is_test
from session_ops.discovery.files import Tree
from session_ops.discovery.history import History
from session_ops.discovery.manifests.setuptools import parse
from session_ops.discovery.references import Reference, References
from session_ops.model import Edit, Finding, Fix, NewFile
from session_ops.patterns import regex

NAMED = 6
"""Files that the title of a fix names."""
TESTS = regex(r"(?:^|/)(?:tests?|spec|ci|scripts?)/[\w-]*(?:smoke|run[-_]?(?:all|tests?)|tests?|check|all)[\w-]*\.(?:sh|bash)$")
LISTED = 60


def for_run(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    """The fix where code runs, sources or reads a file that is not there."""
    return _found(finding, tree, references, history) or drop_branch(finding, tree) or drop_icon(finding, tree)


def for_hook(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    """The fix where a hook starts a script that is not there."""
    return _found(finding, tree, references, history) or drop_hook(finding, tree)


def for_ship(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    """The fix where a deployment file names a path that is not there."""
    return _found(finding, tree, references, history) or drop_step(finding, tree)


def for_doc(finding: Finding, tree: Tree, references: References) -> Fix | None:
    """The fix where a document names a file that is not there."""
    return repoint(finding, tree, references) or drop_sentence(finding, tree)


def for_import(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    """The fix where a module imports another that is not there."""
    return (
        _found(finding, tree, references, history) or _stand_in(finding, tree) or _leftover(finding, tree, references, history)
    )


def _found(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    return (
        repoint(finding, tree, references)
        or _restored(finding, tree, references, history)
        or _test_script(finding, tree, references)
    )


def _lost(finding: Finding, references: References) -> list[Reference]:
    places = {(at.path, at.line) for at in (finding.at, *finding.also)}
    return [r for r in references if r.verdict == "missing" and (r.source, r.line) in places and r.target]


def _restored(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    """Bring back what a commit removed, as it last was, and what that needs in turn and was removed too."""
    files = with_needed((reference.target for reference in _lost(finding, references)), tree, history)
    if not files:
        return None
    paths = sorted(files)
    commits = ", ".join(dict.fromkeys(files[path].commit[:8] for path in paths))
    names = ", ".join(paths[:NAMED]) + (f" and {len(paths) - NAMED} that they need" if len(paths) > NAMED else "")
    why = f"It is the content before commit {commits}, and it is still needed."
    return Fix(f"Bring {names} back", (finding.id,), "review", creates=tuple(files[path].new for path in paths), why=why)


def _leftover(finding: Finding, tree: Tree, references: References, history: History) -> Fix | None:
    """Delete a module that cannot load since a commit removed what it imports, where nothing names it any more."""
    path = finding.at.path
    lost = [r for r in _lost(finding, references) if r.fatal]
    commits = [removed_in(history, r.target) for r in lost]
    stem = posixpath.basename(path).partition(".")[0]
    named = re.compile(rf"(?<![\w-]){re.escape(stem)}(?![\w-])")
    if finding.confidence == "possible" or not commits or not all(commits) or any(r.source != path for r in lost):
        return None
    others = (e for e in tree.files() if e.path != path and not (e.language == "json" and is_document(e.path)))
    if any(stem in (text := tree.text(e.path)) and named.search(text) for e in others):
        return None
    why = f"Commit {commits[0][:8]} removed {lost[0].target}, without which it does not load, and nothing names it any more."
    return Fix(f"Delete {path}, a leftover", (finding.id,), "review", deletes=(path,), why=why)


def _test_script(finding: Finding, tree: Tree, references: References) -> Fix | None:
    """Write the test script that make or CI starts, where the tree has no test at all."""
    wanted = {r.target for r in _lost(finding, references) if r.place in ("makefile", "ci", "manifest") and r.act == "run"}
    if len(wanted) != 1 or any(is_test(p) for p in tree.entries):
        return None
    path = wanted.pop()
    if not TESTS.search("/" + path) or path.startswith(".."):
        return None
    shell = [e.path for e in tree.files("shell") if re.fullmatch(r"[\w./-]+", e.path)][:LISTED]
    python = [e.path for e in tree.files("python") if re.fullmatch(r"[\w./-]+", e.path)][:LISTED]
    if not shell:
        return None
    up = "/".join([".."] * path.count("/")) or "."
    text = rendered("smoke.sh.j2", up=up, shell=shell, python=python)
    why = "It looks whether every script parses; add a case for each command."
    return Fix(f"Write {path}", (finding.id,), "review", creates=(NewFile(path, text, executable=True),), why=why)


def _stand_in(finding: Finding, tree: Tree) -> Fix | None:
    """Let a module of Python go on without another whose functions only make text for its output."""
    path, line = finding.at.path, finding.at.line
    module = parse(tree.text(path)) if path.endswith(".py") and not finding.also else None
    node = next((n for n in (module.body if module else []) if n.lineno == line), None)
    if (
        module is None
        or not isinstance(node, ast.ImportFrom)
        or node.end_lineno != line
        or any(a.asname or a.name == "*" for a in node.names)
    ):
        return None
    names = {a.name for a in node.names}
    printed = {
        call.func.id
        for part in ast.walk(module) if isinstance(part, ast.FormattedValue)
        for call in ast.walk(part) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }  # fmt: skip
    used = [n for n in ast.walk(module) if isinstance(n, ast.Name) and n.id in names]
    inside = sum(
        isinstance(c, ast.Name) and c.id in names
        for p in ast.walk(module)
        if isinstance(p, ast.FormattedValue)
        for c in ast.walk(p)
    )
    if not used or names - printed or inside != len(used):
        return None
    text = tree.lines(path)[line - 1]
    made = "\n\n".join(f'    def {name}(*_args, **_kwargs):\n        return ""' for name in sorted(names))
    new = f"try:\n    {text}\nexcept ImportError:  # not part of this tree\n\n{made}\n"
    why = f"Without {posixpath.basename(node.module or '')} its place in the output stays empty."
    return Fix(
        f"Let {path} go on without {node.module or '.'}", (finding.id,), "review", (Edit(path, text, new, line),), why=why
    )
