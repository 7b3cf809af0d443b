"""What other files name: code, deployment files, documents; and trees that are hard to read."""

import time

import pytest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Severity
from session_ops.registry import Facts, Registry, check

REGISTRY = Registry.load()


def facts_of(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Facts(REGISTRY, {"tree": read_tree(root), "answers": Answers()})


def look(root, files):
    return facts_of(root, files)["references"]


def verdicts(found, source):
    return [(r.line, r.target, r.verdict) for r in found if r.source == source]


def test_make_recipes_know_simple_variables(tmp_path):
    text = (
        "DIR := tools\nX = $(shell pwd)\n.PHONY: a b\na:\n\tcd $(DIR) && ./gone.sh\n"
        "\t-@bash $(DIR)/soft.sh\nb: out/x.sh\n\t$(X)/y.sh\n\t./out/x.sh\nout/x.sh:\n\ttouch $@\n"
    )
    found = [r for r in look(tmp_path, {"Makefile": text, "tools/here.sh": ""}) if r.act == "run"]
    assert [(r.line, r.target, r.verdict, r.fatal, r.within) for r in found] == [
        (5, "tools/gone.sh", "missing", True, "a"),
        (6, "tools/soft.sh", "missing", False, "a"),
        (8, "", "ambiguous", True, "b"),
        (9, "out/x.sh", "created", True, "b"),
    ]


def test_compose_env_files_and_mounts(tmp_path):
    text = (
        "services:\n  a:\n    image: x\n    env_file: prod.env\n"
        "    volumes:\n      - ./nginx.conf:/etc/nginx.conf:ro\n      - ./data:/data\n      - named:/x\n"
    )
    assert verdicts(look(tmp_path, {"compose.yml": text}), "compose.yml") == [
        (4, "prod.env", "missing"),
        (6, "nginx.conf", "missing"),
    ]


def test_a_unit_counts_from_its_working_directory(tmp_path):
    unit = "[Service]\nWorkingDirectory=/opt/ops\nExecStart=/opt/ops/bin/gone.sh --x\nExecStop=/srv/other/bin/stop.sh\n"
    found = look(tmp_path, {"deploy/ops.service": unit, "bin/stop.sh": ""})
    assert verdicts(found, "deploy/ops.service") == [(3, "bin/gone.sh", "missing"), (4, "bin/stop.sh", "resolves")]


def test_a_page_and_its_public_folder(tmp_path):
    page = '<link href="/icon.svg"><script src="/src/main.ts"></script><img src="a.png"><img src="/gone.svg">\n<!-- <img src="/no.svg"> -->\n'
    files = {
        "web/index.html": page,
        "web/package.json": "{}",
        "web/public/icon.svg": "",
        "web/src/main.ts": "",
        "web/a.png": "",
    }
    found = look(tmp_path, files)
    assert [r.target for r in found if r.verdict == "missing"] == ["web/gone.svg"]
    assert [r.place for r in found if r.verdict == "missing"] == ["html"]


def test_links_of_docs(tmp_path):
    text = (
        "# T\n"
        "[a](a.md) [b](./sub/) [c](https://x.org/c.md) [d](d.md#x) [e](../../issues) [f](<with space.md>) ![g](g%20h.png)\n"
    )
    found = look(tmp_path, {"docs/x.md": text, "docs/a.md": "", "docs/sub/z": "", "docs/g h.png": ""})
    assert [(r.text, r.verdict) for r in found if r.verdict != "resolves"] == [
        ("d.md#x", "missing"),
        ("with space.md", "missing"),
    ]


def test_python_paths_from_the_module(tmp_path):
    code = (
        "from pathlib import Path\n\n"
        'SQL = (Path(__file__).parent / "sql" / "a.sql").read_text()\nNEW = Path(__file__).parent / "made.txt"\nNEW.write_text("x")\n'
    )
    found = look(tmp_path, {"pkg/m.py": code})
    assert verdicts(found, "pkg/m.py") == [(3, "pkg/sql/a.sql", "missing")]


def test_headless_callers_go_through_chains(tmp_path):
    hook = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "$CLAUDE_PROJECT_DIR/bin/stop.sh"}]}]}}\n'
    files = {
        ".claude/settings.json": hook,
        "bin/stop.sh": '#!/bin/sh\n. "$(dirname "$0")/../lib/l.sh"\n"$(dirname "$0")/ask.sh"\n',
        "bin/ask.sh": "#!/bin/sh\nread x\n",
        "bin/alone.sh": "#!/bin/sh\n",
        "lib/l.sh": "",
        "README.md": "# T\n\n```sh\n./bin/alone.sh\n```\n",
    }
    callers = facts_of(tmp_path, files)["callers"]
    assert callers.headless("bin/stop.sh") == "hook .claude/settings.json:1"
    assert callers.headless("bin/ask.sh") == "hook .claude/settings.json:1 > bin/stop.sh"
    assert callers.headless("lib/l.sh") == "hook .claude/settings.json:1 > bin/stop.sh"
    assert callers.headless("bin/alone.sh") == ""
    assert [c.source for c in callers.of("bin/ask.sh")] == ["bin/stop.sh"]


