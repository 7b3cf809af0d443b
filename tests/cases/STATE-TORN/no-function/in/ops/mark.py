import json

with open("state/sessions.json") as f:
    sessions = json.load(f)
sessions["a"] = "done"
with open("state/sessions.json", "w") as f:
    json.dump(sessions, f)
