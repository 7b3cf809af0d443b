"""The lifecycle tables of a case as pandas frames, for notebooks. Times come as columns of UTC time stamps beside the nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from session_ops.case import Case

MARKS = {
    "ENDED": "ended",
    "CRASHED": "ended",
    "EXPIRED": "ended",
    "SUPERSEDED": "ended",
    "ORPHANED": "silent",
    "SILENT": "silent",
}
"""How a status is marked in charts; every other one is open."""


def sessions(case: Case) -> pd.DataFrame:
    """One row per session run. `start`, `stop` (its end, or where it was last seen) and `seconds` between them are added, and
    `mark`: ended, open or silent. `attrs["resolution_s"]` is the coarsest clock among the sources.
    """
    import pandas as pd

    frame = _table(case, "sessions")
    stop = frame["end_ns"].fillna(frame["last_seen_ns"])
    frame["start"] = pd.to_datetime(frame["start_ns"], unit="ns", utc=True)
    frame["stop"] = pd.to_datetime(stop.astype("int64"), unit="ns", utc=True)
    frame["seconds"] = (stop - frame["start_ns"]) / 1e9
    frame["mark"] = frame["status"].map(MARKS).fillna("open")
    used = set(frame["source_id"])
    clocks = [res for key, res in _table(case, "sources")[["source_id", "res_ns"]].itertuples(index=False) if key in used]
    frame.attrs["resolution_s"] = max((res / 1e9 for res in clocks if res == res), default=0.0)  # noqa: PLR0124 - not NaN
    return frame


def anomalies(case: Case) -> pd.DataFrame:
    """One row per anomaly, with its time, and path and line of its log. Questions that the logs cannot answer are left out."""
    import pandas as pd

    frame = _table(case, "anomalies")
    frame = frame[~frame["undecidable"]].reset_index(drop=True)
    frame.insert(4, "ts", pd.to_datetime(frame["ts_ns"], unit="ns", utc=True))
    return frame.merge(_table(case, "sources")[["source_id", "path"]], on="source_id", how="left")


def sources(case: Case) -> pd.DataFrame:
    """One row per log: what it was read as, or why not."""
    import pandas as pd

    frame = _table(case, "sources")
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[f"{name}_ns"], unit="ns", utc=True)
    return frame


def events(case: Case) -> pd.DataFrame:
    """One row per event, in the order of each source."""
    import pandas as pd

    frame = _table(case, "events")
    frame.insert(6, "ts", pd.to_datetime(frame["ts_ns"], unit="ns", utc=True))
    return frame


def _table(case: Case, name: str) -> pd.DataFrame:
    import duckdb

    path = case.folder / "tables" / f"{name}.parquet"
    if not path.exists():
        case.save("lifecycles", case.compute("lifecycles"))
    with duckdb.connect() as connection:
        return connection.read_parquet(str(path)).df()
