"""What documents say of settings, against what reads them: defaults of variables, and the shape of hooks."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from session_ops.analysis.agent_host import EVENTS
from session_ops.analysis.documented import DATED
from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Docs
from session_ops.discovery.environment import Environment
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.positions import strip_json_comments
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_VARIABLE = regex(r"`?(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)`?")
_NUMBER = regex(r"-?\d+(?:\.\d+)?")
_WORD = regex(r"[A-Za-z][A-Za-z0-9-]*(?: [A-Z][a-z]+)?")
_NO_VALUE = frozenset(
    ("none", "unset", "required", "auto", "default", "empty", "optional", "yes", "no", "null", "varies", "n", "off", "on")
)


def _code_defaults(environment: Environment) -> dict[str, dict[str, tuple[str, int]]]:
    """Variable to its literal defaults in the code, each with the first place that gives it."""
    found: dict[str, dict[str, tuple[str, int]]] = defaultdict(dict)
    for use in environment.uses:
        if use.default and not is_aside(use.path):
            found[use.name].setdefault(use.default.strip().strip("\"'"), (use.path, use.line))
    return found


def _same(told: str, code: str) -> bool | None:
    """Do two defaults mean the same? None where that cannot be told."""
    said, given = (
        told.replace(",", "").strip(),
        code.replace("_", "" if _NUMBER.fullmatch(code.replace("_", "")) else "_").strip(),
    )
    if _NUMBER.fullmatch(said) and _NUMBER.fullmatch(given):
        return float(said) == float(given)
    if said.lower() in ("true", "false") and given.lower() in ("true", "false", "0", "1"):
        return (said.lower() == "true") == (given.lower() in ("true", "1"))
    if _WORD.fullmatch(said) and _WORD.fullmatch(given) and said.lower() not in _NO_VALUE:
        return said.lower() == given.lower()
    return None


FAMILY = 5
"""Variables of one prefix that the code reads, from which on the prefix is its own."""


_TOKEN = regex(r"[A-Za-z][A-Za-z0-9_-]+")


def _words(tree: Tree) -> frozenset[str]:
    """Every word of all files but documents, in lower case."""
    return frozenset(
        word.lower()
        for entry in tree.files(vendored=True)
        if entry.language != "markdown"
        for word in _TOKEN.findall(tree.text(entry.path))
    )


@rule("DOC-DEFAULT", gate="follow", category="docs-contradiction")
def default_that_the_code_does_not_have(tree: Tree, docs: Docs, environment: Environment) -> Iterator[Finding]:
    """A table of settings says another default of a variable than the code has, or names a variable that nothing reads.

    Why: who reads the table plans with a limit, a name or a time that does not hold, or sets what has no effect (told only where the code reads
    many variables of the same prefix, and the name occurs nowhere in any spelling). Looked at: tables with a column "Default", and defaults that
    are plain numbers, true or false, or words. Passes: variables for which any place of the code has the documented default.
    Do: Write the code's default into the table, or change the code.
    Source: The Twelve-Factor App, III.
    """
    told = [d for d in docs if d.role in ("readme", "agent-rules", "doc") and not is_aside(d.path) and not DATED.search(d.path)]
    code = _code_defaults(environment)
    if not told or not code:
        raise NotApplicable("no document beside variables with a default")
    read = {use.name for use in environment.uses}
    families = Counter(name.partition("_")[0] for name in read if "_" in name)
    own = {prefix for prefix, many in families.items() if many >= FAMILY}
    words: frozenset[str] = frozenset()
    for doc in told:
        text = tree.text(doc.path)
        if "|" not in text:
            continue
        column, found = -1, 0
        for number, line in enumerate(tree.lines(doc.path), 1):
            cells = [c.strip() for c in line.strip().strip("|").split("|")] if line.strip().startswith("|") else []
            if not cells:
                column = -1
                continue
            heads = [n for n, c in enumerate(cells) if re.fullmatch(r"\*{0,2}default(?: value)?\*{0,2}", c, re.IGNORECASE)]
            if heads:
                column = heads[0]
                continue
            name = _VARIABLE.fullmatch(cells[0])
            if name is None or found >= 5 or column < 1:
                continue
            spelled = name["name"].partition("_")[2].lower()
            ours = name["name"] not in read and name["name"].partition("_")[0] in own
            words = words or _words(tree) if ours else words
            if ours and words.isdisjoint((spelled, spelled.replace("_", ""), spelled.replace("_", "-"), name["name"].lower())):
                found += 1
                yield Finding(
                    f"{name['name']} is documented, but nothing reads it",
                    tree.evidence(doc.path, number),
                    impact="Who sets it changes nothing.",
                    confidence="possible",
                )
            if column >= len(cells) or name["name"] not in code:
                continue
            said = cells[column].strip("` \"'")
            verdicts = [(value, _same(said, value)) for value in code[name["name"]]]
            if verdicts and all(same is False for _, same in verdicts):
                found += 1
                value = verdicts[0][0]
                yield Finding(
                    f"the default of {name['name']} is {value}, not {said}",
                    tree.evidence(doc.path, number),
                    (tree.evidence(*code[name["name"]][value]),),
                    "Who goes by the table expects another behaviour.",
                    "possible",
                )


@rule("DOC-HOOK", gate="follow", category="docs-contradiction")
def hooks_in_a_shape_that_nobody_reads(tree: Tree, docs: Docs) -> Iterator[Finding]:
    """A document shows settings whose hooks have another shape than Claude Code reads.

    Why: an event holds groups, `{"matcher": …, "hooks": [{"type": "command", "command": …}]}`. With the command right in the group, as some
    documents show it, the settings are refused or the hook never runs, and who copied them learns nothing of it.
    Do: Put the command into a list `hooks` of the group, with `"type": "command"`, and name tools in `matcher`.
    Source: code.claude.com/docs, Hooks reference, configuration.
    """
    looked = False
    for doc in docs:
        if is_aside(doc.path) or doc.role == "changelog" or "hooks" not in tree.text(doc.path):
            continue
        for block in doc.blocks:
            if block.language not in ("json", "jsonc", "json5") or '"hooks"' not in block.text or '"command"' not in block.text:
                continue
            looked = True
            try:
                data = json.loads(strip_json_comments(block.text))
            except (ValueError, RecursionError):
                continue
            events = data.get("hooks") if isinstance(data, dict) else None
            wrong = [
                event
                for event, groups in (events.items() if isinstance(events, dict) else ())
                if event in EVENTS
                and isinstance(groups, list)
                and any(isinstance(g, dict) and "command" in g and "hooks" not in g for g in groups)
            ]
            if wrong:
                row = next((n for n, line in enumerate(block.text.split("\n")) if '"command"' in line), 0)
                yield Finding(
                    f"the hook of {wrong[0]} has its command where Claude Code reads a list `hooks`",
                    tree.evidence(doc.path, block.line + row),
                    impact="Who copies it gets a hook that never runs.",
                    confidence="possible",
                )
                break
    if not looked:
        raise NotApplicable("no document shows hooks")
