"""Linters on small trees: what breaks a gate, what is advice, what happens without them."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from session_ops.analysis.linters import process
from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.cli import main
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Finding, Gate, Outcome, Severity
from session_ops.registry import Checked, Facts, Registry, check
from tests.conftest import Make

ALL = Registry.load()
OURS = Registry(ALL.facts, {name: rule for name, rule in ALL.rules.items() if name.startswith("LINT-")})


def needs(name: str) -> None:
    if process.program(name) is None:
        pytest.skip(f"{name} is not installed (make test EXTRAS=all)")


def needs_library(name: str) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed (make test EXTRAS=all)")


def look(root: Path, linters: Linters | None = None) -> Checked:
    tree = read_tree(root)
    with linters or Linters.start(tree) as started:
        return check(OURS, Facts(OURS, {"tree": tree, "answers": Answers(), "linters": started}), tree.root)


def grave(checked: Checked) -> list[tuple[str, int, Severity, Gate | None]]:
    return [(f.at.path, f.at.line, f.severity, f.gate) for f in checked.findings if f.severity is not Severity.ADVICE]


def advice(checked: Checked) -> list[Finding]:
    return [f for f in checked.findings if f.severity is Severity.ADVICE]


def outcome(checked: Checked, rule: str) -> tuple[Outcome, str]:
    (result,) = [r for r in checked.results if r.rule == rule]
    return result.outcome, result.reason


def test_script_that_the_shell_refuses(make: Make) -> None:
    needs("shellcheck")
    broken = "#!/bin/bash\nif ping -c 1 <node-ip> &>/dev/null; then\n  echo up\nfi\n"
    found = look(make({"bin/health.sh": broken, "tests/data/broken.sh": broken}))
    assert grave(found) == [("bin/health.sh", 2, Severity.CRITICAL, Gate.PARSE)]


def test_script_that_only_the_linter_cannot_parse_and_templates_are_no_defects(make: Make) -> None:
    needs("shellcheck")
    files = {
        "a.sh": "#!/bin/bash\nshopt -s extglob\ncase $1 in !(*.md)) echo x ;; esac\necho $HOME/x y\n",
        "b.sh.j2": "#!/bin/bash\n{% if x %}\nif [ {{ y }} ; then\n{% endif %}\n",
        "c.sh": "#!/bin/zsh\nfor i ($list) print $i\n",
        "d.sh": "#!/bin/bash\n{% if x %}\nif [ {{ y }} ; then\n{% endif %}\n",
    }
    assert grave(look(make(files))) == []


def test_advice_is_one_finding_for_a_file_and_code(make: Make) -> None:
    needs("shellcheck")
    found = look(make({"a.sh": "#!/bin/sh\ncd $1\ncd $2\ncd $3\n"}))
    (cd,) = [f for f in advice(found) if "SC2164" in f.message]
    assert (cd.at.line, [e.line for e in cd.also], cd.gate) == (2, [3, 4], None)


def test_python_that_does_not_compile(make: Make) -> None:
    needs("ruff")
    files = {
        "app.py": "def f(:\n    pass\n",
        "outside.py": "x = 1\nreturn x\n",
        "newer.py": "type X = int\nmatch 1:\n    case _:\n        pass\n",
        "tests/data/bad.py": "def f(:\n",
        "old.py": "#!/usr/bin/python2\nprint 'x'\n",
        "pkg/{{cookiecutter.name}}.py": "def {{cookiecutter.name}}(:\n",
    }
    found = look(make(files))
    assert {(path, severity, gate) for path, _, severity, gate in grave(found)} == {
        ("app.py", Severity.CRITICAL, Gate.PARSE),
        ("outside.py", Severity.CRITICAL, Gate.PARSE),
    }


def test_undefined_names_by_when_they_are_looked_up(make: Make) -> None:
    needs("ruff")
    files = {
        "main.py": "import used\n\nif __name__ == '__main__':\n    used.go()\n",
        "used.py": "LIMIT = settings.limit\n\n\ndef go():\n    return other\n",
        "notes.py": "from __future__ import annotations\n\n\ndef go(x: Missing) -> 'Other':\n    y: Third = x\n    return y\n",
        "jupyter_config.py": "c = get_config()\nc.x = 1\n",
        "data.py": "config = some.Structure()\n",
        "maybe.py": "try:\n    basestring\nexcept NameError:\n    basestring = str\n",
    }
    assert grave(look(make(files))) == [
        ("data.py", 1, Severity.GAP, Gate.START),
        ("used.py", 1, Severity.CRITICAL, Gate.START),
    ]


def test_dockerfiles(make: Make) -> None:
    needs("hadolint")
    files = {
        "Dockerfile": "FROM debian:12\nRUN true\nCOPPY . /app\n",
        "a/Dockerfile": "FROM debian:12\nRUN <<EOF\nset -ex\necho x\nEOF\nRUN true\n",
        "b/Dockerfile": "FROM debian:12\nEXPOSE 80800\n",
        "c/Dockerfile": "FROM {{ image }}\n{% if x %}\nRUN x\n{% endif %}\n",
        "d/Dockerfile.part": "RUN true\n",
    }
    assert grave(look(make(files))) == [
        ("Dockerfile", 3, Severity.CRITICAL, Gate.SHIP),
        ("b/Dockerfile", 2, Severity.CRITICAL, Gate.SHIP),
    ]


def workflow(event: str, text: str) -> str:
    return f"on:\n  {event}:\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo '${{{{ {text} }}}}'\n"


def test_workflows_that_run_what_strangers_write(make: Make) -> None:
    needs("zizmor")
    folder = ".github/workflows/"
    files = {
        folder + "bad.yml": workflow("issues", "github.event.issue.title"),
        folder + "own.yml": workflow("workflow_dispatch", "inputs.name"),
        folder + "fork.yml": workflow("pull_request", "github.head_ref"),
        folder + "sha.yml": workflow("workflow_run", "github.event.workflow_run.head_sha"),
    }
    assert grave(look(make(files, git=True))) == [(folder + "bad.yml", 7, Severity.CRITICAL, Gate.GUARD)]


def test_odd_names_reach_no_command_line(make: Make) -> None:
    needs("shellcheck")
    names = ["--help.sh", "a b;touch x.sh", "-x.sh", "$(id).sh", "new\nline.sh", "ü.sh"]
    root = make({f"s/{name}": "#!/bin/sh\nif [ x\n" for name in names})
    found = look(root)
    assert sorted(path for path, *_ in grave(found)) == sorted(f"s/{name}" for name in names)


def test_configuration_of_the_target_is_not_heeded(make: Make) -> None:
    needs("shellcheck")
    needs("ruff")
    files = {
        ".shellcheckrc": "disable=all\n",
        "ruff.toml": "exclude = ['*']\n",
        "a.sh": "#!/bin/sh\nif [ x\n",
        "a.py": "def f(:\n",
    }
    root = make(files)
    before = sorted(p.name for p in root.rglob("*"))
    assert len(grave(look(root))) == 2
    assert sorted(p.name for p in root.rglob("*")) == before


def test_without_linters_nothing_is_said(make: Make) -> None:
    said = {outcome(look(make({"a.sh": "x\n"}), Linters()), name) for name in OURS.rules}
    assert [one for one, _ in said] == [Outcome.NOT_APPLICABLE]


def test_absent_linter_is_open(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "program", lambda _: None)
    found = look(make({"a.sh": "#!/bin/sh\nif [ x\n"}))
    assert outcome(found, "LINT-SHELLCHECK") == (
        Outcome.OPEN,
        "shellcheck is not installed: pip install session-ops[linters]",
    )
    assert outcome(found, "LINT-RUFF")[0] is Outcome.NOT_APPLICABLE


def test_a_linter_in_the_target_is_not_run(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make({"bin/hadolint": "#!/bin/sh\n"}, executable=("bin/hadolint",))
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", "bin:.")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert process.program("hadolint") is None


@contextmanager
def one(make: Make, script: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[process.Report]:
    """The report of a stand-in for a linter, written in sh."""
    fake = make({"tool": script}, name="fake", executable=("tool",)) / "tool"
    monkeypatch.setattr(process, "program", lambda _: str(fake))
    linter = Linter(
        "tool", "tool", lambda tree: [e.path for e in tree.files()], (), lambda text: [Remark(text.strip(), 1, "X", "x")]
    )
    folder = make({"a.txt": "x\n"}, name="t")
    yield process.run(linter, read_tree(folder), folder.parent / "scratch")
    shutil.rmtree(folder.parent / "scratch")


def test_linter_that_hangs_is_stopped(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SECONDS", 0.5)
    with one(make, '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.3 && exit\nexec sleep 60\n', monkeypatch) as report:
        assert report.problem == "tool was stopped after 0.5 s: it read 0 of 1 files"


def test_linter_that_dies_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with one(
        make, '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.3 && exit\necho no such option >&2\nexit 3\n', monkeypatch
    ) as report:
        assert report.problem == "tool gave up on 1 of 1 files, the first is a.txt: no answer, exit status 3: no such option"


def test_file_that_a_linter_dies_of_costs_only_itself(make: Make) -> None:
    needs("ruff")
    files = {"deep.py": "x = " + "+".join(["1"] * 30_000) + "\n", "app.py": "def f(:\n", "b.py": "x = 1\n"}
    found = look(make(files))
    assert [path for path, *_ in grave(found)] == ["app.py"]
    assert outcome(found, "LINT-RUFF")[1].startswith("ruff gave up on 1 of 3 files, the first is deep.py: ")


def test_linters_see_no_token_and_no_home_of_ours(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH_TOKEN", "secret")
    with one(make, '#!/bin/sh\n[ -z "$GH_TOKEN" ] && [ -z "$(ls -A "$HOME")" ] && echo v1.2\n', monkeypatch) as report:
        assert (report.version, report.files) == ("1.2", 1)


def test_versions_are_recorded(make: Make) -> None:
    needs("ruff")
    tree = read_tree(make({"a.py": "x = 1\n"}))
    with Linters.start(tree) as linters:
        linters.report("ruff")
        assert linters.versions["ruff"][0].isdigit()


@pytest.mark.parametrize(
    "code", ["SC2086", "SC1091", "SC1090", "E501", "F401", "DL3008", "unpinned-uses", "DEP001", "CC-AG-009"]
)
def test_what_breaks_no_gate_is_advice(code: str) -> None:
    assert not any(breach(linter, code) for linter in ("shellcheck", "ruff", "hadolint", "zizmor", "agnix", "deptry"))


def test_configuration_of_agents(make: Make) -> None:
    needs("agnix")
    flat = '{\n  "hooks": {\n    "preEditHook": {"command": "npx", "args": ["x"]}\n  }\n}\n'
    files = {
        ".claude/settings.json": flat,
        "editor/settings.json": flat,
        "examples/.claude/settings.json": flat,
        ".claude/agents/reviewer.md": "---\nname: reviewer\n---\nYou review.\n",
        "docs/agents/about.md": "---\nname: about\n---\nText.\n",
        "CLAUDE.md": "See @docs/absent.md for more.\n",
    }
    found = look(make(files))
    assert grave(found) == [
        (".claude/agents/reviewer.md", 1, Severity.GAP, Gate.SHIP),
        (".claude/settings.json", 1, Severity.CRITICAL, Gate.SHIP),
    ]
    # files that the copy does not hold are not missed
    assert not [f.message for f in found.findings if "absent.md" in f.message]


def test_project_whose_imports_and_declarations_differ_is_advice(make: Make) -> None:
    needs("deptry")
    manifest = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["itsdangerous"]\n'
    files = {
        "pyproject.toml": manifest,
        "demo/__init__.py": "import werkzeug_absent\n",
        "services/a/requirements.txt": "itsdangerous\n",
        "services/a/main.py": "import itsdangerous\n",
    }
    found = look(make(files))
    assert grave(found) == []
    said = {(f.at.path, f.message) for f in advice(found)}
    assert ("demo/__init__.py", "deptry DEP001: 'werkzeug_absent' imported but missing from the dependency definitions") in said
    assert not [path for path, text in said if path.startswith("services/") and "itsdangerous" in text and "DEP002" in text]


def test_python_without_a_manifest_is_nothing_for_deptry(make: Make) -> None:
    found = look(make({"a.py": "import x\n"}))
    assert outcome(found, "LINT-DEPTRY") == (Outcome.NOT_APPLICABLE, "no file for deptry")


def test_manifest_that_deptry_dies_of_is_open(make: Make) -> None:
    needs("deptry")
    found = look(make({"pyproject.toml": "[project]\nname = 1\ndependencies = 3\n", "a.py": "import x\n"}))
    assert outcome(found, "LINT-DEPTRY")[0] is Outcome.OPEN
    assert outcome(found, "LINT-DEPTRY")[1].startswith("deptry gave up on 1 of 1 folders, the first is .: ")


TOKEN = "4839201756:AAH" + "k3Vx9QmZ7tLr2WbY8nPfJ5sGdC1uEoRi"  # in two parts, so that no scanner takes this file for a leak


def test_credentials_of_other_issuers(make: Make) -> None:
    needs_library("detect_secrets")
    files = {
        "bot.py": f'TELEGRAM_TOKEN = "{TOKEN}"\n',
        "tests/bot.py": f'TELEGRAM_TOKEN = "{TOKEN}"\n',
        "docs/bot.md": f"TELEGRAM_TOKEN={TOKEN}\n",
        "allowed.py": f'TELEGRAM_TOKEN = "{TOKEN}"  # pragma: allowlist secret\n',
        "invented.py": 'TELEGRAM_TOKEN = "1234567890:' + "abcdefghijabcdefghijabcdefghijabcde" + '"\n',
        "db.py": 'URL = "postgresql://app:8fK2mQ9xVt@db.internal.acme.io/app"\n',
        "compose.py": 'URL = "postgresql://app:8fK2mQ9xVt@db:5432/app"\nOTHER = "redis://user:password@cache.acme.io/0"\n',
        "lines.py": "DIGEST = '" + "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d" * 2 + "'\n",
    }
    found = look(make(files, git=True))
    assert grave(found) == [("bot.py", 1, Severity.GAP, Gate.GUARD), ("db.py", 1, Severity.GAP, Gate.GUARD)]
    said = [f for f in found.findings if f.rule == "LINT-SECRET"]
    assert not [f for f in said if TOKEN in f.message + f.impact]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown", "github"])
def test_value_of_a_credential_is_not_shown(make: Make, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    needs_library("detect_secrets")
    root = make({"bot.py": f'TELEGRAM_TOKEN = "{TOKEN}"\n', "url.sh": "curl https://svc:8fK2mQ9xVt@api.acme.io/x\n"}, git=True)
    main(["check", str(root), "--format", form, "--fail-on", "never"])
    shown = capsys.readouterr().out
    assert "LINT-SECRET" in shown
    assert TOKEN not in shown
    assert "8fK2mQ9xVt" not in shown


def test_absent_library_is_open(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise process.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(process.metadata, "version", absent)
    found = look(make({"a.txt": "x\n"}))
    assert outcome(found, "LINT-SECRET") == (
        Outcome.OPEN,
        "detect-secrets is not installed: pip install session-ops[linters]",
    )
