"""Documents against each other and against the code: places of state, and addresses that are none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from session_ops.analysis.headless import folded
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Doc, Docs
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.scripts import Scripts
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHELLS = frozenset(("bash", "sh", "shell", "zsh", "console", "terminal", ""))
MAKES = regex(r"^\s*(?:[$>]\s+)?(?P<command>mkdir|touch)\s+(?P<words>[^|;&#>]+)")
PATH = regex(r"(?<![\w/.$~{}<>*@%:-])(?:\./)?(?P<path>(?:\.?[A-Za-z0-9_][\w.-]*/)+[\w.-]*)")
ENOUGH = 2
"""Definitions that have to agree before their place counts as the right one."""


def _words(text: str) -> list[str]:
    return [w.strip("\"'") for w in text.split() if not w.startswith("-")]


def _made(doc: Doc) -> Iterator[tuple[int, str]]:
    """(line, path) of what a document's shell blocks create, relative to the reader's project. A block that changes folder says nothing."""
    for block in doc.blocks:
        if block.language not in SHELLS or re.search(r"(?m)^\s*(?:[$>]\s+)?cd\s", block.text):
            continue
        for number, line in enumerate(block.text.split("\n")):
            match = MAKES.match(line)
            for word in _words(match["words"]) if match else []:
                if re.fullmatch(r"(?:\./)?\.?[A-Za-z0-9_][\w./-]*", word):
                    yield block.line + number, normal(word)


def _move(finding: Finding, tree: Tree) -> Fix | None:
    """Name the place that the definitions use, on every line that was found."""
    old, new = finding.data.get("old", ""), finding.data.get("new", "")
    besides = [place for place in finding.also if place.path == finding.at.path]
    whole = re.compile(rf"(?<![\w./-]){re.escape(old)}(?![\w.-])")
    if not all(whole.search(place.quote) for place in (finding.at, *besides)):
        return None
    why = f"It is where {finding.data.get('who', 'the definitions')} look for it."
    return rewritten(finding, tree, f"Create {new} in place of {old}", "review", why, besides)


@rule("DOC-PATH", gate="start", category="docs-contradiction", fix=_move)
def state_in_another_place(tree: Tree, docs: Docs, scripts: Scripts) -> Iterator[Finding]:
    """A document creates a state folder or file in one place, and the commands or agents that use it look in another.

    Why: whoever follows the document makes a folder that nobody reads; the command finds no current session, or the state is
    split between two places and what the document ignores in git is not what is written. Only a relative path that a shell block makes
    is compared, with definitions that agree among each other; a block that changes folder, and a path that one of the definitions or
    scripts names as the document does, pass.
    Do: Write the path that the commands and agents use into the document, or change all of them to the documented one, and let
    .gitignore name that same path.
    Source: POSIX, pathname resolution: a relative path counts from the working directory, so two spellings are two folders.
    """
    agents = [d for d in docs if d.role == "agent" and not is_aside(d.path)]
    if len(agents) < ENOUGH:
        raise NotApplicable("no definitions of commands or agents")
    used: dict[str, dict[str, int]] = defaultdict(dict)
    for doc in agents:
        for number, line in enumerate(tree.lines(doc.path), start=1):
            if "/" in line and len(line) < 2000:
                for match in PATH.finditer(line):
                    used[normal(match["path"])].setdefault(doc.path, number)
    for doc in docs:
        if doc.role not in ("readme", "agent-rules", "doc") or is_aside(doc.path):
            continue
        yield from _elsewhere(tree, doc, used, scripts)


def _elsewhere(tree: Tree, doc: Doc, used: dict[str, dict[str, int]], scripts: Scripts) -> Iterator[Finding]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line, path in _made(doc):
        top = path.partition("/")[0]
        bare = any(p in (path, top) or p.startswith(top + "/") for p in used)
        if bare or top.startswith(".claude"):
            continue
        holders: dict[str, set[str]] = defaultdict(set)
        for place, where in used.items():
            at = f"/{place}/".find(f"/{top}/")
            if at > 0:
                holders[place[:at].strip("/")].update(where)
        if len(holders) != 1:
            continue
        ((folder, who),) = holders.items()
        inside = f"{folder}/{top}"
        if len(who) < ENOUGH or any(_names(tree.text(s.path), top, folder) for s in scripts):
            continue
        found[(top, inside)].append(line)
    for (top, inside), lines in found.items():
        who_lines = [
            (p, n) for place, where in sorted(used.items()) if f"{place}/".startswith(inside + "/") for p, n in where.items()
        ]
        first = dict(reversed(who_lines))
        count = len(first)
        also = [tree.evidence(doc.path, n) for n in dict.fromkeys(lines[1:])]
        also += [tree.evidence(p, n) for p, n in sorted(first.items())[:4]]
        yield Finding(
            f"The document creates {top}/ at the top of the project, and {count} commands or agents use {inside}/",
            tree.evidence(doc.path, lines[0]),
            tuple(also),
            f"What is made by these steps is never read; the commands start without it, or keep their state in {inside}/ beside it.",
            data={"old": top, "new": inside, "who": f"{count} commands or agents"},
        )


def _names(text: str, top: str, folder: str) -> bool:
    """Does a script name the folder in another place than the definitions do?"""
    return any(not text[: m.start()].endswith(folder + "/") for m in re.finditer(rf"(?<![\w-]){re.escape(top)}/", text))


PLACEHOLDER = (
    r"(?:(?:your|my|the)[-_]?(?:user(?:name)?|org(?:ani[sz]ation)?|name|account|github[\w-]*|repo|company|team|handle)|user(?:name)?|org|owner|OWNER"
    r"|USER(?:NAME)?|ORG|YOUR[\w-]*|<[^>\s]+>|\[[^\]\s]+\]|example|xxx+)"
)
FROM_NOBODY = regex(
    r"(?:\bgit\s+clone\s+(?:-\S+\s+)*|\b(?:curl|wget)\s+(?:-\S+\s+)*|/plugin\s+marketplace\s+add\s+"
    r"|\bpip3?\s+install\s+(?:-\S+\s+)*(?:git\+)?|\bgh\s+repo\s+clone\s+)[\"']?"
    r"(?P<whole>(?:(?:https?://|git@|ssh://git@)(?:github\.com|gitlab\.com|raw\.githubusercontent\.com)[/:])?"
    rf"(?P<owner>{PLACEHOLDER})/(?P<name>[\w.-]+))"
)


_ADDRESS = regex(r"(?:github|gitlab)\.com[/:](?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?(?![\w-]|\.\w)")


def fetched_from_somebody(finding: Finding, tree: Tree) -> Fix | None:
    """Write the owner whom all other addresses of the project name, or from whom this copy was fetched."""
    lines = tree.lines(finding.at.path)
    numbers = [at.line for at in (finding.at, *finding.also) if at.path == finding.at.path]
    wrong = {number: FROM_NOBODY.search(lines[number - 1]) for number in dict.fromkeys(numbers)}
    names = {match["name"].removesuffix(".git") for match in wrong.values() if match}
    origin = _ADDRESS.search(tree.git.run("config", "--get", "remote.origin.url", may_fail=True).decode("utf-8", "replace"))
    owners = {
        match["owner"]
        for entry in tree.files()
        if entry.status == "read"
        for match in _ADDRESS.finditer(tree.text(entry.path))
        if match["name"] in names and not re.fullmatch(PLACEHOLDER, match["owner"], re.IGNORECASE)
    }
    if origin is not None and origin["name"] in names:
        owners = {origin["owner"]}
    if len(owners) != 1 or len(names) != 1:
        return None
    owner = owners.pop()
    edits = tuple(
        Edit(finding.at.path, match["whole"], match["whole"].replace(f"{match['owner']}/", f"{owner}/"), number)
        for number, match in wrong.items()
        if match and lines[number - 1].count(match["whole"]) == 1
    )
    why = "From there it can be had, as its other addresses and git tell."
    return Fix(f"Fetch it from {owner} in {finding.at.path}", (finding.id,), "review", edits, why=why) if edits else None


@rule("DOC-CLONE", gate="follow", category="docs-contradiction", fix=fetched_from_somebody)
def fetched_from_nobody(tree: Tree, docs: Docs) -> Iterator[Finding]:
    """The documents tell people to fetch the project from an owner that is a placeholder.

    Why: whoever follows the first step gets "Repository not found", and does not learn from where. It stays from a template, or from the
    time before the project was published.
    Passes: forks (people put their own name there), placeholders that the text explains, other projects, plans and change logs.
    Do: Write the address from which the project can be had.
    Source: git-clone(1); GitHub, "Cloning a repository".
    """
    texts = [doc for doc in docs if doc.role in ("readme", "doc") and not is_aside(doc.path)]
    if not texts:
        raise NotApplicable("no document for people")
    found = []
    for doc in texts:
        if re.search(r"(?:^|/)(?:plans?|specs?|archive|history|reports?|contributing)(?:[/.]|$)", doc.path, re.IGNORECASE):
            continue
        lines = tree.lines(doc.path)
        wrong = []
        for number, line in enumerate(lines, 1):
            match = FROM_NOBODY.search(line) if len(line) < 2000 else None
            around = " ".join(lines[max(0, number - 8) : number + 2])
            if match and not re.search(
                r"\bfork|\breplace\b|\bsubstitute\b|your own (?:repo|project)|ersetze", around, re.IGNORECASE
            ):
                wrong.append((number, match))
        if wrong:
            number, match = wrong[0]
            one = Finding(
                f"`{match['whole']}` is a placeholder, not an address",
                tree.evidence(doc.path, number),
                tuple(tree.evidence(doc.path, n) for n, _ in wrong[1:6]),
                "Who follows it gets: repository not found.",
            )
            found.append(one)
    yield from folded(found, 1, 3)
