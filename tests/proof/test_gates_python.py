"""Gates of Python packages, run for real. The build backend of these packages lies in them, so no network is needed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Make
from tests.proof.conftest import command, digest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Gate, GateResult, Outcome
from session_ops.proof import cache, wheels
from session_ops.proof.gates.python import with_declared
from session_ops.proof.runs import Place
from session_ops.proof.sandbox import Sandbox
from session_ops.registry import CannotCheck, Facts, Registry

BACKEND = """
import os, tarfile, zipfile
NAME, VERSION = "tiny_ops", "1.0"
LEFT_OUT = %r

def _files():
    for folder, names, files in os.walk("."):
        names[:] = [n for n in names if not n.startswith((".", "__"))]
        yield from (os.path.join(folder, f)[2:] for f in sorted(files))

def build_sdist(folder, config_settings=None):
    name = f"{NAME}-{VERSION}.tar.gz"
    with tarfile.open(os.path.join(folder, name), "w:gz") as tar:
        for path in _files():
            tar.add(path, f"{NAME}-{VERSION}/{path}")
        open("PKG-INFO", "w").write(f"Metadata-Version: 2.1\\nName: tiny-ops\\nVersion: {VERSION}\\n")
        tar.add("PKG-INFO", f"{NAME}-{VERSION}/PKG-INFO")
    return name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = f"{NAME}-{VERSION}-py3-none-any.whl"
    info = f"{NAME}-{VERSION}.dist-info"
    texts = {"METADATA": "Metadata-Version: 2.1\\nName: tiny-ops\\nVersion: 1.0\\n" + REQUIRES, "WHEEL":
             "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
             "entry_points.txt": "[console_scripts]\\n" + SCRIPTS}
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path in _files():
            if path.startswith("tiny_ops/") and path not in LEFT_OUT:
                wheel.write(path)
        for file, text in texts.items():
            wheel.writestr(f"{info}/{file}", text)
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "tiny-ops"\nversion = "1.0"\n'
CLI = (
    "import argparse, json, pathlib\nfrom tiny_ops import store\n\n\ndef main():\n"
    "    parser = argparse.ArgumentParser()\n    parser.add_argument('--count', type=int, default=1)\n    args = parser.parse_args()\n"
    "    print(store.read()['name'] * args.count)\n"
)
STORE = (
    "import json, pathlib\n\n\ndef read():\n    return json.loads((pathlib.Path(__file__).parent / 'names.json').read_text())\n"
)
README = "# Tiny\n\n```console\n$ pip install tiny-ops\n$ tiny-ops --count 2\nxx\n$ tiny-ops <name>\n```\n"


def files(*left_out: str, requires: str = "", scripts: str = "tiny-ops = tiny_ops.cli:main\\n", **more: str) -> dict[str, str]:
    backend = f'REQUIRES, SCRIPTS = "{requires}", "{scripts}"\n' + BACKEND % (left_out,)
    plain = {
        "pyproject.toml": PYPROJECT, "backend.py": backend, "README.md": README, "tiny_ops/__init__.py": "", "tiny_ops/cli.py": CLI,
        "tiny_ops/store.py": STORE, "tiny_ops/names.json": '{"name": "x"}\n',
    }  # fmt: skip
    return plain | {name.replace("__", "/", 1): text for name, text in more.items()}


Proven = Callable[..., dict[Gate, GateResult]]


def outcomes(results: dict[Gate, GateResult]) -> dict[str, str]:
    return {gate.value: result.outcome.value for gate, result in results.items()}


def python(proven: Proven, root: Path) -> dict[Gate, GateResult]:
    return proven(root, "python.python")


def test_a_healthy_package_passes_every_gate_and_its_folder_stays_as_it_was(make: Make, proven: Proven) -> None:
    root = make(files(), git=True)
    before = digest(root)
    results = python(proven, root)
    assert outcomes(results) == dict.fromkeys(("metadata", "build", "contents", "install", "start"), "pass")
    assert digest(root) == before
    start = results[Gate.START]
    assert [(r.command, r.code) for r in start.runs if r.good] == [("tiny-ops --help", 0), ("tiny-ops --count 2", 0)]
    assert command(start, "--count").tail == ("xx",)
    assert [(r.command, r.skipped) for r in start.runs if r.skipped] == [("tiny-ops <name>", "it holds a placeholder")]
    assert "$BOX" in " ".join(command(results[Gate.BUILD], "uv build").tail)


