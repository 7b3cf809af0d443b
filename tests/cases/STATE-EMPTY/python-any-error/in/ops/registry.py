import json

PATH = "state/sessions.json"


def load():
    try:
        with open(PATH) as f:
            return json.load(f)
    except Exception:
        return {}


def save(sessions):
    with open(PATH, "w") as f:
        json.dump(sessions, f)


def update(session, status):
    sessions = load()
    sessions[session] = status
    save(sessions)
