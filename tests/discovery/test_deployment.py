"""Deployment files: what they say and on which line; what does not parse is a problem, a template is left alone."""

from pathlib import Path

import pytest

from session_ops.discovery.deployment import Deployment, deployment
from session_ops.discovery.deployment.contexts import is_ignored
from session_ops.discovery.deployment.dockerfile import flags_and_words, read_dockerfile
from session_ops.discovery.files import read_tree


def read(root: Path, **files: str) -> Deployment:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return deployment(read_tree(root))


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG V=3
FROM python:${V} AS base
RUN apt-get update && \\
    # a comment inside
    apt-get install -y git

COPY <<EOF /etc/x
COPY not an instruction
EOF
RUN echo $((1<<2))
from base
CMD ["a", "b c"]
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_dockerfile(ends: str) -> None:
    found = [
        (i.name, i.line, i.end, i.stage) for i in read_dockerfile("Dockerfile", DOCKERFILE.replace("\n", ends)).instructions
    ]
    assert found == [
        ("ARG", 2, 2, -1),
        ("FROM", 3, 3, 0),
        ("RUN", 4, 6, 0),
        ("COPY", 8, 10, 0),
        ("RUN", 11, 11, 0),
        ("FROM", 12, 12, 1),
        ("CMD", 13, 13, 1),
    ]


def test_dockerfile_words() -> None:
    run, copy = read_dockerfile("Dockerfile", DOCKERFILE).instructions[2:4]
    assert run.value.split() == ["apt-get", "update", "&&", "apt-get", "install", "-y", "git"]
    assert copy.value.split("\n") == ["<<EOF /etc/x", "COPY not an instruction"]
    assert flags_and_words("--from=base --chown=1:1 a b/ c/") == ({"from": "base", "chown": "1:1"}, ["a", "b/", "c/"])
    assert flags_and_words('["a b", "c"]') == ({}, ["a b", "c"])


@pytest.mark.parametrize(
    ("path", "patterns", "ignored"),
    [
        ("a/b.md", ("*.md",), False),
        ("b.md", ("*.md",), True),
        ("a/b.md", ("**/*.md",), True),
        ("README.md", ("*.md", "!README.md"), False),
        ("README.md", ("!README.md", "*.md"), True),
        ("src/x.py", ("/src/",), True),
        ("src/x.py", ("*", "!src"), False),
        ("a/node_modules/x", ("**/node_modules",), True),
        ("xa", ("[x-z]?",), True),
        (".env", (".env*",), True),
    ],
)
def test_docker_ignore(path: str, patterns: tuple[str, ...], ignored: bool) -> None:
    assert is_ignored(path, patterns) is ignored


def test_contexts_and_ignore_files(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        **{
            "docker-compose.yml": "services:\n  web:\n    build:\n      context: ./web\n  api:\n    build: {context: ., dockerfile: docker/api.Dockerfile}\n",
            "web/Dockerfile": "FROM scratch\n",
            "web/.dockerignore": "# c\n*.log\n",
            "docker/api.Dockerfile": "FROM scratch\n",
            "docker/Dockerfile": "FROM scratch\n",
            "tool/Dockerfile": "FROM scratch\n",
            "Makefile": "image:\n\tdocker build -t x -f docker/Dockerfile .\n",
        },
    )
    assert [(d.path, d.context, d.contexts, d.ignored) for d in found.dockerfiles] == [
        ("docker/Dockerfile", "", ("",), ()),
        ("docker/api.Dockerfile", "", ("",), ()),
        ("tool/Dockerfile", "tool", (), ()),
        ("web/Dockerfile", "web", ("web",), ("*.log",)),
    ]


def test_compose_and_ci(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        **{
            "compose.yaml": (
                "x-all: &all\n  restart: always\nservices:\n  web:\n    <<: *all\n    image: nginx\n    ports:\n      - '80:80'\n"
                "    environment:\n      A: 1\n      B:\n"
            ),
            ".github/workflows/ci.yml": (
                "on: push\nenv: {X: '1'}\njobs:\n  t:\n    defaults: {run: {working-directory: app}}\n    steps:\n      - uses: a/b@v1\n"
                "        with:\n          file: c\n      - run: |\n          make\n          make test\n      - run: npm ci\n"
            ),
        },
    )
    (web,) = found.services
    assert (web.name, web.line) == ("web", 4)
    assert web.values == {"restart": "always", "image": "nginx", "ports.0": "80:80", "environment.A": "1", "environment.B": ""}
    assert web.places == {
        "restart": 2,
        "image": 6,
        "ports": 7,
        "ports.0": 8,
        "environment": 9,
        "environment.A": 10,
        "environment.B": 11,
    }
    assert [(s.line, s.uses, s.run) for s in found.steps] == [
        (7, "a/b@v1", ""),
        (11, "", "make\nmake test\n"),
        (13, "", "npm ci"),
    ]
    assert found.steps[0].values == {"env.X": "1", "working-directory": "app", "uses": "a/b@v1", "with.file": "c"}


