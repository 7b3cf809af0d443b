"""What the driver saw of one trial, and the marks that one session alone leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from session_ops.discovery.mechanism import kind_of

Fault = Literal["torn", "lost", "stolen", "left over", "fails"]
FAULTS: tuple[Fault, ...] = ("torn", "lost", "stolen", "left over", "fails")
LINES = (".jsonl", ".ndjson")
RECORDS = (*LINES, ".log", ".csv", ".tsv")
"""Files in which each line is a record of its own."""


@dataclass(frozen=True, order=True)
class Seen:
    """A fault, in words that do not vary between runs. `path` is the state that shows it, with placeholders; empty where none does."""

    fault: Fault
    text: str
    path: str = ""


@dataclass(frozen=True)
class Mark:
    """A file that names a session which ran alone.

    `kinds` are the words that are in its content, each with the number of records that hold it (0 where the file is no list of records).
    """

    path: str
    kinds: dict[str, int]


@dataclass
class Trial:
    """What the driver saw of one trial."""

    size: int
    contests: int
    ids: dict[int, str]
    runs: list[dict[str, Any]]
    held: list[list[int]]
    victim: int
    after: dict[str, Any]
    snapshots: dict[str, dict[str, Any]]
    places: dict[str, str]
    left: list[int] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    """What each session made that can be claimed, by its name; empty where it named none."""

    @classmethod
    def of(cls, seen: dict[str, Any]) -> Trial:
        """From the driver's JSON."""
        snapshots: dict[str, dict[str, Any]] = {key: seen[key] for key in ("started", "locked", "ended") if key in seen}
        ids = {int(n): name for n, name in seen["ids"].items()}
        return cls(
            seen["size"], seen["contests"], ids, seen["runs"], seen["held"], seen["victim"], seen["after"], snapshots, seen["places"], seen["left"],
            seen["made"],
        )  # fmt: skip

    def codes(self, step: str, n: int | None = None) -> list[int | None]:
        """Exit codes of a step, of one session or of all; None where it was still running."""
        return [run["code"] for run in self.runs if run["step"] == step and (n is None or run["n"] == n)]

    def words(self, n: int) -> dict[str, str]:
        """What names session n: its id, where it has one of its own, its agent and its task."""
        words = {"agent": f"probe-agent-{n}x", "task": f"probe-task-{n}x"}
        own = self.ids.get(n, "")
        return {"session": own} | words if own and list(self.ids.values()).count(own) == 1 else words

    def path(self, where: str) -> str:
        """A path of the trial as people see it: relative to the copy, or below $HOME or the folder around both."""
        root = PurePosixPath(self.places["$COPY"]).name
        first, _, rest = where.partition("/")
        return {"home": f"$HOME/{rest}", "system": f"/{rest}", root: rest}.get(first, f"../{where}")

    def texts(self, moment: str) -> dict[str, dict[str, Any]]:
        """Changed paths at a moment, as people see them, without what git keeps for itself."""
        paths = {self.path(where): what for where, what in self.snapshots[moment]["paths"].items()}
        return {path: what for path, what in paths.items() if not re.search(r"(?:^|/)\.git(?:/|$)", path)}

    def normal(self, text: str) -> str:
        """Output without what differs between sessions and trials."""
        for n in range(1, self.size + 2):
            for kind, word in self.words(n).items():
                text = text.replace(word, f"{{{kind}}}")
        for name in set(self.ids.values()):
            text = text.replace(name, "{session}")
        for name in filter(None, self.made):
            text = text.replace(name, "{made}")
        for name, place in sorted(self.places.items(), key=lambda item: -len(item[1])):
            text = text.replace(place, name)
        return re.sub(r"\d+", "#", text)


def marks_of(solo: Trial, moment: str) -> Iterator[Mark]:
    """The files that name a session which ran alone; those that hold one session only by design are left out."""
    words = solo.words(1)
    for path, what in solo.texts(moment).items():
        text = what.get("text", "")
        if what["kind"] != "file" or what.get("binary") or what.get("cut"):
            continue
        listed = path.endswith(RECORDS)
        kinds = {kind: records(text, word) if listed else 0 for kind, word in words.items() if word in text}
        template = template_of(path, words)
        if kind_of(path) == "pointer" or text.strip() in words.values():
            continue  # one for all on purpose: the last one wins
        if kinds or template != path:
            yield Mark(template, kinds)


def records(text: str, word: str) -> int:
    """How many lines hold a word."""
    return sum(word in line for line in text.splitlines())


def template_of(path: str, words: dict[str, str]) -> str:
    """A path with placeholders for the words of its session."""
    for kind, word in words.items():
        path = path.replace(word, f"{{{kind}}}")
    return path


def filled(template: str, words: dict[str, str]) -> str | None:
    """The path of a session; None where it holds a word that this session has not."""
    for kind in re.findall(r"\{(\w+)\}", template):
        if kind not in words:
            return None
        template = template.replace(f"{{{kind}}}", words[kind])
    return template
