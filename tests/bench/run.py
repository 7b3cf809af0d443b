"""Every number of the README and of design section 9: `make bench`, or one row with `make bench ONLY=name`.

Beside what people read, each row prints one line of JSON: bench, measured, unit, budget, holds. Both sides of a ratio run in turn in one
process, several times; the medians count. Machines are noisy, so nothing here is a test.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from session_ops import example, runner
from session_ops.case import Case

from rows import ON_REQUEST, ROWS, row, say, seconds  # isort: skip - a file beside this one


def check_command(target: Path) -> None:
    """`session-ops check` as a user starts it: a new process, start-up included."""
    argv = [
        sys.executable,
        "-m",
        "session_ops",
        "check",
        str(target),
        "--no-linters",
        "--format",
        "sarif",
        "--output",
        str(target.parent / "out.sarif"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"check failed with {done.returncode}: {done.stderr}")


@row
def check_bundle(scratch: Path) -> None:
    """check without linters on the bundled example (about 30 files), start-up included."""
    target = example.materialise(scratch)
    files = sum(1 for p in target.rglob("*") if p.is_file() and ".git" not in p.parts)
    times = [seconds(lambda: check_command(target)) for _ in range(7)]
    print(f"check of {files} files: {', '.join(f'{t:.2f}' for t in times)} s")
    say("check-bundle", statistics.median(times), "s", 1.0, files=files)


@row
def check_tree(scratch: Path) -> None:
    """check without linters on generated trees of 1,000 to 10,000 files: seconds, and seconds a file against the smallest."""
    per_file = {}
    for count in (1_000, 3_000, 10_000):
        target = scratch / f"tree-{count}" / "t"
        grow(target, count)
        took = statistics.median(seconds(lambda t=target: check_command(t)) for _ in range(3 if count < 10_000 else 1))
        per_file[count] = took / count
        print(f"{count:>6} files: {took:6.2f} s, {1000 * took / count:.2f} ms a file")
    say("check-tree-10000", per_file[10_000] * 10_000, "s", 30.0)
    say("check-tree-linear", per_file[10_000] / per_file[1_000], "ratio", 1.5)


def grow(target: Path, count: int) -> None:
    """Copies of the example's files under new names, so that references, scripts and documents keep their mix."""
    with tempfile.TemporaryDirectory() as once:
        source = example.materialise(Path(once))
        files = [p for p in sorted(source.rglob("*")) if p.is_file() and ".git" not in p.parts]
        for number in range(count):
            path = files[number % len(files)]
            copy = target / f"part{number // len(files):04d}" / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    plain = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(target)]
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "grown"]):
        subprocess.run([*plain, *words], check=True, stdout=subprocess.DEVNULL)


@row
def notebooks(scratch: Path) -> None:
    """The six notebooks on the example, against six that only import what ours imported; same process and phase graph."""
    imported = scratch / "imported"
    imported.mkdir()
    listing = edited(scratch / "listing", lambda cells, phase: [*cells, list_modules(imported / phase)])
    run_all(scratch / "warm", listing)
    bare = edited(
        scratch / "bare", lambda cells, phase: [cells_tagged(cells), *import_cells((imported / phase).read_text().split())]
    )
    ours, theirs = [], []
    for turn in range(3):
        ours.append(seconds(lambda t=turn: run_all(scratch / f"ours-{t}", runner.notebooks())))
        theirs.append(seconds(lambda t=turn: run_all(scratch / f"bare-{t}", bare)))
    print(
        f"six notebooks: {', '.join(f'{t:.1f}' for t in ours)} s; only their imports: {', '.join(f'{t:.1f}' for t in theirs)} s"
    )
    report = scratch / "ours-0" / "report.html"
    say("notebooks-six", statistics.median(ours), "s", 20.0)
    say("notebooks-ratio", statistics.median(ours) / statistics.median(theirs), "ratio", 2.0)
    say("report-size", report.stat().st_size / 1e6, "MB", 2.0)


