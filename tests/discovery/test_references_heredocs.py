from __future__ import annotations

from tests.conftest import Make

from session_ops.discovery.files import read_tree
from session_ops.model import Answers
from session_ops.registry import Facts, Registry

SCRIPT = """#!/bin/bash
python3 - "$1" <<'PY'
import json
from .helper import beat
PY
cat > "$OUT/run.js" <<EOF
const lib = require('./lib');
const gone = require('./gone');
EOF
cat > notes.txt <<EOF
require('./nothing')
EOF
"""


def test_code_inside_heredocs_is_read_at_its_own_lines_and_never_called_missing(make: Make) -> None:
    tree = read_tree(make({"bin/make.sh": SCRIPT, "bin/lib.js": "exports.x = 1\n", "bin/helper.py": "beat = 1\n"}, git=True))
    facts = Facts(Registry.load(), {"tree": tree, "answers": Answers()})
    found = {(r.line, r.text): (r.verdict, r.target) for r in facts["references"] if r.source == "bin/make.sh"}
    assert found[7, "./lib"] == ("resolves", "bin/lib.js")
    assert found[8, "./gone"] == ("ambiguous", "")
    assert not [text for line, text in found if line == 11]
    assert [verdict for (line, _), (verdict, _) in found.items() if line == 4] == ["resolves"]


def test_an_unclosed_heredoc_and_odd_code_do_no_harm(make: Make) -> None:
    tree = read_tree(make({"a.sh": "python3 - <<PY\nimport (((\n", "b.sh": "node <<'X'\nrequire('./a'\nX\n"}, git=True))
    facts = Facts(Registry.load(), {"tree": tree, "answers": Answers()})
    assert all(r.verdict != "missing" for r in facts["references"])
