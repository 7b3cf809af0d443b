"""What tests of proofs share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, CommandRun, Gate, GateResult
from session_ops.proof.runs import prove
from session_ops.proof.sandbox import Limits, Sandbox, refusal
from session_ops.registry import Facts, Registry

LIMITS = Limits(seconds=30, memory=300 << 20, processes=60, disk=80 << 20)


@pytest.fixture
def sandboxed() -> None:
    """Skips where this machine has no sandbox, and says why."""
    if reason := refusal():
        pytest.skip(reason)


@pytest.fixture
def box(sandboxed: None) -> Iterator[Sandbox]:
    """A running sandbox with small limits."""
    with Sandbox(LIMITS) as opened:
        yield opened


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture
def proven(registry: Registry, sandboxed: None) -> Callable[..., dict[Gate, GateResult]]:
    """Runs the gates of a folder."""

    def run(root: Path, *only: str, limits: Limits | None = None) -> dict[Gate, GateResult]:
        tree = read_tree(root)
        return prove(tree, Facts(registry, {"tree": tree, "answers": Answers()}), only=only, limits=limits)

    return run


def digest(root: Path) -> str:
    """All paths, modes, times of change and contents below a folder."""
    sums = hashlib.sha256()
    for folder, names, files in sorted(os.walk(root)):
        for name in sorted(names + files):
            path = Path(folder, name)
            info = path.lstat()
            content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            sums.update(f"{path} {info.st_mode} {info.st_mtime_ns} {info.st_size}".encode() + content)
    return sums.hexdigest()


def command(result: GateResult, text: str) -> CommandRun:
    """The first run whose command holds a text."""
    return next(run for run in result.runs if text in run.command)
