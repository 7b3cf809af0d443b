"""The reference graph: who names which file, and whether it is there."""

from __future__ import annotations

import posixpath
import re

from ast_grep_py import SgNode

from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.references.deploying import DeploymentReader
from session_ops.discovery.references.folders import starts_of
from session_ops.discovery.references.heredocs import doubted, read_heredocs
from session_ops.discovery.references.html import read_html
from session_ops.discovery.references.javascript import JavaScriptReader
from session_ops.discovery.references.markdown import DocReader
from session_ops.discovery.references.python import PythonReader
from session_ops.discovery.references.reference import Act, Base, Named, Place, Reference, Verdict
from session_ops.discovery.references.shell import Findings, ShellReader
from session_ops.discovery.references.shell_words import ROOT, UNKNOWN
from session_ops.discovery.references.verdict import Judge, judge_all
from session_ops.discovery.syntax import Syntax
from session_ops.patterns import regex
from session_ops.registry import fact

__all__ = ["Act", "Base", "Named", "Place", "Reference", "References", "Verdict", "references"]

References = tuple[Reference, ...]
_SOURCES = regex(r"(?m)(?:^|[\s;&|])(?:source|\.)[ \t]+(\S.*)$")


@fact
def references(tree: Tree, syntax: Syntax, docs: Docs, deployment: Deployment, manifests: Manifests) -> References:
    """Every place that names a file, with its verdict."""
    found = Findings.empty()
    judge = Judge(tree, found.created)
    project = posixpath.relpath(".", tree.prefix) if tree.prefix else ""
    read_shell_files(tree, syntax, judge, found, project)
    foreign = frozenset(d.name.replace("-", "_").lower() for m in manifests if m.ecosystem == "pip" for d in m.dependencies)
    python = PythonReader(tree, found, judge.exists, foreign)
    javascript = JavaScriptReader(tree, found, judge.exists)
    readers: dict[str, PythonReader | JavaScriptReader] = {
        "python": python,
        "javascript": javascript,
        "typescript": javascript,
        "tsx": javascript,
    }
    for entry in tree.files(*readers):
        root = syntax.root(entry.path)
        if root is not None:
            readers[entry.language].read(entry.path, root)
    inside = Findings.empty()
    modules = JavaScriptReader(tree, inside, judge.exists)
    read_heredocs(
        tree,
        syntax,
        {"python": PythonReader(tree, inside, judge.exists, foreign), "javascript": modules, "typescript": modules},
    )
    DeploymentReader(tree, found, judge.exists, project).read(deployment)
    found.named += read_html(tree)
    told = Findings([], found.created.copy(), set())  # what readers make by hand excuses the documents, not the code
    documents = DocReader(tree, told, judge.exists, project)
    for doc in docs:
        documents.read(doc)
    sure = judge_all((judge, found.named), (Judge(tree, told.created), told.named))
    return tuple(sorted(dict.fromkeys([*sure, *doubted(judge_all((judge, inside.named)))]), key=_place))


def _place(one: Reference) -> tuple[str, int, str, str, str]:
    return one.source, one.line, one.text, one.act, one.target


def read_shell_files(tree: Tree, syntax: Syntax, judge: Judge, found: Findings, project: str) -> None:
    """All shell scripts of the target."""
    entries = list(tree.files("shell", "zsh"))
    sourced = {
        name
        for entry in entries
        for rest in _SOURCES.findall(tree.text(entry.path))
        for name in re.findall(r"(?:^[\"']?|/)([\w.-]+)(?![\w./-])", rest)
    }

    def parse(path: str) -> SgNode | None:
        entry = tree.entries.get(path)
        return syntax.root(path) if entry is not None and entry.language == "shell" else None

    for entry in entries:
        root = syntax.root(entry.path)
        if root is None:
            continue
        own = f"{ROOT}/{entry.path}"
        first = tree.text(entry.path)[:200].split("\n", 1)[0]
        reader = ShellReader(
            entry.path, "shell", starts_of(entry.path), project, found, judge.exists, parse, script=entry.path,
            zero=UNKNOWN if posixpath.basename(entry.path) in sourced else own,
            errexit=bool(re.match(r"#!.*\s-\w*e", first)),
        )  # fmt: skip
        try:
            reader.read(root)
        except RecursionError:
            continue
