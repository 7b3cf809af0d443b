"""The samples inside formats, written as the files that they are samples of."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from session_ops.lifecycles.readers import READERS
from session_ops.lifecycles.spec import Format


def written(form: Format, sample: Any, folder: Path) -> Path:
    """A sample as a file, a database or a repository; `mtime` is when it was last written."""
    path = folder / sample.get("file", f"sample.{READERS[form.reader['kind']].ending}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if "git" in sample:
        path = folder / "repository"
        _repository(path, sample["git"])
    elif "sqlite" in sample:
        with sqlite3.connect(path) as connection:
            connection.executescript(sample["sqlite"])
        connection.close()
    elif "sql" in sample:
        with duckdb.connect() as database:
            database.execute(f"COPY ({sample['sql'].strip().rstrip(';')}) TO '{path}' (FORMAT parquet)")
    else:
        path.write_text(sample["text"], encoding="utf-8")
    if "mtime" in sample:
        seconds = datetime.fromisoformat(sample["mtime"]).timestamp()
        os.utime(path, (seconds, seconds))
    return path


def _repository(path: Path, commits: list[Any]) -> None:
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    for commit in commits:
        for name, content in commit.get("files", {}).items():
            file = path / name
            if content is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content, encoding="utf-8")
        git(path, "add", "-A")
        when = {"GIT_AUTHOR_DATE": commit["date"], "GIT_COMMITTER_DATE": commit["date"]}
        git(path, "commit", "-q", "--allow-empty", "-m", commit["message"], **when)


def git(path: Path, *args: str, **more: str) -> str:
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "dev"), ("EMAIL", "dev@example.org"))
    }
    clean = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"], "HOME": str(path)}
    return subprocess.run(["git", *args], cwd=path, env=clean | who | more, check=True, capture_output=True, text=True).stdout
