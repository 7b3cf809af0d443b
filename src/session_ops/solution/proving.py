"""The gates of a target with some of its files changed: what the rules say of it, and what its commands did in a sandbox."""

from __future__ import annotations

from session_ops.discovery.files import Tree
from session_ops.model import Answers
from session_ops.proof.effects import as_changed
from session_ops.proof.trial import Trial
from session_ops.registry import Facts, Registry, check
from session_ops.solution.loop import Changed, Gates, Proof


def prover(tree: Tree, registry: Registry, answers: Answers, *, trust: bool = False) -> Proof:
    """A function that proves the target with the files that it is given in place of its own; the original is never touched."""
    from session_ops.diagnosis.gates import judge
    from session_ops.diagnosis.tried import with_runs
    from session_ops.proof.runs import prove

    def prove_with(changed: Changed) -> Gates:
        with Trial(tree, registry, answers) as trial:
            view = trial.changed_tree(changed)
            facts = Facts(registry, {"tree": view, "answers": answers})
            checked = check(registry, facts, view.root)
            place, files = as_changed(tree, view, changed)
            ran = prove(place, facts, files=files, trust=trust)
        return with_runs(judge(checked.results, checked.findings), ran, checked.findings)

    return prove_with
