"""One target of a batch: a child process of its own, which the worker only watches, and a file that says what became of it.

Whatever the child does (hang, crash, eat memory) costs only itself. What it was made from is kept as a digest, so that an unchanged
target is not run again, and a batch that was killed goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from session_ops.batch import clone
from session_ops.batch.listing import Job, options
from session_ops.case import PHASES, Case, logs_named, version
from session_ops.lifecycles import memory
from session_ops.model import UsageError, to_json
from session_ops.parameters import Parameters

LOOK_S = 0.1
"""Seconds between two looks at a child."""
GRACE_S = 10.0
"""Seconds that a child has to end itself after the first signal."""
FOR_EVENTS = 0.75
"""The share of a target's memory that its database of events may use before it spills."""
CHILD = """
import ctypes, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
from session_ops.cli import main
sys.exit(main())
"""
"""`session-ops`, ended by the kernel when its watcher dies (prctl(2): PR_SET_PDEATHSIG, SIGTERM). The child asks for it itself: with a
preexec_fn the interpreter forks through hooks of Python, and a Ctrl-C that arrives inside of one of them is lost."""
Status = Literal["done", "unchanged", "failed", "timeout", "memory", "crashed", "unusable"]


@dataclass(frozen=True)
class Limits:
    """What one target may use: seconds of wall time, and bytes of memory of all its processes together."""

    seconds: float = 1800.0
    memory: int = 4 * 2**30


@dataclass(frozen=True)
class Result:
    """What became of a target; `reason` is empty where it is done, `digest` says what it was made from."""

    name: str
    status: Status
    seconds: float
    code: int | None = None
    reason: str = ""
    digest: str = ""
    source: str = ""
    peak: int = 0
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Are its documents there and whole?"""
        return self.status in ("done", "unchanged")


def case_folder(out: Path, name: str) -> Path:
    """Where the case of a target lies."""
    return out / "cases" / name


def kept(out: Path, name: str) -> Result | None:
    """What an earlier batch says of a target."""
    try:
        return Result(**json.loads((out / "results" / f"{name}.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def unchanged(job: Job, out: Path, *, notebooks: bool) -> Result | None:
    """What an earlier batch made of a target, where its documents are whole and made from the same input; None else."""
    began = time.monotonic()
    try:
        old = kept(out, job.name)
        if old is None or not old.finished or not _whole(case_folder(out, job.name), notebooks=notebooks):
            return None
        if old.digest != _digest(job, _folder(job, out), notebooks=notebooks):
            return None
    except (clone.CannotFetch, UsageError, OSError):
        return None
    return Result(**{**asdict(old), "status": "unchanged", "seconds": _since(began)})


def work(job: Job, out: Path, limits: Limits, *, notebooks: bool = True) -> Result:
    """Run one target into its case and say what became of it; never raises for what the target does."""
    began = time.monotonic()
    try:
        folder = _folder(job, out)
        digest = _digest(job, folder, notebooks=notebooks)
    except (clone.CannotFetch, UsageError, OSError) as error:
        return _keep(out, Result(job.name, "unusable", _since(began), 2, _line(error), "", job.source))
    words = ["run", str(folder), f"--case={case_folder(out, job.name)}", "--workers=1", *options(job.given)]
    status, code, said, peak = _watched([*words, *([] if notebooks else ["--no-notebooks"])], limits)
    return _keep(out, Result(job.name, status, _since(began), code, said, digest, job.source, peak, dict(job.given)))


def _folder(job: Job, out: Path) -> Path:
    if not job.is_remote:
        return Path(job.source)
    return clone.fetched(job.source, out / "targets" / job.name, clone.newest(job.source))


def _digest(job: Job, folder: Path, *, notebooks: bool) -> str:
    """What decides the documents: as a case reckons it, without making one."""
    parameters = Parameters.checked({**job.given, "target": str(folder)})
    inputs = Case(parameters, folder, folder, logs_named(parameters.logs)).inputs
    return hashlib.sha256(f"{inputs} {version()} {notebooks}".encode()).hexdigest()


def _whole(case: Path, *, notebooks: bool) -> bool:
    wanted = ["case.json", "report.md", "report.html", *(f"{phase}.json" for phase in PHASES)]
    return all((case / name).is_file() for name in wanted) and (
        not notebooks or len(list((case / "notebooks").glob("*.ipynb"))) == len(PHASES)
    )


def _watched(words: list[str], limits: Limits) -> tuple[Status, int | None, str, int]:
    """Run `session-ops WORDS` in a group of its own until it ends, or one of its limits or of its watchers does."""
    parent = os.getppid()
    env = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    env[memory.VARIABLE] = str(limits.memory / 2**30 * FOR_EVENTS)
    peak = 0
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            env=env, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + limits.seconds
        ended: Status | None = None
        try:
            while child.poll() is None and ended is None:
                time.sleep(LOOK_S)
                peak = max(peak, used := _memory(child.pid))
                if used > limits.memory:
                    ended = "memory"
                elif time.monotonic() > deadline:
                    ended = "timeout"
                elif os.getppid() != parent:  # the batch was killed: nobody waits for this any more
                    raise KeyboardInterrupt
        finally:
            _end(child)
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4000))
        lines = said.read().decode("utf-8", "replace").strip().splitlines()
        last = next((line for line in lines if " failed " in line), lines[-1] if lines else "")
    if ended == "memory":
        return ended, child.returncode, f"ended: it used more than {limits.memory / 2**30:.3g} GB of memory", peak
    if ended == "timeout":
        return ended, child.returncode, f"ended: it took longer than {limits.seconds:.4g} s", peak
    if child.returncode in (0, 1):
        return "done", child.returncode, "", peak
    if child.returncode == 2:
        return "unusable", 2, last.removeprefix("session-ops: "), peak
    if child.returncode == 3:
        return "failed", 3, last or "a phase did not finish", peak
    if child.returncode < 0:
        return "crashed", child.returncode, f"ended by signal {signal.Signals(-child.returncode).name}", peak
    return "crashed", child.returncode, last or f"ended with {child.returncode}", peak


def _memory(pid: int) -> int:
    """Resident bytes of a process and of all that it started."""
    total = 0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started, kernels in groups of their own too: first by word, then by force."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(child.pid).children(recursive=True)
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()
    child.wait()


def _keep(out: Path, result: Result) -> Result:
    folder = out / "results"
    folder.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=".", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(to_json(result))
    Path(aside).replace(folder / f"{result.name}.json")
    return result


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
