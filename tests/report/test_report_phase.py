"""The report phase on a whole case: files, quality checks with their numbers, what was not checked, equal bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.conftest import Make
from tests.report.documents import CHECKED, DIAGNOSIS, LIFECYCLES, SOLUTION

from session_ops.analysis.phase import Document as Analysis
from session_ops.case import Case
from session_ops.discovery.files import FileEntry
from session_ops.discovery.phase import Document as Discovery
from session_ops.model import CommandRun, Evidence, Gate
from session_ops.report.markdown import HEADINGS
from session_ops.report.phase import FILES, QualityCheck
from session_ops.report.quality import not_checked, quality

FILES_OF_A_TRACKER = {"bin/start.sh": "#!/bin/sh\nset -e\n. ./gone.sh\n", "README.md": "# Ops\n\nRun `bin/start.sh`.\n"}
ANALYSIS = Analysis(CHECKED.results, CHECKED.findings, {"syntax": "a parser crashed"})


def discovered(make: Make, tmp_path: Path) -> Discovery:
    case = Case.open(target=str(make(FILES_OF_A_TRACKER)), case=str(tmp_path / "case"))
    document: Discovery = case.compute("discovery")
    return document


def checks(make: Make, tmp_path: Path, **changed: object) -> dict[str, QualityCheck]:
    discovery = replace(discovered(make, tmp_path), **changed)  # type: ignore[arg-type]
    return {
        q.name: q
        for q in quality(discovery, ANALYSIS, DIAGNOSIS, SOLUTION, lambda e: "gone" if e.path.startswith("src") else "")
    }


def test_the_four_files_are_written_and_two_runs_agree(make: Make, tmp_path: Path) -> None:
    target = make(FILES_OF_A_TRACKER)
    seen = []
    for name in ("one", "two"):
        case = Case.open(target=str(target), case=str(tmp_path / name))
        document = case["report"]
        assert document.files == FILES
        seen.append({file: (case.folder / file).read_bytes() for file in (*FILES, "report.json")})
    assert seen[0] == seen[1]
    headings = [line for line in seen[0]["report.md"].decode().splitlines() if line in HEADINGS]
    assert tuple(headings) == HEADINGS


def test_quality_counts_files_and_names_the_unread(make: Make, tmp_path: Path) -> None:
    assert checks(make, tmp_path)["Whole folder read"] == QualityCheck("Whole folder read", True, "2 of 2 files read as text")
    big = FileEntry("big.log", "file", 30_000_000, False, "listed", "larger than 20 MB")
    told = checks(make, tmp_path, files=(big,))["Whole folder read"]
    assert not told.holds
    assert "`big.log` (larger than 20 MB)" in told.numbers


def test_a_place_that_no_longer_says_it_fails_the_check(make: Make, tmp_path: Path) -> None:
    told = checks(make, tmp_path)["Blocking files identified"]
    assert not told.holds
    assert "2 of 3 places" in told.numbers


def test_solutions_are_counted(make: Make, tmp_path: Path) -> None:
    told = checks(make, tmp_path)["Solutions concrete and actionable"]
    assert not told.holds
    assert told.numbers == "1 of 3 critical findings have a patch that applies, 1 a step by hand, 1 neither"


def test_steps_need_a_place_and_a_command(make: Make, tmp_path: Path) -> None:
    assert checks(make, tmp_path)["Specific enough to do at once"].numbers == "2 of 2 steps name a file and a command"


def test_security_needs_rules_that_looked(make: Make, tmp_path: Path) -> None:
    assert checks(make, tmp_path)["Security considered"].holds
    none = Analysis((), (), {})
    told = quality(discovered(make, tmp_path / "x"), none, replace(DIAGNOSIS, verdict="open"), SOLUTION, lambda _: "")[3]
    assert not told.holds


def test_facts_that_could_not_be_read_fail_the_requirements(make: Make, tmp_path: Path) -> None:
    assert checks(make, tmp_path)["Project build requirements checked"].holds
    assert not checks(make, tmp_path / "y", unread={"manifests": "crashed"})["Project build requirements checked"].holds


def test_everything_that_nobody_looked_at_is_listed(make: Make, tmp_path: Path) -> None:
    listed = {n.what: n.why for n in not_checked(discovered(make, tmp_path), ANALYSIS, LIFECYCLES, DIAGNOSIS, SOLUTION)}
    assert listed["rule SHIP-UNIT: Units start"] == "a tool is absent"
    assert listed["rule PY-NAMES: Names resolve"] == "needs META-PARSE to pass"
    assert listed["fact syntax"] == "a parser crashed"
    assert listed["log logs/odd.log"] == "no format fits"
    assert listed["detector claim_while_held"] == "holds are never logged"
    assert "gate coordinate" in listed
    assert "linters' own findings" in listed
    assert "whether what runs works with the fixes" in listed
    left_out = CommandRun(Gate.SHIP, "docker build .", skipped="the image build is open: no container engine runs")
    ran = (CommandRun(Gate.START, "bin/start.sh --help", 0), left_out)
    after = tuple(replace(gate, runs=ran if gate.gate is Gate.START else ()) for gate in DIAGNOSIS.gates)
    proven = replace(SOLUTION, gates_after=after)
    listed = {n.what: n.why for n in not_checked(discovered(make, tmp_path / "again"), ANALYSIS, LIFECYCLES, DIAGNOSIS, proven)}
    assert listed["gate ship: docker build ."] == "the image build is open: no container engine runs"
    assert "whether what runs works with the fixes" not in listed


def test_the_whole_folder_is_named_not_where_it_lies(make: Make, tmp_path: Path) -> None:
    target = make(FILES_OF_A_TRACKER)
    case = Case.open(target=str(target), case=str(tmp_path / "case"))
    case.save("report", case["report"])
    for name in FILES:
        assert str(tmp_path) not in (case.folder / name).read_text(), name
    assert Evidence("x").place == "x"
