import json
import os

PATH = "state/sessions.json"


def load():
    with open(PATH) as f:
        return json.load(f)


def save(sessions):
    with open(f"{PATH}.{os.getpid()}.tmp", "w") as f:
        json.dump(sessions, f)
    os.replace(f"{PATH}.{os.getpid()}.tmp", PATH)


def update(session, status):
    sessions = load()
    sessions[session] = status
    save(sessions)
