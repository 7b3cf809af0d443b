"""`session-ops fix`: what is offered is tried in a copy, handed over as patches, and written only where nothing is lost."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.repos import git, start

from session_ops.cli import main
from session_ops.diagnosis.gates import judge
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Edit, Fix, Gate, GateResult, Move, NewFile, Outcome
from session_ops.proof.patches import Refused, applied, original, patch
from session_ops.proof.trial import Trial
from session_ops.registry import Facts, Registry, check
from session_ops.solution.fixing import fix, patches
from session_ops.solution.loop import Changed, Job, Repair, Step, repair
from session_ops.solution.messages import with_message

MANIFEST = '{\n  "name": "tally",\n  "version": "1.0.0",\n  "bin": {\n    "tally": "bin/tally"\n  }\n}\n'
SCRIPT = '#!/usr/bin/env bash\nset -eu\nhere="$(cd "$(dirname "$0")" && pwd)"\n. "$here/../lib/count.sh"\ncount "$@"\n'


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package whose manifest a commit removed, and whose library was moved away."""
    root = start(tmp_path / "tally")
    for name, text in {
        "package.json": MANIFEST,
        "bin/tally": SCRIPT,
        "lib/count.sh": 'count() { ls -- "$@" | wc -l; }\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "bin/tally").chmod(0o755)
    (root / "README.md").write_text("# tally\n\nCounts.\n\n```sh\n./bin/tally sessions\n```\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "All of it")
    git(root, "rm", "-q", "package.json")
    (root / "old").mkdir()
    git(root, "mv", "lib/count.sh", "old/count.sh")
    (root / "lib").mkdir(exist_ok=True)
    (root / "lib/other.sh").write_text("other() { :; }\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Tidy up")
    return root


def status(root: Path) -> str:
    return git(root, "status", "--porcelain", "--untracked-files=all")


def run(argv: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(argv)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_it_says_what_each_fix_removed_and_changes_nothing_unasked(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["fix", str(package)], capsys)
    assert code == 0
    assert "Restore package.json from the commit before" in out
    assert "removes GAP-MANIFEST at package.json" in out
    assert "Move lib/count.sh back" in out
    assert "Left to do by hand" in out
    assert "nothing was changed" in err
    assert status(package) == ""


def test_apply_writes_into_a_clean_work_tree_and_commits_nothing(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = git(package, "rev-parse", "HEAD")
    code, _, err = run(["fix", str(package), "--apply"], capsys)
    assert code == 0
    assert "nothing was committed" in err
    assert git(package, "rev-parse", "HEAD") == head
    assert (package / "package.json").read_text() == MANIFEST
    assert (package / "lib/count.sh").exists()
    assert not (package / "old").exists()
    assert (package / "bin/tally").stat().st_mode & 0o111 == 0o111
    done = subprocess.run([package / "bin/tally", "lib"], cwd=package, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"


def test_what_is_not_committed_is_never_written_over(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = (package / "bin/tally").read_text() + "# mine\n"
    (package / "bin/tally").write_text(mine)
    code, _, err = run(["fix", str(package), "--apply"], capsys)
    assert code == 2
    assert "bin/tally: changed and not committed" in err
    assert err.count("\n") == 1
    assert (package / "bin/tally").read_text() == mine
    assert not (package / "package.json").exists()


def test_what_is_not_committed_is_in_no_patch(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "README.md").write_text((package / "README.md").read_text() + "\nA line of mine.\n")
    code, _, _ = run(["fix", str(package), "--patch", str(tmp_path / "all.patch")], capsys)
    assert code == 0
    assert "A line of mine" not in (tmp_path / "all.patch").read_text()


def test_the_numbered_patches_are_mails_that_git_am_takes(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "patches"
    assert run(["fix", str(package), "--patch", f"{folder}/"], capsys)[0] == 0
    numbered = sorted(p for p in folder.iterdir() if p.name != "combined.patch")
    assert [p.name[:3] for p in numbered] == [f"{n:02}-" for n in range(1, len(numbered) + 1)]
    one, other = tmp_path / "one", tmp_path / "other"
    for place in (one, other):
        git(tmp_path, "clone", "-q", str(package), str(place))
    git(one, "am", "-q", *map(str, numbered))
    assert git(one, "log", "--format=%s").splitlines()[-3].startswith("Restore package.json")
    assert "Removes:" in git(one, "log", "-1", "--format=%b")
    git(other, "apply", str(folder / "combined.patch"))
    git(other, "add", "-A")
    assert git(one, "rev-parse", "HEAD^{tree}") == git(other, "write-tree")


def test_json_names_steps_and_what_is_left(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["fix", str(package), "--json", "--only", "safe"], capsys)
    told = json.loads(out)
    assert code == 0
    assert {step["safety"] for step in told["steps"]} == {"safe"}
    assert told["steps"][0]["removed"][0]["rule"] == "GAP-MANIFEST"
    assert any(one["rule"] == "REF-RUN" for one in told["left"])


def test_without_git_it_can_be_applied_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "loose"
    (root / "bin").mkdir(parents=True)
    (root / "bin/clean.sh").write_text("#!/bin/sh\nif [[ -d logs ]]; then rm -r logs; fi\n")
    (root / "bin/clean.sh").chmod(0o755)
    (root / "README.md").write_text("# loose\n\n```sh\nbin/clean.sh\n```\n")
    code, out, _ = run(["fix", str(root), "--apply"], capsys)
    assert code == 0, out
    assert (root / "bin/clean.sh").read_text().startswith("#!/usr/bin/env bash\n")


def test_options_that_do_not_go_together(capsys: pytest.CaptureFixture[str], package: Path) -> None:
    assert run(["fix", "--example", "--apply"], capsys)[0] == 2
    code, _, err = run(["fix", str(package), "--trust-target"], capsys)
    assert code == 2
    assert "--prove" in err


# --- moves and deletions


def test_a_move_is_a_rename_of_git_and_its_references_follow(tmp_path: Path) -> None:
    root = start(tmp_path / "m")
    (root / "b").mkdir()
    (root / "b/c.sh").write_text("x=1\ny=2\nz=3\n")
    (root / "a.sh").write_text("#!/bin/sh\n. ./b/c.sh\r\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    tree = read_tree(root)
    change = Fix("Move", (), "review", (Edit("a.sh", "b/c.sh", "lib/c.sh", 2),), moves=(Move("b/c.sh", "lib/c.sh"),))
    after = applied(change, tree, {})
    assert after["b/c.sh"] is None
    text = patch({path: original(tree, path) for path in after}, after, tree.prefix, change.moves)
    assert b"rename from b/c.sh\nrename to lib/c.sh\n" in text
    with Trial(tree, Registry({}, {}), Answers()) as trial:
        trial.lay_out({path: original(tree, path) for path in after})
        assert trial.apply(text, after) == ""
        view = trial.changed_tree(after)
        assert "b/c.sh" not in view.entries
        assert (view.root / "lib/c.sh").read_text() == "x=1\ny=2\nz=3\n"
    subprocess.run(["git", "-C", str(root), "apply", "-"], input=text, check=True)
    assert (root / "a.sh").read_bytes() == b"#!/bin/sh\n. ./lib/c.sh\r\n"
    assert not (root / "b").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Fix("x", (), "review", moves=(Move("a.txt", "b.txt"),)), "b.txt exists already"),
        (Fix("x", (), "review", moves=(Move("none", "c.txt"),)), "none is not a file that can be moved"),
        (Fix("x", (), "review", moves=(Move("a.txt", "../out"),)), "not a path inside the target"),
        (Fix("x", (), "review", deletes=("none",)), "none is not a file that can be deleted"),
    ],
)
def test_moves_and_deletions_that_cannot_be(tmp_path: Path, change: Fix, said: str) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    with pytest.raises(Refused, match=said):
        applied(change, read_tree(tmp_path), {})


def test_a_message_cannot_pass_for_a_patch(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    tree = read_tree(tmp_path)
    change = Fix(
        "diff --git a/x b/x\n--- a/x",
        ("F",),
        "safe",
        creates=(NewFile("b.txt", "b\n"),),
        why="--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+evil",
    )
    after = applied(change, tree, {})
    step = Step(change, patch({"b.txt": None}, after), (), (), after, 1)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=with_message(step, 1, 1), check=True)
    assert (tmp_path / "a.txt").read_text() == "a\n"
    assert (tmp_path / "b.txt").read_text() == "b\n"


# --- the loop

RULES = '''
from session_ops.model import *
from session_ops.registry import rule

def _say(new):
    def fix(finding, tree):
        return Fix(f"Say {new}", (finding.id,), "safe", (Edit(finding.at.path, finding.at.quote, new, finding.at.line),))
    return fix

def _lines(tree, word):
    for entry in tree.files():
        for number, line in enumerate(tree.lines(entry.path), 1):
            if line == word:
                yield tree.evidence(entry.path, number)

@rule("T-ONE", gate="follow", category="shell", fix=_say("two"))
def one(tree):
    """A line says one."""
    for at in _lines(tree, "one"):
        yield Finding("says one", at)

@rule("T-TWO", gate="follow", category="shell", fix=_say("THREE"))
def two(tree):
    """A line says two."""
    for at in _lines(tree, "two"):
        yield Finding("says two", at)

@rule("T-BACK", gate="follow", category="shell", fix=_say("one"))
def three(tree):
    """A line says THREE."""
    for at in _lines(tree, "THREE"):
        yield Finding("says three", at)
'''


def looped(root: Path, rules: str, tmp_path: Path, **more: object) -> Repair:
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "own.py").write_text(rules)
    registry = Registry.load([folder], packages=["session_ops.discovery"])
    tree = read_tree(root)
    facts = Facts(registry, {"tree": tree, "answers": Answers()})
    return repair(Job(tree, registry, Answers(), **more), check(registry, facts, tree.root), facts)  # type: ignore[arg-type]


def test_a_round_meets_what_the_one_before_brought_to_light(tmp_path: Path) -> None:
    root = tmp_path / "t"
    root.mkdir()
    (root / "a.txt").write_text("one\n")
    done = looped(root, RULES.split('@rule("T-BACK"')[0], tmp_path)
    assert [step.fix.title for step in done.steps] == ["Say two in a.txt", "Say THREE in a.txt"]
    assert [step.round for step in done.steps] == [1, 2]
    state = done.changed["a.txt"]
    assert state is not None
    assert state.data == b"THREE\n"
    assert done.ended == "nothing more that helps is offered"


def test_it_stops_where_a_problem_that_was_gone_is_there_again(tmp_path: Path) -> None:
    root = tmp_path / "t"
    root.mkdir()
    (root / "a.txt").write_text("one\n")
    done = looped(root, RULES, tmp_path)
    assert done.ended.startswith("a problem that was gone is there again: T-ONE at a.txt:1")
    assert len(done.steps) == 3


def test_a_fix_that_breaks_a_gate_that_held_is_dropped_and_said(tmp_path: Path) -> None:
    root = tmp_path / "t"
    root.mkdir()
    (root / "a.txt").write_text("one\n")
    (root / "b.txt").write_text("one\n")

    def prove(changed: dict[str, object]) -> tuple[GateResult, ...]:
        outcome = Outcome.FAIL if "a.txt" in changed else Outcome.PASS
        return (GateResult(Gate.START, outcome, reason="it no longer starts" if outcome is Outcome.FAIL else ""),)

    rules = RULES.split('@rule("T-TWO"')[0]
    done = looped(root, rules, tmp_path, prove=prove)
    assert [step.fix.paths for step in done.steps] == [("b.txt",)]
    assert "with it the gate start fails, which held before: it no longer starts" in done.refused["Say two in a.txt"]
    assert done.gates_after[0].outcome is Outcome.PASS


def test_a_manifest_is_brought_back_though_the_readme_contradicts_it(package: Path) -> None:
    git(package, "checkout", "-q", "HEAD~1", "--", "package.json")
    (package / "package.json").write_text(MANIFEST.replace('"bin"', '"scripts": {"test": "true"},\n  "bin"'))
    git(package, "commit", "-q", "-a", "-m", "Test it")
    git(package, "rm", "-q", "package.json")
    (package / "README.md").write_text("# tally\n\nLike `npm run gone`, but better.\n")
    git(package, "commit", "-q", "-a", "-m", "Tell how")
    tree, registry = read_tree(package), Registry.load()

    def prove(changed: Changed) -> tuple[GateResult, ...]:
        with Trial(tree, registry, Answers()) as trial:
            checked = trial.check(changed)
        return judge(checked.results, checked.findings)

    facts = Facts(registry, {"tree": tree, "answers": Answers()})
    done = repair(Job(tree, registry, Answers(), prove=prove), check(registry, facts, tree.root), facts)
    assert any("Restore package.json" in step.fix.title for step in done.steps)
    assert {gate.gate: gate for gate in done.gates_before}[Gate.FOLLOW].outcome is Outcome.PASS
    after = {gate.gate: gate for gate in done.gates_after}
    assert after[Gate.FOLLOW].outcome is Outcome.FAIL
    assert any(f.rule == "DOC-COMMAND" and "gone" in f.message for f in done.after.findings)


def test_what_a_fix_reveals_of_lines_that_stood_there_is_no_harm_of_it(package: Path) -> None:
    done = fix(package, Answers())
    assert "Restore package.json from the commit before" in done.repair.steps[0].fix.title
    rules = [finding.rule for step in done.repair.steps for finding in step.removed]
    assert "ENTRY-LINK" in rules  # it applies only once package.json is back
    assert list(patches(done))
