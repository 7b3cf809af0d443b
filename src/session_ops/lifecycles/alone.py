"""A case of logs alone: no target, only the lifecycles."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path

from session_ops.case import Case, logs_named
from session_ops.lifecycles import spool
from session_ops.model import UsageError
from session_ops.parameters import Parameters

NAME = "logs alone"
"""Stands where other cases name their target."""


class LogsAlone(Case):
    """Logs without the tracker that wrote them. Its folder holds lifecycles.json, the tables and, where they are drawn, the figures."""

    @classmethod
    def at(cls, folder: Path, parameters: Parameters) -> LogsAlone:
        """The case in an empty or new folder, or the one that is there already. `-` and pipes are kept in the folder first.

        Raises:
            UsageError: a log or the folder cannot be used.
        """
        given = [parameters.logs] if isinstance(parameters.logs, str) else parameters.logs
        plain = logs_named([one for one in given if not _once(one)])
        if not given or not (plain or any(map(_once, given))):
            raise UsageError("PATH is missing: give a log, a folder, a glob in quotes, or - for standard input")
        cls.make_folder(folder)
        kept = [_keep(one, folder / "input", n) for n, one in enumerate(filter(_once, given))]
        case = cls(parameters, folder, Path(NAME), (*plain, *kept))
        case._claim()
        return case

    @property
    def is_example(self) -> bool:
        """Never: the bundled example is a target."""
        return False

    @cached_property
    def target_digest(self) -> str:
        """The same for all: there is no target."""
        return NAME


def _once(given: str) -> bool:
    """Can it be read only once?"""
    return given == "-" or spool.is_pipe(Path(given))


def _keep(given: str, folder: Path, n: int) -> Path:
    if given == "-" and sys.stdin.isatty():
        raise UsageError("- reads standard input, and that is a terminal: pipe a log into the command")
    name = "standard-input" if given == "-" else f"pipe-{n}"
    try:
        if given == "-":
            return spool.keep_stream(sys.stdin.buffer, folder / name)
        with Path(given).open("rb") as stream:
            return spool.keep_stream(stream, folder / name)
    except OSError as error:
        raise UsageError(f"{given}: cannot be kept in {folder} ({error.strerror}); give another --case") from None
