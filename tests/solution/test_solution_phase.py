"""The solution of small trees with rules of their own: which fixes are kept, which are refused, and in which order."""

import subprocess
from pathlib import Path

import pytest
from tests.conftest import Make

from session_ops.case import Case
from session_ops.model import to_json
from session_ops.registry import Registry
from session_ops.solution.phase import Document

RULES = '''
from session_ops.model import *
from session_ops.registry import rule


def lines_with(tree, word):
    for entry in tree.files():
        for number, line in enumerate(tree.lines(entry.path), start=1):
            if word in line:
                yield entry.path, number


def reword(finding, tree):
    return Fix("Say good", (finding.id,), "safe", (Edit(finding.at.path, "bad", "good", finding.at.line),))

@rule("T-BAD", gate="start", category="shell", fix=reword)
def bad(tree):
    """A line says bad."""
    for path, number in lines_with(tree, "bad"):
        yield Finding("says bad", tree.evidence(path, number))


def whole_line(finding, tree):
    line = tree.lines(finding.at.path)[finding.at.line - 1]
    word = finding.message.split()[-1]
    return Fix(f"Write {word} in capitals", (finding.id,), "safe", (Edit(finding.at.path, line, line.replace(word, word.upper()), finding.at.line),))

@rule("T-LEFT", gate="start", category="shell", fix=whole_line)
def left(tree):
    """A line says left."""
    for path, number in lines_with(tree, "left"):
        yield Finding("says left", tree.evidence(path, number))

@rule("T-RIGHT", gate="start", category="shell", fix=whole_line)
def right(tree):
    """A line says right."""
    for path, number in lines_with(tree, "right"):
        yield Finding("says right", tree.evidence(path, number))


def swap(finding, tree):
    return Fix("Swap one evil for another", (finding.id,), "safe", (Edit(finding.at.path, "evil", "horrid", finding.at.line),))

@rule("T-EVIL", gate="parse", category="shell", fix=swap)
def evil(tree):
    """A line says evil."""
    for path, number in lines_with(tree, "evil"):
        yield Finding("says evil", tree.evidence(path, number))

@rule("T-HORRID", gate="parse", category="shell")
def horrid(tree):
    """A line says horrid."""
    for path, number in lines_with(tree, "horrid"):
        yield Finding("says horrid", tree.evidence(path, number))


def vain(finding):
    return Fix("Write a note", (finding.id,), "safe", creates=(NewFile("note.txt", "done\\n"),))

@rule("T-VAIN", gate="build", category="config", fix=vain)
def stubborn(tree):
    """A line is stubborn."""
    for path, number in lines_with(tree, "stubborn"):
        yield Finding("is stubborn", tree.evidence(path, number))


def crash(finding):
    raise ZeroDivisionError("by zero")

@rule("T-CRASH", gate="ship", category="config", fix=crash)
def crashing(tree):
    """A line has a fix that crashes."""
    for path, number in lines_with(tree, "crashing"):
        yield Finding("has a fix that crashes", tree.evidence(path, number))


def ignore(finding, tree):
    name = finding.at.path
    if ".gitignore" in tree.entries:
        last = tree.lines(".gitignore")[-1]
        return Fix(f"Ignore {name}", (finding.id,), "safe", (Edit(".gitignore", last, last + "\\n/" + name, len(tree.lines(".gitignore"))),))
    return Fix(f"Ignore {name}", (finding.id,), "safe", creates=(NewFile(".gitignore", "/" + name + "\\n"),))

@rule("T-LOOSE", gate="contents", category="gitignore", fix=ignore)
def loose(tree):
    """A log is neither tracked nor ignored."""
    for entry in tree:
        if entry.path.endswith(".log") and not entry.tracked and not entry.ignored:
            yield Finding(f"{entry.path} is not ignored", tree.evidence(entry.path))


def start_it(finding):
    return Fix("Make it executable", (finding.id,), "safe", modes=(ModeChange(finding.at.path),))

@rule("T-MODE", gate="start", category="entry-point", fix=start_it)
def not_executable(tree):
    """A script with a first line is not executable."""
    for entry in tree.files("shell"):
        if tree.text(entry.path).startswith("#!") and tree.git.mode(entry.path) == "100644":
            yield Finding("is not executable", tree.evidence(entry.path, 1))


def with_npm(finding):
    return Fix("Write a start script", (finding.id,), "safe", creates=(NewFile("go.sh", "#!/bin/sh\\nnpm start\\n", True),))

@rule("T-START", gate="start", category="gap", fix=with_npm)
def no_start(tree):
    """There is no go.sh."""
    if "WANTED" in tree.entries and "go.sh" not in tree.entries:
        yield Finding("there is no go.sh", tree.evidence("go.sh"))
'''


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "own.py").write_text(RULES)
    return folder


