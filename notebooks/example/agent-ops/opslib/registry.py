"""The session registry, state/sessions.json.

    python3 -m opslib.registry add|set SESSION key=value ...
    python3 -m opslib.registry get SESSION KEY
    python3 -m opslib.registry list|active
"""

import json
import os
import subprocess
import sys

PATH = os.path.join(os.environ.get("OPS_ROOT", "."), "state", "sessions.json")


def load():
    try:
        with open(PATH) as f:
            return json.load(f)
    except Exception:
        return {}


def save(sessions):
    with open(PATH, "w") as f:
        json.dump(sessions, f, indent=2, sort_keys=True)
        f.write("\n")


def branch():
    result = subprocess.run(
        ["git", "rev-parse", "--abbrev-ref", "HEAD"],
        cwd=os.environ.get("OPS_ROOT", "."),
        capture_output=True,
        text=True,
    )
    return result.stdout.strip() or None


def update(session, pairs):
    sessions = load()
    entry = sessions.setdefault(session, {"ended_at": None, "last_heartbeat": None, "status": "registered"})
    for pair in pairs:
        key, _, value = pair.partition("=")
        entry[key] = int(value) if key == "pid" else value
    entry["branch"] = branch()
    save(sessions)


def main(argv):
    action = argv[0] if argv else "list"
    if action in ("add", "set"):
        update(argv[1], argv[2:])
    elif action == "get":
        print(load().get(argv[1], {}).get(argv[2], ""))
    elif action == "list":
        for session, entry in sorted(load().items()):
            columns = [session] + [str(entry.get(k, "-")) for k in ("agent", "task", "status", "pid")]
            print("\t".join(columns))
    elif action == "active":
        for session, entry in sorted(load().items()):
            if entry.get("status") == "active":
                print("\t".join([session, entry.get("agent", "-"), entry.get("last_heartbeat") or ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
