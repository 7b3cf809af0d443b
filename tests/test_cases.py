"""Every rule on tiny trees: cases/<RULE>/<case>/{in/,out/,expected.json}.

`in` is the tree, expected.json says which findings this one rule has in it ({"findings": [{"path", "line"}], "why"}), `out` is `in`
after the rule's own fixes. A finding may also name its "severity". A name that starts with `dot_` gets its dot when it is
copied (so that our own git and tools do not heed it), `modes.txt` lists the executable files, `gitlinks.txt` what git
holds as a link, and a file `nogit` says that the tree is no repository.
A case of a LINT-* rule runs the linter itself, is skipped where that is absent, and does not count its advice.
"""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from session_ops.analysis.linters.process import Linters
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Finding, Fix, Outcome, Severity
from session_ops.registry import Checked, Facts, Registry, check

CASES = Path(__file__).parent / "cases"
FOUND = sorted(path.parent for path in CASES.glob("*/*/expected.json"))
REGISTRY = Registry.load()


def lay_out(source: Path, root: Path) -> None:
    """Copy a case's tree, with its dots, modes and a repository that holds everything."""
    root.mkdir()
    for path in sorted(source.rglob("*")):
        parts = [part.replace("dot_", ".", 1) if part.startswith("dot_") else part for part in path.relative_to(source).parts]
        there = root.joinpath(*parts)
        if path.is_dir():
            there.mkdir(parents=True, exist_ok=True)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
    modes = source.parent / "modes.txt"
    for name in modes.read_text().split() if modes.exists() else []:
        if (root / name).exists():
            (root / name).chmod(0o755)
    if not (source.parent / "nogit").exists():
        untracked = source.parent / "untracked.txt"
        left = untracked.read_text().split() if untracked.exists() else []
        git(root, "init", "-q")
        git(root, "add", "-f", "-A", "--", ".", *(f":!{name}" for name in left))
        links = source.parent / "gitlinks.txt"
        for name in links.read_text().split() if links.exists() else []:
            git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{name}")


def git(root: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-C", str(root), "-c", "core.autocrlf=false", "-c", "advice.addIgnoredFile=false", *args], check=True
    )


def look(root: Path) -> tuple[Facts, Checked]:
    tree = read_tree(root)
    facts = Facts(REGISTRY, {"tree": tree, "answers": Answers()})
    return facts, check(REGISTRY, facts, tree.root)


def look_with_linters(root: Path, rule: str) -> tuple[Facts, Checked]:
    """The one rule of a linter, with the linters running."""
    tree = read_tree(root)
    only = Registry(REGISTRY.facts, {rule: REGISTRY.rules[rule]})
    with Linters.start(tree) as linters:
        facts = Facts(only, {"tree": tree, "answers": Answers(), "linters": linters})
        checked = check(only, facts, tree.root)
    (result,) = checked.results
    if "is not installed" in result.reason:
        pytest.skip(f"{result.reason} (make test EXTRAS=all)")
    return facts, Checked(checked.results, tuple(f for f in checked.findings if f.severity is not Severity.ADVICE))


def apply(root: Path, fix: Fix) -> None:
    for edit in sorted(fix.edits, key=lambda edit: -edit.line):  # from the last line up, so that line numbers stay true
        path = root / edit.path
        text = path.read_bytes().decode()
        start = sum(len(line) + 1 for line in text.split("\n")[: edit.line - 1]) if edit.line else 0
        end = start + len(edit.old) if edit.line and "\n" in edit.old else text.find("\n", start) if edit.line else len(text)
        end = len(text) if end < 0 else end
        assert text[start:end].count(edit.old) == 1, f"{edit.old!r} is not once in {edit.path}:{edit.line}"
        path.write_bytes((text[:start] + text[start:end].replace(edit.old, edit.new) + text[end:]).encode())
    for new in fix.creates:
        path = root / new.path
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new.content)
        path.chmod(0o755 if new.executable else 0o644)
    for name in fix.deletes:
        (root / name).unlink()
    for move in fix.moves:
        (root / move.to).parent.mkdir(parents=True, exist_ok=True)
        (root / move.path).rename(root / move.to)
    for mode in fix.modes:
        (root / mode.path).chmod(0o755 if mode.executable else 0o644)


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def say(found: Finding) -> tuple[str, str, str]:
    return found.rule, found.at.path, found.message


@pytest.mark.parametrize("case", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_case(case: Path, tmp_path: Path) -> None:
    rule = case.parent.name
    assert rule in REGISTRY.rules, f"there is no rule {rule}"
    expected = json.loads((case / "expected.json").read_text())
    lay_out(case / "in", tmp_path / "in")
    facts, checked = look_with_linters(tmp_path / "in", rule) if rule.startswith("LINT-") else look(tmp_path / "in")
    (result,) = [r for r in checked.results if r.rule == rule]
    assert result.outcome is not Outcome.OPEN, result.reason
    own = [f for f in checked.findings if f.rule == rule]
    got = sorted((f.at.path, f.at.line) for f in own)
    assert got == sorted((f["path"], f["line"]) for f in expected["findings"]), [f"{f.at.place}: {f.message}" for f in own]
    for wanted in expected["findings"]:
        place = (wanted["path"], wanted["line"])
        severities = {f.severity for f in own if (f.at.path, f.at.line) == place}
        assert wanted.get("severity") in {None, *severities}, f"{place} is {severities}"
    if not (case / "out").exists():
        return
    fixer = REGISTRY.rules[rule].fix
    assert fixer is not None, f"{rule} has no fix"
    needs = list(fixer.__code__.co_varnames[1 : fixer.__code__.co_argcount])
    fixes = [fix for f in own if (fix := fixer(f, **facts.named(needs))) is not None]
    assert fixes, "no fix was offered"
    lay_out(case / "out", tmp_path / "wanted")
    done: set[object] = set()
    for fix in fixes:
        what = (fix.edits, fix.creates, fix.modes)
        if what not in done:  # two findings may share a fix
            apply(tmp_path / "in", fix)
        done.add(what)
    assert contents(tmp_path / "in") == contents(tmp_path / "wanted")
    after = look(tmp_path / "in")[1].findings
    fixed = {name for fix in fixes for name in fix.findings}
    assert not fixed & {f.id for f in after if f.rule == rule}, "the fix did not remove its finding"
    new = Counter(map(say, after)) - Counter(map(say, checked.findings))
    assert not new, f"the fix made new findings: {sorted(new)}"
