"""Fixtures that several tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The notebooks that nbval runs keep their cases out of the checkout too, and proofs what they fetch out of the user's home."""
    for name in ("SESSION_OPS_CASES", "SESSION_OPS_CACHE"):
        if name not in os.environ:
            folder = tempfile.TemporaryDirectory(prefix="session-ops-tests-")
            os.environ[name] = folder.name
            config.add_cleanup(folder.cleanup)


Make = Callable[..., Path]
collect_ignore = ["cases"]  # trees to be looked at, whose tests are not ours


@pytest.fixture(autouse=True)
def cases_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test leaves a case in the checkout."""
    folder = tmp_path_factory.mktemp("cases")
    monkeypatch.setenv("SESSION_OPS_CASES", str(folder))
    return folder


@pytest.fixture(autouse=True)
def listens_to_ctrl_c() -> None:
    """Commands get Ctrl-C as from a terminal, also where the tests themselves were started in the background, which ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a tree of files, {path: text or bytes}; with git=True it is committed."""

    def write(
        files: Mapping[str, str | bytes], *, name: str = "target", git: bool = False, executable: tuple[str, ...] = ()
    ) -> Path:
        root = tmp_path / name
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        for path in executable:
            (root / path).chmod(0o755)
        if git:
            commit(root)
        return root

    return write


def commit(root: Path, message: str = "state") -> None:
    """Commit everything below root; the repository is made where there is none."""
    plain = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "-C", str(root)]
    if not (root / ".git").exists():
        subprocess.run([*plain, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*plain, "add", "-A"], check=True)
    subprocess.run([*plain, "commit", "-q", "--allow-empty", "-m", message], check=True)
