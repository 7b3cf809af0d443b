"""Tests that the CI leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.registry import NotApplicable, rule

_RUNNER = re.compile(r"\b(?:pytest|py\.test|jest|vitest|mocha|bats|rspec|nose2|go\s+test|cargo\s+test|npm\s+(?:run\s+)?test)\b")
_LEFT_OUT = re.compile(
    r"--ignore(?:-glob)?[= ][\"']?(?P<ignored>[^\s\"']+)|--deselect[= ][\"']?(?P<deselected>[^\s\"']+)"
    r"|--(?:testPathIgnorePatterns|exclude|skip)[= ][\"']?(?P<excluded>[^\s\"']+)"
)
FEW = 2
"""As many may be left out without a word: one slow suite, one that needs a device."""


@rule("GAP-CI", gate=None, category="gap")
def tests_left_out(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """The CI leaves out test files by name, so that what they test may break unseen.

    Why: a green run then says less than it seems to; the files that are left out are mostly the ones that failed.
    Said from three on, or where half of the test files are left out; a job that runs just these passes.
    Source: docs.pytest.org, --ignore and --deselect.
    """
    steps = [s for s in deployment.steps if s.run and _RUNNER.search(s.run) and not is_aside(s.path)]
    if not steps:
        raise NotApplicable("the CI runs no tests that are known")
    for step in steps:
        names = [(m[m.lastgroup or 0], m.start()) for m in _LEFT_OUT.finditer(step.run)]
        there = [(name, at) for name, at in names if tree.exists(name.partition("::")[0].rstrip("/"))]
        elsewhere = "\n".join(s.run for s in steps if s is not step)
        lost = [
            (name, at)
            for name, at in there
            if not re.search(rf"(?<!ignore=)(?<!ignore )(?<!deselect=){re.escape(name.rstrip('/'))}", elsewhere)
        ]
        if len(lost) <= FEW:
            continue
        shown = ", ".join(name for name, _ in lost[:4]) + (f" and {len(lost) - 4} more" if len(lost) > 4 else "")
        line = step.line + step.run.count("\n", 0, lost[0][1])
        yield Finding(
            f"the job {step.job} leaves out {len(lost)} tests: {shown}",
            tree.evidence(step.path, line),
            impact="What these test may break, and the CI stays green.",
        )
