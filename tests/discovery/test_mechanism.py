"""Who touches which session state, in every language, and the drawing of it."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from session_ops.discovery.bodies import Source
from session_ops.discovery.files import read_tree
from session_ops.discovery.mechanism import Mechanism, Use, kind_of
from session_ops.discovery.mechanism.picture import FILES, STATES, alternative, drawing
from session_ops.model import Answers
from session_ops.registry import Facts, Registry

REGISTRY = Registry.load(packages=("session_ops.discovery",))


def look(root: Path, files: dict[str, str]) -> Mechanism:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    found = Facts(REGISTRY, {"tree": read_tree(root), "answers": Answers()})["mechanism"]
    assert isinstance(found, Mechanism)
    return found


def told(found: Mechanism) -> list[tuple[str, str, str, str, int]]:
    return [(u.kind, u.state, u.act, u.way, u.line) for u in found.uses]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("state/locks/*.lock", "lock"), ("session.lock", "lock"), ("uv.lock", None), ("poetry.lock", None), ("Cargo.lock", None),
        ("*.lock", None), ("block/list.json", None), (".current-session", "pointer"), (".claude/active-session.json", "pointer"),
        ("registry/agents.csv", "registry"), ("sessions.json", "registry"), ("settings.json", None), (".vscode/tasks.json", None),
        ("state/*.pid", "pid"), ("sessions/*/heartbeat", "heartbeat"), ("inbox/*.msg", "message"), ("logs/events.jsonl", "log"),
        ("sessions/*/diary.md", "diary"), ("README.md", None), ("run/agent.sock", "socket"), ("", None),
    ],
)  # fmt: skip
def test_kind_of_a_name(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_python_constants_helpers_and_comments(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        {
            "ops/registry.py": (
                '"""Never open("state/agents.json", "w") by hand."""\n'
                "import os\n"
                'PATH = os.path.join(os.environ.get("ROOT", "."), "state", "agents.json")\n'
                "def _write(path, text):\n"
                '    with open(path, "w") as f:\n'
                "        f.write(text)\n"
                "def save(text):\n"
                "    _write(PATH, text)  # not open(PATH, 'a')\n"
                "def load():\n"
                "    with open(PATH) as f:\n"
                "        return f.read()\n"
            )
        },
    )
    assert told(found) == [
        ("registry", "state/agents.json", "creates", "whole", 5),
        ("registry", "state/agents.json", "reads", "read", 10),
    ]
    assert [(u.function, u.via) for u in found.uses] == [("_write", "save"), ("load", "")]


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        (
            "a.ts",
            'const file = path.join(dir, "sessions.json");\nfs.writeFileSync(`${file}.tmp`, x);\nfs.renameSync(`${file}.tmp`, file);\nfs.readFileSync(file);\n',
            [("creates", "rename", 3), ("reads", "read", 4)],
        ),
        (
            "a.go",
            'package a\n\nfunc Save() {\n\tfile := filepath.Join(dir, "sessions.json")\n\tos.WriteFile(file, data, 0o600)\n\tos.Remove(file)\n}\n',
            [("creates", "whole", 5), ("deletes", "delete", 6)],
        ),
        (
            "a.rb",
            'FILE = "state/sessions.json"\nFile.write(FILE, text)\nFile.read(FILE)\n',
            [("creates", "whole", 2), ("reads", "read", 3)],
        ),
        (
            "a.rs",
            'fn save() {\n  let p = d.join("sessions.json");\n  fs::write(&sessions_file, text)?;\n}\n#[cfg(test)]\nfn x() { fs::write("sessions.json", "") }\n',  # noqa: E501
            [("creates", "whole", 3)],
        ),
        (
            "a.sh",
            'f=state/sessions.json\njq . "$f" > "$f.tmp"\nmv "$f.tmp" "$f"\ncat <<\'EOF\'\nrm state/sessions.json\nEOF\n',
            [("reads", "read", 2), ("creates", "rename", 3)],
        ),
        (
            "over_lines.py",
            'note = "open(sessions.json, w)"\nwith open(\n    "state/sessions.json",  # open("agents.json")\n    "w",\n) as f:\n    f.write(text)\n',
            [("creates", "whole", 2)],
        ),
        (
            "exclusive.py",
            'import os\nhandle = os.open("state/sessions.json", os.O_CREAT | os.O_EXCL)\nPath("sessions.json").open("x")\n',
            [("locks", "exclusive", 2), ("locks", "exclusive", 3)],
        ),
        (
            "exclusive.js",
            'fs.writeFileSync("sessions.json", text, { flag: "wx" });\nconst h = fs.openSync("state/agents.json", "wx");\n',
            [("locks", "exclusive", 1), ("locks", "exclusive", 2)],
        ),
        (
            "exclusive.go",
            'package a\n\nfunc Take() {\n\tos.OpenFile("agents.json", os.O_CREATE|os.O_EXCL, 0o600)\n\tos.OpenFile("agents.json", os.O_APPEND|os.O_WRONLY, 0o600)\n}\n',  # noqa: E501
            [("locks", "exclusive", 4), ("creates", "append", 5)],
        ),
        (
            "exclusive.rb",
            'File.open("agents.json", File::CREAT | File::EXCL)\nFile.open("agents.json", "a") { |f| f.puts line }\nFileUtils.mv tmp, "agents.json"\n',
            [("locks", "exclusive", 1), ("creates", "append", 2), ("creates", "rename", 3)],
        ),
        (
            "exclusive.rs",
            'fn take() {\n  OpenOptions::new()\n    .write(true)\n    .create_new(true)\n    .open("agents.json")?;\n  OpenOptions::new().append(true).open("agents.json")?;\n}\n',  # noqa: E501
            [("locks", "exclusive", 2), ("creates", "append", 6)],
        ),
    ],
)
def test_each_language(tmp_path: Path, name: str, text: str, wanted: list[tuple[str, str, int]]) -> None:
    found = look(tmp_path, {name: text})
    assert [(u.act, u.way, u.line) for u in found.uses if u.kind == "registry" and u.way != "aside"] == wanted


def test_instructions_count_as_code(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        {
            ".claude/commands/start.md": "Write the id to `.claude/.current-session`.\nSee `README.md`.\n",
            "docs/notes.md": "Write the id to `.claude/.current-session`.\n",
        },
    )
    assert [(u.path, u.act, u.line) for u in found.uses] == [(".claude/commands/start.md", "creates", 1)]


def test_tests_and_vendored_code_are_apart(tmp_path: Path) -> None:
    text = 'open("state/sessions.json", "w")\n'
    assert look(tmp_path, {"tests/test_a.py": text, "vendor/b.py": text, "examples/c.py": text}).uses == ()


def test_odd_text_is_no_trouble(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        {
            "long.js": "session;" + "fs.writeFileSync(" * 20_000,
            "open.py": 'session = """never closed\nopen("sessions.json", "w")\n',
            "deep.ts": "function session() {" * 5_000 + 'fs.writeFileSync("sessions.json")',
            "crlf.sh": "echo $$ > state/agent.pid\r\n",
        },
    )
    assert [(u.path, u.kind) for u in found.uses if u.path == "crlf.sh"] == [("crlf.sh", "pid")]


