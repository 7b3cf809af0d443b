"""How much memory the database of events may use."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from session_ops.lifecycles import engine, memory
from session_ops.model import UsageError

GB = 2**30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with 20 GB free, and no limit of a container."""
    monkeypatch.delenv(memory.VARIABLE, raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=20 * GB))
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")
    monkeypatch.setattr(memory, "_OF_CONTAINERS", (limit, tmp_path / "absent"))
    return limit


def test_half_of_what_is_free(machine: Path) -> None:
    assert memory.allowed() == f"{10 * 1024}MiB"


def test_half_of_what_a_container_may_have(machine: Path) -> None:
    machine.write_text(f"{6 * GB}\n")
    assert memory.allowed() == f"{3 * 1024}MiB"


def test_never_too_little_to_work_with(machine: Path) -> None:
    machine.write_text(f"{GB}\n")
    assert memory.allowed() == f"{2 * 1024}MiB"


def test_a_limit_of_the_users_own_is_what_the_database_gets(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "1.5")
    with engine.opened() as (connection, _):
        assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [("1.5 GiB",)]


@pytest.mark.parametrize("given", ["much", "0", "-1"])
def test_what_is_no_limit_is_refused(machine: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(memory.VARIABLE, given)
    with pytest.raises(UsageError, match=f"{memory.VARIABLE}={given}: not a number of GB"):
        memory.allowed()


def test_logs_that_do_not_fit_into_memory_are_kept_in_a_file(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "1")
    for size, kept in ((GB // 4, None), (GB // 3, "events.duckdb")):
        with engine.opened(size) as (connection, loader):
            loader.load()
            ((path,),) = connection.execute(
                "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
            ).fetchall()
            assert (Path(path).name if path else None) == kept
    assert not Path(path).exists()
