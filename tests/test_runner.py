"""The six notebooks through papermill, on real kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from session_ops.case import PHASES, Case
from tests.conftest import Make
from tests.test_cli import session_ops

KILLS_ITS_KERNEL = """
import os
from session_ops.registry import fact, rule
@rule("DIES", gate="start", category="shell")
def dies(tree):
    "Ends the process that asks."
    if "ipykernel" in __import__("sys").modules: os._exit(7)
    return ()
"""


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return session_ops("run", "--case", folder, *words)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("run") / "case"
    return folder, run(folder, "--example")


def left_over(mark: Path) -> list[str]:
    """Processes whose environment or command line names this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(mark) in said:
            found.append(process.name)
    return found


def test_one_command_runs_all_six_and_prints_the_report(example: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = example
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"report: {folder / 'report.html'}"
    lines = done.stderr.splitlines()
    assert len(lines) == 7, done.stderr  # the case and one for each phase; no kernel or papermill chatter
    assert [line.split()[1] for line in lines[1:]].count("report") == 1
    status = json.loads((folder / "case.json").read_text())["phases"]
    assert {name: status[name]["status"] for name in PHASES} == dict.fromkeys(PHASES, "done")
    assert all(0 < status[name]["seconds"] < 60 for name in PHASES)


def test_the_case_holds_what_it_promises(example: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = example
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "target" not in p.parts}
    tables = ("events", "sources", "rejects", "snapshots", "sessions", "state_spans", "holds", "anomalies")
    assert names >= {f"{phase}.json" for phase in PHASES} | {f"tables/{t}.parquet" for t in tables}
    assert names >= {"report.md", "report.html", "findings.sarif", "findings.json", "case.json"}
    assert sum(name.startswith("notebooks/") for name in names) == 6
    assert any(name.startswith("fixes/01-") for name in names)
    assert any(name.startswith("figures/") for name in names)
    assert not [name for name in names if Path(name).name.startswith(".") and name != ".lock"]


def test_a_second_run_is_byte_equal(example: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    folder, _ = example
    assert run(tmp_path / "again", "--example").returncode == 0
    kept = [f"{phase}.json" for phase in PHASES] + ["report.md", "findings.sarif", "findings.json"]
    for name in kept + [p.relative_to(folder).as_posix() for p in (folder / "tables").iterdir()]:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_executed_notebooks_have_no_error_and_no_stray_output(example: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = example
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                assert output["output_type"] != "error", path
                assert output.get("name") != "stderr", (path, output)


def test_a_notebook_that_dies_is_kept_and_named_and_costs_what_needs_it(make: Make, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text(KILLS_ITS_KERNEL)
    target = make({"a.sh": "#!/bin/sh\nls\n"}, git=True)
    done = run(tmp_path / "case", target, "--rules", rules)
    assert done.returncode == 3
    status = json.loads((tmp_path / "case" / "case.json").read_text())["phases"]
    assert {k: v["status"] for k, v in status.items()} == {
        "discovery": "done", "lifecycles": "done", "analysis": "failed", "diagnosis": "skipped", "solution": "skipped", "report": "skipped",
    }  # fmt: skip
    assert (tmp_path / "case" / "notebooks" / "02_analysis.ipynb").exists()
    assert "02_analysis.ipynb" in done.stderr
    assert not (tmp_path / "case" / "report.md").exists()


def test_ctrl_c_ends_the_kernels_and_keeps_what_is_finished(make: Make, tmp_path: Path) -> None:
    target = make({"a.sh": "#!/bin/sh\nls\n"}, git=True)
    folder = tmp_path / "case"
    argv = [sys.executable, "-m", "session_ops", "run", str(target), "--case", str(folder)]
    env = os.environ | {"SESSION_OPS_TEST_MARK": str(folder)}
    with subprocess.Popen(
        argv, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, start_new_session=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "discovery" in line:
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    deadline = time.monotonic() + 10
    while left_over(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_over(folder) == []
    status = json.loads((folder / "case.json").read_text())["phases"]
    assert status["discovery"]["status"] == "done"
    assert "interrupted" in {entry["status"] for entry in status.values()}
    assert not [p for p in folder.rglob(".*") if p.is_file() and p.name != ".lock" and "target" not in p.parts]
    assert Case.open(target=str(target), case=str(folder)).stored("discovery") is not None


def test_papermill_alone_runs_one_notebook_and_refuses_a_misspelt_parameter(make: Make, tmp_path: Path) -> None:
    from session_ops.runner import notebooks

    target = make({"a.sh": "#!/bin/sh\nls\n"}, git=True)
    plain = [
        sys.executable,
        "-m",
        "papermill",
        str(notebooks()["lifecycles"]),
        str(tmp_path / "out.ipynb"),
        "--no-progress-bar",
    ]
    good = subprocess.run(
        [*plain, "-p", "target", target, "-p", "case", tmp_path / "c"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert good.returncode == 0, good.stderr
    assert {p.name for p in (tmp_path / "c").glob("*.json")} >= {"case.json", "lifecycles.json"}
    bad = subprocess.run([*plain, "-p", "tarrget", target], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert bad.returncode == 1
    assert "unknown parameter 'tarrget': did you mean 'target'?" in bad.stderr
