import fcntl
from pathlib import Path


def claim(task):
    lock_path = Path("tasks") / f"{task}.lock"
    with open(lock_path, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        print("mine")
