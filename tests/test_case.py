from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from session_ops.case import PHASES, SCHEMA, Case
from session_ops.model import UsageError
from session_ops.parameters import Parameters, injected_names
from tests.conftest import Make

SMALL = {"run.sh": "#!/bin/sh\necho hi\n", "README.md": "# x\n"}


def test_a_case_shows_its_answers_and_what_is_not_as_by_default(tmp_path: Path) -> None:
    html = Case.open(case=str(tmp_path / "case"), environment="docker", silent_after_min=3.0)._repr_html_()
    for name, value in (("environment", "docker"), ("shape", "not answered, so inferred"), ("silent_after_min", "3.0")):
        assert re.search(rf">{name}</th><td[^>]*>{value}</td>", html), name
    assert "orphan_after_min" not in html


def test_a_case_keeps_its_parameters_versions_and_input_digest(make: Make, tmp_path: Path) -> None:
    case = Case.open(target=str(make(SMALL)), case=str(tmp_path / "case"), environment="docker")
    about = json.loads((case.folder / "case.json").read_text())
    assert about["schema"] == SCHEMA
    assert about["parameters"]["environment"] == "docker"
    assert set(about["versions"]) >= {"session-ops", "python", "duckdb"}
    assert about["inputs"] == case.inputs


def test_documents_are_computed_once_and_again_when_the_input_changes(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = make(SMALL)
    first = Case.open(target=str(target), case=str(tmp_path / "case"))
    assert first.stored("discovery") is None
    document = first["discovery"]
    assert "computing it first" in capsys.readouterr().out
    again = Case.open(target=str(target), case=str(tmp_path / "case"))
    assert again.stored("discovery") == document
    (target / "run.sh").write_text("#!/bin/sh\necho other\n")
    changed = Case.open(target=str(target), case=str(tmp_path / "case"))
    assert changed.stored("discovery") is None


def test_a_rerun_replaces_only_its_phase_and_is_byte_equal(make: Make, tmp_path: Path) -> None:
    case = Case.open(target=str(make(SMALL, git=True)), case=str(tmp_path / "case"))
    for phase in ("discovery", "analysis"):
        case.save(phase, case.compute(phase))
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in case.folder.glob("*.json")}
    case.save("analysis", case.compute("analysis"))
    assert (case.folder / "discovery.json").stat().st_mtime_ns == before["discovery.json"][1]
    assert (case.folder / "analysis.json").read_bytes() == before["analysis.json"][0]


def test_without_a_case_folder_equal_parameters_share_one(make: Make, cases_folder: Path) -> None:
    target = str(make(SMALL))
    one, two = Case.open(target=target), Case.open(target=target)
    other = Case.open(target=target, environment="docker")
    assert one.folder == two.folder == cases_folder / "target-1"
    assert other.folder == cases_folder / "target-2"


def test_the_default_folder_is_ignored_by_git_and_by_us(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    target = make(SMALL, git=True)
    monkeypatch.delenv("SESSION_OPS_CASES")
    monkeypatch.chdir(target)
    case = Case.open(target=".")
    digest = case.inputs
    assert (target / "session-ops-cases" / ".gitignore").read_text() == "*\n"
    assert Case.open(target=".").inputs == digest


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"targett": "x"}, "did you mean 'target'?"),
        ({"zzz": 1}, "the parameters are target"),
        ({"environment": "dokcer"}, "did you mean 'docker'?"),
        ({"environment": 3}, "give one of local"),
        ({"trust_target": True}, "together with prove=True"),
        ({"orphan_after_min": -1}, "minutes above 0"),
        ({"orphan_after_min": "10"}, "minutes above 0"),
        ({"target": "no/such"}, "no such folder"),
        ({"logs": "no/such*.jsonl"}, "no such file or folder"),
        ({"logs": [1]}, "give a text"),
        ({"target": "a\0b"}, "NUL"),
    ],
)
def test_bad_parameters_are_one_clear_line_and_leave_nothing(given: dict[str, Any], said: str, cases_folder: Path) -> None:
    with pytest.raises(UsageError) as error:
        Case.open(**given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert list(cases_folder.iterdir()) == []


def test_a_case_of_another_target_is_refused(make: Make, tmp_path: Path) -> None:
    Case.open(target=str(make(SMALL, name="one")), case=str(tmp_path / "case"))
    with pytest.raises(UsageError, match=r"is the case of .*one, not of .*two"):
        Case.open(target=str(make(SMALL, name="two")), case=str(tmp_path / "case"))


@pytest.mark.parametrize(
    ("about", "said"),
    [('{"schema": 99, "phases": {}}', "newer session-ops"), ("{torn", "cannot be read"), ("[]", "is not a case")],
)
def test_a_strange_case_folder_is_refused(make: Make, tmp_path: Path, about: str, said: str) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "case.json").write_text(about)
    with pytest.raises(UsageError, match=said):
        Case.open(target=str(make(SMALL)), case=str(tmp_path / "case"))
    assert (tmp_path / "case" / "case.json").read_text() == about


