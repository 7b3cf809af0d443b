"""Two and eight sessions of the tracker at once, one of them killed: is anything torn, lost, stolen or left over?"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from session_ops.model import Answers, CommandRun, Evidence, Gate
from session_ops.proof.gates.python import with_declared
from session_ops.proof.probe.judge import judge, start_failed
from session_ops.proof.probe.lines import Known
from session_ops.proof.probe.plan import Command, commands
from session_ops.proof.probe.trial import Seen
from session_ops.proof.probe.words import Step
from session_ops.proof.runs import Place, prover
from session_ops.proof.setting import Setting, asked_for, declared_folders
from session_ops.proof.starting import wanted
from session_ops.proof.symptoms import telling
from session_ops.proof.toolchains import toolchains
from session_ops.registry import CannotCheck, Facts

TRIALS = ((1, 0), (1, 1), (2, 2), (2, 2), (8, 2), (8, 2))
"""Sessions at once, and for how many resources they contend; the two that run alone say what is usual."""
BEATS = 3
LIMIT_S, PATIENCE_S, BUDGET_S = 20.0, 2.5, 150.0
"""Seconds for one command, for those that wait for a lock after somebody has it, and for all trials."""
AGENT = {
    "CLAUDE_SESSION_ID": "{given}", "CLAUDE_CODE_SESSION_ID": "{given}", "CLAUDE_PROJECT_DIR": "{root}", "CLAUDE_PLUGIN_ROOT": "{root}",
}  # fmt: skip
"""What coding agents set for the commands that they start. Source: Claude Code, hooks reference."""
BARE = Setting()
MOST_ASKED = 4
"""Times that one session alone is tried, each with one more thing that it asked for."""
FACTS = ("docs", "scripts", "manifests", "deployment", "mechanism")


@prover("any")
def coordinate(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Start, beat, lock, kill and end sessions of the tracker, and judge the state that they leave."""
    known = Known(place.tree, *(facts[name] for name in FACTS))
    answers: Answers = facts["answers"]
    given = {step: getattr(answers, f"probe_{step}") for step in ("start", "beat", "lock", "end")}
    found = commands(known, given)
    if not found.keys() & {"start", "lock"}:
        if known.mechanism.uses:
            yield place.refused(Gate.COORDINATE, "two and eight sessions at once", _nothing(known))
        return
    setting = Setting(with_declared(place, facts) if any("python" in command.text for command in found.values()) else {})
    observed, setting = _with_what_lacks(place, found, setting)
    if "lock" in found and "start" in found and found["start"].at is not None and start_failed(observed):
        # a start that was only guessed may be none; locks alone can be contended for as well
        found = {step: command for step, command in found.items() if step != "start"}
        observed, setting = _with_what_lacks(place, found, setting)
    yield from report(place, found, observed, setting, uses=bool(known.mechanism.uses))


coordinate.gates = (Gate.COORDINATE,)  # type: ignore[attr-defined]
coordinate.folders = declared_folders  # type: ignore[attr-defined]


def _nothing(known: Known) -> str:
    if all(use.language == "markdown" for use in known.mechanism.uses):
        return "its sessions are kept by instructions that an agent carries out; there is no command to start one (give --probe-start)"
    return "no command that starts a session was found in its docs, hooks or scripts; give --probe-start, --probe-beat, --probe-lock, --probe-end"


def _with_what_lacks(place: Place, found: Mapping[Step, Command], setting: Setting) -> tuple[list[dict[str, Any]], Setting]:
    """What the driver saw, with variables and services that the commands of one session alone asked for, as far as they can be given."""
    texts = {step: command.text for step, command in found.items()}
    for _ in range(MOST_ASKED):
        observed = run(place, texts, TRIALS[1:2], setting)
        failed = next((run for run in observed[0]["runs"] if run["code"] not in (0, None)), None)
        if failed is None:
            break
        more = setting.after(f"{failed['err']}\n{failed['out']}", wanted(place, telling(failed["err"], failed["out"])))
        if more == setting:
            break
        setting = more
    return run(place, texts, TRIALS, setting), setting


