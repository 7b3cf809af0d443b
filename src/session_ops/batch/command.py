"""A batch as a person starts it: the folder it writes to, a line for each target, an index at the end."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from session_ops.batch import index, run
from session_ops.batch.listing import Job
from session_ops.batch.work import Limits, Result
from session_ops.model import UsageError

OWN = frozenset(("cases", "results", "targets", "index.html", "index.csv", "index.parquet", ".batch.lock", ".gitignore"))


@dataclass(frozen=True)
class Ended:
    """How a batch ended: where its index is, targets that did not finish, and findings in all of them."""

    index: Path
    unfinished: int
    critical: int
    gaps: int


def start(
    jobs_wanted: Sequence[Job],
    out: Path,
    say: Callable[[str], None],
    *,
    jobs: int,
    scheduler: str,
    limits: Limits,
    notebooks: bool,
    force: bool,
) -> Ended:
    """Run a batch into `out` and write its index; `say` takes a line for each target that ends.

    Raises:
        UsageError: the folder holds something else, cannot be written, or another batch is using it.
        KeyboardInterrupt: what is finished is kept, and the same call goes on.
    """
    out = _prepared(out)
    wide = max(len(job.name) for job in jobs_wanted)
    many = len(jobs_wanted)

    def progress(result: Result, finished: int, rest: float) -> None:
        left = f"  about {_time(rest)} left" if finished < many else ""
        reason = f"  {result.reason}" if result.reason else ""
        say(f"[{finished}/{many}] {result.name:<{wide}}  {result.status:<9} {result.seconds:6.1f} s{left}{reason}")

    with (out / ".batch.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"--out {out}: another batch is writing there; wait for it or give another folder") from None
        try:
            results = run.run(
                jobs_wanted, out, progress, workers=min(jobs or run.cores(), many), limits=limits, scheduler=scheduler,
                notebooks=notebooks, force=force,
            )  # fmt: skip
        except KeyboardInterrupt:
            say(f"interrupted: finished targets are kept in {out}; run the same command to go on")
            raise
        rows = index.write(results, out)
    return Ended(
        out / "index.html", sum(not result.finished for result in results), sum(row.critical or 0 for row in rows),
        sum(row.gaps or 0 for row in rows),
    )  # fmt: skip


def _prepared(out: Path) -> Path:
    out = out.expanduser().absolute()
    try:
        if out.is_dir() and (
            odd := sorted(p.name for p in out.iterdir() if p.name not in OWN and not p.name.startswith(".index-"))
        ):
            raise UsageError(
                f"--out {out}: holds other files ({odd[0]}); give an empty or new folder, or that of an earlier batch"
            )
        out.mkdir(parents=True, exist_ok=True)
        (out / ".gitignore").write_text("*\n")
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error.strerror}); give another folder") from None
    return out.resolve()


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