def test_two_runs_say_the_same(make: Make, proven: Proven) -> None:
    root = make(files(), git=True)

    def said() -> list[tuple[object, ...]]:
        return [(r.command, r.code, r.tail, r.wrong, r.skipped) for g in python(proven, root).values() for r in g.runs]

    assert said() == said()


def test_a_data_file_that_is_left_out_breaks_contents_and_start(make: Make, proven: Proven) -> None:
    results = python(proven, make(files("tiny_ops/names.json"), git=True))
    assert outcomes(results) == {"metadata": "pass", "build": "pass", "contents": "fail", "install": "pass", "start": "fail"}
    assert "it lacks tiny_ops/names.json" in results[Gate.CONTENTS].reason
    run = command(results[Gate.START], "--count")
    assert run.code == 1
    assert "FileNotFoundError" in run.wrong


def test_a_module_that_is_left_out_breaks_contents_and_start(make: Make, proven: Proven) -> None:
    results = python(proven, make(files("tiny_ops/store.py"), git=True))
    assert "it lacks tiny_ops/store.py, which its own code imports" in results[Gate.CONTENTS].reason
    assert "ImportError" in command(results[Gate.START], "--help").wrong


def test_an_undeclared_dependency_breaks_install(make: Make, proven: Proven) -> None:
    results = python(proven, make(files(tiny_ops____init__py="") | {"tiny_ops/__init__.py": "import msgspec\n"}, git=True))
    assert results[Gate.INSTALL].outcome is Outcome.FAIL
    assert "No module named 'msgspec'" in results[Gate.INSTALL].reason


@pytest.mark.parametrize(
    ("module", "outcome"), [("readers.app:serve", "pass"), ("shown:serve", "pass"), ("tiny_ops.gone:serve", "fail")]
)
def test_a_module_that_only_the_reader_has_is_no_failure(make: Make, proven: Proven, module: str, outcome: str) -> None:
    loading = "import importlib, sys\n\n\ndef main():\n    if sys.argv[1:] != ['--help']:\n        importlib.import_module(sys.argv[1].split(':')[0])\n"
    readme = f"# tiny\n\n```\n$ tiny-ops {module}\n```\n"
    results = python(
        proven, make(files() | {"tiny_ops/cli.py": loading, "README.md": readme, "examples/chat/shown.py": "x = 1\n"}, git=True)
    )
    assert command(results[Gate.START], module).code == 1
    assert outcomes(results)["start"] == outcome


def test_a_command_that_works_on_repositories_is_started_in_one(make: Make, proven: Proven) -> None:
    asking = "import os, sys\n\n\ndef main():\n    if not os.path.exists('.git'):\n        sys.exit('error: not a git repository')\n    print('hi')\n"
    results = python(proven, make(files() | {"tiny_ops/cli.py": asking}, git=True))
    assert command(results[Gate.START], "--help").command == "in a git repository: tiny-ops --help"
    assert results[Gate.START].outcome is Outcome.PASS


def test_a_module_that_calls_a_service_when_it_is_loaded_is_installed(make: Make, proven: Proven) -> None:
    calling = "import socket\n\nsocket.create_connection(('127.0.0.1', 5432))\n"
    results = python(proven, make(files() | {"tiny_ops/__init__.py": calling}, git=True))
    assert results[Gate.INSTALL].outcome is Outcome.PASS
    assert "it needs a service that does not run in the sandbox" in command(results[Gate.INSTALL], "import tiny_ops").skipped
    assert results[Gate.START].outcome is Outcome.OPEN


