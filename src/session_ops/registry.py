"""Facts and rules: who needs what, in which order, and what happens when one of them breaks.

A fact is a function that reads the target; a rule is a generator over facts. Both name what they need by parameter, as
pytest fixtures do. A crash costs only what depends on it, and a finding enters the result only when its evidence, read
again from disk, still says what the rule saw.
"""

from __future__ import annotations

import contextlib
import dataclasses
import graphlib
import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from session_ops.model import Category, Evidence, Finding, Gate, Outcome, RuleResult, UsageError

F = TypeVar("F", bound=Callable[..., Any])
MARK = "__session_ops__"
PHASES_WITH_FACTS = ("session_ops.discovery", "session_ops.analysis")


class NotApplicable(Exception):
    """Raised by a rule where there is nothing to look at; the text says what is absent."""


class CannotCheck(Exception):
    """Raised by a rule or a fact that could not look: a tool is absent, a time limit ended it. Its outcome is `open`."""


@dataclass(frozen=True)
class Fact:
    """A named way to read something from the target."""

    name: str
    read: Callable[..., Any]
    needs: tuple[str, ...]
    ahead: bool = False
    """Is it begun before the first rule, since it waits for another process?"""


@dataclass(frozen=True)
class Rule:
    """A named check. The first line of its docstring is the title, the rest says why, what passes, and the source."""

    id: str
    check: Callable[..., Iterable[Finding]]
    needs: tuple[str, ...]
    gate: Gate | None
    category: Category
    requires: tuple[str, ...] = ()
    fix: Callable[..., Any] | None = None

    @property
    def title(self) -> str:
        """The first line of the rule's docstring."""
        return (inspect.getdoc(self.check) or self.id).splitlines()[0]

    @property
    def remedy(self) -> str:
        """What a person does about a finding: the docstring's paragraph that begins with `Do:`, in one line; empty without one."""
        paragraphs = re.split(r"\n\s*\n|\n(?=[A-Z]\w*:)", inspect.getdoc(self.check) or "")
        said = next((p for p in paragraphs if p.startswith("Do:")), "")
        return " ".join(said.removeprefix("Do:").split()).rstrip(".")

    @property
    def explanation(self) -> str:
        """The docstring without its first line."""
        return "\n".join((inspect.getdoc(self.check) or "").splitlines()[1:]).strip()


def fact(function: F) -> F:
    """Mark a function as a fact; its name is the parameter name by which others ask for it."""
    setattr(function, MARK, Fact(function.__name__, function, _needs(function)))
    return function


def fact_ahead(function: F) -> F:
    """Mark a fact that starts another process and does not wait for it: it is begun before the first rule."""
    setattr(function, MARK, Fact(function.__name__, function, _needs(function), ahead=True))
    return function


