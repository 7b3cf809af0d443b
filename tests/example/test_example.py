"""The bundled example: the same everywhere, as broken as planted, free of anything private, and really running."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from session_ops import example
from session_ops.model import UsageError

HERE = Path(__file__).parent
PLANTED = yaml.safe_load((HERE.parent / "planted.yaml").read_text(encoding="utf-8"))
# fmt: off
CATEGORIES = {
    "package", "dependency", "entry-point", "deploy-config", "config", "dangling-ref", "docs-contradiction",
    "gitignore", "gap", "shell", "interactive", "portability", "error-handling", "state", "lock",
    "heartbeat", "liveness", "cleanup", "ipc", "security",
}
RULES_OF_TODAY = {
    "REF-RUN", "REF-HOOK", "REF-IMPORT", "REF-SHIP", "REF-DOC", "HEADLESS-PROMPT", "HEADLESS-TTY", "ENTRY-SHEBANG",
    "ENTRY-XBIT", "PORT-HOME", "PORT-GNU", "PORT-BASH", "PORT-SH", "GAP-MANIFEST",
    "GAP-LICENCE", "GAP-TESTS", "GAP-ENV", "IGNORE-STATE", "IGNORE-SECRET", "SHIP-COPY",
}  # not ENTRY-TARGET: the manifest itself is missing; not GAP-INSTALL: a Dockerfile is a way to install
# fmt: on


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.materialise(tmp_path_factory.mktemp("example"))


def git(target: Path, *arguments: str) -> str:
    command = ["git", "-C", str(target), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def events(target: Path) -> tuple[list[dict[str, object]], list[str]]:
    """The records of the event log, and the lines that are none."""
    records, torn = [], []
    for line in (target / "logs" / "events.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            torn.append(line)
    return records, torn


# The same on every machine


def test_two_copies_have_the_same_head_and_status(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[user]\nname = Someone\n[core]\nautocrlf = true\nhooksPath = /nowhere\n[init]\ndefaultBranch = x\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere.git"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Someone")
    second = example.materialise(tmp_path)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_DIR"):
        monkeypatch.delenv(name)
    for question in (
        ["rev-parse", "HEAD"],
        ["status", "--porcelain"],
        ["symbolic-ref", "HEAD"],
        ["log", "--format=%H %an %ae %cI %s"],
    ):
        assert git(target, *question) == git(second, *question)
    assert not (tmp_path / "elsewhere.git").exists()


def test_the_work_tree_is_the_folder_and_only_runtime_files_are_untracked(target: Path) -> None:
    assert Path(git(target, "rev-parse", "--show-toplevel").strip()) == target.resolve()
    status = git(target, "status", "--porcelain").splitlines()
    assert {line[:3] for line in status} == {"?? "}
    assert {line[3:] for line in status} == {".current-session", "logs/", "sessions/", "state/locks/"}
    assert not list((target / ".git" / "hooks").glob("*"))


def test_the_history_removes_the_manifest(target: Path) -> None:
    assert 3 <= len(git(target, "log", "--format=%H").split()) <= 5
    assert git(target, "log", "--diff-filter=D", "--name-only", "--format=").split() == ["package.json"]
    assert (
        git(target, "log", "-1", "--diff-filter=D", "--format=%s")
        == "Drop the npm wrapper, everyone runs it from the checkout\n"
    )


def test_x_bits_are_those_listed(target: Path) -> None:
    listed = (HERE.parents[1] / "notebooks" / "example" / "modes.txt").read_text(encoding="utf-8").splitlines()
    wanted = {line for line in listed if line and not line.startswith("#")}
    files = [path for path in target.rglob("*") if path.is_file() and ".git" not in path.relative_to(target).parts]
    assert {path.relative_to(target).as_posix() for path in files if os.access(path, os.X_OK)} == wanted
    tracked = [line.split(maxsplit=3) for line in git(target, "ls-files", "--stage").splitlines()]
    assert {path for mode, _, _, path in tracked if mode == "100755"} == wanted
    assert "bin/handover.sh" not in wanted


def test_a_copy_is_replaced_but_never_somebody_elses_folder(tmp_path: Path) -> None:
    target = example.materialise(tmp_path)
    (target / "bin" / "ops").unlink()
    assert (example.materialise(tmp_path) / "bin" / "ops").is_file()
    shutil.rmtree(target)
    (target / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match="in the way of the bundled example"):
        example.materialise(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["agent-ops"]


def test_without_git_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="needs git, which is not on PATH"):
        example.materialise(tmp_path)


def test_where_nothing_can_be_written_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the bundled example"):
        example.materialise(tmp_path / "file")


def test_an_installed_package_gives_the_same_commits(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "session_ops"
    shutil.copytree(HERE.parents[1] / "notebooks" / "example", installed / "notebooks" / "example")
    for path in installed.rglob("*"):
        path.chmod(0o755)  # what unpacked a wheel may have left of the modes does not matter
    monkeypatch.setattr(example, "files", lambda _: installed)
    monkeypatch.setattr(example, "__file__", str(tmp_path / "a" / "b" / "example.py"))
    copy = example.materialise(tmp_path / "case")
    assert git(copy, "rev-parse", "HEAD") == git(target, "rev-parse", "HEAD")
    assert git(copy, "status", "--porcelain") == git(target, "status", "--porcelain")
    shutil.rmtree(installed)
    with pytest.raises(UsageError, match="the bundled example is missing"):
        example.materialise(tmp_path / "case")


# As broken as planted


def test_planted_covers_every_category_and_every_rule_of_today() -> None:
    assert len(PLANTED) >= 28
    assert {planted["category"] for planted in PLANTED} == CATEGORIES
    assert {planted["rule"] for planted in PLANTED if planted["family"] == "now"} >= RULES_OF_TODAY
    assert all(planted["rule"] is None for planted in PLANTED if planted["family"] == "later")
    assert {planted["family"] for planted in PLANTED} <= {"now", "later"}
    places = Counter((planted["file"], planted["line"], planted["rule"], planted["what"]) for planted in PLANTED)
    assert max(places.values()) == 1


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted['file']}:{planted['line']}:{planted['category']}")
def test_planted_is_there(target: Path, planted: dict[str, object]) -> None:
    path = target / str(planted["file"])
    if planted["line"] is None:
        assert planted["quote"] is None
        missing = planted["category"] in {"gap", "package"}
        assert path.exists() is not missing
    else:
        assert str(planted["quote"]) in path.read_text(encoding="utf-8").splitlines()[int(str(planted["line"])) - 1]


# Free of anything private


def test_nothing_private_in_the_bundle(target: Path) -> None:
    folder = HERE.parents[1] / "notebooks" / "example"
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*files, HERE / "recorded.json"])
    text += git(target, "log", "--format=%an <%ae> %cn <%ce>")
    assert set(re.findall(r"[\w.+-]+@[\w-]+\.[\w.]+", text)) == {"dev@example.com"}
    assert set(re.findall(r"https?://([\w.-]+)", text)) == {"hooks.example.com"}
    assert set(re.findall(r"/(?:home|Users)/([\w.-]+)", text)) == {"dev"}
    assert set(re.findall(r'"host": ?"([^"%]*)"', text)) == {"build-1"}
    assert not re.findall(r"/(?:root|tmp/(?!agent-ops-report))\b|/work/", text)
    assert set(re.findall(r"\bAKIA[0-9A-Z]{12,}", text)) == {"AKIAIOSFODNN7EXAMPLE"}
    assert set(re.findall(r"\b(?:10|127|172|192)\.\d+\.\d+\.\d+", text)) == set()
    secrets = dict(line.split("=", 1) for line in (target / ".env").read_text(encoding="utf-8").splitlines())
    assert secrets["AWS_SECRET_ACCESS_KEY"] == "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert secrets["OPS_API_TOKEN"] == "example-token-not-a-secret"
    assert len(secrets) == 4


def test_no_git_name_of_the_bundle_acts_on_this_repository() -> None:
    folder = HERE.parents[1] / "notebooks" / "example" / "agent-ops"
    assert not [path for path in folder.rglob(".git*") if path.name != ".github"]


# The recorded logs


def test_logs_are_those_that_the_tracker_writes(target: Path) -> None:
    names = [path.relative_to(target).as_posix() for path in example.logs(target)]
    assert names[:2] == ["logs/events.jsonl", "state/sessions.json"]
    assert len(names) == 2 + len(json.loads((HERE / "recorded.json").read_text(encoding="utf-8")))
    assert example.logs(target / "bin") == []


def test_the_logs_tell_what_was_done_to_the_sessions(target: Path) -> None:
    recorded = json.loads((HERE / "recorded.json").read_text(encoding="utf-8"))
    records, torn = events(target)
    registry = json.loads((target / "state" / "sessions.json").read_text(encoding="utf-8"))
    assert len(recorded) >= 6
    assert len({row["agent"] for row in recorded}) == 3
    sessions = {row["session"] for row in recorded}
    assert {record["session"] for record in records} == sessions == registry.keys()
    assert {record["session"] for record in records if record["event"] == "session.end"} == {
        row["session"] for row in recorded if row["ended"]
    }
    assert sum(row["killed"] is not None for row in recorded) >= 2
    assert len(torn) == 1
    assert 'is "done"' in torn[0]
    for row in recorded:
        diary = (target / "sessions" / row["session"] / "diary.md").read_text(encoding="utf-8")
        assert re.search(
            rf"^## \[\d{{4}}-\d\d-\d\d \d\d:\d\d UTC\] {row['agent'].title()} - {row['task']} - START$", diary, re.MULTILINE
        )
        assert ("- END\n" in diary) is row["ended"]
        assert registry[row["session"]]["agent"] == row["agent"]


def test_the_recording_has_a_double_claim_and_a_lock_left_behind(target: Path) -> None:
    holder: dict[object, object] = {}
    double, stolen, foreign = [], [], []
    for record in events(target)[0]:
        resource, session, event = record.get("resource"), record["session"], record["event"]
        if event in {"lock.acquire", "lock.steal"}:
            if event == "lock.acquire" and resource in holder:
                double.append(resource)
            if event == "lock.steal":
                stolen.append(resource)
            holder[resource] = session
        elif event == "lock.release" and holder.pop(resource, session) != session:
            foreign.append(resource)
    recorded = json.loads((HERE / "recorded.json").read_text(encoding="utf-8"))
    killed = {row["session"] for row in recorded if row["killed"]}
    assert double or stolen
    assert foreign
    assert killed & set(holder.values())
    assert (target / "state" / "locks" / "db__schema.lock").is_file()


# It really runs


def test_the_tracker_runs_a_session_from_start_to_end(tmp_path: Path) -> None:
    root = example.materialise(tmp_path)
    shutil.rmtree(root / "logs")
    # the loop writes the registry without a lock: a beat at the moment of the end would make the session active again
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OPS_HEARTBEAT_SECONDS": "60", "PYTHONDONTWRITEBYTECODE": "1"}

    def ops(*arguments: str) -> str:
        done = subprocess.run(
            ["bin/ops", *arguments],
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout.strip()

    session = ops("start", "builder", "TASK-1")
    assert re.fullmatch(r"\d{8}_\d{6}", session)
    ops("lock", "acquire", "src/other")
    ops("beat", session)
    ops("diary", session, "NOTE", "Works.")
    ops("handover", "to", "tester", "Please test.")
    ops("handover", "accept", "tester")
    ops("lock", "release", "src/other")
    ops("end", session)
    kinds = [record["event"] for record in events(root)[0] if record["event"] != "session.heartbeat"]
    assert kinds == ["session.start", "lock.acquire", "handover.offer", "handover.accept", "lock.release", "session.end"]
    entry = json.loads((root / "state" / "sessions.json").read_text(encoding="utf-8"))[session]
    assert (entry["agent"], entry["status"]) == ("builder", "ended")
    assert not (root / "sessions" / session / ".beat").exists()
