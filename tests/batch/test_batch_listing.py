"""What a list of targets may say, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_ops.batch import listing
from session_ops.batch.listing import Job, options, read
from session_ops.model import UsageError


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("one/agent-ops", "two/agent-ops", "three"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "logs.jsonl").write_text("")
    return tmp_path


def write(base: Path, name: str, text: str) -> Path:
    (base / name).write_text(text)
    return base / name


def test_text_with_globs_comments_and_addresses(base: Path) -> None:
    jobs = read(write(base, "list.txt", "# all of them\n*/agent-ops\n\nthree\nhttps://example.org/team/tool.git#main\n"), {})
    assert [(job.name, job.is_remote) for job in jobs] == [
        ("one-agent-ops", False), ("two-agent-ops", False), ("three", False), ("tool", True),
    ]  # fmt: skip
    assert jobs[0].source == str((base / "one/agent-ops").resolve())
    assert jobs[3].place.endswith("list.txt:5")


def test_csv_with_answers_and_logs(base: Path) -> None:
    text = (
        "target,logs,environment,orphan_after_min,prove\nthree,logs.jsonl;logs.jsonl,systemd,5,yes\n,,,,\none/agent-ops,,,,\n"
    )
    jobs = read(write(base, "list.csv", text), {})
    assert [job.name for job in jobs] == ["three", "one-agent-ops"]
    assert jobs[0].given["logs"] == [str(base / "logs.jsonl")] * 2
    assert options(jobs[0].given) == [
        f"--logs={base}/logs.jsonl", f"--logs={base}/logs.jsonl", "--environment=systemd", "--orphan-after-min=5.0", "--prove",
    ]  # fmt: skip
    assert options(jobs[1].given) == []


def test_yaml_with_a_mapping_and_common_parameters(base: Path) -> None:
    text = "targets:\n- three\n- target: one/agent-ops\n  shape: service\n  logs: [logs.jsonl]\n"
    jobs = read(write(base, "list.yaml", text), {"environment": "docker"})
    assert [dict(job.given) for job in jobs] == [
        {"environment": "docker"}, {"environment": "docker", "shape": "service", "logs": [str(base / "logs.jsonl")]},
    ]  # fmt: skip


def test_two_of_one_name_are_told_apart(base: Path) -> None:
    assert [job.name for job in read(write(base, "l.txt", "three\nthree\n"), {})] == ["three", "three-2"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.txt", "# nothing\n", "names no target"),
        ("l.txt", "three\nfour\n", "l.txt:2: four: there is no such folder"),
        ("l.txt", "logs.jsonl\n", "l.txt:1: logs.jsonl: is a file"),
        ("l.csv", "name\nthree\n", "l.csv:1: has no column target"),
        ("l.csv", "target,shape\nthree\n", "l.csv:2: has fewer values"),
        ("l.csv", "target,shpe\nthree,service\n", "did you mean 'shape'?"),
        ("l.csv", "target,shape\nthree,servce\n", "l.csv:2: shape='servce' is not possible: did you mean 'service'?"),
        ("l.csv", 'target\n"three\n', "is no CSV"),
        ("l.yaml", "a: [1\n", "is no YAML"),
        pytest.param("l.yaml", "- " * 60_000, "is no YAML (cannot be read)", id="deep"),
        ("l.yaml", "a: 1\n", "holds no list"),
        ("l.yaml", "- 3\n", "entry 1: is neither"),
        ("l.yaml", "- target: three\n  case: here\n", "case is given by the batch"),
        ("l.yaml", "- shape: service\n", "entry 1: has no target"),
    ],
)
def test_a_bad_list_is_one_line(base: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(write(base, name, text), {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=200))
def test_a_name_is_one_plain_part_of_a_path(source: str) -> None:
    name = listing._stem(source)
    assert name
    assert name not in (".", "..")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_an_address_is_told_from_a_folder() -> None:
    for source in ("https://a/b", "git@host:team/x.git", "file:///x", "ssh://h/x"):
        assert Job("n", source, "p").is_remote
    for source in ("/srv/a", "./a", "a:b/c d"):
        assert not Job("n", source, "p").is_remote or source == "a:b/c d"
