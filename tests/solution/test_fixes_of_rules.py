"""The fixes of all rules as patches: git takes each, and the tree is then what the rule's case shows."""

from pathlib import Path

import pytest
from tests.test_cases import CASES, REGISTRY, contents, lay_out

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Edit, Fix
from session_ops.proof.effects import effects
from session_ops.proof.fixes import merged, offered, united
from session_ops.proof.series import series
from session_ops.proof.trial import Trial
from session_ops.registry import Facts, check

FIXED = sorted(path.parent for path in CASES.glob("*/*/out"))


@pytest.mark.parametrize("case", FIXED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_patches_of_a_rule_give_what_its_case_shows(case: Path, tmp_path: Path) -> None:
    rule = case.parent.name
    root, wanted = tmp_path / "in", tmp_path / "out"
    lay_out(case / "in", root)
    lay_out(case / "out", wanted)
    tree = read_tree(root)
    facts = Facts(REGISTRY, {"tree": tree, "answers": Answers()})
    before = check(REGISTRY, facts, tree.root)
    mine = [finding for finding in before.findings if finding.rule == rule]
    fixes, failed = offered(REGISTRY, facts, mine)
    assert not failed
    with Trial(tree, REGISTRY, Answers()) as trial:
        made = series(united(fixes, {finding.id: finding.rule for finding in mine}), tree, trial)
        assert not made.refused
        assert not made.unchecked
        done = effects(made.links, before, trial, len(tree.entries))
    assert all(effect.removed for effect in done)
    changed = made.links[-1].after  # None stands for a file that is gone or was moved
    after = contents(root) | {path: state.data for path, state in changed.items() if state is not None}
    assert {path: data for path, data in after.items() if changed.get(path, True) is not None} == contents(wanted)


def test_a_title_counts_fixes_that_were_united_before() -> None:
    def named(title: str, line: int) -> Fix:
        return Fix(title, (f"A-{line}",), "review", (Edit("a.sh", "x", "y", line),))

    once = merged([named("Say a", 1), named("Say b", 2)])
    assert once.title == "Say a; say b"
    many = merged([named("Say a", 1), named("Say b", 2), named("Say c", 3)])
    assert many.title == "Say a, and 2 more such changes"
    assert merged([many, named("Say d", 4)]).title == "Say a, and 3 more such changes"
    assert merged([many, named("Say d, and 1 more such changes in a.sh", 4)]).title == "Say a, and 4 more such changes"
