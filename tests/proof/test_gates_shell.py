"""Gates of shell bundles, run for real: parse, install elsewhere, start, start again in a folder with spaces."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from tests.conftest import Make

from session_ops.model import Gate, GateResult, Outcome
from session_ops.proof import tarballs
from session_ops.proof.toolchains import toolchains
from session_ops.registry import CannotCheck

README = """# tools

```bash
./bin/note.sh add "first thing"
./bin/note.sh list
```
"""
NOTE = """#!/usr/bin/env bash
set -eu
here="$(cd "$(dirname "$0")/.." && pwd)"
mkdir -p "$here/notes"
case "${1:-}" in
  add) echo "$2" >> "$here/notes/all.txt" ;;
  list) cat "$here/notes/all.txt" ;;
  *) echo "usage: note.sh add TEXT | list" >&2; exit 2 ;;
esac
"""
Proven = Callable[..., dict[Gate, GateResult]]


def bundle(
    make: Make, files: dict[str, str] | None = None, *, executable: tuple[str, ...] = ("bin/note.sh",)
) -> dict[str, str]:
    return {
        "README.md": README,
        "bin/note.sh": NOTE,
        "bin/other.sh": "#!/bin/sh\necho other\n",
        "bin/third.sh": "#!/bin/sh\n:\n",
    } | (files or {})


def outcomes(got: dict[Gate, GateResult]) -> dict[str, str]:
    return {gate.value: result.outcome.value for gate, result in got.items()}


def test_a_sound_bundle_passes_every_gate_that_was_run(make: Make, proven: Proven) -> None:
    got = proven(make(bundle(make), executable=("bin/note.sh",), git=True), "shell.shell")
    assert outcomes(got) == {"parse": "pass", "install": "pass", "start": "pass", "relocate": "pass"}
    assert [run.command for run in got[Gate.PARSE].runs] == ["bash -n bin/note.sh", "sh -n for 2 scripts"]
    assert [run.command for run in got[Gate.START].runs] == ["./bin/note.sh add 'first thing'", "./bin/note.sh list"]
    assert got[Gate.START].runs[1].tail == ("first thing",)
    moved = [run.command for run in got[Gate.RELOCATE].runs]
    assert moved[0] == "in '$HOME/other place/agent ops': ./bin/note.sh add 'first thing'"
    assert moved[2] == "\"$HOME/called by its path/agent ops/bin/note.sh\" add 'first thing'"


def test_a_script_that_does_not_parse_fails_parse_with_its_line(make: Make, proven: Proven) -> None:
    files = bundle(make, {"bin/other.sh": "#!/usr/bin/env bash\nif true; then\n  echo x\n"})
    got = proven(make(files, executable=("bin/note.sh",)), "shell.shell")
    assert got[Gate.PARSE].outcome is Outcome.FAIL
    assert "$COPY/bin/other.sh: line" in got[Gate.PARSE].reason


def test_a_documented_script_without_its_x_bit_does_not_start(make: Make, proven: Proven) -> None:
    got = proven(make(bundle(make)), "shell.shell")
    assert got[Gate.START].outcome is Outcome.FAIL
    assert "Permission denied" in got[Gate.START].reason
    readme = README.replace("./bin/note.sh add", "chmod +x bin/*.sh\n./bin/note.sh add")
    told = proven(make(bundle(make, {"README.md": readme}), name="told"), "shell.shell")
    assert told[Gate.START].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("script", "gate", "said"),
    [
        (NOTE.replace('"$here/notes"', "$here/notes"), Gate.RELOCATE, ""),
        (NOTE.replace('here="$(cd "$(dirname "$0")/.." && pwd)"', "here=$(cd $(dirname $0)/.. && pwd)"), Gate.RELOCATE, ""),
        (NOTE.replace('cat "$here/notes/all.txt"', "frobnicate-notes; true"), Gate.START, "frobnicate-notes"),
    ],
)
def test_spaces_other_folders_and_failing_commands_are_seen(
    make: Make, proven: Proven, script: str, gate: Gate, said: str
) -> None:
    got = proven(make(bundle(make, {"bin/note.sh": script}), executable=("bin/note.sh",)), "shell.shell")
    if "frobnicate" in said:  # an absent program is not the script's fault, and never green
        skipped = [run.skipped for run in got[gate].runs if run.skipped]
        assert any(said in one for one in skipped)
        return
    assert got[gate].outcome is Outcome.FAIL
    assert said in got[gate].reason


def test_an_installer_is_run_from_another_place_and_what_it_installs_is_started(make: Make, proven: Proven) -> None:
    installer = (
        '#!/usr/bin/env bash\nset -eu\nmkdir -p "$HOME/.local/bin"\ncp "$(dirname "$0")/bin/note.sh" "$HOME/.local/bin/note"\n'
    )
    broken = installer.replace("bin/note.sh", "bin/nowhere.sh")
    got = proven(
        make(bundle(make, {"install.sh": installer}), executable=("bin/note.sh", "install.sh"), name="sound"), "shell.shell"
    )
    assert got[Gate.INSTALL].outcome is Outcome.PASS
    assert got[Gate.INSTALL].runs[0].command == "./install.sh"
    started = [run.command for run in got[Gate.START].runs]
    assert started[0] == '"$HOME"/.local/bin/note --help'
    got = proven(
        make(bundle(make, {"install.sh": broken}), executable=("bin/note.sh", "install.sh"), name="broken"), "shell.shell"
    )
    assert got[Gate.INSTALL].outcome is Outcome.FAIL
    assert "No such file or directory" in got[Gate.INSTALL].reason


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_install_is_run_with_a_prefix(make: Make, proven: Proven) -> None:
    text = "PREFIX ?= /usr/local\ninstall:\n\tinstall -d '$(PREFIX)/bin'\n\tinstall bin/note.sh '$(PREFIX)/bin/note'\n"
    got = proven(make(bundle(make, {"Makefile": text}), executable=("bin/note.sh",)), "shell.shell")
    assert [run.command for run in got[Gate.INSTALL].runs] == ["make install PREFIX=$HOME/.local"]
    assert got[Gate.INSTALL].outcome is Outcome.PASS


def test_an_installer_that_asks_says_what_it_asks(make: Make, proven: Proven) -> None:
    installer = "#!/usr/bin/env bash\nset -e\nprintf 'Install into your home? [y/N] '\nread -r answer\necho \"$answer\"\n"
    got = proven(make(bundle(make, {"install.sh": installer}), executable=("bin/note.sh",)), "shell.shell")
    assert got[Gate.INSTALL].outcome is Outcome.FAIL


@pytest.mark.parametrize(("usage", "outcome"), [("<prefix> [libdir]", Outcome.PASS), ("TOKEN", Outcome.OPEN)])
def test_an_installer_that_wants_a_place_gets_one(make: Make, proven: Proven, usage: str, outcome: Outcome) -> None:
    installer = (
        f'#!/usr/bin/env bash\nset -e\nif [ -z "$1" ]; then\n  echo "usage: $0 {usage}" >&2\n  echo "  e.g. $0 /usr/local" >&2\n  exit 1\nfi\n'
        'mkdir -p "$1/bin"\ncp "${0%/*}/bin/note.sh" "$1/bin/note"\n'
    )
    got = proven(make(bundle(make, {"install.sh": installer}), executable=("bin/note.sh",)), "shell.shell")
    assert got[Gate.INSTALL].outcome is outcome
    assert ('"$HOME"/.local/bin/note --help' in [run.command for run in got[Gate.START].runs]) is (outcome is Outcome.PASS)


def test_commands_that_need_the_network_or_destroy_are_left_out_with_the_reason(make: Make, proven: Proven) -> None:
    readme = (
        README + "\n```bash\n./bin/note.sh list | curl -T - https://host.example/x\nrm -rf notes && ./bin/note.sh list\n```\n"
    )
    got = proven(make(bundle(make, {"README.md": readme}), executable=("bin/note.sh",)), "shell.shell")
    assert got[Gate.START].outcome is Outcome.PASS
    assert not any("curl" in run.command and run.code is not None for run in got[Gate.START].runs)


def test_without_a_documented_command_start_is_open(make: Make, proven: Proven) -> None:
    got = proven(make(bundle(make, {"README.md": "# tools\n"}), executable=("bin/note.sh",)), "shell.shell")
    assert got[Gate.START].outcome is Outcome.OPEN
    assert "no document names a command" in got[Gate.START].reason


def test_a_command_that_only_a_further_document_gives_costs_its_reader_the_way_and_not_the_start(
    make: Make, proven: Proven
) -> None:
    guide = "# Guide\n\n```bash\n./bin/other.sh\n```\n"
    files = bundle(make, {"docs/guide.md": guide, "bin/other.sh": "#!/bin/sh\nexec python3 -c 'import json; json.lods(1)'\n"})
    got = proven(make(files, executable=("bin/note.sh", "bin/other.sh")), "shell.shell")
    assert outcomes(got) == {"parse": "pass", "install": "pass", "start": "pass", "relocate": "pass", "follow": "fail"}
    assert got[Gate.FOLLOW].reason.startswith("`./bin/other.sh`: exit status 1: AttributeError")
    files["README.md"] = "# tools\n\nSee docs/guide.md.\n"
    alone = proven(make(files, name="alone", executable=("bin/note.sh", "bin/other.sh")), "shell.shell")
    assert (alone[Gate.START].outcome, Gate.FOLLOW in alone) == (Outcome.FAIL, False)


def test_what_its_readme_installs_is_there_when_its_commands_are_started(make: Make, proven: Proven) -> None:
    if not toolchains().has("npm"):
        pytest.skip("npm is not installed")
    try:
        tarballs.fetched({"picocolors": "1.1.1"})
    except CannotCheck as error:
        pytest.skip(f"the npm registry cannot be reached: {error}")
    files = bundle(make) | {
        "README.md": "# tools\n\n```bash\ngit clone https://example.org/tools\ncd tools\nnpm install\nnode bin/paint.js\n```\n",
        "package.json": '{"private": true, "dependencies": {"picocolors": "1.1.1"}}\n',
        "bin/paint.js": "console.log(typeof require('picocolors').red)\n",
    }
    got = proven(make(files, git=True), "shell.shell")
    assert (got[Gate.START].outcome, got[Gate.RELOCATE].outcome) == (Outcome.PASS, Outcome.PASS)
    assert got[Gate.START].runs[0].tail == ("function",)
    files["package.json"] = '{"private": true, "dependencies": {"picocolors": "git+ssh://git@example.org/x.git"}}\n'
    got = proven(make(files, name="unreachable", git=True), "shell.shell")
    assert got[Gate.START].outcome is Outcome.OPEN
    assert "could not be installed: picocolors is asked for by an address" in got[Gate.START].reason
