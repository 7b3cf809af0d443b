"""Brings a registry of version 0.3 (a list) to 0.4 (a dict by session id)."""

import json
import os
import sys

PATH = os.path.join(os.environ.get("OPS_ROOT", "."), "state", "sessions.json")


def main():
    with open(PATH) as f:
        sessions = json.load(f)
    if isinstance(sessions, dict):
        print("nothing to migrate")
        return 0
    answer = input(f"Migrate {len(sessions)} sessions? [y/N] ")
    if answer != "y":
        return 1
    os.remove(PATH)
    with open(PATH, "w") as f:
        json.dump({row["id"]: row for row in sessions}, f, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
