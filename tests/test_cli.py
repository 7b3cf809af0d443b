"""The command line as users meet it: a process of its own, bad input, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Make


def session_ops(*words: object, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "session_ops", *map(str, words)]
    return subprocess.run(
        argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=cwd, env=os.environ | env, check=False
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that unusable input gets."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("session-ops: ")
    return lines[0]


@pytest.mark.parametrize("command", ["run", "check"])
def test_unusable_targets(command: str, tmp_path: Path, cases_folder: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    assert "no such folder" in refused(session_ops(command, tmp_path / "absent"))
    assert "is a file" in refused(session_ops(command, tmp_path / "file"))
    assert "the folder is empty" in refused(session_ops(command, tmp_path / "empty"))
    assert "TARGET is missing" in refused(session_ops(command))
    assert "not both" in refused(session_ops(command, tmp_path, "--example"))
    assert list(cases_folder.iterdir()) == []


def test_unusable_options(make: Make, tmp_path: Path) -> None:
    target = make({"a.sh": "ls\n"})
    assert "--wrong" in refused(session_ops("check", target, "--wrong"))
    assert "'yaml'" in refused(session_ops("check", target, "--format", "yaml"))
    assert "did you mean 'docker'" in refused(session_ops("run", target, "--environment", "dokcer"))
    assert "no such file or folder" in refused(session_ops("run", target, "--logs", tmp_path / "absent.jsonl"))
    assert "no such folder of rules" in refused(session_ops("check", target, "--rules", tmp_path / "absent"))
    assert "(more: session-ops help logs)" in refused(session_ops("logs", tmp_path / "absent.jsonl"))
    assert "(more: session-ops help commands)" in refused(session_ops("check", target, "--no-such-option"))
    assert "cannot be written" in refused(
        session_ops("check", target, "--output", tmp_path / "no" / "x.sarif", "--format", "sarif")
    )
    assert "did you mean" in refused(session_ops("rules", "REF-RUM"))
    assert "no page" in refused(session_ops("help", "absent"))


def test_check_in_every_format_and_its_exit_codes(tmp_path: Path) -> None:
    text = session_ops("check", "--example")
    assert text.returncode == 1
    assert "NOT DEPLOYABLE" in text.stdout.upper()
    assert session_ops("check", "--example", "--fail-on", "never").returncode == 0
    out = tmp_path / "out.sarif"
    assert session_ops("check", "--example", "--format", "sarif", "--output", out).stdout == ""
    levels = {r["level"] for r in json.loads(out.read_text())["runs"][0]["results"]}
    assert levels == {"error", "warning"}
    advised = session_ops("check", "--example", "--format", "json", "--advice")
    assert json.loads(advised.stdout)["counts"]["critical"] >= 12
    assert "| critical |" in session_ops("check", "--example", "--format", "markdown").stdout
    assert session_ops("check", "--example", "--format", "github").stdout.startswith("::")


def test_check_changes_nothing_in_the_target(make: Make) -> None:
    target = make({"run.sh": "#!/bin/sh\n. ./missing.sh\n", "README.md": "run `./run.sh`\n"}, git=True)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(target.rglob("*")) if p.is_file()}
    session_ops("check", target)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(target.rglob("*")) if p.is_file()} == before


def test_rules_of_ones_own(make: Make, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text(
        "from session_ops.model import Finding\nfrom session_ops.registry import rule\n"
        '@rule("MINE", gate="start", category="shell")\ndef mine(tree):\n    "No ls."\n'
        '    yield Finding("ls is not allowed", tree.evidence("a.sh", 1))\n'
    )
    done = session_ops("check", make({"a.sh": "ls\n"}), "--rules", rules)
    assert done.returncode == 1
    assert "ls is not allowed" in done.stdout


def test_knowledge_of_ones_own_is_given_to_every_command(make: Make, tmp_path: Path) -> None:
    own = {name: tmp_path / name for name in ("rules", "formats", "detectors")}
    for folder in own.values():
        folder.mkdir()
    (own["rules"] / "mine.py").write_text(
        "from session_ops.model import Finding\nfrom session_ops.registry import rule\n"
        '@rule("MINE", gate="start", category="shell")\ndef mine(tree):\n    "No ls."\n'
        '    yield Finding("ls is not allowed", tree.evidence("a.sh", 1))\n'
    )
    target = make({"a.sh": "ls\n"})
    given = [word for name, folder in own.items() for word in (f"--{name}", folder)]
    for command in (("check", target), ("fix", target, "--json"), ("rules", "MINE")):
        assert "ls" in session_ops(*given, *command).stdout, command
    (tmp_path / "list.txt").write_text(f"{target}\n")
    out = tmp_path / "out"
    assert session_ops(*given, "batch", tmp_path / "list.txt", "--out", out, "--no-notebooks").returncode == 0
    assert '"MINE"' in next((out / "cases").glob("*/findings.json")).read_text()
    assert "no such folder of detectors" in refused(session_ops("--detectors", tmp_path / "absent", "rules"))


def test_an_open_rule_is_listed_and_changes_no_code_unless_strict(make: Make, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text(
        "from session_ops.registry import rule\n"
        '@rule("CRASHES", gate=None, category="gap")\ndef mine(tree):\n    "Crashes."\n    raise ValueError("odd")\n    yield\n'
    )
    target = make({"a.txt": "x\n"})
    done = session_ops("check", target, "--rules", rules, "--fail-on", "never")
    assert done.returncode == 0
    assert "CRASHES: ValueError: odd" in done.stdout
    assert session_ops("check", target, "--rules", rules, "--fail-on", "never", "--strict").returncode == 3


def test_rules_and_pages_are_listed_and_explained() -> None:
    listed = session_ops("rules").stdout.splitlines()
    assert len(listed) >= 15
    for line in listed:
        shown = session_ops("rules", line.split()[0]).stdout if line is listed[0] else "Source:"
        assert "Source:" in shown
    assert "gates" in session_ops("help").stdout
    assert session_ops("help", "gates").stdout.startswith("# Gates")
    assert session_ops("--version").stdout.startswith("session-ops 0.")
    for command in ("run", "check", "lab", "rules", "help"):
        assert "Example: session-ops" in session_ops(command, "--help").stdout


def powerless(*words: object) -> subprocess.CompletedProcess[str]:
    """The command by somebody whom permissions bind: root gives up the right to pass them over."""
    rights = "-dac_override,-dac_read_search"
    drop = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"] if os.geteuid() == 0 else []
    argv = [*drop, sys.executable, "-m", "session_ops", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root without setpriv: permissions do not bind"
)
def test_no_permission(make: Make, tmp_path: Path) -> None:
    target = make({"a.sh": "ls\n", "secret.sh": "ls\n", "sub/b.sh": "ls\n"})
    (target / "secret.sh").chmod(0)
    (target / "sub").chmod(0)
    closed, unwritable = tmp_path / "closed", tmp_path / "unwritable"
    closed.mkdir(mode=0)
    unwritable.mkdir(mode=0o555)
    try:
        done = powerless("run", target, "--case", tmp_path / "case")
        assert done.returncode == 0, done.stderr
        files = {f["path"]: f for f in json.loads((tmp_path / "case" / "discovery.json").read_text())["document"]["files"]}
        assert (files["secret.sh"]["status"], files["secret.sh"]["reason"]) == ("unreadable", "Permission denied")
        assert (files["sub"]["status"], files["sub"]["reason"]) == ("unreadable", "no permission to list it")
        assert "secret.sh" in (tmp_path / "case" / "report.md").read_text().split("## Not Checked")[1]
        assert "cannot be read" in refused(powerless("check", closed))
        assert "cannot be" in refused(powerless("run", target, "--case", unwritable / "case"))
        assert "cannot be written" in refused(powerless("check", target, "--format", "json", "--output", unwritable / "x.json"))
    finally:
        (target / "sub").chmod(0o755)
        closed.chmod(0o755)


def test_sarif_of_the_example_carries_fixes_and_no_empty_change(tmp_path: Path) -> None:
    out = tmp_path / "out.sarif"
    session_ops("check", "--example", "--no-linters", "--format", "sarif", "--output", out)
    results = json.loads(out.read_text())["runs"][0]["results"]
    fixes = [fix for result in results for fix in result.get("fixes", [])]
    assert len(fixes) >= 5
    assert all(change["replacements"] for fix in fixes for change in fix["artifactChanges"])


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_leaves_no_temporary_folder(by: signal.Signals, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "session_ops", "logs", "-"]
    env = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as child:
        assert child.stdin is not None
        child.stdin.write(b'{"event": "session_start", "session_id": "a", "ts": "2026-01-01T00:00:00Z"}\n')
        child.stdin.flush()
        deadline = time.monotonic() + 60
        while not any(tmp_path.rglob("standard-input")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert any(tmp_path.rglob("standard-input"))
        child.send_signal(by)
        said = child.communicate(timeout=60)[1]
    assert child.returncode == 130, said
    assert b"interrupted" in said
    assert list(tmp_path.iterdir()) == []
