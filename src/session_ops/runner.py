"""The six notebooks through papermill: one process, two workers over the phase graph, a fresh kernel for each notebook."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import re
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from session_ops.case import PHASES, Case
from session_ops.interruption import sigterm_as_interrupt
from session_ops.model import UsageError
from session_ops.parameters import Parameters
from session_ops.report.gather import places, redactor
from session_ops.report.notebooks import masked
from session_ops.report.redact import Redactor

WORKERS = 2
CELL_TIMEOUT_S = 1800
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class PhaseRun:
    """What became of one notebook: seconds of wall time, and for a failed one the reason and where the notebook is."""

    phase: str
    status: Literal["done", "failed", "skipped", "interrupted"]
    seconds: float
    reason: str = ""
    notebook: Path | None = None


def notebooks() -> dict[str, Path]:
    """Phase name to its notebook: inside the installed package, or at the top of a checkout.

    Raises:
        UsageError: the notebooks are nowhere; the installation is broken.
    """
    for folder in (Path(str(files("session_ops"))) / "notebooks", Path(__file__).parents[2] / "notebooks"):
        found = {path.stem.split("_", 1)[1]: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
        if set(found) == set(PHASES):
            return found
    raise UsageError("the six notebooks are not installed; install session-ops again")


def run(
    case: Case, progress: Callable[[PhaseRun], None], sources: Mapping[str, Path] | None = None, workers: int = WORKERS
) -> dict[str, PhaseRun]:
    """Execute the notebooks of all phases in the case; a phase whose predecessor failed is skipped.

    `sources` are the notebooks, ours where it is left out; with one of the `workers` the phases run one after the other.
    `progress` is called from this thread once for each phase. Ctrl-C and SIGTERM end the kernels, mark what was running as interrupted
    and raise KeyboardInterrupt; documents of finished phases stay.
    """
    sources = sources or notebooks()
    done: dict[str, PhaseRun] = {}
    kernels = _Kernels()
    running: dict[concurrent.futures.Future[PhaseRun], str] = {}
    with _calm(), sigterm_as_interrupt(), concurrent.futures.ThreadPoolExecutor(workers, "notebook") as pool:
        try:
            while len(done) < len(PHASES):
                for phase, needs in PHASES.items():
                    if phase in done or phase in running.values() or not all(need in done for need in needs):
                        continue
                    if len(running) >= workers:
                        break
                    lost = [need for need in needs if done[need].status != "done"]
                    if lost:
                        done[phase] = PhaseRun(phase, "skipped", 0.0, f"needs {', '.join(lost)}")
                        case.note(phase, status="skipped", reason=done[phase].reason)
                        progress(done[phase])
                    else:
                        running[pool.submit(_execute, case, phase, sources[phase], kernels)] = phase
                if not running:
                    continue
                ready, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in ready:
                    phase = running.pop(future)
                    done[phase] = result = future.result()
                    case.note(phase, status=result.status, seconds=round(result.seconds, 2), reason=result.reason)
                    progress(result)
        except KeyboardInterrupt:
            kernels.end()
            for phase in running.values():
                case.note(phase, status="interrupted", reason="interrupted")
            raise
    if done["analysis"].status == "done":
        _mask_again(case)
    return done


def documents(case: Case, progress: Callable[[PhaseRun], None]) -> dict[str, PhaseRun]:
    """The documents and the report of a case without its notebooks, one phase after the other, in this process."""
    done: dict[str, PhaseRun] = {}
    with sigterm_as_interrupt():
        for phase, needs in PHASES.items():
            began = time.monotonic()
            lost = [need for need in needs if done[need].status != "done"]
            reason = f"needs {', '.join(lost)}" if lost else ""
            if not lost:
                try:
                    case.save(phase, case.compute(phase))
                except Exception as error:  # noqa: BLE001 - it costs this phase and those that need it
                    reason = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
            status: Literal["done", "failed", "skipped"] = "skipped" if lost else "failed" if reason else "done"
            done[phase] = PhaseRun(phase, status, time.monotonic() - began, reason)
            case.note(phase, status=status, seconds=round(done[phase].seconds, 2), reason=reason)
            progress(done[phase])
    return done


SOCKET_NAME = 70
"""Bytes of a folder's name that leave room for a socket in it; the whole may have 107 (unix(7))."""


