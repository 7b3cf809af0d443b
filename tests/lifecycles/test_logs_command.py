"""The commands `logs` and `formats` as users meet them."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from tests.lifecycles.conftest import at

from session_ops import cli
from session_ops.lifecycles.columns import KINDS
from session_ops.lifecycles.engine import TABLES
from session_ops.lifecycles.library import formats, load
from session_ops.lifecycles.progress import Progress
from session_ops.limits import LIMITS, OWN_PARAMETERS, parsed
from session_ops.model import UsageError

ROWS = [
    at(0, "a", "session.start", agent="x"),
    at(1, "a", "lock.acquire", resource="db"),
    at(2, "b", "session.start", agent="y"),
    at(3, "b", "lock.acquire", resource="db"),
    at(4, "a", "session.end"),
    at(5, "c", "session.start"),
    at(300, "d", "session.start"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS) + '{"ts": "2026-01-05T10\n')
    return path


def run(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.main([*map(str, words)])
    said = capfd.readouterr()
    return code, said.out, said.err


def refused(capfd: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line that unusable input gets."""
    code, out, err = run(capfd, *words)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    return line.removeprefix("session-ops: ")


def test_json_holds_the_numbers(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capfd, "logs", log, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    wanted = {
        "sessions": 4,
        "ended": 1,
        "open": 3,
        "events": 7,
        "rejects": 1,
        "out_of_order": 0,
        "longest_s": 240,
        "max_concurrent": 2,
    }
    assert {name: told[name] for name in wanted} == wanted
    assert told["kinds"] == {"lock.acquire": 2, "session.end": 1, "session.start": 4}
    assert told["anomalies"]["claim_while_held"] == 1
    assert told["anomalies"]["torn_records"] == 1
    assert "release_by_other" in told["undecidable"]
    (source,) = told["sources"]
    assert (source["path"], source["format_id"], source["status"], source["completeness"]) == (
        "events.jsonl",
        "ndjson",
        "read",
        "complete",
    )


def test_text_shows_sources_sessions_and_anomalies(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (log.parent / "odd\x1b[31m.log").write_text("nothing to see\n")
    (log.parent / "run.py").write_text("pass\n")
    code, out, _ = run(capfd, "logs", log.parent)
    assert code == 0
    assert re.search(r"events\.jsonl +ndjson +7 +1 +4 +2026-01-05T10:00:00 +2026-01-05T15:00:00 +0\.\d\d", out)
    assert "4 sessions: 1 ended, 3 without an end" in out
    assert re.search(r"claim_while_held 1  critical.*\n.*events\.jsonl:4: ", out)
    assert "cannot be told from these logs:\n" in out
    assert "odd\\x1b[31m.log: no format fits" in out
    assert "\x1b" not in out
    assert "left out of the folders as no logs: 1 program code" in out


def test_nothing_is_left_behind_without_a_case(
    log: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(log.parent)
    before = set(log.parent.rglob("*"))
    assert run(capfd, "logs", log)[0] == 0
    assert set(log.parent.rglob("*")) == before


def test_a_case_holds_tables_document_and_figures_and_is_equal_twice(
    log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    code, out, _ = run(capfd, "logs", log, "--case", case, "--csv")
    assert code == 0
    assert f"written: {case / 'lifecycles.json'}" in out
    written = {path.name: path.read_bytes() for path in case.rglob("*") if path.is_file()}
    assert {f"{table}.{kind}" for table in TABLES for kind in ("parquet", "csv")} <= written.keys()
    assert {"timeline.png", "lifecycles.json", "case.json"} <= written.keys()
    with (case / "tables" / "anomalies.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with duckdb.connect() as connection:
        wanted = connection.read_parquet(str(case / "tables" / "anomalies.parquet")).select("detector, event_ids").fetchall()
    assert [(row["detector"], json.loads(row["event_ids"])) for row in rows] == wanted
    assert run(capfd, "logs", log, "--case", case)[0] == 0
    again = {path.name: path.read_bytes() for path in case.rglob("*") if path.is_file()}
    assert {name: data for name, data in again.items() if name != "case.json"} == {
        name: data for name, data in written.items() if name != "case.json" and not name.endswith(".csv")
    }


def test_a_case_of_logs_is_no_case_of_a_target(log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(capfd, "logs", log, "--case", tmp_path / "case")
    target = tmp_path / "target"
    target.mkdir()
    (target / "a.sh").write_text("ls\n")
    assert "is the case of logs alone, not of" in refused(capfd, "run", target, "--case", tmp_path / "case")


@pytest.mark.parametrize("kept", [True, False])
def test_standard_input_and_pipes(kept: bool, log: Path, tmp_path: Path) -> None:
    case = ["--case", str(tmp_path / "case")] if kept else []
    argv = [sys.executable, "-m", "session_ops", "logs", "-", "--json", *case]
    done = subprocess.run(argv, input=log.read_bytes(), capture_output=True, check=True)
    assert json.loads(done.stdout)["sessions"] == 4
    assert json.loads(done.stdout)["sources"][0]["path"] == "standard-input"
    assert (tmp_path / "case" / "input" / "standard-input").exists() == kept
    piped = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m session_ops logs --json <(cat {log})"], capture_output=True, check=True
    )
    assert json.loads(piped.stdout)["sessions"] == 4


def test_unusable_input_is_one_line_and_leaves_nothing(log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "case"
    own = tmp_path / "own"
    own.mkdir()
    assert "PATH is missing" in refused(capfd, "logs", "--case", case)
    assert "no such file or folder" in refused(capfd, "logs", tmp_path / "absent.jsonl", "--case", case)
    assert "no such file or folder" in refused(capfd, "logs", tmp_path / "*.none", "--case", case)
    assert "did you mean 'ndjson'" in refused(capfd, "logs", log, "--as", "ndjsn", "--case", case)
    assert "did you mean 'spark'" in refused(capfd, "logs", log, "--engine", "sparc", "--case", case)
    assert "did you mean 'storm_rows'" in refused(capfd, "logs", log, "--limits", "storm_row=5", "--case", case)
    assert "no such folder of formats" in refused(capfd, "logs", log, "--formats", tmp_path / "none", "--case", case)
    assert "--csv" in refused(capfd, "logs", log, "--csv")
    assert "log_mapping" in refused(capfd, "logs", log, "--log-mapping", "session", "--case", case)
    (own / "odd.sql").write_text("SELECT 1\n")
    assert "odd.sql" in refused(capfd, "logs", log, "--detectors", own, "--case", case)
    (own / "odd.yaml").write_text("id: [")
    assert "odd.yaml" in refused(capfd, "logs", log, "--formats", own, "--case", case)
    assert not case.exists()
    assert "holds other files" in refused(capfd, "logs", log, "--case", own)
    assert sorted(path.name for path in own.iterdir()) == ["odd.sql", "odd.yaml"]


def test_a_forced_format_and_a_mapping_are_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(f'{{"w": "u{n % 2}", "when": "2026-01-05T10:00:0{n}Z", "what": "go"}}\n' for n in range(6)))
    told = json.loads(run(capfd, "logs", path, "--log-mapping", "session=w,time=when,kind=what", "--json")[1])
    assert (told["sessions"], told["events"]) == (2, 6)
    forced = json.loads(run(capfd, "logs", path, "--as", "ndjson", "--json")[1])
    assert forced["sources"][0]["format_id"] == "ndjson"
    assert "asked for" in forced["sources"][0]["reason"]


def test_detectors_of_ones_own(log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.sql").write_text(
        "-- late_start: a session that started after three o'clock.\n-- severity: advice\n-- confidence: proven. The log says so.\n"
        "-- blind: nothing.\n-- text: {session_id} started at {ts_ns:time}\n"
        "SELECT source_id, session_id, NULL AS resource_id, start_ns AS ts_ns, NULL AS event_id FROM sessions "
        "WHERE start_ns >= 1767625200000000000\n"
    )
    told = json.loads(run(capfd, "logs", log, "--detectors", own, "--json")[1])
    assert told["anomalies"]["late_start"] == 1


def test_limits_change_what_is_found(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    usual = json.loads(run(capfd, "logs", log, "--json")[1])
    patient = json.loads(run(capfd, "logs", log, "--orphan-after-min", "6000", "--silent-after-min", "6000", "--json")[1])
    assert usual["orphaned"] == 2
    assert (patient["orphaned"], patient["silent"], patient["open"]) == (0, 0, 3)


def test_limits_are_one_table() -> None:
    assert parsed("grace_min=2,\n storm_rows = 50") == {"grace_min": 2.0, "storm_rows": 50.0}
    for wrong, said in {
        "nosuch=1": "the limits are",
        "grace_min": "above 0",
        "orphan_after_min=5": "a parameter of its own",
    }.items():
        with pytest.raises(UsageError, match=said):
            parsed(wrong)
    page = (Path(cli.__file__).parent / "docs" / "logs.md").read_text(encoding="utf-8")
    for limit in LIMITS:
        if limit.name not in OWN_PARAMETERS:
            assert f"| `{limit.name}` | {limit.default:g} | {limit.meaning} |" in page


def test_formats_are_listed_and_shown(capfd: pytest.CaptureFixture[str]) -> None:
    listed = run(capfd, "formats")[1].splitlines()
    assert [line.split()[0] for line in listed] == [form.id for form in formats()]
    for form in formats():
        code, out, _ = run(capfd, "formats", form.id)
        assert code == 0
        assert out.startswith(f"{form.id}: {form.title}")
        assert "events, by the first rule" in out
    assert "did you mean diary" in refused(capfd, "formats", "diray")


class Terminal:
    """A stream that says whether it is one."""

    def __init__(self, terminal: bool) -> None:
        self.terminal, self.text = terminal, ""

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_progress_changes_one_line_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    shown = {}
    for terminal in (True, False):
        stream = Terminal(terminal)
        with Progress(stream) as progress:  # type: ignore[arg-type]
            for step in range(100):
                clock[0] += 0.1
                progress("odd\x1b.log", step * 10**6, 10**8)
        shown[terminal] = stream.text
    assert "\n" not in shown[True]
    assert "odd\\x1b.log: 98 of 100 MB (98 %)" in shown[True]
    assert shown[True].endswith("\r\x1b[K")
    assert shown[False] == ""


def test_ctrl_c_ends_with_130_and_writes_no_document(log: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    argv = [sys.executable, "-m", "session_ops", "logs", "-", "--case", str(case)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as child:
        assert child.stdin is not None
        child.stdin.write(log.read_bytes())
        child.stdin.flush()
        for _ in range(200):
            if (case / "input" / "standard-input").exists():
                break
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert err == b"interrupted\n"
    assert not (case / "lifecycles.json").exists()


def test_the_format_of_the_help_page_works(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = (Path(cli.__file__).parent / "docs" / "formats.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    own = tmp_path / "own"
    own.mkdir()
    (own / "our-runs.yaml").write_text(example)
    form = load(example)
    (sample,) = form.samples
    path = tmp_path / "farm.jsonl"
    path.write_text(sample["text"])
    told = json.loads(run(capfd, "logs", path, "--formats", own, "--json")[1])
    assert told["sources"][0]["format_id"] == "our-runs"
    assert (told["sessions"], told["ended"], told["longest_s"]) == (1, 1, 300)
    assert all(kind in page for name in KINDS for kind in name.split("."))
    assert run(capfd, "formats", "our-runs", "--formats", own)[1].startswith("our-runs: Runs of our build farm")
