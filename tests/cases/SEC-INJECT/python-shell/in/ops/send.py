import subprocess


def send(session, message):
    subprocess.run(f"tmux send-keys -t {session} '{message}' Enter", shell=True, check=True)