def test_an_entry_point_that_is_not_there_breaks_start(make: Make, proven: Proven) -> None:
    results = python(proven, make(files(scripts="tiny-ops = tiny_ops.gone:main\\n"), git=True))
    assert "ModuleNotFoundError" in results[Gate.START].reason
    assert results[Gate.INSTALL].outcome is Outcome.PASS


def test_an_sdist_that_lacks_a_file_is_said_and_the_folder_is_built(make: Make, proven: Proven) -> None:
    lacking = files()["backend.py"].replace(
        "for path in _files():\n            tar.add",
        "for path in [p for p in _files() if p != 'helper.py']:\n            tar.add",
    )
    lacking = lacking.replace(
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n",
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n    open('helper.py').close()\n",
    )
    results = python(proven, make(files() | {"backend.py": lacking, "helper.py": "x = 1\n"}, git=True))
    sdist, wheel = results[Gate.BUILD].runs
    assert sdist.skipped.startswith("its sdist does not build, the folder does: exit status")
    assert (wheel.command, wheel.good) == ("uv build --wheel", True)
    assert results[Gate.START].outcome is Outcome.PASS


def test_a_secret_in_the_package_breaks_contents(make: Make, proven: Proven) -> None:
    results = python(proven, make(files() | {"tiny_ops/.env": "TOKEN=abc\n"}, git=True))
    assert results[Gate.CONTENTS].reason.endswith("it holds tiny_ops/.env, a file of secrets")


def test_files_that_git_ignores_do_not_help(make: Make, proven: Proven) -> None:
    results = python(proven, make(files() | {".gitignore": "names.json\n"}, git=True))
    assert "FileNotFoundError" in results[Gate.START].reason


def test_uncommitted_work_is_tried_and_stays(make: Make, proven: Proven) -> None:
    root = make(files(), git=True)
    (root / "tiny_ops/names.json").write_text('{"name": "new"}\n')
    (root / "tiny_ops/more.py").write_text("x = 1\n")
    before = digest(root)
    assert command(python(proven, root)[Gate.START], "--count").tail == ("newnew",)
    assert digest(root) == before


def test_a_folder_without_git_is_tried_as_it_is(make: Make, proven: Proven) -> None:
    results = python(proven, make(files()))
    assert outcomes(results)["start"] == "pass"


def test_a_manifest_that_does_not_parse_fails_and_leaves_the_rest_open(make: Make, proven: Proven) -> None:
    results = python(proven, make(files() | {"pyproject.toml": "[project\n"}, git=True))
    assert outcomes(results)["metadata"] == "fail"
    assert outcomes(results)["install"] in ("open", "fail")


def test_a_python_that_is_not_here_leaves_the_gates_open(make: Make, proven: Proven) -> None:
    results = python(proven, make(files() | {"pyproject.toml": PYPROJECT + 'requires-python = ">=4.2"\n'}, git=True))
    assert outcomes(results)["build"] == "open"
    assert "it asks for Python >=4.2" in results[Gate.BUILD].reason


def test_an_entry_point_that_lies_about_its_failure_is_no_pass(make: Make, proven: Proven) -> None:
    lying = "import subprocess, sys\n\n\ndef main():\n    subprocess.run(['sh', '-c', 'cat /no/such/file; true'])\n    sys.exit(0)\n"
    results = python(proven, make(files() | {"tiny_ops/cli.py": lying}, git=True))
    run = command(results[Gate.START], "--help")
    assert (run.code, run.wrong) == (
        0,
        "exit status 0 although a command in it failed: cat: /no/such/file: No such file or directory",
    )
    assert results[Gate.START].outcome is Outcome.FAIL


def test_a_command_that_wants_a_terminal_fails(make: Make, proven: Proven) -> None:
    asking = "def main():\n    name = input('Name? ')\n    print(name)\n"
    results = python(proven, make(files() | {"tiny_ops/cli.py": asking}, git=True))
    assert "EOFError" in results[Gate.START].reason


