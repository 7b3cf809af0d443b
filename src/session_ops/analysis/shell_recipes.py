"""Shell in workflows and makefiles, which start their own shells with options of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from session_ops.analysis.headless import folded
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.files import Tree
from session_ops.model import Confidence, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

WORKFLOW = regex(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$|(?:^|/)action\.ya?ml$")
PIPED = regex(r"^(?P<first>[^#|\n]*[\w\"')}][^#|\n]*?)\s*(?<!\|)\|(?!\|)\s*(?:\\\s*)?(?P<last>tee)\b(?P<rest>[^|;&\n]*)$")
QUIET = regex(r"^\s*(?:-\s+)?(?:run:\s*)?[@-]*\s*(?:sudo\s+)?(?:echo|printf|cat|date|env|ls)\b")
HARDLY_FAILS = regex(
    r"(?:sudo\s+)?(?:sha\d*sum|shasum|md5sum|cksum|find|du|df|tree|sort|uname|nproc|ps|id|git\s+(?:log|diff|status|describe|rev-parse|ls-files|branch|tag|show))\b"
)
"""Commands that only tell what is there."""
PIPEFAIL = regex(r"pipefail|PIPESTATUS|^\s*(?:-\s+)?shell:\s*[\"']?bash\b", re.MULTILINE)


@dataclass(frozen=True)
class Piped:
    """A pipeline whose last member hides the status of the first."""

    line: int
    what: str
    where: str
    old: str = ""
    new: str = ""
    confidence: Confidence = "likely"


def ask_for_pipefail(finding: Finding, tree: Tree) -> Fix | None:
    """Let the step run under pipefail; a finding that speaks for several places has no fix."""
    return (
        None
        if finding.also
        else rewritten(
            finding,
            tree,
            "Let the pipeline fail where its first command fails",
            "review",
            "A run that was green may turn red: it failed before and nobody saw it.",
        )
    )


@rule("SHELL-TEE", gate="start", category="error-handling", fix=ask_for_pipefail)
def green_whatever_happens(tree: Tree) -> Iterator[Finding]:
    """A step of CI or make pipes its command into tee, so that it succeeds whatever the command did.

    Why: GitHub starts a step without `shell:` as `bash -e`, and make its recipes as `sh -c`: both without pipefail, so the status is that
    of tee. Tests that fail are green. Passes: `shell: bash` (which GitHub starts with pipefail), `set -o pipefail`, `.SHELLFLAGS`,
    PIPESTATUS, text that is only shown, steps that switch `set -e` off before.
    Do: Switch pipefail on: `shell: bash` in GitHub Actions, `set -o pipefail` at the start of another step,
    `.SHELLFLAGS := -o pipefail -ec` with `SHELL := bash` in make.
    Source: GitHub Actions, workflow syntax, jobs.<job_id>.steps[*].shell; GNU make's manual, 5.3.
    """
    files = [e.path for e in tree.files("yaml", "makefile") if WORKFLOW.search(e.path) or e.language == "makefile"]
    if not files:
        raise NotApplicable("no workflow and no makefile")
    yield from folded(
        [
            Finding(
                f"the status of this {piped.where} is that of `tee`, whatever `{piped.what}` did: pipefail is off",
                at=tree.evidence(path, piped.line),
                impact="It succeeds although the command failed.",
                confidence=piped.confidence,
                data={"old": piped.old, "new": piped.new} if piped.old else {},
            )
            for path in files
            if "tee" in tree.text(path)
            for piped in _piped(tree, path)
        ]
    )


def _goes_on(lines: list[str], row: int) -> bool:
    """Did the step switch `set -e` off above the line, so that its own last command says how it ends?"""
    deep = len(lines[row]) - len(lines[row].lstrip())
    for line in reversed(lines[:row]):
        if line.strip() and len(line) - len(line.lstrip()) < deep:
            return False
        if re.match(r"\s*set\s+\+\w*e", line):
            return True
    return False


def _piped(tree: Tree, path: str) -> Iterator[Piped]:
    text, lines = tree.text(path), tree.lines(path)
    workflow = WORKFLOW.search(path) is not None
    if PIPEFAIL.search(text) or (workflow and "windows" in text and "pwsh" in text) or ".SHELLFLAGS" in text:
        return
    for row, line in enumerate(lines):
        match = PIPED.match(line) if len(line) < 2000 and "tee" in line else None
        if match is None or QUIET.match(line) or "GITHUB_" in match["rest"] or "/dev/stderr" in match["rest"]:
            continue
        if not workflow and not line.startswith("\t"):
            continue
        if re.match(r"\s*(?:if|while|for|\w+=)\b", line):
            continue
        following = next((x for x in lines[row + 1 :] if x.strip()), "")
        if (
            workflow
            and not re.match(r"\s*-?\s*run:", line)
            and len(following) - len(following.lstrip()) >= len(line) - len(line.lstrip())
            and re.search(r"\$\?", following)
        ):
            continue
        first = row
        while first > 0 and lines[first - 1].rstrip().endswith("\\"):
            first -= 1
        if workflow and _goes_on(lines, first):
            continue
        whole = lines[first] if first < row else match["first"]
        command = re.sub(r"^\s*(?:-\s+)?(?:run:\s*)?[@-]*\s*", "", whole).strip("\"' ")
        sure: Confidence = (
            "possible" if HARDLY_FAILS.match(re.sub(r"^[({ ]+(?:cd\s[^;&]+(?:;|&&)\s*)?", "", command)) else "likely"
        )
        single = re.match(r"(\s*(?:-\s+)?run:\s+)(\S.*)$", line) if workflow else None
        yield Piped(
            row + 1,
            " ".join(command.split()[:2]),
            "step" if workflow else "recipe",
            old=single[2] if single and single[2][0] not in "|>\"'" else "",
            new=f"set -o pipefail; {single[2]}" if single and single[2][0] not in "|>\"'" else "",
            confidence=sure,
        )
