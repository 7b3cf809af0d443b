"""Hundreds of simulated histories, written as log files, read back by the real readers: the detectors say what the oracle says, no more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest
from tests.lifecycles.faults import FAULTS
from tests.lifecycles.histories import history
from tests.lifecycles.log_writers import SHAPES, shape, write
from tests.lifecycles.oracle import expected
from tests.lifecycles.simulator import HOUR, History

from session_ops.case import Case
from session_ops.lifecycles import charts
from session_ops.lifecycles.detectors import detectors

HISTORIES = 10 * len(FAULTS)
PLANTED = 10
"""How often each anomaly must be there at least."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[History], Counter[tuple[str, str, str, str]]]:
    """The histories, and how often each detector spoke of each history, session and resource."""
    folder = tmp_path_factory.mktemp("simulated")
    made = [history(f"h{n:03d}", n, list(FAULTS)[n % len(FAULTS)]) for n in range(HISTORIES)]
    for one in made:
        write(one, folder / "logs")
    (folder / "target").mkdir()
    (folder / "target" / "run.sh").write_text("echo\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "draw", lambda _: ())
        case = Case.open(target=str(folder / "target"), logs=str(folder / "logs"), case=str(folder / "case"))
        document = case.compute("lifecycles")
    assert {source.status for source in document.sources} == {"read"}
    return made, _found(case.folder / "tables")


def _found(tables: Path) -> Counter[tuple[str, str, str, str]]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT a.detector, split_part(s.path, '/', 2), coalesce(a.session_id, ''), coalesce(a.resource_id, '') "
            f"FROM '{tables}/anomalies.parquet' a JOIN '{tables}/sources.parquet' s ON s.source_id = a.source_id WHERE NOT a.undecidable"
        ).fetchall()
    return Counter(rows)


def test_the_histories_are_many_and_of_many_shapes(told: tuple[list[History], Counter[tuple[str, str, str, str]]]) -> None:
    histories, _ = told
    assert len(histories) >= 200
    assert {shape(one) for one in histories} == set(SHAPES)
    assert len({one.res for one in histories}) == 2
    assert all(one.until - one.since < 24 * HOUR for one in histories)


def test_every_anomaly_is_found_and_nothing_else(told: tuple[list[History], Counter[tuple[str, str, str, str]]]) -> None:
    histories, found = told
    wanted: Counter[tuple[str, str, str, str]] = Counter()
    for one in histories:
        for (detector, session, resource), n in expected(one).items():
            wanted[detector, one.name, session, resource] += n
    missed, invented = wanted - found, found - wanted
    print(f"\n{'detector':22}planted  found missed invented")
    for name in sorted({one.id for one in detectors()}):
        numbers = [sum(n for key, n in counter.items() if key[0] == name) for counter in (wanted, found, missed, invented)]
        print(f"{name:22}{numbers[0]:7}{numbers[1]:7}{numbers[2]:7}{numbers[3]:9}")
    assert not missed, sorted(missed)[:20]
    assert not invented, sorted(invented)[:20]
    planted = Counter(key[0] for key in wanted.elements())
    assert {name for name in (one.id for one in detectors()) if planted[name] < PLANTED} == set()


def test_the_same_seed_writes_the_same_history(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(history("h1", 7, "claim"), tmp_path / name)
    first, second = (sorted((tmp_path / name).rglob("*.*")) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second] != []
