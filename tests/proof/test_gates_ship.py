"""Container, compose, workflow, service and plugin files, read by what reads them in earnest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from tests.conftest import Make

from session_ops.model import Gate, GateResult, Outcome

Proven = Callable[..., dict[Gate, GateResult]]
DOCKERFILE = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py ./\nCMD ["python3", "app.py"]\n'
COMPOSE = 'services:\n  web:\n    build: .\n    ports:\n      - "127.0.0.1:8080:80"\n    volumes:\n      - data:/data\nvolumes:\n  data:\n'
WORKFLOW = (
    "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
    "      - uses: actions/checkout@v4\n      - run: |\n          echo one\n          make test\n"
)
UNIT = (
    "[Unit]\nDescription=x\n[Service]\nType=simple\nUser=tracker\nWorkingDirectory=/opt/tracker\nExecStart=/opt/tracker/bin/run.sh --loop\nRestart=always\n"
    "[Install]\nWantedBy=multi-user.target\n"
)
RUN = "#!/bin/sh\necho running\n"


def said(result: GateResult) -> list[str]:
    return [run.wrong for run in result.runs if run.wrong]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ""),
        ({"app.py": None}, "line 3: app.py is not in a clean clone of the target"),
        ({".dockerignore": "*.py\n"}, "line 3: app.py is kept out by .dockerignore"),
        ({"Dockerfile": DOCKERFILE.replace("WORKDIR", "WORKDR")}, "line 2: WORKDR is no instruction"),
        ({"Dockerfile": DOCKERFILE.replace('"app.py"]', '"app.py"')}, "line 4: CMD looks like a JSON list and is none"),
        ({".gitignore": "app.py\n"}, "line 3: app.py is not in a clean clone of the target"),
    ],
)
def test_a_dockerfile_copies_what_a_clean_clone_holds(
    make: Make, proven: Proven, change: dict[str, str | None], expected: str
) -> None:
    files = {"Dockerfile": DOCKERFILE, "app.py": "print(1)\n"} | change
    root = make({path: text for path, text in files.items() if text is not None}, git=True)
    got = proven(root, "container.container")[Gate.SHIP]
    assert [one for one in said(got) if expected and expected in one] == said(got)
    assert bool(said(got)) is bool(expected)
    if not expected:  # without an engine the image is not built; what was looked at counts, and the build is said to be open
        assert got.outcome is Outcome.PASS
        built = next(run for run in got.runs if run.command == "docker build -f Dockerfile .")
        assert built.good or (built.skipped in got.reason and "the image build is open: " in built.skipped)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ""),
        (
            {"compose.yaml": COMPOSE.replace("build: .", "build: ./web")},
            "line 3: web is built from ./web, which is not in a clean clone",
        ),
        ({"compose.yaml": COMPOSE.replace("build: .", "biuld: .")}, "line 3: biuld is no key of a service"),
        ({"compose.yaml": COMPOSE.replace("\nvolumes:\n  data:", "")}, "volume data is not declared"),
        ({"compose.yaml": COMPOSE.replace(':80"', ':http"')}, "is no port"),
        ({"compose.yaml": COMPOSE + "services\n"}, "line"),
        (
            {"compose.yaml": COMPOSE.replace("build: .", "image: x\n    depends_on: [db]")},
            "web depends on db, which is no service",
        ),
        (
            {"compose.yaml": COMPOSE.replace("build: .", "image: x\n    env_file: .env.prod")},
            "web reads .env.prod, which is not in a clean clone",
        ),
        ({"compose.yaml": COMPOSE.replace("build: .", "image: x\n    env_file: .env"), ".env.example": "A=1\n"}, ""),
        ({"compose.yaml": COMPOSE.replace("build: .", "image: ${IMAGE:?set it}")}, "IMAGE must be set"),
    ],
)
def test_a_compose_file_is_held_against_the_specification_and_the_clone(
    make: Make, proven: Proven, change: dict[str, str], expected: str
) -> None:
    got = proven(make({"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE} | change, git=True), "compose.compose")[Gate.SHIP]
    if expected:
        assert got.outcome is Outcome.FAIL
        assert expected in got.reason
    else:
        assert (said(got), got.outcome) == ([], Outcome.PASS)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("", ""),
        ("runs-on: ubuntu-24.04|runson: ubuntu-24.04", "runson is no key of a job"),
        ("    runs-on: ubuntu-24.04\n|", "job test has no runs-on"),
        ("runs-on: ubuntu-24.04|runs-on: ubuntu-24.04\n    needs: build", "job test needs build, which is no job"),
        ("actions/checkout@v4|./.github/actions/setup", "the action ./.github/actions/setup does not exist"),
        ("make test|if make test; then", "syntax error"),
        ("echo one|echo ${{ github.ref && '(' }}", ""),
    ],
)
def test_a_workflow_is_read_and_its_steps_are_parsed(make: Make, proven: Proven, change: str, expected: str) -> None:
    old, _, new = change.partition("|")
    got = proven(
        make({".github/workflows/ci.yml": WORKFLOW.replace(old, new, 1) if change else WORKFLOW}), "workflows.workflows"
    )[Gate.SHIP]
    if expected:
        assert got.outcome is Outcome.FAIL
        assert expected in got.reason
    else:
        assert (said(got), got.outcome) == ([], Outcome.PASS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize(
    ("change", "executable", "expected"),
    [
        ("", True, ""),
        ("bin/run.sh|bin/gone.sh", True, ""),
        ("", False, "bin/run.sh is not executable"),
        ("Type=simple|Type=oneshot", True, "isn't allowed for Type=oneshot"),
        ("Restart=always|Restart=alwys", True, "Failed to parse service restart specifier"),
    ],
)
def test_systemd_itself_reads_the_unit_with_the_copy_in_its_place(
    make: Make, proven: Proven, change: str, executable: bool, expected: str
) -> None:
    old, _, new = change.partition("|")
    unit = UNIT.replace(old, new, 1) if change else UNIT
    files = {"deploy/tracker.service": unit, "bin/run.sh": RUN}
    got = proven(make(files, executable=("bin/run.sh",) if executable else ()), "service.service")[Gate.SHIP]
    if expected:
        assert got.outcome is Outcome.FAIL
        assert expected in got.reason
    elif "gone" in change:  # WorkingDirectory says that /opt/tracker is the target, and nothing of it is called so
        assert got.outcome is Outcome.FAIL
        assert "bin/gone.sh" in got.reason
    else:
        assert (said(got), got.outcome) == ([], Outcome.PASS)
        assert [run.command for run in got.runs] == ["systemd-analyze verify deploy/tracker.service"]


def test_a_launchd_job_needs_a_label_and_whole_paths(make: Make, proven: Proven) -> None:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>\n'
    sound = (
        head
        + "<key>Label</key><string>a.b</string><key>ProgramArguments</key><array><string>/opt/x</string></array>\n</dict></plist>\n"
    )
    broken = head + "<key>ProgramArguments</key><array><string>~/bin/x</string></array>\n</dict></plist>\n"
    assert said(proven(make({"a.plist": sound}, name="sound"), "service.service")[Gate.SHIP]) == []
    got = proven(make({"a.plist": broken}, name="broken"), "service.service")[Gate.SHIP]
    assert "Label is missing" in got.reason
    assert any("launchd expands neither ~" in line for run in got.runs for line in run.tail)


def hooks(command: str) -> str:
    return json.dumps({"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": command}]}]}})


@pytest.mark.parametrize(
    ("command", "gate", "expected"),
    [
        ('"$CLAUDE_PROJECT_DIR"/hooks/start.sh', Gate.START, ""),
        ('"$CLAUDE_PROJECT_DIR"/hooks/gone.sh', Gate.SHIP, "hooks/gone.sh is not there"),
        ("/home/dev/tracker/hooks/start.sh", Gate.START, "exit status 127"),
        ("hooks/blocks.sh", Gate.START, ""),
        ("hooks/breaks.sh", Gate.START, "exit status 1"),
        ("~/.claude/hooks/mine.sh", Gate.START, None),
    ],
)
def test_hooks_start_headless_on_the_input_of_an_agent(
    make: Make, proven: Proven, command: str, gate: Gate, expected: str | None
) -> None:
    scripts = {
        "hooks/start.sh": '#!/bin/sh\nset -e\nread -r about\ncase $about in *\'"hook_event_name": "SessionStart"\'*) ;; *) exit 1 ;; esac\n',
        "hooks/blocks.sh": "#!/bin/sh\ncat >/dev/null\necho no >&2\nexit 2\n",
        "hooks/breaks.sh": "#!/bin/sh\ncat >/dev/null\necho sorry >&2\nexit 1\n",
    }
    root = make({".claude/settings.json": hooks(command)} | scripts, executable=tuple(scripts))
    got = proven(root, "plugin.plugin")[gate]
    if expected is None:
        assert [run.skipped for run in got.runs] == ["it starts what an installer has put into the user's home"]
    elif expected:
        assert got.outcome is Outcome.FAIL
        assert expected in got.reason
    else:
        assert (said(got), got.outcome) == ([], Outcome.PASS)


def test_a_plugin_names_what_is_there(make: Make, proven: Proven) -> None:
    manifest = json.dumps(
        {"name": "tracker", "version": "1.0.0", "commands": "./commands", "hooks": "./hooks/hooks.json"}, indent=1
    )
    root = make({".claude-plugin/plugin.json": manifest, "commands/start.md": "# start\n"})
    got = proven(root, "plugin.plugin")[Gate.SHIP]
    assert said(got) == ["line 5: hooks names ./hooks/hooks.json, which is not there"]
