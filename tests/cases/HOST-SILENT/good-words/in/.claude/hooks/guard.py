import json
import sys

data = json.load(sys.stdin)
if "push --force" in data["tool_input"].get("command", ""):
    print("Blocked: a forced push", file=sys.stderr)
    sys.exit(2)
