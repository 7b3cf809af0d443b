"""Environment variables: uses with and without defaults, and who names them."""

from pathlib import Path

import pytest

from session_ops.discovery.environment import Environment, environment
from session_ops.discovery.files import read_tree
from session_ops.discovery.syntax import Syntax


def read(root: Path, **files: str) -> Environment:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    tree = read_tree(root)
    return environment(tree, Syntax(tree))


@pytest.mark.parametrize(
    ("name", "text", "uses"),
    [
        ("a.sh", 'echo "$AGENT_NAME"\n', [("AGENT_NAME", 1, None, False)]),
        ("a.sh", "set -eu\necho $AGENT_NAME\n", [("AGENT_NAME", 2, None, True)]),
        ("a.sh", "X_ID=1\necho $X_ID ${X_ID}\n", []),
        ("a.sh", "echo '$AGENT_NAME' # $OTHER_NAME\ncat <<'E'\n$THIRD_NAME\nE\n", []),
        ("a.sh", 'ROOT_DIR="${ROOT_DIR:-/srv}"\necho $ROOT_DIR\n', [("ROOT_DIR", 1, "/srv", False)]),
        ("a.sh", 'echo "$A_B $C_D\n ${E_F:-1} x"\n', [("A_B", 1, None, False), ("C_D", 1, None, False), ("E_F", 2, "1", False)]),
        ("a.sh", ': "${ROOT_DIR:?set it}"\n', [("ROOT_DIR", 1, None, True)]),
        ("a.sh", 'if [ -n "$TOKEN_X" ]; then echo "$TOKEN_X"; fi\n', [("TOKEN_X", 1, "", False), ("TOKEN_X", 1, "", False)]),
        ("a.sh", "for AGENT in a b; do echo $AGENT; done; read -r LINE_A LINE_B; echo $LINE_B $HOME $GITHUB_SHA\n", []),
        ("a.sh", ". ./env.sh\necho $AGENT_NAME\n", []),
        ("a.py", "import os\nA = os.environ['A_KEY']\nos.environ['B_KEY'] = '1'\n", [("A_KEY", 2, None, True)]),
        ("a.py", "x = os.environ.get(\n    'A_KEY',\n    str(1))\n", [("A_KEY", 1, "str(1)", False)]),
        ("a.py", "x = os.getenv('A_KEY') or 'x'\ny = os.getenv('B_KEY')\n", [("A_KEY", 1, "'x'", False), ("B_KEY", 2, None, False)]),
        ("a.ts", "const a = process.env.A_KEY ?? 'x';\nconst b = import.meta.env['B_KEY'];\n", [("A_KEY", 1, "'x'", False), ("B_KEY", 2, None, False)]),
        ("a.js", "if (process.env.A_KEY === '1') {}\nprocess.env.B_KEY = 'x'\n", [("A_KEY", 1, "", False)]),
        ("a.js", "const {\n  A_KEY,\n  B_KEY = 2 } = process.env\n", [("A_KEY", 2, None, False), ("B_KEY", 3, "2", False)]),
        ("a.rb", "ENV['A_KEY']\nENV.fetch('B_KEY')\nENV.fetch('C_KEY','d')\n", [("A_KEY", 1, None, False), ("B_KEY", 2, None, True), ("C_KEY", 3, "d", False)]),
        ("a.go", 'package a\nvar x = os.Getenv("A_KEY")\n', [("A_KEY", 2, None, False)]),
        ("a.rs", 'let a = env::var("A_KEY").unwrap();\nlet b = env::var("B_KEY").unwrap_or_default();\n', [("A_KEY", 1, None, True), ("B_KEY", 2, "", False)]),
        ("compose.yml", "services:\n  a:\n    image: x:${TAG_X:-1}\n    command: $$NO ${MUST_X:?no}\n", [("MUST_X", 4, None, True), ("TAG_X", 3, "1", False)]),
    ],
)  # fmt: skip
def test_uses(tmp_path: Path, name: str, text: str, uses: list[tuple[str, int, str | None, bool]]) -> None:
    found = [(u.name, u.line, u.default, u.required) for u in read(tmp_path, **{name: text}).uses]
    assert found == sorted(set(uses), key=lambda u: (u[0], u[1]))


def test_mentions(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        **{
            "a.py": "import os\n# FOUR_X is explained here\nfor n in ():\n    pass\n"
            + "".join(f"os.environ['{n}_X']\n" for n in ("ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN")),
            ".env.example": "# keys\nONE_X=\n",
            "README.md": "| `TWO_X` | the second |\n",
            "docker-compose.yml": "services:\n  a:\n    environment:\n      THREE_X: 1\n      FIVE_X: ${FIVE_X}\n",
            "x.service": "[Service]\nEnvironment=SIX_X=1\n",
            "run.sh": "export SEVEN_X=1\n./a.py\n",
        },
    )
    assert [(m.name, m.path, m.line, m.kind) for m in found.mentions] == [
        ("FOUR_X", "a.py", 2, "comment"),
        ("ONE_X", ".env.example", 2, "template"),
        ("SEVEN_X", "run.sh", 1, "set"),
        ("SIX_X", "x.service", 2, "unit"),
        ("THREE_X", "docker-compose.yml", 4, "compose"),
        ("TWO_X", "README.md", 1, "docs"),
    ]
    assert found.undocumented() == ("FIVE_X",)


@pytest.mark.parametrize("text", ["", "${", "${A_B:-${C_D:-${E_F}}}", "echo ${A_B[@]} ${#A_B} ${!A_B}\n", "\x01$A_B\n" * 1000])
def test_odd_shell(tmp_path: Path, text: str) -> None:
    read(tmp_path, **{"a.sh": text, "b": "x"})


def test_docstrings_use_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        **{
            "a.py": 'import os\n\n\ndef f():\n    """Reads\n\n    os.environ["A_KEY"]\n    """\n    return os.environ["B_KEY"]\n'
        },
    )
    assert [u.name for u in found.uses] == ["B_KEY"]
