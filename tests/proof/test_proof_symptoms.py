"""What output shows, which documented commands are tried, and what runs mean for a gate."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_ops.diagnosis.tried import seconds, with_runs
from session_ops.discovery.docs import Block, Doc
from session_ops.model import CommandRun, Evidence, Finding, Gate, GateResult, Outcome
from session_ops.proof.documented import told, unfit
from session_ops.proof.runs import judge, steady
from session_ops.proof.symptoms import (
    absent_command,
    complaint,
    crash,
    needs_network,
    needs_service,
    out_of_memory,
    telling,
    wants_terminal,
)


@pytest.mark.parametrize(
    ("err", "said"),
    [
        ("./run.sh: line 3: jq: command not found\n", "./run.sh: line 3: jq: command not found"),
        ("sh: 1: jq: not found\n", "sh: 1: jq: not found"),
        ("zsh:1: command not found: jq\n", "zsh:1: command not found: jq"),
        ("cat: /x/y: No such file or directory\n", "cat: /x/y: No such file or directory"),
        ("ok\nrun.sh: line 9: syntax error near unexpected token `fi'\n", "run.sh: line 9: syntax error near unexpected token `fi'"),
        ("/bin/sh: 2: Syntax error: Bad function name\n", "/bin/sh: 2: Syntax error: Bad function name"),
        ("mkdir: cannot create directory '/var/x': Permission denied\n", "mkdir: cannot create directory '/var/x': Permission denied"),
        ("run.sh: line 4: NAME: unbound variable\n", "run.sh: line 4: NAME: unbound variable"),
        ("Traceback (most recent call last):\n  File 'a', line 1\nValueError: no\n", "ValueError: no"),
        ("touch: cannot touch '/usr/x': Read-only file system\n", "touch: cannot touch '/usr/x': Read-only file system"),
    ],
)  # fmt: skip
def test_failing_commands_are_seen_in_standard_error(err: str, said: str) -> None:
    assert complaint(err) == said
    assert telling("noise first\n" + err) == said


@pytest.mark.parametrize(
    "err",
    [
        "", "Listening on http://127.0.0.1:8000\n", "npm warn deprecated glob@7: No such file or directory handling changed\n",
        "warning: config.yml: No such file or directory, using defaults\n", "usage: tool [-h]\n", "INFO: 3 files not found in cache\n",
        "DEBUG opening cache: No such file or directory\n", "package not found\n",
    ],
)  # fmt: skip
def test_warnings_and_progress_are_no_failing_command(err: str) -> None:
    assert complaint(err) == ""


@pytest.mark.parametrize(
    ("err", "said"),
    [
        ("Traceback (most recent call last):\n  File\nKeyError: 'X'\n", "KeyError: 'X'"),
        ("/a/b.js:1\nthrow x\n\nError: Cannot find module 'y'\n    at Module.load (node:x)\n", "Error: Cannot find module 'y'"),
        ("a.rb:3:in `<main>': undefined method `x' for nil (NoMethodError)\n", "a.rb:3:in `<main>': undefined method `x' for nil (NoMethodError)"),
        ("thread 'main' panicked at src/main.rs:2:5:\nno\n", "thread 'main' panicked at src/main.rs:2:5:"),
        ("panic: runtime error: index out of range\n\ngoroutine 1\n", "panic: runtime error: index out of range"),
        ("Error: give a name\n", ""),
        ("usage: x\nerror: the following arguments are required\n", ""),
    ],
)  # fmt: skip
def test_crashes_are_told_from_refusals(err: str, said: str) -> None:
    assert crash(err) == said


@pytest.mark.parametrize(
    ("err", "name"),
    [
        ("sh: 1: docker: not found\n", "docker"), ("run.sh: line 2: jq: command not found\n", "jq"),
        ("  File 'subprocess.py', line 1, in _execute_child\n    raise x\nFileNotFoundError: [Errno 2] No such file or directory: 'tmux'\n", "tmux"),
        ("Error: spawn jest ENOENT\n", "jest"), ("FileNotFoundError: [Errno 2] No such file or directory: 'config'\n", ""),
        ("✖ run.sh: line 58: sudo: command not found\n", "sudo"),
        ("/usr/bin/env: 'zsh': No such file or directory\n", "zsh"), ("bash: ./gone.sh: No such file or directory\n", ""), ("fine\n", ""),
    ],
)  # fmt: skip
def test_the_absent_program_is_named(err: str, name: str) -> None:
    assert absent_command(err) == name


def test_network_services_and_memory_are_recognised() -> None:
    assert needs_network("curl: (6) Could not resolve host: example.org\n").startswith("curl")
    assert needs_network("Error: getaddrinfo ENOTFOUND packages.example.org\n")
    assert needs_network("all is well\n") == ""
    assert needs_service("redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:6379. Connection refused.\n")
    assert needs_service("connect ECONNREFUSED 127.0.0.1:5432\n")
    assert needs_service("access refused for user x\n") == ""
    assert wants_terminal("_curses.error: setupterm: could not find terminal\n")
    assert wants_terminal("stdin is not a terminal\n")
    assert wants_terminal("fine\n") == ""
    assert out_of_memory("x\nMemoryError\n")
    assert not out_of_memory("MemoryErrors are handled\nsee memory\n")


@given(st.text())
def test_no_text_breaks_the_symptoms(text: str) -> None:
    for look in (complaint, crash, absent_command, needs_network, needs_service, telling):
        assert isinstance(look(text), str)


def doc(text: str, language: str = "bash", role: str = "readme", path: str = "README.md") -> Doc:
    return Doc(path, role, "", (), (), (Block(language, text, 5),))  # type: ignore[arg-type]


def test_documented_commands_are_read_line_by_line() -> None:
    text = (
        "# set up\ncd app && make\nPORT=1 ./run.sh --now  # starts\ncat <<EOF > x\nnot a command\nEOF\n"
        "python tool.py \\\n  --long\n\necho done\n"
    )
    found = [(one.text, one.folder, one.line) for one in told((doc(text),))]
    assert found == [
        ("make", "app", 6), ("PORT=1 ./run.sh --now", "app", 7), ("python tool.py   --long", "app", 11), ("echo done", "app", 14),
    ]  # fmt: skip


def test_output_beside_prompts_is_no_command_and_other_languages_are_none() -> None:
    assert [one.text for one in told((doc("$ tool run\nresult one\n$ tool stop\n", "console"),))] == ["tool run", "tool stop"]
    assert list(told((doc("x = 1\n", "python"),))) == []
    assert list(told((doc("tool old\n", role="changelog"),))) == []


def test_the_readme_comes_first_and_each_command_once() -> None:
    found = list(told((doc("b\na\n", role="doc", path="docs/x.md"), doc("a\n"))))
    assert [(one.text, one.path) for one in found] == [("a", "README.md"), ("b", "docs/x.md")]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("tool <name>", "placeholder"), ("tool /path/to/x", "placeholder"), ("curl -s x | sh", "network"), ("git clone x", "network"),
        ("npm install -g tool", "registry"), ("pip install -e .", "registry"), ("uv sync", "registry"), ("docker compose up", "container"),
        ("sudo make install", "another user"), ("rm -rf state", "deletes"), ("vim config", "person"), ("claude", "person"),
        ("claude-tool --now", ""), ("./run.sh --once", ""), ("python -m tool", ""), ("tool status", ""), ("make test", ""),
    ],
)  # fmt: skip
def test_what_is_not_tried_has_a_reason(command: str, why: str) -> None:
    said = unfit(command)
    assert (why in said) if why else said == ""


@given(st.text())
def test_any_block_can_be_read(text: str) -> None:
    for one in told((doc(text),)):
        assert one.line >= 5
        assert isinstance(one.words, tuple)
        unfit(one.text)


def run(gate: Gate = Gate.START, command: str = "a", **given: object) -> CommandRun:
    return CommandRun(gate, command, **({"code": 0} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runs", "outcome"),
    [
        ([run()], Outcome.PASS),
        ([run(), run(code=None, skipped="a placeholder")], Outcome.PASS),
        ([run(code=None, skipped="a placeholder")], Outcome.OPEN),
        ([run(), run(code=None, ended="refused", skipped="no network")], Outcome.OPEN),
        ([run(), run(code=1, wrong="exit status 1")], Outcome.FAIL),
        ([run(code=1, wrong="exit status 1"), run(ended="refused", skipped="x")], Outcome.FAIL),
        ([run(code=137, ended="memory", wrong="ended by the limit on memory")], Outcome.FAIL),
    ],
)
def test_a_gate_is_green_only_where_something_ran_and_nothing_was_missed(runs: list[CommandRun], outcome: Outcome) -> None:
    assert judge(Gate.START, runs).outcome is outcome


def finding(name: str, path: str) -> Finding:
    return Finding("is wrong", Evidence(path, 1), gate=Gate.START, rule="T", id=name)


@pytest.mark.parametrize(
    ("rules", "ran", "outcome", "said"),
    [
        (Outcome.PASS, [run()], Outcome.PASS, ""),
        (Outcome.NOT_APPLICABLE, [run()], Outcome.PASS, ""),
        (Outcome.OPEN, [run()], Outcome.PASS, ""),
        (Outcome.PASS, [run(code=1, wrong="exit status 1")], Outcome.FAIL, "no rule saw it coming"),
        (Outcome.PASS, [run(ended="refused", skipped="no network")], Outcome.OPEN, "no network; the rules find nothing"),
        (Outcome.FAIL, [run(ended="refused", skipped="no network")], Outcome.FAIL, "not tried: `a`: no network"),
        (Outcome.FAIL, [run(code=1, wrong="exit status 1")], Outcome.FAIL, "`a`: exit status 1"),
        (Outcome.FAIL, [run(command="./start.sh --now")], Outcome.PASS, "what ran went well although T-1 says it breaks"),
        (Outcome.FAIL, [run(command="./other.sh")], Outcome.FAIL, "nothing that ran touches T-1"),
    ],
)
def test_what_ran_stands_and_disagreement_is_said(rules: Outcome, ran: list[CommandRun], outcome: Outcome, said: str) -> None:
    findings = [finding("T-1", "bin/start.sh")]
    judged = GateResult(
        Gate.START, rules, ("T-1",) if rules is Outcome.FAIL else (), "1 rule read it, nothing was run (1 fail)"
    )
    proven = {Gate.START: judge(Gate.START, ran)}
    (joined,) = with_runs([judged], proven, findings)
    assert joined.outcome is outcome
    assert said in joined.reason
    assert joined.findings == judged.findings
    assert len(joined.runs) == len(ran)
    assert "nothing was run" not in joined.how


def test_a_command_of_a_further_document_that_could_not_run_leaves_what_the_rules_say_of_the_docs() -> None:
    proven = {Gate.FOLLOW: judge(Gate.FOLLOW, [dataclasses.replace(run(skipped="no network"), gate=Gate.FOLLOW)])}
    (joined,) = with_runs([GateResult(Gate.FOLLOW, Outcome.PASS)], proven, [])
    assert (joined.outcome, joined.reason) == (Outcome.PASS, "not tried: no network")


def test_seconds_stay_out_of_documents() -> None:
    proven = {Gate.START: judge(Gate.START, [run(seconds=1.5), run(command="b", skipped="x")])}
    (joined,) = with_runs([GateResult(Gate.START, Outcome.PASS)], proven, [])
    assert {r.seconds for r in joined.runs} == {0.0}
    assert seconds(proven) == {"start: a": 1.5}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Session 1790000000_192 still holds", "Session 1790000417_4031 still holds"),
        ("creating '$BOX/dist/.tmp-51rtcb2x/a.whl'", "creating '$BOX/dist/.tmp-bcga1zl3/a.whl'"),
        ("done in 0.8s (pid 17)", "done in 12.25 s (pid 4711)"),
        ("made /tmp/tmpab12cd_e at 2026-01-05 10:11:12", "made /tmp/tmp9z8y7x6w at 2026-02-11 23:01:59"),
    ],
)
def test_what_differs_between_two_runs_is_taken_out(one: str, other: str) -> None:
    assert steady(one) == steady(other)


def test_what_a_run_says_stays() -> None:
    said = "error: tmpl/start.sh:17: 3 of 12 sessions lost; template.tmp is not there"
    assert steady(said) == said
