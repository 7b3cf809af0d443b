import json
import subprocess
from pathlib import Path

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Finding, Fix, Severity
from session_ops.registry import Facts, Registry, check
from tests.repos import commit, start

REGISTRY = Registry.load()


def look(root: Path, rule: str) -> tuple[list[Finding], list[Fix]]:
    facts = Facts(REGISTRY, {"tree": read_tree(root), "answers": Answers()})
    found = [f for f in check(REGISTRY, facts, root).findings if f.rule == rule]
    fixer = REGISTRY.rules[rule].fix
    assert fixer is not None
    names = list(fixer.__code__.co_varnames[1 : fixer.__code__.co_argcount])
    return found, [fix for f in found if (fix := fixer(f, **facts.named(names))) is not None]


def test_a_removed_manifest_comes_back_whole(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    content = '{"name": "t", "bin": "cli.js", "dependencies": {"express": "4"}}\n'
    commit(root, "one", **{"package.json": content, "cli.js": "require('express')();\n"})
    commit(root, "drop", **{"package.json": None})
    (found,), (fix,) = look(root, "GAP-MANIFEST")
    assert (found.at.path, found.at.line, found.severity) == ("package.json", 0, Severity.CRITICAL)
    assert found.data["commit"][:8] in found.message
    assert [e.path for e in found.also] == ["cli.js"]
    assert (fix.safety, fix.creates[0].path, fix.creates[0].content) == ("safe", "package.json", content)


def test_a_removed_manifest_comes_back_without_what_is_gone(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    data = {
        "name": "t",
        "main": "lib/gone.js",
        "scripts": {"start": "node cli.js", "old": "node old.js"},
        "dependencies": {"ws": "8"},
    }
    commit(root, "one", **{"package.json": json.dumps(data), "cli.js": "require('ws');\n"})
    commit(root, "drop", **{"package.json": None})
    _, (fix,) = look(root, "GAP-MANIFEST")
    assert fix.safety == "review"
    assert json.loads(fix.creates[0].content) == {"name": "t", "scripts": {"start": "node cli.js"}, "dependencies": {"ws": "8"}}
    assert "main" in fix.why
    assert "scripts old" in fix.why


def test_a_removed_manifest_comes_back_with_what_its_readme_starts(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    data = {"name": "t", "scripts": {"demo": "node ex/demo.js", "old": "node old.js"}, "dependencies": {"ws": "8"}}
    files = {
        "package.json": json.dumps(data),
        "README.md": "# t\n\n```sh\nnpm install\nnpm run demo\n```\n",
        "cli.js": "require('ws');\n",
        "old.js": "1\n",
        "ex/demo.js": "// shows it\nconst { a } = require('../lib/a');\n",
        "lib/a.js": "try { require('./gone') } catch {}\nexports.a = require('./b');\n",
        "lib/b/index.js": "exports.b = 1;\n",
    }
    commit(root, "one", **files)
    commit(root, "drop", **dict.fromkeys((name for name in files if name not in ("README.md", "cli.js")), None))
    _, (fix,) = look(root, "GAP-MANIFEST")
    assert [new.path for new in fix.creates] == ["package.json", "ex/demo.js", "lib/a.js", "lib/b/index.js"]
    assert json.loads(fix.creates[0].content)["scripts"] == {"demo": "node ex/demo.js"}
    assert fix.safety == "review"


def test_a_module_is_not_brought_back_without_what_it_needs(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"run.js": "require('./lib/a');\n", "lib/a.js": "// a\nrequire('./b');\n", "lib/b.js": "1;\n"})
    commit(root, "drop", **{"lib/a.js": None, "lib/b.js": None})
    _, (fix,) = look(root, "REF-IMPORT")
    assert [new.path for new in fix.creates] == ["lib/a.js", "lib/b.js"]
    other = start(tmp_path / "o")
    commit(
        other,
        "one",
        **{"run.js": "require('./lib/a');\n", "lib/a.js": "// a\nrequire('./never');\n", "README.md": "`node run.js`\n"},
    )
    commit(other, "drop", **{"lib/a.js": None})
    (found,), fixes = look(other, "REF-IMPORT")
    assert (found.at.path, fixes) == ("run.js", [])


def test_a_manifest_that_nobody_needs_any_more(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"package.json": '{"name": "t"}\n', "a.py": "import json\n", "README.md": "# t\n"})
    commit(root, "drop", **{"package.json": None})
    assert look(root, "GAP-MANIFEST") == ([], [])


def test_the_makefile_installs_and_takes_away(tmp_path: Path) -> None:
    root = tmp_path / "tracker"
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    for name in ("start", "stop"):
        (root / f"bin/{name}.sh").write_text(f'#!/bin/sh\n. "$(dirname "$0")/../lib/common.sh"\nsay {name} "$@"\n')
        (root / f"bin/{name}.sh").chmod(0o755)
    (root / "lib/common.sh").write_text('say() { echo "$*"; }\n')
    (root / "README.md").write_text("# Tracker\n")
    _, (fix,) = look(root, "GAP-INSTALL")
    (root / "Makefile").write_text(fix.creates[0].content)
    prefix = tmp_path / "pre fix"

    def make(target: str) -> None:
        subprocess.run(["make", "-s", target, f"PREFIX={prefix}"], cwd=root, check=True, capture_output=True)

    make("install")
    said = subprocess.run([prefix / "bin/start", "a b"], cwd="/", check=True, capture_output=True, text=True).stdout
    assert said == "start a b\n"
    make("uninstall")
    assert [p for p in prefix.rglob("*") if p.is_file()] == []


def test_what_the_project_above_declares(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(
        root, "one", **{"pyproject.toml": "[project]\nname = 'r'\n", "package.json": "{}\n", "ops__a.py": "import requests\n"}
    )
    commit(root, "two", **{"ops__b.js": "require('ws');\n", "ops__README.md": "# ops\n\n```\nnpm install\n```\n"})
    assert look(root / "ops", "GAP-MANIFEST") == ([], [])
