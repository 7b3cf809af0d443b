"""CI: tests that it leaves out, tests whose failure costs nothing, text of strangers that runs as shell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from session_ops.analysis.deployment_fixes import by_environment
from session_ops.discovery.aside import is_test
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.deployment.model import Step
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

RUNS_TESTS = regex(
    r"(?<![\w./-])(?:pytest|py\.test|unittest|nosetests|vitest|jest|mocha|bats|rspec|(?:npm|pnpm|yarn|bun)(?:\s+run)?\s+test(?!:?\w*(?:lint|type))"
    r"|go\s+test|cargo\s+(?:test|nextest)|rake\s+(?:test|spec)|tox|nox|make\s+(?:test|check)|uv\s+run\s+pytest)(?![\w/.=-])"
)
INSTALLS = regex(
    r"\b(?:pip3?|uv|npm|pnpm|yarn|bun|gem|cargo|apt(?:-get)?|brew|pipx|poetry)\s+(?:pip\s+)?(?:install|add|i)\b(?![^\n]*(?:&&|;))"
)
LEFT_OUT = regex(r"--(?:ignore(?:-glob)?|deselect|exclude|testPathIgnorePatterns)[= ]+[\"']?(?P<path>[^\s\"']+)")
FEWEST = 3
"""Test files that have to be left out before it is worth a word: one folder of tests with a service of their own is ordinary."""
DROPPED = regex(r"\|\|\s*(?:true|:|echo\b|exit\s+0|printf\b)|;\s*(?:true|exit\s+0)\s*$")
TEST_FILE = regex(r"\.(?:py|[cm]?[jt]sx?|go|rb|rs|sh|bats)$")


def lines_of(step: Step) -> Iterator[tuple[int, str]]:
    """The commands of a step with their lines; continued ones are joined at their first line."""
    joined, first = "", step.line
    for number, text in enumerate(step.run.split("\n")):
        if not joined:
            first = step.line + number
        if text.rstrip().endswith("\\"):
            joined += text.rstrip()[:-1] + " "
            continue
        yield first, joined + text
        joined = ""


def _files(tree: Tree, path: str) -> list[str]:
    """The test files that a path of the command line stands for."""
    clean = normal(path.split("::", maxsplit=1)[0].rstrip("/*"))
    inside = (p for p in tree.entries if p == clean or p.startswith(clean + "/"))
    return [
        p for p in inside if clean and TEST_FILE.search(p) and is_test(p) and not p.endswith(("__init__.py", "conftest.py"))
    ]


@rule("CI-IGNORES", gate=None, category="gap")
def tests_that_ci_leaves_out(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """CI or make runs the tests but leaves out many files of them, or goes on where they fail.

    Why: a green tick is taken for "all tests pass". What is left out may be broken for months, and where the status is dropped
    nothing is ever red. A step that is called "Verify …" and ends in `|| true` verifies nothing, and test scripts that are listed one by one leave
    out those which nobody added to the list. A release that no job tested is published as it is, and tests that somebody has to start by
    hand run when nobody thinks of them.
    Passes: fewer than three files, files that another step runs, tests that are kept out by a marker, and test
    steps beside one that can fail.
    Do: Take the files back into the test command, or mark single tests as skipped with a reason; remove `continue-on-error` and
    `|| true`, so that a failing test fails the job.
    Source: pytest, "Changing standard (Python) test discovery"; GitHub Actions, `continue-on-error`.
    """
    listed = list(_never_listed(tree, deployment))
    yield from listed
    toothless = list(_cannot_fail(tree, deployment))
    yield from toothless
    untested = [*_published_untested(tree, deployment), *_only_by_hand(tree)]
    yield from untested
    runs = [(s, line, text) for s in deployment.steps for line, text in lines_of(s) if s.run and RUNS_TESTS.search(text)]
    runs = [r for r in runs if not r[2].lstrip().startswith(("#", "echo")) and not INSTALLS.search(r[2])]
    if not runs and not listed and not toothless and not untested:
        raise NotApplicable("no CI step runs tests")
    for number, (step, line, text) in enumerate(runs):
        out = [f for m in LEFT_OUT.finditer(text) for f in _files(tree, m["path"])]
        others = [t for at, (_, _, t) in enumerate(runs) if at != number]
        left = sorted({f for f in out if not any(_covers(tree, other, f) for other in others)})
        if len(left) >= FEWEST:
            shown = ", ".join(left[:3])
            yield Finding(
                f"CI runs the tests without {len(left)} test files ({shown}{' …' if len(left) > 3 else ''})",
                tree.evidence(step.path, line),
                tuple(tree.evidence(path) for path in left[:8]),
                "What these files test can break with CI green.",
            )
    deaf = [(step, line) for step, line, text in runs if _deaf(step, text)]
    if runs and len(deaf) == len(runs):
        how = "continue-on-error" if _goes_on(deaf[0][0]) else "what follows `||`"
        yield Finding(
            f"The tests run, and {how} drops their failure",
            tree.evidence(deaf[0][0].path, deaf[0][1]),
            tuple(tree.evidence(step.path, line) for step, line in deaf[1:8]),
            "The job is green whatever the tests say.",
        )


_CHECKS = regex(r"^(?:verify|check|validate|ensure|assert|smoke)\b", re.IGNORECASE)
_LISTED = regex(
    r"(?<![\w./-])(?:\./)?(?P<path>(?:[\w.-]+/)+(?P<stem>test[_-])[\w.-]+(?P<end>\.(?:sh|py|bats|js|mjs|ts)))(?![\w/])"
)
_LINTS = regex(r"(?m)^.*\b(?:shellcheck|shfmt|chmod|ruff|eslint|prettier)\b.*$")
"""Lines that look at test files and run none."""
MANY = 5
"""Test files that are named one by one, from which on it is a list."""


_BY_HAND = regex(
    r"^[\"']?on[\"']?:[ \t]*(?:\[?[ \t]*workflow_dispatch[ \t]*\]?[ \t]*\n"
    r"|\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+workflow_dispatch:[^\n]*\n(?:(?:[ \t]{3,}[^\n]*|[ \t]*#[^\n]*|[ \t]*)\n)*(?=\S))",
    re.MULTILINE,
)
_FOR_TESTS = regex(r"^name:[ \t]*[\"']?(?:ci|tests?|unit tests?|continuous integration)\b", re.MULTILINE | re.IGNORECASE)
_TESTED = regex(r"\btests?\b|\b(?:tox|nox)\b|uses:[ \t]*\S+/\.github/workflows/\S*(?:ci|test|check|pipeline)", re.IGNORECASE)


def _only_by_hand(tree: Tree) -> Iterator[Finding]:
    """A workflow that is called CI or tests, starts only when somebody presses a button, and has no other beside it that tests."""
    workflows = {p: tree.text(p) for p in tree.entries if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", p)}
    waiting = {p: m for p, text in workflows.items() if _FOR_TESTS.search(text) and (m := _BY_HAND.search(text))}
    others = (text for p, text in workflows.items() if p not in waiting)
    if not waiting or any(_OTHER_CI.search(p) for p in tree.entries):
        return
    if any(re.search(r"\b(?:push|pull_request)\b", text) and _TESTED.search(text) for text in others):
        return
    first = min(waiting)
    yield Finding(
        "This is the only workflow that tests, and it starts only by hand",
        tree.evidence(first, workflows[first].count("\n", 0, waiting[first].start()) + 1),
        tuple(tree.evidence(p) for p in sorted(waiting)[1:6]),
        "Changes are merged and released without a test.",
    )


_PUBLISHES = regex(
    r"\b(?:npm|yarn|pnpm|cargo|poetry|uv|hatch|flit)\s+publish\b|\btwine\s+upload\b|\bgem\s+push\b|\bdocker\s+push\b|gh-action-pypi-publish|goreleaser"
    r"|build-push-action"
)
_OTHER_CI = regex(
    r"^(?:\.travis\.yml|\.circleci/|\.gitlab-ci\.yml|azure-pipelines|Jenkinsfile|\.buildkite/|\.drone\.yml|\.cirrus\.yml|appveyor)"
)


def _published_untested(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A step that publishes, where there are tests and no word of CI means any."""
    publishes = next((s for s in deployment.steps if _PUBLISHES.search(f"{s.run} {s.uses}")), None)
    if (
        publishes is None
        or not publishes.path.startswith(".github/workflows/")
        or any(_OTHER_CI.search(p) for p in tree.entries)
    ):
        return
    said = "\n".join(tree.text(p) for p in tree.entries if p.startswith(".github/") and p.endswith((".yml", ".yaml")))
    if re.search(
        r"\btest|\bcheck(?!out)|\bnox\b|\btox\b|\bverify\b|\bvalidate|\bmake\b|/\.github/workflows/", said, re.IGNORECASE
    ):
        return
    tests = [
        p
        for p in tree.entries
        if is_test(p) and re.search(r"(?:^|/)(?:test_\w+|\w+[._-](?:test|spec)s?)\.\w+$", p) and TEST_FILE.search(p)
    ]
    if len(tests) >= FEWEST:
        yield Finding(
            f"CI publishes, and no job runs the {len(tests)} test files",
            tree.evidence(publishes.path, publishes.line),
            tuple(tree.evidence(p) for p in tests[:3]),
            "What is broken is released all the same.",
        )


