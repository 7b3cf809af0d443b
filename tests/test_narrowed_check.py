"""`check` with a baseline and with a revision, as a user runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BAD = "#!/usr/bin/env bash\nset -e\nread -p 'name? ' name\npython3 {missing}\n"


def git(folder: Path, *args: str) -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *settings, *args], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tracker(tmp_path: Path) -> Path:
    folder = tmp_path / "tracker"
    folder.mkdir()
    (folder / "start.sh").write_text(BAD.format(missing="gone_one.py"))
    (folder / "start.sh").chmod(0o755)
    (folder / "README.md").write_text("# Tracker\n\n```bash\n./start.sh\n```\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "start")
    return folder


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "session_ops", "check", str(folder), "--no-linters", *options]
    return subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60)


def test_only_new_findings_fail(tracker: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    first = check(tracker, "--write-baseline", str(known))
    assert first.returncode == 0, first.stderr
    assert "gone_one.py" in first.stdout
    written = json.loads(known.read_text())
    assert written["findings"]
    again = check(tracker, "--baseline", str(known))
    assert again.returncode == 0
    assert again.stdout.startswith("NOTHING NEW")
    assert "gone_one.py" not in again.stdout
    assert f"left out: {len(written['findings'])} findings known to the baseline" in again.stdout
    # lines move and a new fault comes
    (tracker / "start.sh").write_text(
        "# a comment\n\n" + BAD.format(missing="gone_one.py").replace("#!/usr/bin/env bash\n", "") + "python3 gone_two.py\n"
    )
    more = check(tracker, "--baseline", str(known), "--fail-on", "gap")
    assert more.returncode == 1
    assert "gone_two.py" in more.stdout
    assert "'gone_one.py'" not in more.stdout


def test_a_baseline_says_what_is_gone(tracker: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    check(tracker, "--write-baseline", str(known))
    (tracker / "gone_one.py").write_text("print('here')\n")
    done = check(tracker, "--baseline", str(known))
    assert "of the baseline is gone (REF-RUN at start.sh): --write-baseline forgets them" in done.stdout


def test_sarif_keeps_what_is_known_and_says_so(tracker: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    check(tracker, "--write-baseline", str(known))
    (tracker / "start.sh").write_text(BAD.format(missing="gone_one.py") + "python3 gone_two.py\n")
    log = json.loads(check(tracker, "--baseline", str(known), "--format", "sarif").stdout)
    states = {r["baselineState"]: r["message"]["text"] for r in log["runs"][0]["results"] if "gone_" in r["message"]["text"]}
    assert set(states) == {"new", "unchanged"}
    assert "gone_two.py" in states["new"]
    plain = json.loads(check(tracker, "--format", "sarif").stdout)
    assert not any("baselineState" in r for r in plain["runs"][0]["results"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("no json", "is no JSON"),
        ('{"schema": 7}', "is no baseline of this version"),
        ('{"schema": 1, "findings": [{}]}', "entry 1 has no fingerprint"),
    ],
)
def test_a_bad_baseline_is_one_line(tracker: Path, tmp_path: Path, text: str | None, said: str) -> None:
    known = tmp_path / "known.json"
    if text is not None:
        known.write_text(text)
    done = check(tracker, "--baseline", str(known))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "--write-baseline" in done.stderr or "write a new baseline" in done.stderr
    assert done.stderr.count("\n") == 1


def test_since_shows_what_concerns_changed_files(tracker: Path) -> None:
    assert "left out: " in (untouched := check(tracker, "--since", "HEAD")).stdout
    assert untouched.returncode == 0
    (tracker / "start.sh").touch()  # the time alone is no change
    assert check(tracker, "--since", "HEAD").returncode == 0
    (tracker / "other.sh").write_text(BAD.format(missing="gone_two.py"))
    (tracker / "README.md").write_text((tracker / "README.md").read_text().replace("./start.sh", "./start.sh\n./other.sh"))
    done = check(tracker, "--since", "HEAD")
    assert "gone_two.py" in done.stdout
    assert "gone_one.py" not in done.stdout
    git(tracker, "checkout", "-q", "-b", "topic")
    git(tracker, "add", ".")
    git(tracker, "commit", "-qm", "more")
    assert "gone_two.py" in check(tracker, "--since", "main").stdout
    assert "gone_two.py" not in check(tracker, "--since", "topic").stdout


def test_since_follows_a_deleted_file_to_who_needs_it(tracker: Path) -> None:
    (tracker / "gone_one.py").write_text("print('here')\n")
    git(tracker, "add", ".")
    git(tracker, "commit", "-qm", "helper")
    git(tracker, "rm", "-q", "gone_one.py")
    done = check(tracker, "--since", "HEAD", "--fail-on", "gap")
    assert done.returncode == 1
    assert "gone_one.py" in done.stdout


@pytest.mark.parametrize("revision", ["no-such", "--output=x"])
def test_a_bad_revision_is_one_line(tracker: Path, revision: str) -> None:
    done = check(tracker, f"--since={revision}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"session-ops: --since {revision}: ")
    assert done.stderr.count("\n") == 1


def test_since_needs_git(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("echo hello\n")
    done = check(tmp_path, "--since", "HEAD")
    assert done.returncode == 2
    assert "git work tree" in done.stderr
