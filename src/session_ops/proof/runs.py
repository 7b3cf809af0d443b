"""Commands of a gate in the sandbox: who knows which ones to run, how one is judged, and what they say about the gate.

A prover is a generator of CommandRuns for the kinds of package that it names; each gets a fresh copy. What could not be run is never
green: a step that a gate cannot do without and that could not be done leaves the gate open.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.discovery.files import Tree
from session_ops.model import CommandRun, Ended, Gate, GateResult, Outcome, UsageError
from session_ops.proof import cache
from session_ops.proof.copy import Changed, lay_out
from session_ops.proof.sandbox import Limits, Ran, Sandbox
from session_ops.proof.symptoms import absent_command, complaint, needs_network, needs_service, out_of_memory, telling
from session_ops.proof.toolchains import TOOLS, toolchains
from session_ops.registry import CannotCheck, Facts

NO_SERVICE = "it needs a service that does not run in the sandbox"
MARK = "__session_ops_prover__"
TAIL = 12
"""Lines of output that are kept of each stream."""
WIDEST = 240
"""Characters of such a line."""


@dataclass
class Place:
    """Where one prover works: a sandbox with a copy of the target. Both are made when a prover first asks for `box`."""

    opened: Callable[[], Sandbox]
    tree: Tree
    facts: Facts | None = None

    @functools.cached_property
    def box(self) -> Sandbox:
        """The sandbox, with the copy in it.

        Raises:
            CannotCheck: there is none, or the target does not fit.
        """
        return self.opened()

    @property
    def folder(self) -> str:
        """The target's folder relative to `box.copy`."""
        return self.tree.prefix.rstrip("/")

    def inside(self, path: str) -> PurePosixPath:
        """A path of the target as commands see it."""
        return self.box.copy / self.folder / path

    def run(
        self,
        gate: Gate,
        argv: Sequence[str] | str,
        *,
        cwd: str | PurePosixPath = "",
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        shown: str = "",
        expect: Sequence[int] = (0,),
        serves: bool = False,
        keep: bool = False,
    ) -> CommandRun:
        """Run a command of a gate and judge it.

        Parameters: `cwd` is relative to the target's folder (absolute ones stay); `shown` is the command as a person would type it; `expect`
        are the exit statuses that are right; `serves` says that it may be a server: it is right as soon as it listens, and left open where it goes on
        and does not.
        """
        ran = self.box.run(argv, cwd=self.box.copy / self.folder / cwd, env=env, timeout_s=timeout_s, keep=keep, serves=serves)
        return self.judged(gate, shown or self.words(argv), ran, expect=expect, serves=serves)

    def words(self, argv: Sequence[str] | str) -> str:
        """A command as text, with the sandbox's places by their names."""
        import shlex

        return self.plain(argv if isinstance(argv, str) else shlex.join(argv))

    def judged(self, gate: Gate, command: str, ran: Ran, *, expect: Sequence[int] = (0,), serves: bool = False) -> CommandRun:
        """What a command's result means for its gate."""
        ended: Ended = ran.ended or ("memory" if ran.code and out_of_memory(ran.err) else "")
        wrong = skipped = ""
        own = {PurePosixPath(path).name for path in self.tree.entries}
        if ran.gone:
            wrong = "it deletes the folder that it runs in"
        elif serves and ran.listening and ran.code is None and not complaint(ran.err):
            ended = ""
        elif ended == "timeout" and serves and not complaint(ran.err):
            ended, skipped = (
                "refused",
                f"it still ran after {ran.seconds:.0f} s and listens on no port: started or hanging, nobody can tell",
            )
        elif ended:
            wrong = f"ended by the limit on {LIMIT_WORDS[ended]}"
        elif ran.code not in expect or (ran.code == 0 and complaint(ran.err)):
            said = telling(ran.err, ran.out)[:WIDEST]
            name = absent_command(ran.err) or (absent_command(ran.out) if ran.code == 127 else "")
            service = needs_service(ran.err + "\n" + ran.out)
            if name and name not in own and not self._can_run(name):
                ended, skipped = "refused", f"it needs {name}, which this machine does not have"
            elif (why := needs_network(ran.err + "\n" + ran.out)) and ran.code:
                ended, skipped = "refused", f"it needs the network, which the sandbox does not have ({self.plain(why)})"
            elif service and ran.code:
                ended, skipped = "refused", f"{NO_SERVICE} ({self.plain(service)})"
            elif ran.code == 0:
                wrong = f"exit status 0 although a command in it failed: {self.plain(said)}"
            else:
                wrong = f"exit status {ran.code}" + (f": {self.plain(said)}" if said else "")
        tail = (*self.lines(ran.out), *self.lines(ran.err))
        return CommandRun(gate, command, ran.code, tail, ended, skipped, wrong[:400], round(ran.seconds, 2))

    def check(self, gate: Gate, command: str, problems: Iterable[str]) -> CommandRun:
        """A check of ours on what was built: it fails with the problems that it found."""
        said = tuple(self.plain(problem)[:WIDEST] for problem in problems)
        return CommandRun(gate, command, 1 if said else 0, said[:TAIL], wrong=said[0] if said else "")

    def refused(self, gate: Gate, command: str, why: str) -> CommandRun:
        """A step that could not be done and that the gate cannot do without."""
        return CommandRun(gate, command, ended="refused", skipped=" ".join(self.plain(why).split())[:400])

    def skipped(self, gate: Gate, command: str, why: str) -> CommandRun:
        """A step that was left out on purpose."""
        return CommandRun(gate, command, skipped=" ".join(self.plain(why).split())[:400])

    def plain(self, text: str) -> str:
        """A text with the sandbox's places by their names and without what differs from run to run."""
        for place, name in (
            (self.box.copy, "$COPY"),
            (self.box.home, "$HOME"),
            (self.box.tmp, "$TMP"),
            (self.box.copy.parent, "$BOX"),
        ):
            text = text.replace(str(place), name)
        text = text.replace(f"{TOOLS}/", "")
        for _, path in toolchains().pythons:
            text = text.replace(path, "python3")
        for folder in toolchains().folders:
            text = text.replace(folder, "$TOOLCHAIN")
        return steady(text)

    def lines(self, text: str) -> tuple[str, ...]:
        """The last lines of a text, made plain."""
        lines = [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
        return tuple(self.plain(line)[:WIDEST] for line in lines[-TAIL:])

    def _can_run(self, name: str) -> bool:
        return toolchains().has(name)


LIMIT_WORDS: dict[str, str] = {
    "timeout": "time",
    "memory": "memory",
    "processes": "processes",
    "disk": "disk space",
    "refused": "",
}
VARYING = (
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|µs|s|sec|seconds)\b"), "… s"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"(?<!\d)20[23]\d[01]\d[0-3]\d[T_-]?[0-2]\d[0-5]\d(?:[0-5]\d)?(?!\d)"), "<time>"),
    (re.compile(r"(?<![\d.])(?:1[789]\d{8}|1[789]\d{11}|1[789]\d{17})(?![\d.])"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
    (re.compile(r"(?<=<time>)([_.-])\d{1,7}(?!\d)"), r"\1<number>"),  # an id of time and pid
    (re.compile(r"(?:\btmp|(?<!\w)\.tmp-?|\bbuilds-v\d+/\.tmp)[A-Za-z0-9_]{6,10}\b"), "<tmp>"),
    (re.compile(r"(?i)\b(pid|process)([ =:#]+)\d+\b"), r"\1\2<pid>"),
    (re.compile(r"(?<=: line )0+(?=\d)"), ""),
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "<address>"),
)
"""What differs between two runs of the same thing."""


def steady(text: str) -> str:
    """A text without times, process ids and names drawn by chance, so that two runs of the same thing say the same."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text


Prover = Callable[[Place, Facts], Iterator[CommandRun]]


def prover(*kinds: str) -> Callable[[Prover], Prover]:
    """Mark a generator as a prover of these kinds of package (`discovery.kind.KINDS`), or of `any`: it looks for itself whether it has work."""

    def mark(function: Prover) -> Prover:
        setattr(function, MARK, kinds)
        return function

    return mark


@functools.cache
def provers() -> tuple[tuple[str, tuple[str, ...], Prover], ...]:
    """Name, kinds and function of every prover below `proof.gates`, by name."""
    from session_ops.proof import gates

    found = []
    for info in sorted(pkgutil.walk_packages(gates.__path__, gates.__name__ + "."), key=lambda i: i.name):
        module = importlib.import_module(info.name)
        for name, value in sorted(vars(module).items()):
            if hasattr(value, MARK) and value.__module__ == module.__name__:
                found.append((f"{info.name.rpartition('.')[2]}.{name}", getattr(value, MARK), value))
    return tuple(found)


def prove(
    tree: Tree, facts: Facts, *, files: Changed | None = None, trust: bool = False, limits: Limits | None = None,
    only: Sequence[str] = (),
) -> dict[Gate, GateResult]:  # fmt: skip
    """Run every prover that fits the target in a copy of its own, and judge the gates by what they ran.

    Parameters: `files` are those that differ from the tree on disk; `trust` runs without a sandbox where none is; `only` names provers.
    Gates for which nothing was to be run are absent.
    """
    kind = facts["package_kind"]
    fitting = {kind.kind, *kind.parts, "any"}
    runs: list[CommandRun] = []
    for name, kinds, function in provers():
        if (only and name not in only) or not fitting & set(kinds):
            continue
        runs += _of(name, function, tree, facts, files or {}, trust, limits)
    return {gate: judge(gate, [run for run in runs if run.gate is gate]) for gate in Gate if any(r.gate is gate for r in runs)}


def _of(
    name: str, function: Prover, tree: Tree, facts: Facts, files: Changed, trust: bool, limits: Limits | None
) -> Iterator[CommandRun]:
    """The runs of one prover; where there is no sandbox, or it breaks, what it would have looked at is refused."""
    gates = getattr(function, "gates", (Gate.BUILD, Gate.INSTALL, Gate.START))
    done: list[CommandRun] = []
    try:
        with contextlib.ExitStack() as stack:

            def opened() -> Sandbox:
                folders = getattr(function, "folders", lambda _: ())(facts)
                box = stack.enter_context(Sandbox(limits, readable={"cache": cache.folder()}, trust=trust, folders=folders))
                lay_out(tree, files, box)
                return box

            for run in function(Place(opened, tree, facts=facts), facts):
                done.append(run)
                yield run
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - what a target does to a prover costs only that prover
        why = str(error) if isinstance(error, CannotCheck) else f"{type(error).__name__}: {error}"
        for gate in gates:
            if not any(run.gate is gate for run in done) or not isinstance(error, CannotCheck):
                yield CommandRun(gate, name.partition(".")[0], ended="refused", skipped=why[:400])


def judge(gate: Gate, runs: Sequence[CommandRun]) -> GateResult:
    """What the commands of a gate say about it."""
    wrong = [run for run in runs if run.wrong]
    refused = [run for run in runs if run.ended == "refused" and not run.wrong]
    good = [run for run in runs if run.good]
    left = [run for run in runs if run.skipped and run.ended != "refused"]
    count = len(wrong) + len(good)
    how = f"{count} command{'' if count == 1 else 's'} run in a copy"
    if wrong:
        return GateResult(gate, Outcome.FAIL, (), how, f"`{wrong[0].command}`: {wrong[0].wrong}", tuple(runs))
    if refused:
        return GateResult(gate, Outcome.OPEN, (), how, f"`{refused[0].command}`: {refused[0].skipped}", tuple(runs))
    if good:
        said = f"{len(left)} left out: {left[0].skipped}" if left else ""
        return GateResult(gate, Outcome.PASS, (), how, said, tuple(runs))
    return GateResult(gate, Outcome.OPEN, (), how, left[0].skipped if left else "nothing was run", tuple(runs))