def test_dependencies_that_cannot_be_fetched_leave_install_open(
    make: Make, proven: Proven, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise CannotCheck("dependencies could not be fetched: no network")

    root = make(files(requires="Requires-Dist: click\\n"), git=True)
    monkeypatch.setattr(wheels, "_resolve", offline)
    results = python(proven, root)
    assert outcomes(results)["install"] == outcomes(results)["start"] == "open"
    assert "no network" in results[Gate.INSTALL].reason


def test_a_dependency_that_does_not_exist_fails_install(make: Make, proven: Proven, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise wheels.Unsatisfiable("nosuch was not found in the package registry")

    root = make(files(requires="Requires-Dist: nosuch\\n"), git=True)
    monkeypatch.setattr(wheels, "_resolve", absent)
    assert python(proven, root)[Gate.INSTALL].outcome is Outcome.FAIL


def test_with_hatchling_and_a_dependency_from_the_index(make: Make, proven: Proven) -> None:
    try:
        wheels.fetched(["hatchling"])
        wheels.fetched(["click>=8"])
    except CannotCheck as error:
        pytest.skip(f"the package index cannot be reached: {error}")
    text = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "tiny-ops"\nversion = "1.0"\n'
        'dependencies = ["click>=8"]\n[project.scripts]\ntiny-ops = "tiny_ops:main"\n'
    )
    code = "import click\n\n\n@click.command()\ndef main():\n    click.echo('hi')\n"
    results = python(proven, make({"pyproject.toml": text, "tiny_ops/__init__.py": code, "README.md": "# T\n"}, git=True))
    assert outcomes(results) == dict.fromkeys(("metadata", "build", "contents", "install", "start"), "pass")
    assert command(results[Gate.INSTALL], "uv pip install").command.startswith("uv pip install tiny_ops-1.0-")


def test_sessions_at_once_find_what_the_target_declares(make: Make, registry: Registry, sandboxed: None) -> None:
    try:
        wheels.fetched(["toolz>=0.12"])
    except CannotCheck as error:
        pytest.skip(f"the package index cannot be reached: {error}")
    for needed, code in (("toolz>=0.12", 0), ("", 1)):
        tree = read_tree(make({"requirements.txt": f"{needed}\n", "ops.py": "import toolz\n"}, name=f"needs-{code}"))
        facts = Facts(registry, {"tree": tree, "answers": Answers()})
        with Sandbox(readable={"cache": cache.folder()}) as box:
            env = with_declared(Place(lambda box=box: box, tree, facts=facts), facts)
            assert box.run(["python3", "-c", "import toolz"], cwd=box.home, env=env).code == code


def test_a_project_of_scripts_starts_what_its_readme_tells(make: Make, proven: Proven) -> None:
    try:
        wheels.fetched(["click>=8"])
    except CannotCheck as error:
        pytest.skip(f"the package index cannot be reached: {error}")
    readme = "# Ops\n\n```bash\npip install -r requirements.txt\npython ops.py --once\npython gone.py\npython ask.py https://example.org\n```\n"
    code = "import click, sys\nprint(sys.argv[1:])\n"
    results = python(proven, make({"requirements.txt": "click>=8\n", "ops.py": code, "README.md": readme}, git=True))
    assert results[Gate.INSTALL].outcome is Outcome.PASS
    start = results[Gate.START]
    assert command(start, "ops.py").tail == ("['--once']",)
    assert command(start, "gone.py").wrong.startswith("exit status 2: ")
    assert command(start, "ask.py").skipped == "it holds a placeholder"


# --- targets that misbehave --------------------------------------------------------------------------------------------------------

HOSTILE = {
    "hangs": ("import time\ntime.sleep(600)", "start", "started or hanging, nobody can tell"),
    "forks": ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "start", "processes"),
    "fills the disk": ("f = open('big', 'wb')\nwhile True: f.write(bytes(1 << 20))", "start", "disk space"),
    "fills the memory": ("x = []\nwhile True: x.append(bytearray(20 << 20))", "start", "memory"),
    "writes outside": ("open('/usr/lib/evil', 'w').write('x')", "start", "Read-only file system"),
    "deletes itself": ("import os, shutil\nshutil.rmtree(os.getcwd())\n", "start", "it deletes the folder that it runs in"),
    "wants a password": ("import getpass\ngetpass.getpass()", "start", "EOFError"),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_target_gets_a_named_result_and_changes_nothing(
    make: Make, proven: Proven, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from session_ops.proof import starting
    from session_ops.proof.sandbox import Limits

    monkeypatch.setattr(starting, "START_S", 3.0)
    body, gate, said = HOSTILE[what]
    code = "def main():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    root = make(files() | {"tiny_ops/cli.py": code, "README.md": "# T\n"}, git=True)
    before = digest(root)
    results = proven(root, "python.python", limits=Limits(seconds=30, memory=500 << 20, processes=60, disk=120 << 20))
    assert results[Gate(gate)].outcome in (Outcome.FAIL, Outcome.OPEN)
    assert said in results[Gate(gate)].reason
    assert digest(root) == before
    assert not Path("/usr/lib/evil").exists()


def test_a_target_that_needs_the_network_is_left_open(make: Make, proven: Proven) -> None:
    code = "def main():\n    import urllib.request\n    urllib.request.urlopen('https://example.org')\n"
    results = python(proven, make(files() | {"tiny_ops/cli.py": code, "README.md": "# T\n"}, git=True))
    assert results[Gate.START].outcome is Outcome.OPEN
    assert "it needs the network" in results[Gate.START].reason


def test_a_build_backend_that_misbehaves_stays_in_the_copy(make: Make, proven: Proven, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("x")
    evil = f"import os, shutil\nopen({str(victim)!r}, 'w').write('y')\n"
    root = make(files() | {"backend.py": evil}, git=True)
    before = digest(root)
    assert python(proven, root)[Gate.BUILD].outcome is Outcome.FAIL
    assert victim.read_text() == "x"
    assert digest(root) == before


def test_without_a_sandbox_every_gate_that_runs_something_is_open_with_the_reason(
    make: Make, registry: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from session_ops.discovery.files import read_tree
    from session_ops.model import Answers
    from session_ops.proof.runs import prove
    from session_ops.registry import Facts

    root = make(files(), git=True)
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, *a, **k: None if name == "bwrap" else real(name, *a, **k))
    tree = read_tree(root)
    results = prove(tree, Facts(registry, {"tree": tree, "answers": Answers()}), only=("python.python",))  # type: ignore[arg-type]
    assert results.pop(Gate.METADATA).outcome is Outcome.PASS  # it is read, nothing of it is run
    assert {r.outcome for r in results.values()} == {Outcome.OPEN}
    assert "bubblewrap (bwrap) is not installed" in results[Gate.BUILD].reason
    assert all(run.code is None for r in results.values() for run in r.runs)


def test_a_prover_that_breaks_costs_only_itself(make: Make, proven: Proven, monkeypatch: pytest.MonkeyPatch) -> None:
    from session_ops.proof.gates import python as prover

    def broken(*_: object) -> None:
        raise RuntimeError("odd wheel")

    monkeypatch.setattr(prover, "missing", broken)
    results = python(proven, make(files(), git=True))
    assert results[Gate.METADATA].outcome is Outcome.PASS
    assert results[Gate.START].outcome is Outcome.OPEN
    assert "RuntimeError: odd wheel" in results[Gate.START].reason


def test_the_copy_is_a_repository_with_the_last_tag_and_without_the_users_hooks(make: Make, proven: Proven) -> None:
    backend = (
        "import subprocess\ndef build_sdist(*a, **k):\n    print(subprocess.run('git describe --tags; git status --porcelain; git ls-files | wc -l',"
        " shell=True, capture_output=True, text=True).stdout)\n    raise SystemExit(9)\n"
    )
    root = make(files() | {"backend.py": backend}, git=True)
    (root / ".git/hooks/pre-commit").write_text("#!/bin/sh\ntouch /tmp/evil-hook\n")
    (root / ".git/hooks/pre-commit").chmod(0o755)
    subprocess.run(["git", "-C", str(root), "tag", "v7.1"], check=True)
    run = command(python(proven, root)[Gate.BUILD], "uv build")
    assert {"v7.1", "7"} <= {line.strip() for line in run.tail}
