import os
from pathlib import Path

PID = Path("run") / "watch.pid"


def alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def start():
    if PID.exists() and alive(int(PID.read_text())):
        raise SystemExit("already running")
    PID.write_text(str(os.getpid()))
