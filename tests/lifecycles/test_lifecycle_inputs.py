"""What is read when files, folders, rotated and compressed logs are given, and what is left out and said."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lifecycles.conftest import Analyse, at

from session_ops.case import Case
from session_ops.lifecycles import engine, fast, ingest, rotation, spool
from session_ops.lifecycles.inputs import Input, inputs
from session_ops.lifecycles.library import formats


def text(*rows: dict[str, object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


WHOLE = [at(0, "a", "session.start"), at(1, "a", "work"), at(2, "a", "session.end")]


def zstd(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout


PACKERS = [gzip.compress, bz2.compress, lzma.compress]
PACKED = [pytest.param(pack, id=pack.__module__) for pack in PACKERS] + [
    pytest.param(zstd, id="zstd", marks=pytest.mark.skipif(shutil.which("zstd") is None, reason="no command zstd"))
]


@pytest.mark.parametrize("pack", PACKED)
def test_compressed_logs_are_unpacked_whatever_they_are_called(pack: Callable[[bytes], bytes], analyse: Analyse) -> None:
    _, document = analyse({"named.jsonl": pack(text(*WHOLE)), "other.jsonl.gz": pack(text(at(5, "b", "session.start")))})
    assert [(s.path, s.format_id, s.events, s.completeness) for s in document.sources] == [
        ("logs/named.jsonl", "ndjson", 3, "complete"),
        ("logs/other.jsonl.gz", "ndjson", 1, "complete"),
    ]


@pytest.mark.parametrize("pack", PACKED)
def test_a_damaged_archive_is_read_up_to_the_damage(pack: Callable[[bytes], bytes], analyse: Analyse) -> None:
    rng = random.Random(5)
    rows = [at(n / 10 % 700, f"s{n % 9}", "work", note=rng.randbytes(60).hex()) for n in range(6_000)]
    data = pack(text(*rows))
    _, document = analyse({"a.jsonl": data[: len(data) * 5 // 6]})
    (source,) = document.sources
    assert 100 < source.events < 6_000
    assert (source.status, source.completeness) == ("read", "truncated")
    assert "damaged after" in source.reason
    assert source.rejects <= 1


def test_an_archive_that_unpacks_to_nothing_readable_is_said(analyse: Analyse) -> None:
    _, document = analyse({"a.jsonl.gz": b"\x1f\x8b\x08\0 this is no archive", "b.jsonl.gz": gzip.compress(b"")})
    broken, empty = document.sources
    assert (broken.status, empty.status) == ("unreadable", "empty")
    assert "damaged after 0 bytes" in broken.reason


def test_an_archive_that_unpacks_without_end_is_cut_and_said(analyse: Analyse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "EXPANDED", 1_000_000)
    monkeypatch.setattr(spool, "RATIO", 1)
    rows = text(*WHOLE)
    _, document = analyse({"bomb.jsonl.gz": gzip.compress(rows * 20_000)})
    (source,) = document.sources
    assert 0 < source.events <= 3 * 1_000_000 // len(rows) + 3
    assert source.completeness == "truncated"
    assert "unpacks to more than 1 MB; the rest was not read" in source.reason


def test_the_parts_of_a_rotated_log_are_one_log_in_order(analyse: Analyse) -> None:
    oldest, older, current = (
        text(at(0, "a", "session.start")),
        text(at(1, "a", "work"))[:-1],
        text(at(2, "a", "session.end")) + b'{"ts"',
    )
    _, document = analyse({"x.log": current, "x.log.1": older, "x.log.2.gz": gzip.compress(oldest)})
    (source,) = document.sources
    assert (source.path, source.events, source.rejects) == ("logs/x.log", 3, 1)
    assert source.parts == ("x.log.2.gz", "x.log.1", "x.log")
    assert document.numbers.out_of_order == 0
    torn = next(row for row in document.anomalies if row.detector == "torn_records")
    assert (torn.path, torn.line) == ("logs/x.log", 2)


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["a.log", "a.log.1", "a.log.10", "a.log.2.gz"], [["a.log.10", "a.log.2.gz", "a.log.1", "a.log"]]),
        (["a.log", "a.log-20260103", "a.log-20260102.gz"], [["a.log-20260102.gz", "a.log-20260103", "a.log"]]),
        (["a.log", "a.log.2026-01-03", "a.log.2026-01-02"], [["a.log.2026-01-02", "a.log.2026-01-03", "a.log"]]),
        (["syslog", "syslog.1", "syslog.2.xz"], [["syslog.2.xz", "syslog.1", "syslog"]]),
        (["run.1", "run.2"], [["run.1"], ["run.2"]]),
        (["sessions.json", "sessions.json.1"], [["sessions.json"], ["sessions.json.1"]]),
        (["a.log", "a.log.gz"], [["a.log"], ["a.log.gz"]]),
        (["diary-2026-01-02.md", "diary-2026-01-03.md"], [["diary-2026-01-02.md"], ["diary-2026-01-03.md"]]),
        (["s-20260102.jsonl", "s-20260103.jsonl"], [["s-20260102.jsonl"], ["s-20260103.jsonl"]]),
    ],
)
def test_which_files_are_parts_of_one_log(names: list[str], groups: list[list[str]]) -> None:
    found = [[path.name for path in group] for group in rotation.grouped(Path("logs", name) for name in names)]
    assert found == groups


@given(st.lists(st.text(min_size=1).filter(lambda name: "/" not in name and "\0" not in name), unique=True))
def test_every_file_is_in_just_one_group(names: list[str]) -> None:
    paths = [Path("logs", name) for name in names if Path(name).name == name]
    assert sorted(path for group in rotation.grouped(paths) for path in group) == sorted(paths)


def listed(folder: Path, *logs: Path) -> tuple[list[str], dict[str, str]]:
    target = folder / "target"
    target.mkdir(exist_ok=True)
    (target / "run.sh").write_text("echo\n")
    case = Case.open(target=str(target), logs=[str(log) for log in logs], case=str(folder / "case"))
    listing = inputs(case)
    return [item.name for item in listing.inputs], dict(listing.left_out)


def test_what_is_no_log_in_a_folder_is_left_out_with_the_reason(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    for name in (
        "a.jsonl",
        "odd",
        "sub/b.log",
        "run.py",
        "pic.png",
        "old.zip",
        "package.json",
        "README.md",
        "node_modules/x/c.jsonl",
        ".git/config",
    ):
        (logs / name).parent.mkdir(parents=True, exist_ok=True)
        (logs / name).write_text("x")
    for name in ("t.db", "t.db-wal", "t.db-shm", "u-wal"):
        (logs / name).write_text("x")
    os.mkfifo(logs / "pipe")
    (logs / "link.jsonl").symlink_to("a.jsonl")
    (logs / "dead.jsonl").symlink_to("nowhere")
    (logs / "around").symlink_to("..")
    names, left = listed(tmp_path, logs)
    assert names == ["logs/a.jsonl", "logs/odd", "logs/sub/b.log", "logs/t.db", "logs/u-wal"]
    assert left == {
        "logs/run.py": "program code",
        "logs/pic.png": "a picture, sound or font",
        "logs/old.zip": "an archive: unpack it first",
        "logs/package.json": "a manifest or a page about the project",
        "logs/README.md": "a manifest or a page about the project",
        "logs/node_modules/": "a folder of packages or of cases",
        "logs/t.db-wal": "part of t.db",
        "logs/t.db-shm": "part of t.db",
        "logs/pipe": "not a file",
        "logs/link.jsonl": "a link to logs/a.jsonl",
        "logs/dead.jsonl": "a link that leads nowhere",
    }


def test_a_file_that_is_given_by_itself_is_always_tried_and_only_once(tmp_path: Path) -> None:
    for name in ("one/x.py", "two/x.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    names, left = listed(tmp_path, tmp_path / "one" / "x.py", tmp_path / "two" / "x.py", tmp_path / "one")
    assert names == ["one/x.py", "two/x.py"]
    assert left == {}


def test_a_log_that_grows_is_read_up_to_the_size_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "WORTH_IT", 10**12)  # the tolerant readers tell how far they are
    path = tmp_path / "live.jsonl"
    path.write_bytes(text(*WHOLE) * 4_000)
    size = path.stat().st_size

    def grow(_name: str, _done: int, _size: int) -> None:
        with path.open("ab") as file:
            file.write(text(at(9, "late", "session.start")) * 500)

    with engine.opened() as (_, loader):
        source = ingest.Reading(formats(), loader, grow).read(Input(path, "live.jsonl", found=False))
    assert source is not None
    assert (source.events, source.size, source.completeness) == (12_000, size, "complete")
    assert "it grew by" in source.reason


def test_a_log_that_is_cut_while_it_is_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "WORTH_IT", 10**12)
    path = tmp_path / "live.jsonl"
    path.write_bytes(text(*WHOLE) * 20_000)

    def cut(_name: str, _done: int, _size: int) -> None:
        os.truncate(path, 1000)

    with engine.opened() as (_, loader):
        source = ingest.Reading(formats(), loader, cut).read(Input(path, "live.jsonl", found=False))
    assert source is not None
    assert 0 < source.events < 60_000
    assert "it was cut from" in source.reason


def test_a_log_without_permission_is_said_and_the_others_are_read(analyse: Analyse, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = spool.opened

    def refuse(paths: tuple[Path, ...], folder: Path) -> spool.Plain:
        if paths[-1].name == "b.jsonl":
            raise PermissionError(13, "Permission denied")
        return opened(paths, folder)

    monkeypatch.setattr(spool, "opened", refuse)  # root may read everything
    _, document = analyse({"a.jsonl": WHOLE, "b.jsonl": WHOLE})
    assert [(s.status, s.reason.split(";")[0]) for s in document.sources] == [
        ("read", "3 of the first records fit"),
        ("unreadable", "Permission denied"),
    ]


def test_rotated_and_packed_logs_are_found_in_a_target(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "logs").mkdir(parents=True)
    (target / "run.sh").write_text("echo\n")
    (target / "logs" / "events.jsonl").write_bytes(text(WHOLE[1], WHOLE[2]))
    (target / "logs" / "events.jsonl.1.gz").write_bytes(gzip.compress(text(WHOLE[0])))
    (target / "logs" / "logo.gz").write_bytes(gzip.compress(b"\0" * 500))
    case = Case.open(target=str(target), case=str(tmp_path / "case"))
    document = case.compute("lifecycles")
    assert [(source.path, source.events, len(source.parts)) for source in document.sources] == [("logs/events.jsonl", 3, 2)]
    assert document.numbers.ended == 1
