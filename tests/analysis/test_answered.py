"""Answers ask for something; inferred answers ask for nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from session_ops.case import Case
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Finding, Fix, Gate
from session_ops.proof.runs import prove
from session_ops.proof.sandbox import refusal
from session_ops.registry import Facts, Registry, check
from tests.conftest import Make

README = "# Tracker of sessions\n\n`bin/reaper.sh --loop` expires sessions.\n"
REAPER = """#!/usr/bin/env bash
set -eu
cd "$(dirname "$0")/.."
mkdir -p state
while true; do
  git rev-parse HEAD >> state/log.jsonl
  sleep 60
done
# --loop
"""
BUNDLE = {"README.md": README, "bin/reaper.sh": REAPER, "bin/other.sh": "#!/bin/sh\necho x\n"}
COMPOSE = 'services:\n  web:\n    build: .\n    ports:\n      - "8080:80"\n'
DOCKERFILE = 'FROM debian:bookworm-slim\nWORKDIR /app\nCOPY . .\nCMD ["bin/reaper.sh"]\n'

Look = Callable[..., tuple[list[Finding], list[Fix]]]


@pytest.fixture(scope="module")
def look() -> Look:
    registry = Registry.load()
    rules = {name: one for name, one in registry.rules.items() if name.startswith("ANSWER-")}
    assert len(rules) == 5
    only = Registry(registry.facts, rules)

    def run(root: Path, **given: str) -> tuple[list[Finding], list[Fix]]:
        tree = read_tree(root)
        facts = Facts(only, {"tree": tree, "answers": Answers(**given)})
        found = list(check(only, facts, root).findings)
        fixes = []
        for finding in found:
            make = rules[finding.rule].fix
            assert make is not None
            needs = make.__code__.co_varnames[1 : make.__code__.co_argcount]
            fixes += [fix for fix in [make(finding, **facts.named(needs))] if fix is not None]
        return found, fixes

    return run


def test_without_answers_nothing_is_asked_for(make: Make, look: Look) -> None:
    assert look(make(BUNDLE, executable=("bin/reaper.sh",), git=True)) == ([], [])


def test_docker_asks_for_an_image_that_starts_what_stays(make: Make, look: Look) -> None:
    root = make(BUNDLE, executable=("bin/reaper.sh",), git=True)
    (finding,), (fix,) = look(root, environment="docker", preserve_data="yes")
    assert (finding.rule, finding.gate, finding.at.path) == ("ANSWER-IMAGE", Gate.SHIP, "Dockerfile")
    text = next(new.content for new in fix.creates if new.path == "Dockerfile")
    assert 'CMD ["bin/reaper.sh", "--loop"]' in text
    assert "--no-install-recommends git " in text
    assert 'VOLUME ["/app/state"]' in text
    assert "USER target" in text
    assert {new.path for new in fix.creates} == {"Dockerfile", ".dockerignore"}
    without = look(root, environment="docker", preserve_data="no")[1][0].creates[0].content
    assert "VOLUME" not in without
    assert look(root, environment="docker", shape="library")[1] == []
    assert look(make(BUNDLE | {"Dockerfile": DOCKERFILE}, name="has", git=True), environment="docker") == ([], [])


@pytest.mark.parametrize("given", [{"environment": "systemd"}, {"shape": "service"}])
def test_a_service_asks_for_a_unit_under_a_user_of_its_own(make: Make, look: Look, given: dict[str, str]) -> None:
    root = make(BUNDLE, executable=("bin/reaper.sh",), git=True)
    found, fixes = look(root, access_control="only the user tracker", **given)
    assert [f.rule for f in found] == ["ANSWER-UNIT"]
    (new,) = fixes[0].creates
    assert new.path == "deploy/target.service"
    assert "ExecStart=/opt/target/bin/reaper.sh --loop\n" in new.content
    assert "User=tracker\n" in new.content
    assert "ReadWritePaths=/opt/target/state\n" in new.content
    compose = make(BUNDLE | {"compose.yaml": COMPOSE}, name="composed", git=True)
    assert (look(compose, **given)[0] == []) is ("shape" in given)


def test_a_library_asks_for_something_to_import(make: Make, look: Look) -> None:
    manifest = '{\n  "name": "x",\n  "version": "1.0.0",\n  "license": "MIT"\n}\n'
    root = make({"package.json": manifest, "src/index.js": "exports.a = 1\n"}, git=True)
    (finding,), (fix,) = look(root, shape="library")
    assert (finding.rule, finding.gate) == ("ANSWER-API", Gate.METADATA)
    edit = fix.edits[0]
    assert manifest.replace(edit.old, edit.new) == manifest.replace(
        '  "version": "1.0.0",', '  "version": "1.0.0",\n  "main": "./src/index.js",'
    )
    assert look(make({"package.json": manifest, "index.js": "exports.a = 1\n"}, name="plain"), shape="library") == ([], [])


def test_limited_access_keeps_ports_on_the_loopback(make: Make, look: Look) -> None:
    root = make({"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE}, git=True)
    (finding,), (fix,) = look(root, access_control="only me")
    assert (finding.rule, finding.gate, finding.at.place) == ("ANSWER-ACCESS", Gate.GUARD, "compose.yaml:5")
    assert (fix.edits[0].old, fix.edits[0].new) == ('      - "8080:80"', '      - "127.0.0.1:8080:80"')
    assert look(root, access_control="everybody in the company") == ([], [])


def test_data_to_keep_is_mounted(make: Make, look: Look) -> None:
    root = make(BUNDLE | {"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE, "state/log.jsonl": '{"a": 1}\n'}, git=True)
    (finding,), (fix,) = look(root, preserve_data="yes")
    assert (finding.rule, finding.at.place) == ("ANSWER-KEEP", "compose.yaml:3")
    assert fix.edits[0].new == "    build: .\n    volumes:\n      - ./state:/app/state"
    assert look(root, preserve_data="no") == ([], [])


def test_what_the_fixes_write_passes_the_gate_that_asks_for_it(make: Make, look: Look) -> None:
    if reason := refusal():
        pytest.skip(reason)
    for given, prover in (({"environment": "docker"}, "container.container"), ({"environment": "systemd"}, "service.service")):
        root = make(BUNDLE | {"state/log.jsonl": "{}\n"}, executable=("bin/reaper.sh",), name=given["environment"], git=True)
        (fix,) = look(root, **given)[1]
        changed = {new.path: (new.content.encode(), False) for new in fix.creates}
        for path, (data, _) in changed.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(data)
        tree = read_tree(root)
        result = prove(tree, Facts(Registry.load(), {"tree": tree, "answers": Answers()}), only=[prover])[Gate.SHIP]
        assert [run.wrong for run in result.runs if run.wrong] == []
        assert any(run.good for run in result.runs)


def test_the_fixes_survive_their_trial_and_the_approach_follows(make: Make, tmp_path: Path) -> None:
    root = make(BUNDLE, executable=("bin/reaper.sh",), git=True)
    case = Case.open(target=str(root), case=str(tmp_path / "case"), environment="systemd")
    solution = case.compute("solution")
    assert "deploy/target.service" in [change.path for change in solution.files]
    assert solution.approach.name == "systemd service"
    assert solution.approach.commands[0] == "systemd-analyze verify deploy/target.service"
