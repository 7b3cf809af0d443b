"""The mutation bench: `make bench-mutations`. Breaks healthy packages in ways in which people break them, and lets session-ops repair them.

Healthy packages are published sdists and npm tarballs, fetched by name (or those of `PACKAGES=DIR`: archives and folders). Every kind of
breakage is planted into every package that has something of the kind, with the seeds below; removals twice, in a repository that
remembers what was there and in a bare folder. One breakage at a time. Counted are

- found: a rule or a gate reports something new at a file of the breakage,
- repaired: `fix --prove` leads back to what the healthy package was: every gate that held holds again, and what was found is gone,
- harmed: a healthy package for which a safe fix is proposed, or a gate is said to fail.

The last line is JSON with these numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))
from breakages import KINDS, REMOVALS, Planted  # a file beside this one

from session_ops.model import Answers, Gate, Outcome, Severity, UsageError
from session_ops.solution.fixing import Fixed, fix

PYPI = ("vdirsyncer", "huey", "sigal", "pipx", "flit", "gunicorn")
NPM = ("http-server", "nodemon", "commitizen", "bats", "n", "git-open", "sanctuary-scripts")
"""Packages by name. The last four of npm are shell."""
SEEDS = (20261122,)
"""One breakage of each kind and package for each seed."""
LEAST_LINES = 300
GIT = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")  # fmt: skip


@dataclass(frozen=True)
class State:
    """What session-ops says of a package: gates, problems (rule, path, text) and titles of safe fixes."""

    gates: dict[str, str]
    reasons: dict[str, str]
    problems: list[tuple[str, str, str]]
    safe: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """What became of one breakage."""

    package: str
    kind: str
    history: bool
    what: str
    found: bool
    repaired: bool
    said: str
    seconds: float


# packages


def fetch(names: Iterable[str], ecosystem: str, place: Path) -> list[Path]:
    """Archives of published packages, by the registries' own clients."""
    found = []
    for name in names:
        folder = place / ecosystem / re.sub(r"\W+", "-", name)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            argv = [_python(), "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", name]
            done = subprocess.run(
                argv if ecosystem == "pypi" else ["npm", "pack", "--silent", "--ignore-scripts", name],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(f"{name}: cannot be fetched: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                continue
        found += sorted(folder.iterdir())
    return found


def _python() -> str:
    """An interpreter that has pip."""
    return next(
        (
            p
            for p in (sys.executable, f"{sys.base_prefix}/bin/python3", "python3")
            if not subprocess.run([p, "-m", "pip", "--version"], capture_output=True, check=False).returncode
        ),
        sys.executable,
    )


def unpack(source: Path, place: Path) -> Path:
    """The package's folder, from an archive or a folder."""
    place.mkdir(parents=True)
    if source.is_dir():
        shutil.copytree(source, place / source.name, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        return place / source.name
    if source.suffix in (".zip", ".whl"):
        with zipfile.ZipFile(source) as archive:
            archive.extractall(place)
    else:
        with tarfile.open(source) as archive:
            archive.extractall(place, filter="data")
    inside = [p for p in place.iterdir() if p.is_dir()]
    if len(inside) != 1:
        return place
    if inside[0].name == "package":  # npm calls every one so
        name = re.sub(r"-\d[\w.+-]*$", "", source.name.removesuffix(".tgz").removesuffix(".tar.gz"))
        return inside[0].rename(place / name)
    return inside[0]


def commit(root: Path, subject: str) -> None:
    """Commit everything."""
    if not (root / ".git").exists():
        subprocess.run([*GIT, "init", "-q", "-b", "main", str(root)], check=True, capture_output=True)
    subprocess.run([*GIT, "-C", str(root), "add", "-A", "-f"], check=True, capture_output=True)
    subprocess.run([*GIT, "-C", str(root), "commit", "-q", "--allow-empty", "-m", subject], check=True, capture_output=True)


def lines_of(root: Path) -> int:
    """Lines of text in a package."""
    return sum(
        p.read_bytes().count(b"\n") for p in root.rglob("*") if p.is_file() and not p.is_symlink() and ".git" not in p.parts
    )


# what session-ops says


def look(root: Path, prove: bool) -> tuple[State, Fixed]:
    """Run the fixes (proven or not) on a copy of the package."""
    done = fix(root, Answers(), prove=prove)
    return _state(done, before=True), done


def _state(done: Fixed, before: bool) -> State:
    checked = done.repair.before if before else done.repair.after
    gates = done.repair.gates_before if before else done.repair.gates_after
    problems = [
        (f.rule, at.path, f.message) for f in checked.findings if f.severity is not Severity.ADVICE for at in (f.at, *f.also)
    ]
    problems += [(f"gate {g.gate}", path, g.reason) for g in gates if g.outcome is Outcome.FAIL for path in _named(g, done)]
    safe = [s.fix.title for s in done.repair.steps if s.fix.safety == "safe" and s.round == 1] if before else []
    return State({g.gate: str(g.outcome) for g in gates}, {g.gate: g.reason for g in gates}, problems, safe)


def _named(gate: object, done: Fixed) -> Iterator[str]:
    """Files of the package that the output of a failing command names."""
    for run in getattr(gate, "runs", ()):
        text = "\n".join(run.tail) if isinstance(run.tail, (list, tuple)) else str(run.tail)
        for path in done.tree.entries:
            if len(path) > 3 and re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w-])", text):
                yield path


def new_in(healthy: State, broken: State, planted: Planted) -> list[tuple[str, str, str]]:
    """What is reported at a file of the breakage and was not of the healthy package."""
    before = set(healthy.problems)
    return [one for one in broken.problems if one not in before and one[1] in planted.files]


# the bench


def healthy(source: Path, prove: bool) -> tuple[str, State, list[str]]:
    """What is said of a healthy package, and what of that is harm."""
    with tempfile.TemporaryDirectory(prefix="bench-mutations-") as scratch:
        root = unpack(source, Path(scratch) / "package")
        if (count := lines_of(root)) < LEAST_LINES:
            raise UsageError(f"{source.name}: only {count} lines")
        commit(root, "As published")
        state, _ = look(root, prove)
    failing = [
        f"gate {gate} fails: {state.reasons[gate]}"
        for gate, outcome in state.gates.items()
        if outcome == Outcome.FAIL and gate != Gate.FOLLOW
    ]
    return source.name, state, [f"safe fix: {title}" for title in state.safe] + failing


def one(source: Path, name: str, seed: int, history: bool, was: State, prove: bool) -> Result | None:
    """Plant one breakage, look, repair, look again; None where the package has nothing of the kind."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-mutations-") as scratch:
        root = unpack(source, Path(scratch) / "package")
        if history:
            commit(root, "As published")
        planted = KINDS[name](root, Random(f"{seed} {source.name} {name}"))
        if planted is None:
            return None
        if history:
            commit(root, "Change things")
        state, done = look(root, prove)
        new = new_in(was, state, planted)
        after = _state(done, before=False)
        still = [p for p in new_in(was, after, planted) if p in new]
        lost = [
            gate for gate, outcome in was.gates.items() if outcome == Outcome.PASS and after.gates.get(gate) != Outcome.PASS
        ]
        said = f"found by {', '.join(sorted({p[0] for p in new})) or 'nothing'}"
        said += f"; fixes: {'; '.join(s.fix.title for s in done.repair.steps) or 'none'}"
        said += "".join(f"; {gate} is {after.gates.get(gate)}: {after.reasons.get(gate, '')[:200]}" for gate in lost)
        said += f"; still {still[0][0]} at {still[0][1]}" if still else ""
        return Result(
            source.name,
            name,
            history,
            planted.what,
            bool(new),
            bool(new) and not lost and not still,
            said,
            time.monotonic() - began,
        )


def main() -> None:
    """Run the bench; prints one line for each breakage and the numbers as JSON at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", default="", help="folder of archives or package folders instead of the published ones")
    parser.add_argument("--only", default="", help="kinds, with commas between")
    parser.add_argument("--match", default="", help="packages whose name holds this text")
    parser.add_argument("--no-prove", action="store_true", help="rules alone, no gates are run")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 1)))
    parser.add_argument("--cache", default=str(Path(tempfile.gettempdir()) / "session-ops-bench-packages"))
    parser.add_argument("--output", default="", help="file for all results as JSON")
    given = parser.parse_args()
    prove = not given.no_prove
    if given.packages:
        sources = sorted(
            p for p in Path(given.packages).iterdir() if p.is_dir() or re.search(r"\.(?:tgz|tar\.gz|zip)$", p.name)
        )
    else:
        sources = fetch(PYPI, "pypi", Path(given.cache)) + fetch(NPM, "npm", Path(given.cache))
    sources = [source for source in sources if given.match in source.name]
    kinds = [name for name in KINDS if not given.only or name in given.only.split(",")]
    states: dict[Path, State] = {}
    harmed = 0
    results: list[Result] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for source, future in [(source, pool.submit(healthy, source, prove)) for source in sources]:
            try:
                name, state, harm = future.result()
            except UsageError as error:
                print(f"left out: {error}", flush=True)
                continue
            states[source] = state
            harmed += bool(harm)
            print(
                f"{'HARMED ' if harm else 'healthy'} {name}: {_gates(state.gates)}" + "".join(f"\n    {one}" for one in harm),
                flush=True,
            )
        jobs = [
            pool.submit(one, source, name, seed, history, state, prove)
            for source, state in states.items() for name in kinds for seed in SEEDS
            for history in ((True, False) if name in REMOVALS else (True,))
        ]  # fmt: skip
        for done in as_completed(jobs):
            if (result := done.result()) is None:
                continue
            results.append(result)
            word = "ok      " if result.repaired else "FOUND   " if result.found else "MISSED  "
            print(
                f"{word} {result.package} {result.kind}{'' if result.history else ' (no history)'} {result.seconds:.1f} s: {result.what}\n    {result.said}",
                flush=True,
            )
    if given.output:
        Path(given.output).write_text(json.dumps([asdict(r) for r in results], indent=1))
    for name in kinds:
        mine = [r for r in results if r.kind == name]
        print(
            f"{name:<24} planted {len(mine):3} found {sum(r.found for r in mine):3} repaired {sum(r.repaired for r in mine):3}"
        )
    numbers = {
        "planted": len(results),
        "found": sum(r.found for r in results),
        "repaired": sum(r.repaired for r in results),
        "healthy": len(states),
        "healthy_harmed": harmed,
    }
    print(json.dumps(numbers))


def _gates(gates: dict[str, str]) -> str:
    return ", ".join(f"{gate} {outcome}" for gate, outcome in gates.items()) or "no gate was run"


if __name__ == "__main__":
    main()
