"""Batches as a user starts them: what one target does costs only itself, nothing is left running, an ended batch goes on."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.batch.conftest import batch, documents, kill_group, running_below, started, wait_for

Make = Callable[[int], list[Path]]


def test_every_target_gets_a_case_and_a_row(targets: Make, tmp_path: Path) -> None:
    made = targets(3)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    out = tmp_path / "out"
    done = batch(tmp_path / "list.txt", "--out", out, "--jobs", 2)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"index: {out}/index.html\n"
    assert "[3/3]" in done.stderr
    rows = list(csv.DictReader((out / "index.csv").read_text().splitlines()))
    assert sorted(row["target"] for row in rows) == [folder.name for folder in made]
    assert {row["sessions"] for row in rows} == {"1"}
    assert all((out / row["report"]).is_file() for row in rows)
    in_parquet = duckdb.sql(f"SELECT target, critical, gaps FROM '{out}/index.parquet' ORDER BY target").fetchall()
    assert in_parquet == sorted((row["target"], int(row["critical"]), int(row["gaps"])) for row in rows)
    page = (out / "index.html").read_text()
    assert "REF-RUN" in page
    assert "bash lib/setup.sh" in page  # the very same line in three targets
    assert batch(tmp_path / "list.txt", "--out", out, "--fail-on", "gap").returncode == 1


def test_an_unchanged_target_is_not_run_again(targets: Make, tmp_path: Path) -> None:
    made = targets(2)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    out = tmp_path / "out"
    assert batch(tmp_path / "list.txt", "--out", out).returncode == 0
    before = documents(out)
    stamps = {path: path.stat().st_mtime_ns for path in (out / "cases").rglob("*.json")}
    again = batch(tmp_path / "list.txt", "--out", out)
    assert again.stderr.count("unchanged") == 2
    assert {path: path.stat().st_mtime_ns for path in (out / "cases").rglob("*.json")} == stamps
    (made[0] / "start.sh").write_text((made[0] / "start.sh").read_text() + "python3 also_gone.py\n")
    (out / "cases/t02/report.md").unlink()  # a case that is not whole is made again
    third = batch(tmp_path / "list.txt", "--out", out)
    assert "unchanged" not in third.stderr
    assert documents(out)["t02/report.md"] == before["t02/report.md"]
    assert b"also_gone.py" in documents(out)["t01/findings.json"]
    assert "unchanged" not in batch(tmp_path / "list.txt", "--out", out, "--force").stderr


BAD_RULE = '''
from session_ops.registry import rule
@rule("OWN-BAD", gate="start", category="shell")
def bad(tree):
    """Does what no rule should.

    Do: nothing at all, this rule is here to misbehave.
    Source: none.
    """
    {deed}
    yield
'''


def test_what_one_target_does_costs_only_itself(targets: Make, tmp_path: Path) -> None:
    made = targets(2)
    deeds = {
        "hang": "import time; time.sleep(600)",
        "crash": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "eat": "import time; a = bytearray(1_500_000_000); a[::4096] = b'x' * len(a[::4096]); time.sleep(600)",
        "leave": "import subprocess, time; subprocess.Popen(['sleep', '613'], start_new_session=True); time.sleep(600)",
    }
    entries = [f"- {made[0]}", f"- {made[1]}", f"- {tmp_path / 'trackers/t01'}/../../nowhere*"][:2]
    for name, deed in deeds.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.py").write_text(BAD_RULE.replace("{deed}", deed))
        entries.append(f"- target: {made[0]}\n  rules: {name}")
    entries.append("- file:///no/such/repository.git")
    (tmp_path / "list.yaml").write_text("\n".join(entries) + "\n")
    out = tmp_path / "out"
    done = batch(tmp_path / "list.yaml", "--out", out, "--jobs", 4, "--timeout-min", "0.5", "--memory-gb", "1")
    assert done.returncode == 3, done.stderr
    status = {path.stem: json.loads(path.read_text())["status"] for path in (out / "results").glob("*.json")}
    assert status == {
        "t01": "done", "t02": "done", "t01-2": "timeout", "t01-3": "crashed", "t01-4": "memory", "t01-5": "timeout", "repository": "unusable",
    }  # fmt: skip
    assert "ended by signal SIGKILL" in done.stderr
    assert "more than 1 GB of memory" in done.stderr
    assert running_below(out) == []
    assert subprocess.run(["pgrep", "-f", "^sleep 613$"], capture_output=True, check=False).returncode == 1
    verdicts = {row["target"]: row["verdict"] for row in csv.DictReader((out / "index.csv").read_text().splitlines())}
    assert verdicts["t01-2"] == "unfinished"
    assert verdicts["t02"] != "unfinished"


def test_a_killed_batch_goes_on_where_it_was(targets: Make, tmp_path: Path) -> None:
    targets(4)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    whole = tmp_path / "whole"
    assert batch(tmp_path / "list.txt", "--out", whole).returncode == 0
    out = tmp_path / "out"
    process = started(tmp_path / "list.txt", "--out", out, "--jobs", 2)
    wait_for(out, 1, process)
    kill_group(process)
    deadline = time.monotonic() + 30
    while running_below(out) and time.monotonic() < deadline:  # the kernel tells the children, who end by themselves
        time.sleep(0.1)
    assert running_below(out) == []
    done = batch(tmp_path / "list.txt", "--out", out, "--jobs", 2)
    assert done.returncode == 0, done.stderr
    assert 1 <= done.stderr.count("unchanged") < 4
    assert documents(out) == documents(whole)


def test_ctrl_c_keeps_what_is_finished(targets: Make, tmp_path: Path) -> None:
    targets(4)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    out = tmp_path / "out"
    process = started(tmp_path / "list.txt", "--out", out, "--jobs", 1)
    wait_for(out, 1, process)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    assert running_below(out) == []
    assert len(list((out / "results").glob("*.json"))) < 4


def test_a_repository_is_cloned_without_running_it(targets: Make, tmp_path: Path) -> None:
    (folder,) = targets(1)
    hooks = tmp_path / "ran"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    (folder / ".git/hooks/post-checkout").write_text(f"#!/bin/sh\ntouch {hooks}\n")
    (folder / ".git/hooks/post-checkout").chmod(0o755)
    (tmp_path / "list.txt").write_text(f"file://{folder}#main\n")
    out = tmp_path / "out"
    assert batch(tmp_path / "list.txt", "--out", out).returncode == 0
    assert "unchanged" in batch(tmp_path / "list.txt", "--out", out).stderr
    (folder / "README.md").write_text("# Changed\n")
    subprocess.run([*git, "commit", "-qam", "two"], cwd=folder, check=True)
    third = batch(tmp_path / "list.txt", "--out", out)
    assert "unchanged" not in third.stderr
    assert (out / "targets/t01/README.md").read_text() == "# Changed\n"
    assert not hooks.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.txt", "--out", "o"], "cannot be read"),
        (["list.txt", "--out", "."], "holds other files"),
        (["list.txt", "--out", "list.txt"], "cannot be written"),
        (["list.txt", "--out", "o", "--scheduler", "tcp://127.0.0.1:9"], "does not answer"),
    ],
)
def test_bad_input_is_one_line(targets: Make, tmp_path: Path, words: list[str], said: str) -> None:
    targets(1)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    argv = [sys.executable, "-m", "session_ops", "batch", *words]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.strip().count("\n") == 0