def test_units_and_hooks(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        **{
            "x.service": "[Unit]\nDescription=x\n\n[Service]\n# c\nExecStart=/usr/bin/python3 \\\n  run.py\nUser=joe\n",
            "x.plist": (
                '<?xml version="1.0"?>\n<plist version="1.0"><dict>\n<key>Label</key><string>x</string>\n<key>ProgramArguments</key>\n<array>\n'
                "<string>/bin/sh</string>\n<string>a &amp; b</string>\n</array><key>RunAtLoad</key><true/></dict></plist>\n"
            ),
            ".claude/settings.json": (
                '{"hooks": {"Stop": [{"hooks": [\n {"type": "command", "command": "a.sh"},\n {"type": "command", "command": "a.sh"}]}]},\n'
                ' "statusLine": {"command": "line.sh"}}\n'
            ),
            ".mcp.json": '{"mcpServers": {"s": {\n "command": "node",\n "args": ["srv.js", "a b"]}}}\n',
            ".vscode/mcp.json": '{\n// why\n"servers": {"t": {"command": "npx",},},}\n',
        },
    )
    assert [u.entries for u in found.units] == [
        (
            ("Unit.Description", "x", 2),
            ("Service.ExecStart", "/usr/bin/python3 run.py", 6),
            ("Service.User", "joe", 8),
        ),
        (
            ("plist.Label", "x", 3),
            ("plist.ProgramArguments.0", "/bin/sh", 6),
            ("plist.ProgramArguments.1", "a & b", 7),
            ("plist.RunAtLoad", "true", 8),
        ),
    ]
    assert [(h.path, h.event, h.command, h.line) for h in found.hooks] == [
        (".claude/settings.json", "Stop", "a.sh", 2),
        (".claude/settings.json", "Stop", "a.sh", 3),
        (".claude/settings.json", "statusLine", "line.sh", 4),
        (".mcp.json", "mcp:s", "node srv.js 'a b'", 2),
        (".vscode/mcp.json", "mcp:t", "npx", 3),
    ]
    assert found.problems == ()


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "problem", "left"),
    [
        ("services: [", True, False),
        ("services:\n  a: {{ name }}\n  b: }\n", False, True),
        ("{% if x %}\nservices: {}\n{% endif %}\n", False, True),
        (BOMB + "services:\n  x:\n    image: *i\n", False, False),
        ("services: " + "[" * 3000, False, True),
        ("services: " + "[a, " * 50_000, True, False),
        ("- " * 100_000, True, False),
        ("".join(f"{' ' * depth}a:\n" for depth in range(800)), True, False),
        ("services:\n  a:\n    models: [coder:3b]\n", False, False),  # YAML 1.1 refuses it, 1.2 does not
        ("%YAML 1.3\n---\nservices: {}\n", True, False),
        ("x: &a 1\ny: &a 2\nservices: {}\n", False, False),
        ("just text", False, False),
        ("services: !!python/object/apply:os.system [x]", False, False),
        ("services:\n\ta: b\n", True, False),
        ("\x00", False, False),
    ],
)
def test_odd_compose(tmp_path: Path, text: str, problem: bool, left: bool) -> None:
    found = read(tmp_path, **{"docker-compose.yml": text})
    assert (bool(found.problems), bool(found.left_alone)) == (problem, left)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hooks": []}', '{"hooks": {"Stop": [1, {"hooks": 2}]}}', "[" * 100_000])
def test_odd_hooks(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text("x")
    assert read(tmp_path, **{".claude/settings.json": text}).hooks == ()


@pytest.mark.parametrize(
    "text", ["", "RUN <<EOF\nx", "COPY", 'FROM "', "\\\n\\\n", "FROM x\nRUN <<A <<B\n1\nA\n2\nB\n", "\ufeffFROM x"]
)
def test_odd_dockerfiles(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text("x")
    assert len(read(tmp_path, Dockerfile=text).dockerfiles) == 1
