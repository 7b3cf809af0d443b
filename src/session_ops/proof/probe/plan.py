"""Which commands start, lock, beat and end a session of the tracker: as given, or as its docs, hooks and scripts have them.

A command counts when its first word is a script or an entry point of the target, and a verb in the name of that script or in its first
arguments says what it does. Start and end have to belong together: the same command with another verb, or scripts of one folder.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.discovery.scripts import Script
from session_ops.model import Evidence
from session_ops.proof.probe.lines import Known, heads_of, parsed, says, told_lines
from session_ops.proof.probe.words import (
    ENDS,
    MAKES,
    NOUNS,
    OTHERS,
    RELEASE,
    STEPS,
    VAGUE,
    Step,
    argument,
    names_in,
    noun_points,
    split,
    step_of,
    usage,
)  # fmt: skip

HOOKS: dict[str, Step] = {
    "SessionStart": "start", "PostToolUse": "beat", "UserPromptSubmit": "beat", "SessionEnd": "end",
}  # fmt: skip
"""Events of a coding agent that stand for a step. Source: Claude Code, hooks reference."""
EXPORT = re.compile(r"(?i:export(?:ed)?\s+it\s+as\s+)`?\$?(\w+)|export\s+(\w*SESSION(?:_ID)?)=[\"']?\$\(")


_WRITES = re.compile(
    r">>?\s*[\"']?(?!/dev/|&)[\w$./{~]|\b(?:rm|mv|cp|touch|tee|mkdir)\s|\bopen\(|write_text|writeFile|unlink|appendFile|File\.(?:write|open)"
)
_NOUN = re.compile(r"session|agent|worker|task|lock|claim", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """The command of a step, and where it was read; without a place it was given by the user."""

    step: Step
    text: str
    at: Evidence | None = None

    @property
    def origin(self) -> str:
        """`as given`, or the place."""
        return self.at.place if self.at is not None else "as given"


@dataclass(frozen=True)
class _Candidate:
    step: Step
    text: str
    at: Evidence
    head: str
    score: int


def commands(known: Known, given: Mapping[str, str]) -> dict[Step, Command]:
    """The commands by step: those that are given, and what is found for the others. A `-` says that there is none for a step."""
    chosen = {step: Command(step, text) for step in STEPS if (text := given.get(step, "").strip()) and text != "-"}
    if not chosen.keys() & {"start", "lock"}:
        candidates = list(_candidates(known))
        found = claims(_chosen(candidates), known) or _claims_alone(candidates, known)
        chosen = {step: command for step, command in found.items() if given.get(step, "").strip() != "-"} | chosen
    return {step: chosen[step] for step in STEPS if step in chosen}


def _chosen(candidates: list[_Candidate]) -> dict[Step, Command]:
    """The start and end that belong together best, and the other steps of the same family."""
    by: dict[str, list[_Candidate]] = {step: [c for c in candidates if c.step == step] for step in STEPS}
    ends = by["end"]

    def nearness(one: _Candidate, other: _Candidate) -> int:
        return 6 if one.head == other.head else 4 if posixpath.dirname(one.head) == posixpath.dirname(other.head) else 0

    def with_end(one: _Candidate) -> tuple[int, int]:
        near = max((nearness(one, end) + end.score // 4 for end in ends if nearness(one, end)), default=0)
        return one.score + near, -candidates.index(one)

    first: list[Step] = ["start", "lock"]
    heads = {one.head for one in (*by["beat"], *by["lock"])}
    for step in first:
        rivals = [one for one in by[step] if step == "start" or any(nearness(one, end) for end in ends)]
        rivals = [one for one in rivals if one.head in heads or _NOUN.search(one.text) or "{" in one.text.replace("{root}", "")]
        if not rivals:
            continue
        best = max(rivals, key=with_end)
        family = {best.step: best}
        for other in STEPS:
            near = [one for one in by[other] if one.step != best.step and nearness(one, best)]
            if near:
                family[other] = max(near, key=lambda one: (nearness(one, best) + one.score, -candidates.index(one)))
        return {name: Command(name, one.text, one.at) for name, one in family.items()}
    return {}


def claims(chosen: dict[Step, Command], known: Known) -> dict[Step, Command]:
    """Where a lock is the claim of something that another verb of the same command makes, that verb and the one that ends it as well.

    `tasks create TITLE`, `tasks claim ID`, `tasks complete ID`: the id is what the first one prints, `{made}`.
    """
    lock = chosen.get("lock")
    if lock is None or lock.at is None:
        return chosen
    heads = heads_of(known)
    found: dict[Step, Command] = {}
    for text, path, line in told_lines(known):
        told = parsed(text, heads, known, path)
        number = next((n for n, word in enumerate(told.words[:3]) if word in MAKES | ENDS), None) if told is not None else None
        if told is None or number is None:
            continue
        group = " ".join([told.run, *told.words[:number], ""])
        claimed = re.fullmatch(rf"{re.escape(group)}[a-z-]+ (?P<id>\{{\w+\}})", lock.text)
        if claimed is None or ("start" in chosen and chosen["start"].text.startswith(group)):
            continue
        step: Step = "make" if told.words[number] in MAKES else "end"
        rest = map(argument, told.words[number + 1 :])
        words = filter(None, rest if step == "make" else ("{made}" if "{" in word else word for word in rest))
        one = Command(step, " ".join([told.run, *told.words[: number + 1], *words]), known.tree.evidence(path, line))
        found.setdefault(step, one)
        found["lock"] = replace(lock, text=lock.text.replace(claimed["id"], "{made}"))
    return chosen | found if "make" in found else chosen


def _claims_alone(candidates: list[_Candidate], known: Known) -> dict[Step, Command]:
    """A board without sessions: what is made on it and claimed."""
    locks = [one for one in candidates if one.step == "lock"]
    best = max(locks, key=lambda one: (one.score, -candidates.index(one)), default=None)
    found = claims({"lock": Command("lock", best.text, best.at)}, known) if best is not None else {}
    return found if "make" in found else {}


def _candidates(known: Known) -> Iterator[_Candidate]:
    session = ""
    for doc in known.docs:
        if says(doc):
            session = session or next((m[1] or m[2] for line in known.tree.lines(doc.path) if (m := EXPORT.search(line))), "")
    heads = heads_of(known)
    weights = {doc.path: {"agent-rules": 4, "readme": 4, "agent": 2}.get(doc.role, 1) for doc in known.docs}
    for text, path, line in told_lines(known):
        if (one := _of_line(text, heads, known, path)) is not None:
            at = known.tree.evidence(path, line)
            prefix = (
                f"{session}={{session}} " if session and one[0] not in ("start", "reap") and "{session}" not in one[1] else ""
            )
            yield _Candidate(one[0], prefix + one[1], at, one[2], one[3] + weights[path])
    yield from _hooks(known)
    for script in known.scripts:
        if not is_aside(script.path) and _WRITES.search(known.tree.text(script.path)):
            yield from _of_script(script, known)


def _of_script(script: Script, known: Known) -> Iterator[_Candidate]:
    """A script by its name, or by the verbs that its own usage lists."""
    name = PurePosixPath(script.path).name
    words = names_in(PurePosixPath(script.path).stem)
    if not words & NOUNS or words & OTHERS:
        return
    text, lines = known.tree.text(script.path), known.tree.lines(script.path)
    listed = False
    for number, line in enumerate(lines, start=1):
        match = re.search(rf"(?:{re.escape(name)}|\$0|\$\{{0##\*/\}})[\"']?\s+([a-z][a-z-]+)(?![\w./-])", line)
        if match and (step := step_of(names_in(match[1]))) is not None:
            listed = True
            held = usage(text, match[1], name)
            points = 2 + noun_points(words) + 3 * (step == "lock" and "{resource}" in held)
            yield _Candidate(
                step,
                " ".join([_started(script), match[1], *held]),
                known.tree.evidence(script.path, number),
                script.path,
                points,
            )
    if not listed and (step := step_of(words)) is not None:
        if "hooks" in PurePosixPath(script.path).parts:
            event = {"start": "SessionStart", "end": "SessionEnd"}.get(step, "PostToolUse")
            yield _Candidate(
                step,
                f"{_told(event)} | {_started(script)}",
                known.tree.evidence(script.path, 1),
                script.path,
                1 + noun_points(words),
            )
            return
        held = usage(text, "", name)
        yield _Candidate(
            step, " ".join([_started(script), *held]), known.tree.evidence(script.path, 1), script.path, 1 + noun_points(words)
        )


def _of_line(text: str, heads: Mapping[str, tuple[str, str]], known: Known, doc: str) -> tuple[Step, str, str, int] | None:
    """Step, command, head and points of one line of a doc; None where it is no command of a session."""
    told = parsed(text, heads, known, doc)
    if told is None:
        return None
    words = told.words
    verbs = [word for word in words[:2] if re.fullmatch(r"[a-z][a-z-]*", word)]
    names = names_in(PurePosixPath(told.name).stem)
    step = next((s for n in range(len(verbs), 0, -1) if (s := step_of(split(verbs[:n]))) is not None), None)
    own = split(verbs) if step is not None else frozenset()
    if step is None:
        step, verbs = step_of(names), []
    about = names | own
    if step is None or (own if verbs else names) & OTHERS or any(word in ("--help", "-h", "--version") for word in words):
        return None
    if own & RELEASE or names & RELEASE:
        step = "end"
    arguments = words[len(verbs) :]
    shown = usage(known.tree.text(told.head), " ".join(verbs), PurePosixPath(told.head).name)
    held = [argument(word) for word in arguments]
    if shown and sum("{" in word for word in shown) >= sum("{" in word for word in held):
        held = shown
    points = (
        noun_points(about)
        + (3 if verbs else 0)
        + min(2, sum("{" in word for word in held))
        + 2 * ("{agent}" in held or "{session}" in held)
    )
    if not about & NOUNS and (not verbs or own & VAGUE):
        return None
    return step, " ".join([told.run, *verbs, *(word for word in held if word)]), told.head, points


def _started(script: Script) -> str:
    path = shlex.quote(script.path)
    if script.executable and script.interpreter:
        return path if "/" in path else f"./{path}"
    runner = {"python": "python3", "javascript": "node", "ruby": "ruby"}.get(script.language, script.interpreter or "bash")
    return f"{runner} {path}"


def _touches(known: Known, path: str) -> bool:
    """Does a script itself create, lock or refresh the state of sessions, or write a file whose name holds a session's id?"""
    if any(use.path == path and use.act in ("creates", "locks", "refreshes", "deletes") for use in known.mechanism.uses):
        return True
    text = known.tree.text(path)
    return "session_id" in text.lower() and _WRITES.search(text) is not None


def _hooks(known: Known) -> Iterator[_Candidate]:
    """Commands that a coding agent starts by itself; it hands them what it knows on their input."""
    for hook in known.deployment.hooks:
        step = HOOKS.get(hook.event)
        path = re.search(r"[\w./${}\"~-]*?([\w.-]+/)*[\w.-]+\.(?:sh|bash|py|js|mjs|rb)\b", hook.command)
        if step is None or path is None or is_aside(hook.path):
            continue
        words = re.sub(r"[\"']", "", path[0])
        script = next((s for s in known.scripts if words.endswith("/" + s.path) or words == s.path), None)
        if script is None or not _touches(known, script.path):
            continue
        text = f"{_told(hook.event)} | {hook.command}"
        yield _Candidate(step, text, known.tree.evidence(hook.path, hook.line), script.path, 3)


def _told(event: str) -> str:
    """What a coding agent writes to the input of a hook. Source: Claude Code, hooks reference, common input fields."""
    about = f'{{"session_id": "{{session}}", "hook_event_name": "{event}", "cwd": "{{root}}", "source": "startup", "tool_name": "Bash"}}'
    return f"printf '%s\\n' {shlex.quote(about)}"
