import subprocess
from pathlib import Path


def materialise(path: Path, branch: str) -> None:
    if path.exists():
        return
    subprocess.run(["git", "worktree", "prune"], check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "worktree", "add", str(path), branch], check=True)