def solved(root: Path, rules: Path, tmp_path: Path) -> tuple[Case, Document]:
    case = Case.open(target=str(root), case=str(tmp_path / "case"))
    vars(case)["registry"] = Registry.load([rules], packages=["session_ops.discovery"])  # no other rules
    document = case.compute("solution")
    assert isinstance(document, Document)
    return case, document


def of(document: Document, *words: str) -> list[str]:
    """Titles of the fixes that hold one of the words."""
    return [fix.title for fix in document.fixes if any(word in fix.title for word in words)]


def test_every_patch_applies_alone_and_all_apply_in_order(make: Make, rules: Path, tmp_path: Path) -> None:
    root = make({"a b.sh": "#!/bin/sh\n" + "echo ok\n" * 9 + "echo bad\n", "ü.sh": "echo bad\n", "x.log": "x\n"}, git=True)
    (root / "y.log").write_text("y")
    (root / "z.log").write_text("z")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}
    case, document = solved(root, rules, tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    assert not (root / ".gitignore").exists()
    assert [fix.title for fix in document.fixes] == [
        "Make it executable in a b.sh", "Say good in a b.sh", "Say good in ü.sh", "Ignore y.log; ignore z.log in .gitignore",
    ]  # fmt: skip
    assert all(check.applies for check in document.checks)
    for fix in document.fixes:
        subprocess.run(["git", "apply", "--check", case.folder / fix.patch], cwd=root, check=True)
    for fix in document.fixes:
        subprocess.run(["git", "apply", case.folder / fix.patch], cwd=root, check=True)
    assert (root / "a b.sh").stat().st_mode & 0o100
    assert (root / "a b.sh").read_text().endswith("echo good\n")
    assert (root / ".gitignore").read_text() == "/y.log\n/z.log\n"


def test_patches_are_relative_to_the_work_tree_around_the_target(make: Make, rules: Path, tmp_path: Path) -> None:
    root = make({"tools/agent ops/a.sh": "echo bad\n", "README.md": "# Project\n"}, git=True)
    case, document = solved(root / "tools/agent ops", rules, tmp_path)
    fix = next(fix for fix in document.fixes if fix.title == "Say good in a.sh")
    assert fix.paths == ("a.sh",)
    assert "+++ b/tools/agent ops/a.sh\t\n" in (case.folder / fix.patch).read_text()
    subprocess.run(["git", "apply", case.folder / fix.patch], cwd=root, check=True)
    assert (root / "tools/agent ops/a.sh").read_text() == "echo good\n"


def test_a_fix_that_removes_nothing_or_brings_something_critical_is_refused(make: Make, rules: Path, tmp_path: Path) -> None:
    root = make({"a.sh": "echo evil\n", "b.sh": "echo stubborn\n", "c.sh": "echo bad\n", "d.sh": "echo crashing\n"}, git=True)
    case, document = solved(root, rules, tmp_path)
    assert of(document, "Swap", "note", "Say good") == ["Say good in c.sh"]
    reasons = {name.split(" in ")[0]: why for name, why in document.refused.items()}
    assert reasons["Swap one evil for another"].startswith("it brings something new: T-HORRID at a.sh:1")
    assert any(why.startswith("it removes nothing: the rules still find T-VAIN-") for why in document.refused.values())
    assert document.refused["T-CRASH at d.sh:1"] == "the fix could not be made: ZeroDivisionError: by zero"
    hand = {finding.rule for finding in case["analysis"].findings if finding.id in document.by_hand}
    assert {"T-EVIL", "T-VAIN", "T-CRASH"} <= hand
    assert sorted(path.name for path in case.folder.glob("fixes/*")) == sorted(
        ["combined.patch", *(fix.patch.split("/")[1] for fix in document.fixes)]
    )


def test_what_waits_for_another_fix_is_not_called_dropped(make: Make, rules: Path, tmp_path: Path) -> None:
    case, document = solved(make({"a.sh": "echo left right\n"}, git=True), rules, tmp_path)
    assert sorted(fix.title for fix in document.fixes) == ["Write left in capitals in a.sh", "Write right in capitals in a.sh"]
    assert document.refused == {}
    assert b"+echo LEFT RIGHT" in (case.folder / "fixes" / "combined.patch").read_bytes()


def test_changes_of_one_line_become_one_fix_and_the_plan_follows_the_gates(make: Make, rules: Path, tmp_path: Path) -> None:
    root = make({"a.sh": "#!/bin/sh\necho bad\n", "b.sh": "echo stubborn\n", ".gitignore": "*.tmp\n"}, git=True)
    (root / "y.log").write_text("y")
    _, document = solved(root, rules, tmp_path)
    gates = [step.gates[0].value for step in document.plan]
    assert gates == ["build", "start", "start", "contents"]
    assert [step.number for step in document.plan] == list(range(1, len(document.plan) + 1))
    assert all(step.check.endswith("session-ops check .") and step.how for step in document.plan)
    hand = next(step for step in document.plan if step.findings[0].startswith("T-VAIN"))
    assert (hand.fix, "b.sh:1: is stubborn" in hand.how) == ("", True)


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        ("Never use `npm`; use `pnpm`.", False),
        ("**Do not run npm** here.", False),
        ("Use pnpm instead of npm.", False),
        ("Never use `npm` unless you are asked to.", True),
        ("Never use `yarn`.", True),
        ("Never create `go.sh` files.", False),
        ("Always use `npm`.", True),
    ],
)
def test_a_fix_that_breaks_an_order_of_the_project_is_refused(
    make: Make, rules: Path, tmp_path: Path, order: str, kept: bool
) -> None:
    root = make({"WANTED": "x\n", "CLAUDE.md": f"# Rules\n\n- {order}\n"}, git=True)
    _, document = solved(root, rules, tmp_path)
    assert bool(of(document, "Write a start script")) is kept
    if not kept:
        why = next(why for name, why in document.refused.items() if name.startswith("Write a start script"))
        assert why.startswith("CLAUDE.md:3 forbids it (")


