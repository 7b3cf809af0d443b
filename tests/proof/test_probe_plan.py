"""Which commands start, lock, beat and end a session, as docs, hooks and scripts have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Make

from session_ops.discovery.files import read_tree
from session_ops.model import Answers
from session_ops.proof.probe.lines import Known
from session_ops.proof.probe.plan import Command, commands
from session_ops.proof.probe.words import argument, usage
from session_ops.registry import Facts, Registry

Found = Callable[..., dict[str, str]]
NOTHING = "#!/bin/sh\n:\n"
WRITES = '#!/bin/sh\nmkdir -p sessions\necho x > "sessions/$1.json"\n'


@pytest.fixture
def found(registry: Registry) -> Found:
    def run(root: Path, **given: str) -> dict[str, str]:
        tree = read_tree(root)
        facts = Facts(registry, {"tree": tree, "answers": Answers()})
        names = ("docs", "scripts", "manifests", "deployment", "mechanism")
        got: dict[str, Command] = dict(commands(Known(tree, *(facts[name] for name in names)), given))
        return {step: f"{command.text} @ {command.origin}" for step, command in got.items()}

    return run


def test_a_command_with_verbs_and_its_usage(make: Make, found: Found) -> None:
    script = "#!/bin/sh\n# usage: t COMMAND\n#   start AGENT [TASK]   register\n#   end [SESSION]\n#   lock acquire|release RESOURCE\n"
    docs = "# t\n\n`bin/t start <agent>` prints the id. Export it as `T_SESSION`.\n\n```bash\nbin/t lock acquire src/auth\nbin/t end\n```\n"
    got = found(make({"README.md": docs, "bin/t": script}, executable=("bin/t",)))
    assert got == {
        "start": "bin/t start {agent} {task} @ README.md:3",
        "lock": "T_SESSION={session} bin/t lock acquire {resource} @ README.md:6",
        "end": "bin/t end {session} @ README.md:7",
    }


def test_scripts_of_one_folder_by_their_names(make: Make, found: Found) -> None:
    files = {
        "ops/session-start.sh": WRITES + "# session-start.sh AGENT\n",
        "ops/session-end.sh": WRITES + "# session-end.sh SESSION_ID\n",
        "ops/start-server.sh": NOTHING,
        "other/end-session.sh": WRITES,
    }
    got = found(make(files, executable=tuple(files)))
    assert got["start"].startswith("ops/session-start.sh {agent} @ ops/session-start.sh")
    assert got["end"].startswith("ops/session-end.sh {session} @ ops/session-end.sh")


def test_entry_points_of_packages_run_from_the_sources(make: Make, found: Found) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n[project.scripts]\nswarm = "swarm.cli:main"\n',
        "src/swarm/cli.py": "def main():\n    pass\n",
        "src/swarm/__init__.py": "",
        "README.md": "# x\n\n```\nswarm claim-file <file> <agent-id>\nswarm release-file <file> <agent-id>\nswarm init\n```\n",
    }
    got = found(make(files))
    assert set(got) == {"lock", "end"}
    assert got["lock"].startswith("PYTHONPATH={root}/src/ python3 -c ")
    assert got["lock"].endswith(" claim-file {resource} {agent} @ README.md:4")
    assert got["end"].endswith(" release-file {resource} {agent} @ README.md:5")


@pytest.mark.parametrize(
    "docs",
    [
        "```\n./start.sh\n./stop.sh\n```\n",  # a server, for all that is known
        "```\nnpm start\nnpm stop\n```\n",
        "```\ncurl -X POST http://localhost/session/start\n```\n",
        "`scripts/session-start.sh` is planned; see `docs/plan.md`.\n",
    ],
)
def test_what_is_no_session_is_not_taken_for_one(make: Make, found: Found, docs: str) -> None:
    assert (
        found(
            make({"README.md": "# x\n\n" + docs, "start.sh": NOTHING, "stop.sh": NOTHING}, executable=("start.sh", "stop.sh"))
        )
        == {}
    )


def test_plans_and_examples_say_nothing(make: Make, found: Found) -> None:
    told = "```\nbin/session start AGENT\nbin/session end\n```\n"
    files = {"docs/plans/next.md": told, "examples/README.md": told, "bin/session": NOTHING}
    assert found(make(files, executable=("bin/session",))) == {}


def test_hooks_get_their_input(make: Make, found: Found) -> None:
    hooks = {"SessionStart": [{"hooks": [{"type": "command", "command": '"$CLAUDE_PROJECT_DIR"/hooks/begin.sh'}]}]}
    files = {".claude/settings.json": json.dumps({"hooks": hooks}), "hooks/begin.sh": WRITES + "# session_id\n"}
    got = found(make(files, executable=("hooks/begin.sh",)))
    assert got["start"].startswith('printf \'%s\\n\' \'{"session_id": "{session}"')
    assert got["start"].endswith('| "$CLAUDE_PROJECT_DIR"/hooks/begin.sh @ .claude/settings.json:1')


def test_given_commands_are_taken_as_they_are(make: Make, found: Found) -> None:
    root = make({"README.md": "# x\n"})
    assert found(root, start="x {agent}", end="-") == {"start": "x {agent} @ as given"}


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("AGENT", "{agent}"), ("<session-id>", "{session}"), ("[TASK]", "{task}"), ("RESOURCE", "{resource}"), ("[--force]", ""),
        ("<session name>", "{agent}"), ("src/auth", "src/auth"), ("two words", "{task}"), ("$OPS_SESSION", "{session}"), ("...", "{task}"),
        ("[LIMIT_SECONDS]", "5"), ("it's", "'it'\"'\"'s'"),
    ],
)  # fmt: skip
def test_what_an_argument_means(word: str, meaning: str) -> None:
    assert argument(word) == meaning


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_is_read(word: str, text: str) -> None:
    assert isinstance(argument(word), str)
    assert isinstance(usage(text, "start", "t"), list)
