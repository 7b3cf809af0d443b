import json
import os

PATH = "state/sessions.json"


def load():
    with open(PATH) as f:
        return json.load(f)


def save(sessions):
    with open(PATH, "w") as f:
        json.dump(sessions, f)


def update(session, status):
    sessions = load()
    sessions[session] = status
    save(sessions)