def test_two_runs_give_equal_documents_and_patches(make: Make, rules: Path, tmp_path: Path) -> None:
    root = make({"a.sh": "#!/bin/sh\necho bad\n", "b.sh": "echo evil\n"}, git=True)
    seen = []
    for name in ("one", "two"):
        case, document = solved(root, rules, tmp_path / name)
        seen.append(
            (to_json(document), to_json(case["diagnosis"]), [p.read_bytes() for p in sorted(case.folder.glob("fixes/*"))])
        )
    assert seen[0] == seen[1]


def test_without_git_patches_are_made_and_said_to_be_unchecked(
    make: Make, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make({"a.sh": "echo bad\n"})
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    _, document = solved(root, rules, tmp_path)
    check = next(check for check in document.checks if check.fix == document.fixes[0].id)
    assert (check.applies, check.said) == (False, "git is absent")


def test_a_linked_work_tree_is_read_like_any_other(make: Make, rules: Path, tmp_path: Path) -> None:
    root = make({"a.sh": "#!/bin/sh\necho bad\n"}, git=True)
    linked = tmp_path / "linked"
    subprocess.run(["git", "-C", root, "worktree", "add", "-q", "--detach", linked], check=True)
    (linked / "y.log").write_text("y")
    _, document = solved(linked, rules, tmp_path)
    assert [fix.title for fix in document.fixes] == [
        "Make it executable in a.sh",
        "Say good in a.sh",
        "Ignore y.log in .gitignore",
    ]
    assert not document.refused


def test_nothing_that_the_target_configures_runs_while_patches_are_tried(make: Make, rules: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    root = make({"a.sh": "#!/bin/sh\necho bad\n", ".gitattributes": "* filter=x diff=x text eol=crlf\n"}, git=True)
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
    program.chmod(0o755)
    config = f'[core]\n\tfsmonitor = {program}\n\thooksPath = {tmp_path}\n\tpager = {program}\n[filter "x"]\n'
    config += f'\tclean = {program}\n\tsmudge = {program}\n\trequired = true\n[diff "x"]\n\ttextconv = {program}\n'
    with (root / ".git/config").open("a") as file:
        file.write(config)
    (root / "y.log").write_text("y")
    _, document = solved(root, rules, tmp_path)
    assert [fix.title for fix in document.fixes] == [
        "Make it executable in a.sh",
        "Say good in a.sh",
        "Ignore y.log in .gitignore",
    ]
    assert all(check.applies for check in document.checks)
    assert not canary.exists()


def test_no_trial_folder_is_left_behind(make: Make, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    solved(make({"a.sh": "echo bad\n"}, git=True), rules, tmp_path)
    assert list(folder.iterdir()) == []
