import json
import os

PATH = os.path.join("state", "sessions.json")


def migrate():
    with open(PATH) as f:
        rows = json.load(f)
    with open(PATH, "w") as f:
        json.dump({row["id"]: row for row in rows}, f)