def rule(
    rule_id: str,
    *,
    gate: str | None,
    category: Category,
    requires: tuple[str, ...] = (),
    fix: Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """Mark a generator of findings as a rule.

    Parameters: `gate` is the gate that a finding breaks (None: it costs no gate); `requires` are rules that must not have failed;
    `fix` is called with (finding, facts by parameter name) and returns a Fix or None.
    """

    def mark(function: F) -> F:
        chosen = Gate(gate) if gate else None
        setattr(function, MARK, Rule(rule_id, function, _needs(function), chosen, category, requires, fix))
        return function

    return mark


def _needs(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _modules(packages: Iterable[str], folders: Iterable[Path]) -> Iterator[ModuleType]:
    for package in packages:
        top = importlib.import_module(package)
        yield top
        for info in sorted(pkgutil.walk_packages(top.__path__, package + "."), key=lambda i: i.name):
            yield importlib.import_module(info.name)
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder of rules; give --rules a folder that holds *.py files")
        for path in sorted(folder.glob("*.py")):
            name = f"session_ops_user_{path.stem}"
            spec = importlib.util.spec_from_file_location(name, path)
            if spec is None or spec.loader is None:
                raise UsageError(f"{path}: cannot be imported as Python")
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except Exception as error:  # noqa: BLE001 - a user's file may raise anything
                raise UsageError(f"{path}: {type(error).__name__}: {error}; mend the file or drop --rules") from None
            yield module


@dataclass(frozen=True)
class Registry:
    """All facts and rules that were found, by name."""

    facts: Mapping[str, Fact]
    rules: Mapping[str, Rule]

    @classmethod
    def load(cls, folders: Iterable[Path] = (), packages: Iterable[str] = PHASES_WITH_FACTS) -> Registry:
        """Import the phases' packages and the user's folders and collect what is marked.

        Raises:
            UsageError: a user's file does not import, or two rules share an id.
        """
        facts: dict[str, Fact] = {}
        rules: dict[str, Rule] = {}
        for module in _modules(packages, folders):
            for value in vars(module).values():
                marked = getattr(value, MARK, None)
                if marked is None or getattr(value, "__module__", None) != module.__name__:
                    continue
                table: dict[str, Any] = facts if isinstance(marked, Fact) else rules
                key = marked.name if isinstance(marked, Fact) else marked.id
                if key in table:
                    raise UsageError(f"{module.__name__}: {key} is defined twice; give one of them another name")
                table[key] = marked
        return cls(facts, dict(sorted(rules.items())))

    def order(self) -> list[Rule]:
        """Rules after the rules they require; those that wait for linters last, since linters run meanwhile."""
        sorter = graphlib.TopologicalSorter({r.id: set(r.requires) & set(self.rules) for r in self.rules.values()})
        sorter.prepare()
        ordered: list[Rule] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=lambda name: ("linters" in self.rules[name].needs, name))
            ordered += [self.rules[name] for name in ready]
            sorter.done(*ready)
        return ordered


class Facts:
    """Facts of one target, read when first asked for and kept.

    `seeds` are given values (the tree, the answers). A fact that crashed raises CannotCheck for everyone who asks.
    """

    def __init__(self, registry: Registry, seeds: Mapping[str, Any]) -> None:
        self._registry = registry
        self._known: dict[str, Any] = dict(seeds)
        self._broken: dict[str, str] = {}
        self._reading: list[str] = []

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        if name in self._broken:
            raise CannotCheck(self._broken[name])
        wanted = self._registry.facts.get(name)
        if wanted is None:
            raise CannotCheck(f"nobody provides the fact {name!r}")
        if name in self._reading:
            raise CannotCheck(f"fact {name!r} needs itself: {' > '.join([*self._reading, name])}")
        self._reading.append(name)
        try:
            value = wanted.read(**self.named(wanted.needs))
        except CannotCheck as error:
            self._broken[name] = str(error)
            raise
        except Exception as error:
            self._broken[name] = f"fact {name!r} could not be read: {type(error).__name__}: {error}"
            raise CannotCheck(self._broken[name]) from error
        finally:
            self._reading.pop()
        self._known[name] = value
        return value

    def named(self, names: Iterable[str]) -> dict[str, Any]:
        """Facts by parameter name, for a call."""
        return {name: self[name] for name in names}

    @property
    def broken(self) -> dict[str, str]:
        """Facts that could not be read, and why."""
        return dict(sorted(self._broken.items()))


@dataclass(frozen=True)
class Checked:
    """What the rules said: one result for each rule, and the findings whose evidence held."""

    results: tuple[RuleResult, ...]
    findings: tuple[Finding, ...]


def check(registry: Registry, facts: Facts, root: Path) -> Checked:
    """Run every rule over the facts of the target at `root`."""
    results: dict[str, RuleResult] = {}
    findings: list[Finding] = []
    for name in (f.name for f in registry.facts.values() if f.ahead):
        with contextlib.suppress(CannotCheck):  # whoever asks for it is told
            facts[name]
    for one in registry.order():
        kept, outcome, reason = _run(one, facts, root, results)
        named = _named(kept, one)
        findings += named
        results[one.id] = RuleResult(
            one.id, outcome, one.title, one.gate, one.category, reason, tuple(sorted(f.id for f in named))
        )
    findings.sort(key=lambda f: (f.at.path, f.at.line, f.rule, f.id))
    return Checked(tuple(results[name] for name in sorted(results)), tuple(findings))


def _run(one: Rule, facts: Facts, root: Path, before: Mapping[str, RuleResult]) -> tuple[list[Finding], Outcome, str]:
    stopped = [name for name in one.requires if name in before and before[name].outcome is not Outcome.PASS]
    failed = [name for name in stopped if before[name].outcome is Outcome.FAIL]
    if failed:
        return [], Outcome.BLOCKED, f"needs {', '.join(failed)} to pass"
    found: list[Finding] = []
    lost: list[str] = []
    reason = ""
    try:
        for finding in one.check(**facts.named(one.needs)):
            problem = next(filter(None, (reread(root, e) for e in (finding.at, *finding.also))), "")
            if problem:
                lost.append(problem)
            else:
                found.append(finding)
    except NotApplicable as error:
        return [], Outcome.NOT_APPLICABLE, str(error)
    except CannotCheck as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - a rule may raise anything; it costs only itself
        reason = f"{type(error).__name__}: {error}"
    if lost:
        reason = f"{len(lost)} finding(s) dropped, their evidence did not hold: {lost[0]}"
    if found:
        return found, Outcome.FAIL, reason
    return [], Outcome.OPEN if reason else Outcome.PASS, reason


def reread(root: Path, evidence: Evidence) -> str:
    """Read the evidence again; return what does not hold, or an empty string."""
    if not evidence.path:
        return "evidence without a path"
    path = root / evidence.path
    if not evidence.sha256:  # an absence, or a folder
        return f"{evidence.path} exists after all" if evidence.line == 0 and path.is_file() else ""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"{evidence.path}: {error.strerror}"
    if hashlib.sha256(data).hexdigest() != evidence.sha256:
        return f"{evidence.path} changed while it was read"
    if not evidence.line:
        return ""
    lines = split_lines(data.decode("utf-8", "replace"))
    if not 1 <= evidence.line <= max(evidence.end, evidence.line) <= len(lines):
        return f"{evidence.place} is not a line of the file"
    if lines[evidence.line - 1].strip() != evidence.quote:
        return f"{evidence.place} does not say {evidence.quote[:60]!r}"
    return ""


def split_lines(text: str) -> list[str]:
    """Lines as editors and git count them: ended by LF alone, a CR before it dropped."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _named(findings: list[Finding], one: Rule) -> list[Finding]:
    """Give findings their rule, gate, fingerprint (no line number in it) and id; equal ones are counted up."""
    seen: dict[str, int] = {}
    named = []
    for finding in sorted(findings, key=lambda f: (f.at.path, f.at.line, f.message)):
        basis = "\0".join((one.id, finding.at.path, finding.at.quote or finding.message))
        nth = seen[basis] = seen.get(basis, -1) + 1
        digest = hashlib.sha256(f"{basis}\0{nth}".encode("utf-8", "surrogateescape")).hexdigest()
        named.append(
            dataclasses.replace(
                finding,
                rule=one.id,
                category=one.category,
                gate=finding.gate or one.gate,
                fingerprint=digest[:20],
                id=f"{one.id}-{digest[:6]}",
            )
        )
    return named