class _Kernels:
    """The kernels that are running, so that an interruption can end them, and only them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._managers: list[Any] = []
        self.ended = False

    def manager(self) -> type[Any]:
        """A kernel manager class that registers each kernel it starts."""
        from jupyter_client.manager import AsyncKernelManager

        kernels = self

        class Watched(AsyncKernelManager):
            def __init__(self, **kw: Any) -> None:
                super().__init__(**kw)
                # kernels that start at the same time may choose the same ports; files have names of their own
                if len(tempfile.gettempdir()) < SOCKET_NAME:
                    self.transport = "ipc"
                    self.ip = str(Path(tempfile.gettempdir(), f"session-ops-{uuid.uuid4().hex[:16]}"))

            async def _async_start_kernel(self, **kw: Any) -> None:
                await super()._async_start_kernel(**kw)
                with kernels._lock:
                    kernels._managers.append(self)
                if kernels.ended:
                    kernels.end()

            start_kernel = _async_start_kernel

        return Watched

    def end(self) -> None:
        """End every kernel that is still running."""
        with self._lock:
            self.ended = True
            processes = [getattr(m.provisioner, "process", None) for m in self._managers if m.provisioner is not None]
        for process in processes:
            if process is not None and process.poll() is None:
                process.kill()


def _mask(path: Path, hide: Redactor) -> None:
    """Mask an executed notebook in place; one that was cut off is emptied, because nobody can say what it holds."""
    try:
        text = masked(path.read_text("utf-8"), hide)
    except (ValueError, KeyError, AttributeError):
        text = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
    path.write_text(text, "utf-8")


def _mask_again(case: Case) -> None:
    """Once more, now that the findings say which values are secrets."""
    hide = redactor(case)
    for notebook in sorted(case.folder.glob("notebooks/*.ipynb")):
        with case.writing(f"notebooks/{notebook.name}") as aside:
            aside.write_text(notebook.read_text("utf-8"), "utf-8")
            _mask(aside, hide)


def _execute(case: Case, phase: str, source: Path, kernels: _Kernels) -> PhaseRun:
    """Run one notebook into the case. The executed notebook is kept, whatever became of it."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    name = f"notebooks/{source.name}"
    given = {k: v for k, v in asdict(case.parameters).items() if v not in ([], asdict(Parameters())[k])}
    if not case.is_example:
        given["target"] = str(case.target)
    if case.logs:
        given["logs"] = [str(path) for path in case.logs]
    given["case"] = str(case.folder)
    began = time.monotonic()
    reason = ""
    with case.writing(name) as aside:
        try:
            papermill.execute_notebook(
                source,
                aside,
                given,
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                execution_timeout=CELL_TIMEOUT_S,
                kernel_manager_class=kernels.manager(),
                extra_arguments=["--log-level=50"],
            )
        except PapermillExecutionError as error:
            reason = f"cell {error.exec_count}: {error.ename}: {ANSI.sub('', str(error.evalue)).strip()}"
        except Exception as error:  # noqa: BLE001 - a dead kernel, a full disk: it costs this phase only
            reason = f"{type(error).__name__}: {ANSI.sub('', str(error)).strip()}"
        _mask(aside, places(case))
    seconds = time.monotonic() - began
    if kernels.ended:
        return PhaseRun(phase, "interrupted", seconds, "interrupted", case.folder / name)
    return PhaseRun(phase, "failed" if reason else "done", seconds, reason, case.folder / name)


@contextlib.contextmanager
def _calm() -> Iterator[None]:
    """Silence what kernels and papermill say on every start; failures are reported by the phase's line."""
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets", "asyncio", "nbclient")]
    before = [logger.level for logger in loggers]
    environment = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1", "PYTHONWARNINGS": "ignore"}
    old = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
        for name, value in old.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
