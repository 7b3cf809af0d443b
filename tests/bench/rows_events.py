"""Rows of the lifecycles: a raw log to sessions and all anomalies, against DuckDB, pandas and pm4py on the same file."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import tracker_log
from rows import on_request, row, say, seconds

SIDES = Path(__file__).with_name("sides_events.py")
TURNS = 3
PM4PY = ("pm4py==2.7.23.11", "pandas<3")
"""In an environment of its own: its licence (AGPL) and its pins keep it out of ours."""


def side(name: str, log: Path, scratch: Path, python: str = sys.executable, **given: str) -> dict[str, Any]:
    """One side in a process of its own, with a folder that is empty before and gone afterwards; the most that it put on disk for want of memory is told too.

    `given` are further environment variables.
    """
    folder = scratch / "side"
    folder.mkdir()
    argv = [python, str(SIDES), name, str(log), str(folder)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(folder)} | given)
    spilled = 0
    while process.poll() is None:
        spilled = max(spilled, sum(map(_size, [*folder.rglob("duckdb_temp*"), *folder.rglob("events.duckdb*")])))
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
    shutil.rmtree(folder)
    assert process.stdout is not None
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    return json.loads(process.stdout.read()) | {"spilled_mb": spilled / 1e6}


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):  # it may be gone by now
        return file.stat().st_size
    return 0


def written(scratch: Path, events: int) -> Path:
    """A log of so many events."""
    path = scratch / f"tracker-{events}.jsonl"
    tracker_log.write(path, events)
    print(
        f"{events:,} events, {path.stat().st_size / 1e6:,.0f} MB; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    return path


def told(name: str, runs: list[dict[str, Any]]) -> float:
    """Print one side's runs; the median of their seconds."""
    seconds = [run["seconds"] for run in runs]
    memory = max(run["memory_mb"] for run in runs)
    cpu = statistics.median(run["cpu_seconds"] for run in runs)
    print(f"{name:<28} {', '.join(f'{s:.1f}' for s in seconds)} s (processor {cpu:.1f} s), at most {memory:,.0f} MB of memory")
    return statistics.median(seconds)


def steps(run: dict[str, Any]) -> None:
    """Print the steps of a run, the dearest first; what takes under a hundredth together."""
    rest = 0.0
    for name, spent in sorted(run["steps"].items(), key=lambda item: -item[1]):
        if spent * 100 < run["seconds"]:
            rest += spent
        else:
            print(f"  {spent:8.2f} s {100 * spent / run['seconds']:5.1f} %  {name}")
    print(f"  {rest:8.2f} s {100 * rest / run['seconds']:5.1f} %  other steps")


@row
def events(scratch: Path) -> None:
    """5 million events of newline JSON to sessions and all anomalies, against DuckDB's bare typed load, pandas and pm4py."""
    log = written(scratch, 5_000_000)
    runs: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
    for _ in range(TURNS):
        for name, found in runs.items():
            found.append(side(name, log, scratch))
    bare = told("DuckDB, bare typed load", runs["bare"])
    ours = told("session-ops, all", runs["ours"])
    last = runs["ours"][-1]
    print(f"  {last['sessions']:,} sessions, {last['anomalies']:,} anomalies; {last['spilled_mb']:,.0f} MB spilled")
    steps(last)
    say("events-ratio", ours / bare, "ratio", 8.0)
    say("events-memory", max(run["memory_mb"] for run in runs["ours"]), "MB", 4000.0)
    pandas = told("pandas, reading", [side("pandas", log, scratch)])
    say("events-pandas", ours / pandas, "ratio", 1.0)
    if python := own_environment(scratch):
        other = side("pm4py", log, scratch, python)
        say("events-pm4py", ours / told("pm4py, graph and durations", [other]), "ratio", 1.0)
        steps(other)