def run(
    place: Place,
    found: Mapping[Step, str],
    trials: tuple[tuple[int, int], ...] = TRIALS,
    setting: Setting = BARE,
) -> list[dict[str, Any]]:
    """Run the driver in the sandbox; gives what it saw, trial by trial. Variables of `setting` are given beside what agents set.

    Raises:
        CannotCheck: it was ended by a limit, or its output is not its own.
    """
    plan = {
        "root": str(place.box.copy), "inside": place.folder or ".", "at": str(place.box.tmp / "probe"), "commands": found, "trials": trials,
        "folders": place.box.folders, "system": str(place.box.system), "services": [(one.words, one.port) for one in setting.services],
        "seen": str(place.box.home / "seen"), "env": {**AGENT, **setting.env}, "beats": BEATS, "limit": LIMIT_S, "patience": PATIENCE_S, "budget": BUDGET_S,
    }  # fmt: skip
    text = (files("session_ops.proof.probe") / "driver.py").read_text(encoding="utf-8")
    done = place.box.run([toolchains().python, "-I", "-c", text, json.dumps(plan)], timeout_s=4 * BUDGET_S)
    if done.ended or done.code != 0:
        why = f"ended by the limit on {done.ended}" if done.ended else f"exit {done.code}: {place.lines(done.err)[-1:]}"
        raise CannotCheck(f"the probe did not finish: {why}")
    try:
        seen = json.loads(zlib.decompress(place.box.read(place.box.home / "seen")))
    except (ValueError, zlib.error) as error:
        raise CannotCheck(f"what the probe saw cannot be read: {error}") from None
    trials_seen: list[dict[str, Any]] = seen["trials"]
    return trials_seen


def report(
    place: Place,
    found: Mapping[Step, Command],
    observed: list[dict[str, Any]],
    setting: Setting = BARE,
    *,
    uses: bool = True,
) -> Iterator[CommandRun]:
    """What was seen as commands of the gate: one line for each step and number of sessions, one for each fault."""
    verdict = judge(observed, {step: command.text for step, command in found.items()}, elsewhere=bool(setting.services))
    sizes = sorted({seen["size"] for seen in observed})
    if verdict.blind and verdict.traceless and not uses and all(command.at for command in found.values()):
        return  # what was taken for a start keeps no state: this is no tracker
    if verdict.blind:
        text = "; ".join(f"{step}: {command.text} ({command.origin})" for step, command in found.items())
        said = "\n".join(run["err"] + run["out"] for run in observed[0]["runs"])
        service = asked_for(said)
        lacks = (
            f"; it asks for {service.name}: with {service.programs[0]} on this machine one is started for the probe"
            if service
            else ""
        )
        yield place.refused(Gate.COORDINATE, text, verdict.blind + lacks * (service not in setting.services))
        return
    given = f"; given: {setting.words}, as it asked" if setting.words else ""
    for step, command in found.items():
        yield CommandRun(Gate.COORDINATE, f"{_sizes(sizes)}: {command.text}", 0, (f"{step}, read at {command.origin}{given}",))
    for seen in verdict.seen:
        yield CommandRun(Gate.COORDINATE, _looked(seen, found), 1, (), wrong=_wrong(seen), evidence=_evidence(seen, found))
    for note in verdict.notes:
        yield place.skipped(Gate.COORDINATE, "sessions at once", note)
    missed = len(TRIALS) - len(observed)
    if missed > 0 and not verdict.seen and 8 not in sizes:
        yield place.refused(
            Gate.COORDINATE, "eight sessions at once", "its commands take too long; only fewer at once were tried"
        )
    elif not verdict.seen:
        where = f"state in {', '.join(verdict.marks[:4])}" if verdict.marks else "locks"
        yield CommandRun(
            Gate.COORDINATE, "look at the state afterwards", 0, (f"{where}: nothing torn, lost, stolen or left over",)
        )


def _sizes(sizes: list[int]) -> str:
    words = {1: "one", 2: "two", 8: "eight"}
    return f"{' and '.join(words.get(size, str(size)) for size in sizes if size > 1) or 'one'} at once"


def _looked(seen: Seen, found: Mapping[Step, Command]) -> str:
    return f"look at {seen.path}" if seen.path else f"look at what {', '.join(found)} said"


def _wrong(seen: Seen) -> str:
    return f"{seen.fault}: {seen.text}" + (f" ({seen.path})" if seen.path else "")


def _evidence(seen: Seen, found: Mapping[Step, Command]) -> tuple[Evidence, ...]:
    """Where the fault shows: the state, and the command whose use showed it."""
    steps: dict[str, Step] = {"stolen": "lock", "left over": "end", "lost": "start", "torn": "start"}
    named: list[Step] = [name for name in found if f"the {name} " in seen.text]
    step = steps.get(seen.fault, named[0] if named else "start")
    command = found.get(step) or next(iter(found.values()))
    state = (Evidence(seen.path, source="probe"),) if seen.path else ()
    return (*state, *((command.at,) if command.at is not None else ()))