def test_functions_keep_their_lines() -> None:
    source = Source(
        "a.py",
        "python",
        'def a(x):\n    """Says # nothing."""\n    return "#"\n\n\nclass B:\n    def b(\n        self,\n        y,\n    ):\n        pass\n',
    )
    assert [(b.name, b.first, b.last, b.parameters) for b in source.bodies] == [("a", 1, 3, ("x",)), ("b", 7, 11, ("y",))]
    assert source.lines[1].strip() == ""
    assert source.lines[2] == '    return "#"'
    script = Source(
        "a.ts",
        "typescript",
        "const a = async (x: T) => {\n  // }\n  return `}`;\n};\nclass B {\n  run(y: string): void {\n  }\n}\n",
    )
    assert [(b.name, b.first, b.last, b.parameters) for b in script.bodies] == [("a", 1, 4, ("x",)), ("run", 6, 7, ("y",))]


def test_the_drawing_is_valid_and_bounded() -> None:
    uses = tuple(
        Use(f"state/<{n}>&.lock", "lock", "locks", "whole", f"bin/a-very-long-name-of-a-script-number-{n}.sh", 1)
        for n in range(40)
    )
    picture = drawing(Mechanism(uses))
    root = ET.fromstring(picture)
    boxes = [e for e in root.iter() if e.tag.endswith("rect")]
    assert 1 < len(boxes) <= 1 + FILES + STATES
    assert "<script" not in picture
    assert "href" not in picture
    assert drawing(Mechanism()) == ""
    assert "40 files" in alternative(Mechanism(uses))