def test_a_folder_with_other_files_and_one_inside_the_target_are_refused(make: Make, tmp_path: Path) -> None:
    target = make(SMALL)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other files"):
        Case.open(target=str(target), case=str(tmp_path / "mine"))
    with pytest.raises(UsageError, match="inside the target"):
        Case.open(target=str(target), case=str(target / "out"))
    assert not (target / "out").exists()


def test_a_torn_document_is_one_clear_line(make: Make, tmp_path: Path) -> None:
    case = Case.open(target=str(make(SMALL)), case=str(tmp_path / "case"))
    case["discovery"]
    (case.folder / "discovery.json").write_text('{"schema": 1')
    with pytest.raises(UsageError, match=r"discovery\.json: .*delete the file or run the phase again"):
        case.stored("discovery")


def test_a_failed_write_leaves_nothing(make: Make, tmp_path: Path) -> None:
    case = Case.open(target=str(make(SMALL)), case=str(tmp_path / "case"))
    case.write("report.md", "old")

    def fail() -> None:
        with case.writing("report.md") as aside:
            aside.write_text("half")
            raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        fail()
    assert (case.folder / "report.md").read_text() == "old"
    assert sorted(p.name for p in case.folder.iterdir()) == [".lock", "case.json", "report.md"]


def test_the_injected_cell_is_looked_at(make: Make) -> None:
    target = str(make(SMALL))
    cell = f"# Parameters\ntarget = {target!r}\nenviroment = 'docker'\n"
    assert injected_names(cell) == ["target", "enviroment"]
    assert injected_names("x = 1") == []
    with pytest.raises(UsageError, match="did you mean 'environment'"):
        Case.open({"target": target, "enviroment": "docker", "In": ["", cell]})
    case = Case.open({"target": target, "unrelated": 1, "In": ["", "unrelated = 1"]})
    assert Case.open({"target": target, "case": case}).folder == case.folder


def test_the_example_is_made_once(tmp_path: Path) -> None:
    one = Case.open(case=str(tmp_path / "case"))
    two = Case.open(case=str(tmp_path / "case"))
    assert one.is_example
    assert one.inputs == two.inputs
    assert one.target == tmp_path / "case" / "target" / "agent-ops"


def test_phases_are_a_graph_with_documents() -> None:
    import importlib

    for phase, needs in PHASES.items():
        module = importlib.import_module(f"session_ops.{phase}.phase")
        assert hasattr(module, "Document")
        assert hasattr(module, "compute")
        assert set(needs) <= set(PHASES)


def test_parameters_have_help_and_literal_defaults() -> None:
    for field in Parameters.__dataclass_fields__.values():
        assert field.metadata["help"]
        assert isinstance(field.default, str | bool | float)


def test_file_names_that_are_no_utf8_become_visible_escapes(make: Make, tmp_path: Path) -> None:
    import os

    target = make({"run.sh": "#!/bin/sh\n. ./gone.sh\n"})
    Path(os.fsdecode(os.fsencode(target) + b"/caf\xe9.sh")).write_text("#!/bin/sh\n. ./gone.sh\n")
    case = Case.open(target=str(target), case=str(tmp_path / "case"))
    for phase in PHASES:
        case.save(phase, case.compute(phase))
    assert "caf\\\\udce9.sh" in (case.folder / "discovery.json").read_text()
    assert "caf" in (case.folder / "report.md").read_text()
