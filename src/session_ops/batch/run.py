"""Handing out the targets of a batch: joblib with processes of this machine, or with a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from session_ops.batch.listing import Job
from session_ops.batch.work import Limits, Result, kept, unchanged, work
from session_ops.model import UsageError

LOOK_S = 0.5
"""Seconds between two looks at what a cluster has finished."""


def run(
    jobs: Sequence[Job],
    out: Path,
    progress: Callable[[Result, int, float], None],
    *,
    workers: int,
    limits: Limits,
    scheduler: str = "",
    notebooks: bool = True,
    force: bool = False,
) -> list[Result]:
    """Run every job; the results in the order of the jobs.

    Parameters: `progress` is called with each result, how many are finished, and the seconds that the rest will take (a guess);
    `workers` are processes of this machine; with `scheduler` (`tcp://HOST:PORT`) the workers of that Dask cluster do the work, and `out`
    must be a folder that all of them see.

    Raises:
        UsageError: the scheduler does not answer.
        KeyboardInterrupt: somebody wants it to end; what is finished is kept.
    """
    import joblib

    began = time.monotonic()
    done: dict[str, Result] = {}

    def finished(result: Result) -> None:
        done[result.name] = result
        rest = (time.monotonic() - began) / len(done) * (len(jobs) - len(done))
        progress(result, len(done), rest)

    waiting = []
    for job in jobs:
        if not force and (old := unchanged(job, out, notebooks=notebooks)) is not None:
            finished(old)
        else:
            waiting.append(job)
    calls = [joblib.delayed(work)(job, out, limits, notebooks=notebooks) for job in waiting]
    if waiting and scheduler:
        with _dask(scheduler), _reported(waiting, out, finished):
            results = joblib.Parallel(n_jobs=-1, batch_size=1, pre_dispatch="all")(calls)
        for result in results:
            if result.name not in done:
                finished(result)
    elif waiting:
        with joblib.parallel_config(backend="loky", n_jobs=min(workers, len(waiting)), inner_max_num_threads=1):
            for result in joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")(calls):
                finished(result)
    return [done[job.name] for job in jobs]


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[None]:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise UsageError("--scheduler needs Dask: pip install 'session-ops[dask]'") from None
    import joblib

    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(
            f"--scheduler {scheduler}: does not answer ({said[:200]}); give the address that `dask scheduler` prints"
        ) from None
    with client, joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=60):
        yield


@contextlib.contextmanager
def _reported(jobs: Sequence[Job], out: Path, finished: Callable[[Result], None]) -> Iterator[None]:
    """A cluster hands back everything at the end: meanwhile the files that its workers write say what is finished."""
    before = {job.name: _stamp(out, job.name) for job in jobs}
    over = threading.Event()

    def watch() -> None:
        waiting = dict(before)
        while not over.wait(LOOK_S):
            for name, stamp in list(waiting.items()):
                if _stamp(out, name) != stamp and (result := kept(out, name)) is not None:
                    del waiting[name]
                    finished(result)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _stamp(out: Path, name: str) -> int:
    try:
        return (out / "results" / f"{name}.json").stat().st_mtime_ns
    except OSError:
        return 0


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
