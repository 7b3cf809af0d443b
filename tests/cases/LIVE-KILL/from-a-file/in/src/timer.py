import os
import signal


def cancel(state: dict) -> None:
    pid = state.get("timer_pid")
    if pid:
        os.kill(pid, signal.SIGTERM)
