"""The five questions: the answer that was given counts, else what the files say, with the place."""

from pathlib import Path

import pytest
from tests.conftest import Make

from session_ops.case import Case
from session_ops.diagnosis.phase import Assumption

COMPOSE = (
    'services:\n  web:\n    image: nginx:1.27\n    ports:\n      - "{}"\n    volumes:\n      - data:/data\nvolumes:\n  data:\n'
)
UNIT = "[Unit]\nDescription=x\n[Service]\nUser=tracker\nExecStart=/usr/bin/env bash run.sh\n"


def assumed(root: Path, tmp_path: Path, **answers: str) -> dict[str, Assumption]:
    case = Case.open(target=str(root), case=str(tmp_path / "case"), **answers)
    return {one.question: one for one in case.compute("diagnosis").assumptions}


def test_container_files_speak_for_docker_a_service_and_the_network(make: Make, tmp_path: Path) -> None:
    got = assumed(make({"docker-compose.yml": COMPOSE.format("8080:80"), "a.sh": "#!/bin/sh\necho\n"}), tmp_path)
    assert (got["environment"].answer, got["environment"].evidence[0].place) == ("docker", "docker-compose.yml:2")
    assert got["shape"].answer == "service"
    assert (got["access control"].answer, got["access control"].evidence[0].line) == (
        "everybody who reaches the host's network",
        5,
    )
    assert (got["preserve data"].answer, got["preserve data"].why) == ("yes", "volumes keep its data")
    assert not any(one.given for one in got.values())
    assert all(one.validate for one in got.values())


def test_a_port_on_the_loopback_interface_is_for_the_same_machine(make: Make, tmp_path: Path) -> None:
    got = assumed(make({"compose.yaml": COMPOSE.format("127.0.0.1:8080:80")}), tmp_path)
    assert got["access control"].answer == "users of the same machine"


def test_a_unit_speaks_for_systemd_and_its_user(make: Make, tmp_path: Path) -> None:
    got = assumed(make({"deploy/tracker.service": UNIT, "run.sh": "#!/bin/sh\necho\n"}), tmp_path)
    assert (got["environment"].answer, got["shape"].answer) == ("systemd", "service")
    assert (got["access control"].answer, got["access control"].evidence[0].line) == ("the user tracker and root", 4)


def test_container_files_of_tests_say_nothing(make: Make, tmp_path: Path) -> None:
    got = assumed(make({"tests/docker-compose.yml": COMPOSE.format("8080:80"), "a.sh": "#!/bin/sh\necho\n"}), tmp_path)
    assert (got["environment"].answer, got["shape"].answer) == ("local", "bundle")


@pytest.mark.parametrize(
    ("manifest", "shape"),
    [
        ('{"name": "x", "version": "1.0.0", "main": "index.js"}', "library"),
        ('{"name": "x", "version": "1.0.0", "bin": {"x": "index.js"}}', "bundle"),
    ],
)
def test_a_manifest_says_what_it_is_for(make: Make, tmp_path: Path, manifest: str, shape: str) -> None:
    got = assumed(make({"package.json": manifest, "index.js": "module.exports = 1\n"}), tmp_path)
    assert got["shape"].answer == shape


def test_state_that_lies_there_is_to_be_kept(make: Make, tmp_path: Path) -> None:
    got = assumed(make({"state/sessions.json": "{}\n", "a.sh": "#!/bin/sh\necho\n"}, git=True), tmp_path)
    assert (got["preserve data"].answer, got["preserve data"].evidence[0].path) == ("yes", "state/sessions.json")
    assert "1 of them in git" in got["preserve data"].why


def test_what_was_answered_is_taken(make: Make, tmp_path: Path) -> None:
    root = make({"docker-compose.yml": COMPOSE.format("80:80")})
    answers = {
        "environment": "systemd", "consumers": "two teams", "preserve_data": "no", "access_control": "the team", "shape": "library",
    }  # fmt: skip
    got = assumed(root, tmp_path, **answers)
    assert [one.answer for one in got.values()] == ["systemd", "two teams", "no", "the team", "library"]
    assert all(one.given and not one.evidence for one in got.values())