def own_environment(scratch: Path) -> str:
    """The interpreter of a fresh environment with pm4py; "" where it cannot be made, and that is said."""
    if shutil.which("uv") is None:
        print("pm4py is not measured: uv is not there to make an environment for it")
        return ""
    folder = scratch / "pm4py"
    for words in (
        ["venv", "--quiet", str(folder)],
        ["pip", "install", "--quiet", "--python", str(folder / "bin/python"), *PM4PY],
    ):
        done = subprocess.run(["uv", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"pm4py is not measured: uv {words[0]} failed: {done.stderr.strip()[-200:]}")
            return ""
    return str(folder / "bin/python")


@on_request
def events_50m(scratch: Path) -> None:
    """50 million events within 4 GB: memory, and what is spilled. Needs 40 GB of disk or more in TMPDIR."""
    run = side("ours", written(scratch, 50_000_000), scratch, SESSION_OPS_MEMORY_GB="3")
    told("session-ops, all", [run])
    steps(run)
    say("events-50m-memory", run["memory_mb"], "MB", 4000.0)
    say("events-50m-spilled", run["spilled_mb"], "MB", 60_000.0)


@on_request
def events_linear(scratch: Path) -> None:
    """Time from half a million events on, as far as the disk goes (SESSION_OPS_BENCH_EVENTS names other sizes); draws the README's plot."""
    asked = os.environ.get("SESSION_OPS_BENCH_EVENTS", "500000,1500000,5000000,15000000,50000000")
    found: dict[str, dict[int, float]] = {"DuckDB, bare typed load": {}, "session-ops: sessions and all anomalies": {}}
    for count in map(int, asked.split(",")):
        if psutil.disk_usage(str(scratch)).free < count * 900:
            print(f"{count:,} events are left out: the disk is too small")
            continue
        log = written(scratch, count)
        for (name, points), one in zip(found.items(), ("bare", "ours"), strict=True):
            points[count] = told(name, [side(one, log, scratch)])
        log.unlink()
    ours = found["session-ops: sessions and all anomalies"]
    first, last = min(ours), max(ours)
    draw(found)
    say("events-linear", (ours[last] / last) / (ours[first] / first), "ratio", 1.5, events=last)


@on_request
def events_engines(scratch: Path) -> None:
    """A million events by DuckDB and by Spark (local, two cores): tables that differ in any byte, and the time of both."""
    log = written(scratch, 1_000_000)
    took = {}
    for engine in ("duckdb", "spark"):
        argv = [sys.executable, "-m", "session_ops", "logs", str(log), "--engine", engine, "--case", str(scratch / engine)]
        took[engine] = seconds(lambda argv=argv: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL))  # type: ignore[misc]
        print(f"{engine}: {took[engine]:.1f} s")
    tables = sorted(path.name for path in (scratch / "duckdb" / "tables").glob("*.parquet"))
    differ = [name for name in tables if len({(scratch / e / "tables" / name).read_bytes() for e in took}) > 1]
    print(f"{len(tables)} tables; different: {', '.join(differ) or 'none'}")
    say("events-engines", len(differ), "tables", 0.0, tables=len(tables))


def draw(found: dict[str, dict[int, float]]) -> None:
    """Seconds over events, both on logarithmic axes, with a line of equal time for each event."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.6), dpi=110, layout="constrained")
    for (name, points), mark in zip(found.items(), ("s", "o"), strict=True):
        axes.plot(list(points), list(points.values()), marker=mark, label=name)
    sizes = list(next(reversed(found.values())))
    least = next(reversed(found.values()))[sizes[0]] / sizes[0]
    axes.plot(sizes, [n * least for n in sizes], linestyle=":", color="0.5", label="as long for each event")
    axes.set(xscale="log", yscale="log", xlabel="events", ylabel="seconds", title="Time for a log of newline JSON, two cores")
    axes.set_xticks(sizes, [f"{n / 1e6:g} million" for n in sizes], minor=False)
    axes.minorticks_off()
    axes.grid(visible=True, color="0.9")
    axes.legend(frameon=False)
    figure.savefig(Path(__file__).parents[2] / "src/session_ops/docs/img/events.png", metadata={"Software": None})
    plt.close(figure)
