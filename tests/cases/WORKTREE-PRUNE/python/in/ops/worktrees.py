import subprocess
from pathlib import Path


def materialise(path: Path, branch: str) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "worktree", "add", str(path), branch], check=True)