@row
def proof(scratch: Path) -> None:
    """All gates of a small Python package in a sandbox with a warm cache: copy, build, look into, venv, install, start."""
    from session_ops.discovery.files import read_tree
    from session_ops.model import Answers, Gate, Outcome
    from session_ops.proof.runs import prove
    from session_ops.registry import Facts, Registry

    target = scratch / "small"
    (target / "src/small").mkdir(parents=True)
    (target / "src/small/__init__.py").write_text("")
    (target / "src/small/cli.py").write_text("import click\n\n\n@click.command()\ndef main():\n    click.echo('hi')\n")
    (target / "README.md").write_text("# Small\n\n```\n$ small\n```\n")
    (target / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "small"\nversion = "1.0"\n'
        'dependencies = ["click"]\n[project.scripts]\nsmall = "small.cli:main"\n'
    )
    tree = read_tree(target)
    facts = Facts(Registry.load(), {"tree": tree, "answers": Answers()})
    results = prove(tree, facts, only=("python.python",))  # fetches what is not in the cache yet
    wanted = (Gate.METADATA, Gate.BUILD, Gate.CONTENTS, Gate.INSTALL, Gate.START)
    if any(results.get(gate) is None or results[gate].outcome is not Outcome.PASS for gate in wanted):
        raise SystemExit(f"the package is not proven: {[(g.value, r.outcome.value, r.reason) for g, r in results.items()]}")
    times = [seconds(lambda: prove(tree, facts, only=("python.python",))) for _ in range(5)]
    print(f"proof of one package: {', '.join(f'{t:.2f}' for t in times)} s")
    for result in results.values():
        for run in result.runs:
            print(f"  {run.seconds:5.2f} s  {result.gate.value:<9} {run.command}")
    say("proof", statistics.median(times), "s", 5.0)


def run_all(folder: Path, sources: dict[str, Path]) -> None:
    """All six through the runner, on the example."""
    results = runner.run(Case.open(case=str(folder)), lambda _: None, sources)
    failed = [r for r in results.values() if r.status != "done"]
    if failed:
        raise SystemExit(f"{failed[0].phase}: {failed[0].reason}")


def edited(folder: Path, edit: Callable[[list[dict[str, object]], str], list[dict[str, object]]]) -> dict[str, Path]:
    """Copies of our notebooks with other cells."""
    folder.mkdir()
    made = {}
    for phase, source in runner.notebooks().items():
        book = json.loads(source.read_text())
        book["cells"] = edit(book["cells"], phase)
        made[phase] = folder / source.name
        made[phase].write_text(json.dumps(book))
    return made


def cells_tagged(cells: list[dict[str, object]]) -> dict[str, object]:
    """The parameters cell."""
    return next(c for c in cells if "parameters" in c["metadata"].get("tags", []))  # type: ignore[attr-defined]


def code_cell(source: str) -> dict[str, object]:
    """A new code cell."""
    return {"cell_type": "code", "id": "bench", "metadata": {}, "outputs": [], "execution_count": None, "source": source}


def list_modules(into: Path) -> dict[str, object]:
    """A last cell that writes which modules the notebook had imported, in order."""
    return code_cell(
        f"import sys, pathlib\npathlib.Path({str(into)!r}).write_text('\\n'.join(m for m in sys.modules if m != '__main__'))"
    )


def import_cells(names: list[str]) -> list[dict[str, object]]:
    """One cell that imports these modules; what a kernel cannot import by name is passed over."""
    source = f"import importlib, contextlib\nfor name in {names!r}:\n    with contextlib.suppress(Exception):\n        importlib.import_module(name)"
    return [code_cell(source)]


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of its own for each row."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def main() -> None:
    """Run all rows or one."""
    for path in sorted(Path(__file__).parent.glob("rows_*.py")):
        importlib.import_module(path.stem)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(ROWS))
    only = parser.parse_args().only
    import papermill  # noqa: F401 - its import (about 2 s) belongs to neither side

    for name, measure in ROWS.items():
        if name == only or (only is None and name not in ON_REQUEST):
            print(f"\n{name}: {(measure.__doc__ or '').splitlines()[0]}")
            with scratch_folder() as scratch:
                measure(scratch)


if __name__ == "__main__":
    main()
