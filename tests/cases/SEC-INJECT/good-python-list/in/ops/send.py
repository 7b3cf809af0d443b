import shlex
import subprocess


def send(session, message, count):
    subprocess.run(["tmux", "send-keys", "-t", session, message], check=True)
    subprocess.run(f"echo {shlex.quote(message)}", shell=True, check=True)
    subprocess.run(f"head -n {count} log", shell=True, check=True)
