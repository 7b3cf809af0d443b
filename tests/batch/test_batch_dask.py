"""The same batch on a Dask cluster: a real scheduler and two worker processes over loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.batch.conftest import batch, documents, running_below, started

pytest.importorskip("distributed", reason="the extra [dask] is not installed")

Make = Callable[[int], list[Path]]
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The scheduler's address, and the two workers' processes."""
    about = tmp_path / "scheduler.json"
    common = ["--host", "127.0.0.1", "--scheduler-file", str(about)]
    dask = [sys.executable, "-m", "dask"]
    scheduler = subprocess.Popen([*dask, "scheduler", "--port", "0", "--no-dashboard", *common], **QUIET)
    deadline = time.monotonic() + 60
    while not about.is_file() or not about.stat().st_size:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    words = [
        "worker",
        "--nworkers",
        "1",
        "--nthreads",
        "1",
        "--no-dashboard",
        "--no-nanny",
        "--local-directory",
        str(tmp_path / "dask"),
    ]
    workers = [subprocess.Popen([*dask, *words, *common], **QUIET) for _ in range(2)]
    try:
        yield json.loads(about.read_text())["address"], workers
    finally:
        for process in (*workers, scheduler):
            process.terminate()
        for process in (*workers, scheduler):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_a_cluster_gives_the_same_and_a_killed_worker_costs_nothing(
    targets: Make, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    targets(12)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    here = tmp_path / "here"
    assert batch(tmp_path / "list.txt", "--out", here).returncode == 0
    out = tmp_path / "out"
    process = started(tmp_path / "list.txt", "--out", out, "--scheduler", address)
    deadline = time.monotonic() + 200
    while len(list((out / "results").glob("*.json"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(workers[0].pid, signal.SIGKILL)
    assert process.wait(250) == 0
    assert len(list((out / "results").glob("*.json"))) == 12
    assert documents(out) == documents(here)
    assert running_below(out) == []
