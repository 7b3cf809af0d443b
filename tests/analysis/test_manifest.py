import time
from pathlib import Path

import pytest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Outcome, Severity
from session_ops.registry import Facts, Registry, check

REGISTRY = Registry.load()
OURS = ("META-", "GAP-MANIFEST", "GAP-INSTALL", "GAP-LICENCE", "GAP-README", "GAP-TESTS", "ENTRY-TARGET", "ENTRY-NAMESPACE")
ODD: dict[str, bytes] = {
    "flow.yaml": b"[" * 90_000,
    "block.yaml": b"- " * 5_000 + b"x\n",
    "bomb.yaml": b"a: &a [x, x, x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(12)),
    "deep.json": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep.toml": b"a = " + b"[" * 3_000 + b"]" * 3_000,
    "package.json": b'\xff\xfe{\x00"\x00',
    "a.py": b"if " + b"(" * 3_000 + b"1" + b")" * 3_000 + b":\n  import foo\n",
    "b.py": b"x = " + b"+".join([b"1"] * 20_000) + b"\nimport bar\n",
    "long.js": b"const x = require('a" + b"y" * 100_000 + b"');\n",
    "requirements.txt": b"\\\n" * 5_000,
    "setup.py": b"setup(**x)\n",
    ".claude-plugin/plugin.json": b'{"name": "x", "commands": [1, {"a": 2}, "./../../../etc/passwd"]}',
    "odd\nname.yaml": b"a: [\n",
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_files_cost_nothing_and_accuse_nobody(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(ODD[name])
    (tmp_path / "run.sh").write_text("#!/bin/sh\necho up\n")
    began = time.monotonic()
    facts = Facts(REGISTRY, {"tree": read_tree(tmp_path), "answers": Answers()})
    rules = {name: rule for name, rule in REGISTRY.rules.items() if name.startswith(OURS)}
    checked = check(Registry(REGISTRY.facts, rules), facts, tmp_path)
    assert time.monotonic() - began < 15
    assert [(r.rule, r.reason) for r in checked.results if r.outcome is Outcome.OPEN] == []
    assert [f.message for f in checked.findings if f.severity is Severity.CRITICAL] == []
