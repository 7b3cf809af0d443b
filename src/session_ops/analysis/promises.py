"""What the docs promise about locks, and what the scripts do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from session_ops.analysis.locks import shell_locks, taken_by_age
from session_ops.discovery.callers import Callers
from session_ops.discovery.commands import Commands
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import Mechanism
from session_ops.discovery.prompts import Prompt
from session_ops.model import Evidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

NEVER_TAKEN = regex(
    r"\b(?:never|not|no\s+longer|only)\b[^.]*\b(?:taken|stolen|removed|released|broken|expired?)\b[^.]*\b(?:alive|live|living|running|active|dead|gone)\b",
    re.IGNORECASE,
)
RELEASED = regex(
    r"\block(?:s|ed)?\b[^.]*\b(?:is|are|get|gets)\s+(?:also\s+|always\s+|automatically\s+)?(?:released|freed|removed|dropped)\b",
    re.IGNORECASE,
)
LOCK = regex(r"\block", re.IGNORECASE)
NEGATED = regex(r"\b(?:not|never|n't|unless|must be)\b", re.IGNORECASE)


@rule("DOC-PROMISE", gate="follow", category="docs-contradiction")
def promises_about_locks(
    docs: Docs, tree: Tree, mechanism: Mechanism, commands: Commands, prompts: tuple[Prompt, ...], callers: Callers
) -> Iterator[Finding]:
    """The docs promise something about locks that the scripts do not keep.

    Why: people and agents rely on it: who believes that a lock is safe while its session lives works on without looking, and who
    believes that the end releases it does not release it. Two promises are looked at: that a lock is never taken from a live session, where
    a script takes it by age alone; and that locks are released at the end, where the script that does it first asks a question and
    is started where nobody answers. Passes: changelogs, and docs of a target without lock scripts.
    Do: Keep the promise (ask for the holder before a takeover; release before the question), or write what really happens.
    Source: the sentence and the script themselves.
    """
    locks = shell_locks(mechanism)
    if not locks:
        raise NotApplicable("no shell script touches a lock")
    by_age = [finding.at for finding in taken_by_age(mechanism, tree)]
    asked = list(_behind_a_question(mechanism, commands, prompts, callers))
    for doc in docs:
        if doc.role == "changelog":
            continue
        for number, line in enumerate(tree.lines(doc.path), 1):
            if not LOCK.search(" ".join(tree.lines(doc.path)[max(number - 2, 0) : number])):
                continue
            if by_age and NEVER_TAKEN.search(line):
                yield _finding(tree.evidence(doc.path, number), by_age[0], "a script takes locks over by their age alone")
            elif asked and RELEASED.search(line) and not NEGATED.search(line):
                yield _finding(
                    tree.evidence(doc.path, number),
                    asked[0],
                    "the script that does it asks first, and dies where nobody answers",
                )


def _behind_a_question(
    mechanism: Mechanism, commands: Commands, prompts: Iterable[Prompt], callers: Callers
) -> Iterator[Evidence]:
    """Questions that stand before a lock is removed, in scripts that something starts headless."""
    touched = {use.path for use in mechanism.uses if use.kind == "lock"}
    for prompt in prompts:
        removes = any(
            c.name in ("rm", "unlink", "rmdir") and c.path == prompt.script and c.line > prompt.line for c in commands
        )
        dies = not prompt.guarded and prompt.effect == "dies"
        if prompt.script in touched and removes and dies and callers.headless(prompt.script):
            yield prompt.evidence


def _finding(at: Evidence, script: Evidence, truth: str) -> Finding:
    return Finding(
        f"the docs promise this of locks, but {truth}",
        at,
        (script,),
        "Whoever relies on it loses a lock, or leaves one behind.",
    )
