"""Fetching a target that is an address for git: its newest commit, without running anything of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

TIMEOUT_S = 600
_SAFE = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.symlinks=true", "filter.lfs.smudge=", "filter.lfs.required=false",
    "protocol.allow=user", "protocol.ext.allow=never", "protocol.file.allow=user", "submodule.recurse=false", "credential.helper=",
    "transfer.fsckObjects=true", "init.templateDir=",
)  # fmt: skip


class CannotFetch(Exception):
    """The target could not be fetched; the text says why."""


def newest(source: str) -> str:
    """The commit that an address stands at now. `ADDRESS#REF` names a branch or tag; without one it is HEAD.

    Raises:
        CannotFetch: git is absent, the address does not answer, or has no such ref.
    """
    address, _, ref = source.partition("#")
    said = _git("ls-remote", "--", address, ref or "HEAD")
    commit = said.split()[0] if said.split() else ""
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise CannotFetch(f"{address} has no {ref or 'HEAD'}")
    return commit


def fetched(source: str, folder: Path, commit: str) -> Path:
    """A clone of the address at `folder`, of this commit; one that is there already is kept.

    Raises:
        CannotFetch: git could not clone it.
    """
    mark = folder / ".git" / "session-ops-commit"
    if mark.is_file() and mark.read_text() == commit:
        return folder
    address, _, ref = source.partition("#")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".clone-", dir=folder.parent))
    try:
        branch = ["--branch", ref] if ref else []
        _git(
            "clone",
            "-q",
            "--depth=1",
            "--no-tags",
            "--single-branch",
            "--no-recurse-submodules",
            *branch,
            "--",
            address,
            str(aside / "c"),
        )
        (aside / "c" / ".git" / "session-ops-commit").write_text(commit)
        if folder.exists():
            folder.rename(aside / "old")
        (aside / "c").rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _git(*args: str) -> str:
    settings = [word for pair in _SAFE for word in ("-c", pair)]
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith("GIT_SSH")} | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            ["git", *settings, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except FileNotFoundError:
        raise CannotFetch("git is absent") from None
    except subprocess.TimeoutExpired:
        raise CannotFetch(f"git did not answer within {TIMEOUT_S} s") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CannotFetch((lines[-1] if lines else f"git ended with {done.returncode}")[:300])
    return done.stdout.decode("utf-8", "replace")
