"""Spark gives the tables that DuckDB gives, byte for byte."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from session_ops.case import Case
from session_ops.lifecycles import engine, phase, spark
from session_ops.lifecycles.library import formats
from session_ops.model import UsageError

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import tracker_log

needed = pytest.mark.skipif(spark.lacking() is not None, reason=f"no Spark: needs {spark.lacking()}")


def tables(folder: Path, chosen: str) -> dict[str, bytes]:
    case = Case.open(target=str(folder / "target"), logs=str(folder / "logs"), case=str(folder / chosen), engine=chosen)
    phase.compute(case, pictures=False)
    return {path.name: path.read_bytes() for path in sorted((case.folder / "tables").iterdir())}


@needed
@pytest.mark.timeout(900)
def test_equal_tables_on_every_format_and_on_a_simulated_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "run.sh").write_text("echo\n")
    for form in formats():
        for number, sample in enumerate(form.samples):
            path = tmp_path / "logs" / f"{form.id}-{number}" / sample.get("file", f"sample.{form.id}")
            path.parent.mkdir(parents=True, exist_ok=True)
            if sample.get("text"):
                path.write_text(sample["text"], encoding="utf-8")
    tracker_log.write(tmp_path / "logs" / "tracker.jsonl", 30_000)
    by_duckdb = tables(tmp_path, "duckdb")
    capfd.readouterr()
    by_spark = tables(tmp_path, "spark")
    assert set(by_spark) == {f"{table}.parquet" for table in engine.TABLES}
    assert [name for name in by_duckdb if by_duckdb[name] != by_spark[name]] == []
    assert not (Path.cwd() / "spark-warehouse").exists()
    assert "spark:" not in capfd.readouterr().err


def test_what_lacks_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps({"ts": "2026-01-05T10:00:00Z", "session": "a"}) + "\n")
    case = Case.open(target=str(tmp_path), logs=str(tmp_path / "log.jsonl"), case=str(tmp_path.parent / "case"), engine="spark")
    monkeypatch.setattr(spark.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"engine spark: needs pyspark and sqlglot \(pip install 'session-ops\[spark\]'\)"):
        phase.compute(case, pictures=False)
    monkeypatch.undo()
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(spark.importlib.util, "find_spec", lambda _: object())
    with pytest.raises(UsageError, match="needs Java 17 or newer"):
        phase.compute(case, pictures=False)
