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

from tests.batch.conftest import batch, documents, kill_group, running_below, started, wait_for

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


def test_a_cluster_gives_the_same_whoever_is_killed(
    targets: Make, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    """In the middle a worker dies, then the batch itself; the same command again gives what one machine gives."""
    address, workers = cluster
    targets(12)
    (tmp_path / "list.txt").write_text("trackers/*\n")
    here = tmp_path / "here"
    assert batch(tmp_path / "list.txt", "--out", here).returncode == 0
    out = tmp_path / "out"
    process = started(tmp_path / "list.txt", "--out", out, "--scheduler", address)
    wait_for(out, 3, process)
    os.kill(workers[0].pid, signal.SIGKILL)
    wait_for(out, 6, process)
    kill_group(process)
    again = batch(tmp_path / "list.txt", "--out", out, "--scheduler", address)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("unchanged") >= 6
    assert documents(out) == documents(here)
    assert running_below(out) == []
