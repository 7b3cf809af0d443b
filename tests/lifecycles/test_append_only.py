"""A log in a git repository from which a commit dropped lines: read from the repository itself, with git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lifecycles.conftest import Analyse


def commit(root: Path, text: str, at: str) -> None:
    (root / "logs").mkdir(exist_ok=True)
    (root / "logs" / "events.jsonl").write_text(text)
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(root), "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} | identity
    for arguments in (["add", "."], ["commit", "-q", "-m", "sync"]):
        subprocess.run(["git", "-C", str(root), *arguments], check=True, env=environment)


def test_lines_that_a_commit_dropped_are_a_loss(analyse: Analyse, tmp_path: Path) -> None:
    root = tmp_path / "logs"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    commit(root, "one\n", "2026-01-05T10:00:00Z")
    commit(root, "one\ntwo\nthree\n", "2026-01-05T10:01:00Z")
    commit(root, "one\nfour\n", "2026-01-05T10:02:00Z")
    _, document = analyse({})
    found = [
        (one.detector, one.resource_id, one.ts, one.confidence)
        for one in document.anomalies
        if one.detector == "append_only_loss"
    ]
    assert found == [("append_only_loss", "logs/events.jsonl", "2026-01-05T10:02:00Z", "proven")]
