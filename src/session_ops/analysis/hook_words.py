"""What a hook of an agent says, and where the agent listens for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.agent_host import hook_scripts
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

REFUSES = frozenset(("PreToolUse", "UserPromptSubmit", "Stop", "SubagentStop", "PermissionRequest"))
"""Events at which the status 2 stops something, and the agent is told why."""
SHELL_SAYS = regex(r"^\s*(?:echo|printf)\s")
SHELL_ENDS = regex(r"^\s*exit\s+2\b")
PYTHON_SAYS = regex(r"^\s*(?:print|typer\.echo|click\.echo)\(")
PYTHON_ENDS = regex(r"^\s*(?:(?:sys\.)?exit\(2\)|raise\s+(?:SystemExit|typer\.Exit)\((?:code=)?2\))")
NODE_SAYS = regex(r"^\s*console\.(?:log|info)\(")
NODE_ENDS = regex(r"^\s*process\.exit\(2\)")
ASIDE = regex(r">&2|/dev/stderr|>\s*[\"'$/\w]|>>|\|\s*\w|sys\.stderr|err=True|stderr")
FORMS = {
    "shell": (SHELL_SAYS, SHELL_ENDS), "python": (PYTHON_SAYS, PYTHON_ENDS),
    "javascript": (NODE_SAYS, NODE_ENDS), "typescript": (NODE_SAYS, NODE_ENDS),
}  # fmt: skip
REDIRECTED = regex(r"(?m)^\s*exec\s+(?:1>&2|>&2)|^\}\s*(?:1)?>&2|redirect_stdout|sys\.stdout\s*=")


@rule("HOST-SILENT", gate="start", category="ipc")
def refusal_without_a_reason(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A hook refuses with the status 2, and prints the reason where the agent does not listen.

    Why: with the status 2 Claude Code hands standard error to the model and passes standard output over, JSON too: the agent learns only
    that something was blocked, and tries the same again. Looked at is a message right before the exit, where the hook writes nothing to standard
    error in the lines above. Passes: messages to standard error, hooks that end with 0 and a decision in JSON, events that stop nothing.
    Do: Print the reason to standard error: `echo … >&2`, `print(…, file=sys.stderr)`, `console.error(…)`.
    Source: Claude Code documentation, Hooks reference, "Exit code output".
    """
    hooks = {path: event for path, event in hook_scripts(tree, deployment).items() if event in REFUSES}
    if not hooks:
        raise NotApplicable("no hook that may refuse something")
    for path, event in sorted(hooks.items()):
        forms = FORMS.get(tree.entries[path].language)
        text = tree.text(path)
        if forms is None or "2" not in text or REDIRECTED.search(text):
            continue
        said = _unheard(tree.lines(path), *forms)
        if said:
            yield Finding(
                f"the {event} hook refuses with the status 2, and prints its reason to standard output, which is not read then",
                tree.evidence(path, said[0]),
                tuple(tree.evidence(path, line) for line in said[1:6]),
                "The agent is stopped and does not learn why.",
                "possible",
            )


def _unheard(lines: list[str], says: re.Pattern[str], ends: re.Pattern[str]) -> list[int]:
    """Lines with a message to standard output that an exit with 2 follows at once, and no word to standard error before it."""
    found = []
    for row, line in enumerate(lines):
        if not ends.match(line):
            continue
        at = row - 1
        while at >= 0 and (not lines[at].strip() or lines[at].lstrip().startswith(("#", "//", ")", "}"))):
            at -= 1
        if at < 0 or not says.match(lines[at]) or ASIDE.search(lines[at]):
            continue
        if not any(
            ASIDE.search(one) and re.search(r">&2|stderr|err=True|console\.error", one) for one in lines[max(0, at - 12) : row]
        ):
            found.append(at + 1)
    return found
