"""zizmor: workflows that run what a stranger wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import rule

_OUTSIDE = regex(
    r"^\s*['\"]?on['\"]?\s*:.*?\b(?:issues|issue_comment|pull_request_target|pull_request_review|pull_request_review_comment|discussion|discussion_comment"
    r"|workflow_run|fork|watch)\b.*?^jobs\s*:",
    re.MULTILINE | re.DOTALL,
)
"""Events that a stranger starts and whose workflow has the repository's own token; a plain pull_request from a fork has not."""


_FREE = regex(
    r"\$\{\{[^}]*\bgithub\.(?:head_ref\b|event\.[\w.*\[\]]*?\b(?:body|default_branch|email|head_branch|display_title|label|message|name|page_name|ref|title)\b)"
)
"""Contexts that hold free text of strangers; a sha, a number or a name of the repository's own is none."""


def parse(output: str) -> Iterator[Remark]:
    """Remarks from `zizmor --format json` (v1); rows count from 0 there."""
    for said in json.loads(output):
        places = [place for place in said["locations"] if place["symbolic"]["kind"] == "Primary"] or said["locations"]
        key = places[0]["symbolic"]["key"].get("Local")
        if key is None:
            continue
        sure = said["determinations"]["severity"] == said["determinations"]["confidence"] == "High"
        row = places[0]["concrete"]["location"]["start_point"]["row"]
        yield Remark(key.get("verbatim_path") or key["given_path"], row + 1, said["ident"], said["desc"], sure=sure)


def workflows(tree: Tree) -> Iterable[str]:
    """Workflows that GitHub reads: those at the top of the repository."""
    return (e.path for e in tree.files("yaml") if not tree.prefix and re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", e.path))


LINTER = Linter(
    "zizmor",
    "zizmor",
    workflows,
    ("--offline", "--no-config", "--no-exit-codes", "--no-progress", "--quiet", "--format=json", "--"),
    parse,
    below=".github/workflows",
)


@rule("LINT-ZIZMOR", gate=None, category="deploy-config")
def zizmor(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """A workflow runs text that a stranger wrote (zizmor); what else zizmor says is advice.

    Why: `${{ github.event.issue.title }}` in a script is replaced before the shell reads it, so that a title becomes a command. It is a defect
    where zizmor is sure of it and the workflow is started by an event that any stranger can cause; unpinned actions and the like are advice.
    Do: Change the workflow as zizmor's message says: hand strangers' text over by `env:`, pin actions to a commit, and give the
    token only the permissions that the job needs.
    Source: zizmor, audit template-injection; GitHub, "Script injections" in the security guide of Actions.
    """
    report = linters.report("zizmor")

    def judge(remark: Remark) -> Finding | None:
        found = breach("zizmor", remark.code)
        if found is None or not remark.sure or not _OUTSIDE.search(tree.text(remark.path)) or not _free(tree, remark):
            return None
        message = "text that a stranger writes becomes part of a command of this workflow"
        at = tree.evidence(remark.path, remark.line)
        return Finding(message, at, impact=found.impact, confidence=found.confidence, gate=found.gate)

    yield from findings(tree, report, "zizmor", judge)


def _free(tree: Tree, remark: Remark) -> bool:
    return _FREE.search(tree.lines(remark.path)[remark.line - 1]) is not None
