"""Small git repositories for tests."""

import subprocess
from pathlib import Path


def git(root: Path, *args: str) -> str:
    who = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.invalid",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "init.defaultBranch=main",
    ]
    return subprocess.run(["git", "-C", str(root), *who, *args], check=True, capture_output=True, text=True).stdout.strip()


def start(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    git(root, "init", "-q")
    return root


def commit(root: Path, subject: str, **files: str | None) -> None:
    """Write files (two underscores stand for a slash), remove those that are None, and commit everything."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject)
