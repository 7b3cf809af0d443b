"""Rows of batches: what a second worker brings, whether many targets need more memory than few, what an unchanged target costs."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from rows import on_request, row, say, seconds

from session_ops import example

BATCH = [sys.executable, "-m", "session_ops", "batch"]


def copies(scratch: Path, count: int) -> Path:
    """A list of this many targets, all copies of the example under names of their own."""
    source = example.materialise(scratch / "source")
    for number in range(count):
        shutil.copytree(source, scratch / "targets" / f"t{number:03d}", symlinks=True)
    (scratch / "list.txt").write_text("targets/*\n")
    return scratch / "list.txt"


def run(*words: object) -> None:
    """One batch to its end."""
    done = subprocess.run([*BATCH, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(f"batch ended with {done.returncode}: {done.stderr[-2000:]}")


@row
def batch_workers(scratch: Path) -> None:
    """24 copies of the example, documents only: two workers against one (each target on one thread in both)."""
    listed = copies(scratch, 24)
    ratios = []
    for turn in range(2):
        one = seconds(lambda t=turn: run(listed, "--out", scratch / f"one-{t}", "--jobs", 1, "--no-notebooks"))
        two = seconds(lambda t=turn: run(listed, "--out", scratch / f"two-{t}", "--jobs", 2, "--no-notebooks"))
        print(f"24 targets: one worker {one:.1f} s ({one / 24:.2f} s a target), two workers {two:.1f} s")
        ratios.append(one / two)
    say("batch-two-workers", statistics.median(ratios), "ratio", 1.6, at_least=True)
    first = seconds(lambda: run(listed, "--out", scratch / "again", "--jobs", 2, "--no-notebooks"))
    again = seconds(lambda: run(listed, "--out", scratch / "again", "--jobs", 2, "--no-notebooks"))
    print(f"first run {first:.1f} s, unchanged {again:.2f} s")
    say("batch-unchanged", again / first, "ratio", 0.05)


def watching(batch: psutil.Process) -> int:
    """Bytes that the batch and the workers hold which only watch; the targets' own processes are left out."""
    workers = [child for child in batch.children() if any("loky" in word for word in child.cmdline())]
    return sum(process.memory_info().rss for process in (batch, *workers))


@on_request
def batch_200(scratch: Path) -> None:
    """200 small targets, documents only: memory of the batch's own processes, and what is left behind."""
    for number in range(200):
        folder = scratch / "targets" / f"t{number:03d}"
        folder.mkdir(parents=True)
        (folder / "start.sh").write_text(f"#!/usr/bin/env bash\nset -e\nmkdir -p state\npython3 gone{number}.py\n")
        (folder / "README.md").write_text(f"# Tracker {number}\n\n```bash\nbash start.sh\n```\n")
    (scratch / "list.txt").write_text("targets/*\n")
    place = scratch / "tmp"
    place.mkdir()
    own = [*BATCH, str(scratch / "list.txt"), "--out", str(scratch / "out"), "--jobs", "2", "--no-notebooks"]
    process = subprocess.Popen(
        own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(place)}
    )
    used: dict[int, int] = {}
    while process.poll() is None:
        finished = len(list((scratch / "out" / "results").glob("*.json")))
        try:
            used[finished] = max(used.get(finished, 0), watching(psutil.Process(process.pid)))
        except psutil.Error:
            break
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
    early = max(size for count, size in used.items() if 10 <= count <= 50)
    late = max(size for count, size in used.items() if 150 <= count < 200)
    print(f"batch and workers: {early / 1e6:.0f} MB with up to 50 targets done, {late / 1e6:.0f} MB with 150 and more")
    print(f"with all done, while the index is written: {used[200] / 1e6:.0f} MB")
    say("batch-memory", late / early, "ratio", 1.2, targets=200)
    left = [p for p in psutil.process_iter(["cmdline"]) if any(str(scratch) in word for word in p.info["cmdline"] or ())]
    say("batch-left-processes", len(left), "processes", 0)
    say("batch-left-files", len([p for p in place.iterdir() if p.name.startswith("session-ops")]), "files", 0)


@on_request
def batch_notebooks(scratch: Path) -> None:
    """24 copies of the example with notebooks: two workers against one."""
    listed = copies(scratch, 24)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        one = seconds(lambda: run(listed, "--out", Path(folder) / "one", "--jobs", 1))
        two = seconds(lambda: run(listed, "--out", Path(folder) / "two", "--jobs", 2))
    print(f"24 targets with notebooks: one worker {one:.0f} s ({one / 24:.1f} s a target), two workers {two:.0f} s")
    say("batch-two-workers-notebooks", one / two, "ratio", 1.6, at_least=True)
