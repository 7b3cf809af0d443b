"""How sessions are tracked: who creates, reads, refreshes, locks and deletes which state, and in which way.

State is recognised by its name (a registry, a pointer, a lock, a pid, a heartbeat, a diary, an event log, a message, a worktree), uses
by the calls of each language that touch files. Instructions in Markdown that agents carry out count as code.
"""

from __future__ import annotations

import re

from session_ops.discovery.aside import is_aside
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import code, shell, told
from session_ops.discovery.mechanism.calls import ANCHORS, BETWEEN_PROCESSES, CALLS
from session_ops.discovery.mechanism.model import Act, Kind, Mechanism, Use, kind_of
from session_ops.discovery.mechanism.names import shared_values
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.syntax import Syntax
from session_ops.patterns import regex
from session_ops.registry import fact

__all__ = ["ANCHORS", "BETWEEN_PROCESSES", "Act", "Kind", "Mechanism", "Use", "kind_of", "mechanism"]

HINT = regex(
    r"session|agent|lock|heartbeat|pid|registry|worktree|inbox|mailbox|message|diary|journal|worker|claim|state|signal",
    re.IGNORECASE,
)
LONGEST = 400_000
"""Characters of a source file; beyond it is data or generated."""


@fact
def mechanism(tree: Tree, bodies: Bodies, syntax: Syntax, scripts: Scripts, docs: Docs) -> Mechanism:
    """Every use of session state by the target's own code and by the instructions for its agents, tests and examples apart."""
    found: list[Use] = []
    for entry in tree.files(*CALLS):
        text = tree.text(entry.path)
        if is_aside(entry.path) or len(text) > LONGEST or not ANCHORS[entry.language].search(text) or not HINT.search(text):
            continue
        if (root := syntax.root(entry.path)) is not None:
            found += code.uses(bodies.source(entry.path), root)
    shells = [s.path for s in scripts if s.language == "shell" and not is_aside(s.path) and HINT.search(tree.text(s.path))]
    shared = shared_values({path: tree.text(path) for path in shells})
    for path in shells:
        if (root := syntax.root(path)) is not None:
            found += shell.uses(path, tree.text(path), root, shared)
    for doc in docs:
        if doc.role in ("agent", "agent-rules") and not is_aside(doc.path.replace("commands/", "")):
            found += told.uses(doc.path, tree.lines(doc.path))
    return Mechanism(tuple(sorted(set(found), key=lambda u: (u.path, u.line, u.act, u.state))))