def test_crontab_and_absolute_paths_of_a_machine(tmp_path):
    files = {"deploy/crontab": "# m h\n*/5 * * * * $HOME/ops/bin/reap.sh --now\n", "bin/reap.sh": "#!/bin/sh\n"}
    assert facts_of(tmp_path, files)["callers"].headless("bin/reap.sh") == "cron deploy/crontab:2"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.sh", b"\xff\xfe. \"$D/\x80x.sh\"\n"),
        ("a.sh", b"\xef\xbb\xbf#!/bin/sh\r\n. ./x.sh\r\n"),
        ("a.sh", b"(" * 3000 + b"./x.sh" + b")" * 3000),
        ("a.sh", b"if true; then\n" * 600 + b"./x.sh\n" + b"fi\n" * 600),
        ("a.sh", b". \"$(dirname \"$0\n"),
        ("a.js", b"require(" * 2000),
        ("a.py", b"from . import " + b"(" * 500),
        ("a.html", b"<img src='" * 5000),
        ("a.md", b"[" * 5000 + b"](x.md)"),
        ("Makefile", b"a:\n\t" + b"$(" * 4000 + b"\n"),
        ("package.json", b'{"scripts": ' + b"[" * 5000),
        ("crontab", b"* * * * *\n@daily\n"),
    ],
)  # fmt: skip
def test_hard_files_do_no_harm(name, data, tmp_path):
    facts = facts_of(tmp_path, {name: data, "x": "x"})
    assert isinstance(facts["references"], tuple)


def test_time_is_linear(tmp_path):
    line = 'D="$(dirname "$0")"\n. "$D/lib.sh"\n[ -f "$D/a" ] && cat "$D/a"\n'
    small = facts_of(tmp_path / "s", {"a.sh": line * 100, "lib.sh": ""})
    large = facts_of(tmp_path / "l", {"a.sh": line * 1000, "lib.sh": ""})
    spent = []
    for facts in (small, large):
        for name in ("docs", "deployment", "manifests"):
            facts[name]
        start = time.perf_counter()
        facts["references"]
        spent.append(time.perf_counter() - start)
    assert spent[1] < 40 * spent[0] + 0.5


def test_a_path_that_another_folder_would_explain_is_not_critical(tmp_path):
    facts = facts_of(tmp_path, {"docker/entry.sh": "#!/bin/sh\nset -e\npython manage.py\ntrue\n", "backend/manage.py": ""})
    found = [f for f in check(REGISTRY, facts, tmp_path).findings if f.rule == "REF-RUN"]
    assert [(f.at.place, f.severity) for f in found] == [("docker/entry.sh:3", Severity.GAP)]


def test_a_flood_is_folded(tmp_path):
    files = {f"m{n}.js": f"require('./gone{n}');\n" for n in range(50)}
    found = [f for f in check(REGISTRY, facts_of(tmp_path, files), tmp_path).findings if f.rule == "REF-IMPORT"]
    assert len(found) == 30
    assert sum(1 + len(f.also) for f in found) == 50
