import json
import sys
import uuid
from pathlib import Path

STATE = Path.home() / ".cache" / "tracker"


def session_id():
    id_file = STATE / str(sys.argv[1]) / "session_id"
    if id_file.exists():
        return id_file.read_text().strip()
    own = uuid.uuid4().hex
    id_file.write_text(own)
    return own


print(json.load(sys.stdin)["tool_name"], session_id())