def _cannot_fail(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """Steps whose name says that they check something, and whose last command drops its status."""
    for step in deployment.steps:
        name = (step.values or {}).get("name", "")
        lines = [(n, t) for n, t in lines_of(step) if t.strip() and not t.lstrip().startswith("#")]
        if _CHECKS.match(name) and lines and all(re.search(r"\|\|\s*(?:true|:)\s*$", t) for _, t in lines):
            yield Finding(
                f"The step {name!r} cannot fail: `|| true` drops what it finds",
                tree.evidence(step.path, lines[0][0]),
                impact="The job is green whatever the check says.",
            )


def _never_listed(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """Test scripts beside those that a Makefile or a workflow names one by one, and that nothing names."""
    said = ""
    for path in [p for p in tree.entries if re.search(r"(?:^|/)[Mm]akefile$", p)] + sorted({s.path for s in deployment.steps}):
        text = tree.text(path)
        groups: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
        for match in _LISTED.finditer(text) if "test" in text else ():
            folder = match["path"].rpartition("/")[0]
            if match["path"] in tree.entries:
                groups[folder, match["stem"], match["end"]].setdefault(match["path"], text.count("\n", 0, match.start()) + 1)
        for (folder, stem, end), named in groups.items():
            beside = [
                p
                for p in tree.entries
                if p.rpartition("/")[0] == folder and re.fullmatch(rf"{stem}[\w.-]+{re.escape(end)}", p.rpartition("/")[2])
            ]
            others = [p for p in beside if p not in named]
            if len(named) < MANY or not others or len(others) > len(named) * 2:
                continue
            said = said or _LINTS.sub(
                "", "\n".join(tree.text(e.path) for e in tree.files() if e.language != "markdown" and not is_test(e.path))
            )
            if re.search(
                rf"{re.escape(folder)}/(?:{stem})?\*|\bfind\s+\S*{re.escape(folder.rpartition('/')[2])}\b|\b(?:pytest|bats)\s+{re.escape(folder)}/?\s",
                said,
            ):
                continue
            lost = [p for p in others if p.rpartition("/")[2] not in said]
            if lost:
                shown = ", ".join(p.rpartition("/")[2] for p in lost[:3]) + (" …" if len(lost) > 3 else "")
                yield Finding(
                    f"{path} names {len(named)} tests of {folder}/ one by one, and nothing runs the other {len(lost)} ({shown})",
                    tree.evidence(path, max(named.values())),
                    tuple(tree.evidence(p) for p in lost[:8]),
                    "What these test can break, and nothing turns red.",
                )


def _covers(tree: Tree, text: str, path: str) -> bool:
    """Does another test command run a file: by its path, or by all tests without leaving it out?"""
    if any(path in _files(tree, m["path"]) for m in LEFT_OUT.finditer(text)):
        return False
    words = [w.strip("\"'") for w in re.sub(r"--\S+", "", text).split() if "/" in w or TEST_FILE.search(w) or w in tree.folders]
    named = [normal(w.split("::")[0]) for w in words]
    named = [n for n in named if n in tree.folders or n in tree.entries]
    if not named:
        return "pytest" in text or "unittest" in text
    return any(path == n or path.startswith(n + "/") for n in named)


def _goes_on(step: Step) -> bool:
    return (step.values or {}).get("continue-on-error", "").lower() == "true"


def _deaf(step: Step, text: str) -> bool:
    after = text[RUNS_TESTS.search(text).end() :] if RUNS_TESTS.search(text) else ""  # type: ignore[union-attr]
    return _goes_on(step) or (bool(DROPPED.search(after)) and not re.search(r"\|\|\s*(?:echo|printf)\b.*exit\s+1", after))


# --- text of strangers ----------------------------------------------------------------------------------------------------------

FREE_TEXT = regex(
    r"\$\{\{[^}]*\b(?P<what>github\.head_ref|github\.event\.(?:(?:pull_request|issue|discussion)\.(?:title|body)|pull_request\.head\.(?:ref|label"
    r"|repo\.default_branch)|comment\.body|review\.body|review_comment\.body|head_commit\.(?:message|author\.(?:email|name))"
    r"|commits[^}]*?(?:message|email|name)|workflow_run\.(?:head_branch|head_commit\.message|display_title)|pages[^}]*?page_name))\b[^}]*\}\}"
)
HANDLED = regex(r"(?:toJSON|contains|startsWith|endsWith|hashFiles)\s*\(|==|!=", re.IGNORECASE)
WITH_SECRETS = regex(
    r"^\s*(?:pull_request_target|issue_comment|issues|discussion|discussion_comment|workflow_run|pull_request_review\w*)\s*:?|\bon:\s*\[?[^\n]*"
    r"(?:pull_request_target|issue_comment|issues|workflow_run)",
    re.MULTILINE,
)


@rule("SEC-WORKFLOW", gate="guard", category="security", fix=by_environment)
def strangers_text_as_shell(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A CI step splices a title, a comment or a branch name, which anybody may choose, into its shell command.

    Why: the expression is replaced before the shell starts, so a title such as `"; curl …` is a command. With pull_request_target,
    issues or comments it runs with the repository's token. Passes: the same text given by `env:` and used as "$TITLE".
    Do: Hand the text over by `env:` and use it as a value, `"$TITLE"` in shell or `process.env.TITLE` in github-script, with no
    `${{ … }}` inside the command.
    Source: GitHub, "Secure use reference", script injections.
    """
    if not deployment.steps:
        raise NotApplicable("no CI")
    for step in deployment.steps:
        script = (step.values or {}).get("with.script", "") if "github-script" in step.uses else ""
        text, first = (step.run, step.line) if step.run else (script, (step.places or {}).get("with.script", step.line))
        hits = [(n, m) for n, line in enumerate(text.split("\n")) for m in FREE_TEXT.finditer(line) if not HANDLED.search(m[0])]
        if not hits:
            continue
        lines = tree.lines(step.path)
        places = [_at(lines, first + n, m["what"]) for n, m in hits]
        risky = bool(WITH_SECRETS.search(tree.text(step.path)))
        yield Finding(
            f"`{hits[0][1]['what']}`, which a stranger may write, is spliced into a command",
            tree.evidence(step.path, places[0]),
            tuple(tree.evidence(step.path, place) for place in dict.fromkeys(places[1:8])),
            f"A title or name with shell characters runs on the runner{', with the token of the repository' if risky else ''}. Pass it by `env:`.",
            "likely" if risky else "possible",
        )


def _at(lines: list[str], near: int, what: str) -> int:
    """The line that says it, from where the text should be."""
    tries = [near, near + 1, near - 1, *range(max(1, near - 3), near + 12)]
    return next((line for line in tries if 1 <= line <= len(lines) and what in lines[line - 1]), near)
