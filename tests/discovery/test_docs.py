"""Docs: every span and block is at the line where its text stands."""

from pathlib import Path

import pytest

from session_ops.discovery.docs import Doc, directives, docs
from session_ops.discovery.files import read_tree


def read(root: Path, name: str, text: str) -> Doc:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return next(d for d in docs(read_tree(root)) if d.path == name)


TEXT = """\ufeff---
name: x
---
# Title of `it`

See [the guide](docs/guide%20one.md "hint"), run
`bin/start.sh` twice
and `bin/start.sh`.

| file | what |
|---|---|
| `a.py` | [b](b.md) |

- scripts/run.sh starts it; and/or CI/CD and Node.js are words
- ![logo](img/logo.png) <img src='img/two.png'>

1. one

   ```Bash title="x"
   npm test
   ```

~~~
plain
~~~
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_lines_of_spans_and_blocks(tmp_path: Path, ends: str) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/run.sh").write_text("#!/bin/sh\n")
    doc = read(tmp_path, "README.md", TEXT.replace("\n", ends))
    assert (doc.role, doc.title) == ("readme", "Title of `it`")
    assert [(h.level, h.line) for h in doc.headings] == [(1, 4)]
    assert [(s.kind, s.text, s.line) for s in doc.spans] == [
        ("code", "it", 4),
        ("link", "docs/guide one.md", 6),
        ("code", "bin/start.sh", 7),
        ("code", "bin/start.sh", 8),
        ("code", "a.py", 12),
        ("link", "b.md", 12),
        ("path", "scripts/run.sh", 14),
        ("image", "img/logo.png", 15),
        ("image", "img/two.png", 15),
    ]
    assert [(b.language, b.text, b.line) for b in doc.blocks] == [("bash", "npm test\n", 20), ("", "plain\n", 24)]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("README.md", "readme"),
        ("docs/README.de.md", "readme"),
        ("CLAUDE.md", "agent-rules"),
        ("sub/AGENTS.md", "agent-rules"),
        (".cursor/rules/style.mdc", "agent-rules"),
        (".github/copilot-instructions.md", "agent-rules"),
        (".claude/agents/team/lead.md", "agent"),
        (".claude/commands/go.md", "agent"),
        ("skills/x/SKILL.md", "agent"),
        ("CHANGELOG.md", "changelog"),
        ("docs/history-of-locks.md", "changelog"),
        ("docs/guide.md", "doc"),
        ("newsroom.md", "doc"),
    ],
)
def test_roles(tmp_path: Path, path: str, role: str) -> None:
    assert read(tmp_path, path, "# x\n").role == role


def test_directives(tmp_path: Path) -> None:
    text = (
        "# Rules\n\n- Use `uv`, **never** `pip`.\n- Never edit `state.json` by hand\n- Always run `make check`\n"
        "- Prefer `rg` over grep\n- Build: `npm run build`\n- If files don't exist, create them\n\n```bash\npytest -q  # all\n```\n"
    )
    read(tmp_path, "CLAUDE.md", text)
    tree = read_tree(tmp_path)
    found = [(d.line, d.kind, d.subjects) for d in directives(tree, docs(tree))]
    assert found == [
        (3, "must", ("uv",)),
        (3, "never", ("pip",)),
        (4, "never", ("state.json",)),
        (5, "must", ("make check",)),
        (6, "prefer", ("rg",)),
        (7, "command", ()),
        (11, "command", ()),
    ]


@pytest.mark.parametrize(
    "text", ["", "\n", "[" * 5000, "> " * 3000 + "x", "x" * 1_000_000, "`" * 999, "---\nopen", "a\tb/\x01c.md\n"]
)
def test_odd_text_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.txt").write_text("x")
    assert read(tmp_path, "odd.md", text).path == "odd.md"
