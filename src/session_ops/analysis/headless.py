"""Scripts that are started where nobody sits, and wait for somebody all the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.callers import Callers
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.prompts import Effect, Prompt, Prompts, TerminalUse, TerminalUses
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SLUG = regex(r"github(?:usercontent)?\.com/([\w.-]+/[\w-]+)")
PIPED = regex(
    r"(?:curl|wget)\b[^|\n]*?/([\w.+-]+)[\"'`]?[^|/\n]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:env\s+\S+\s+)?(?:ba|z|da)?sh\b(?!\s+-c)"
)
DOCUMENTS = ("markdown", "rst", "text", "html")
EACH = 3
"""Places of a file that stand by themselves; the rest are told with the first of them."""
MOST = 12
"""Findings of one rule; past that, one for each file."""


def answer_without_terminal(finding: Finding, tree: Tree, docs: Docs) -> Fix | None:
    """Keep the question for people; without a terminal take the answer from an environment variable, or the default that it names."""
    path, line = finding.at.path, finding.at.line
    statement, variable, how = finding.data.get("statement", ""), finding.data.get("variable", ""), finding.data.get("how", "")
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    if (
        not statement
        or not variable
        or finding.also
        or "\n" in statement
        or text.count(statement) != 1
        or not re.fullmatch(r"\w+", variable)
    ):
        return None
    stem = re.sub(r"\W+", "_", path.rsplit("/", 1)[-1].rsplit(".", 1)[0]).strip("_").upper() or "SCRIPT"
    name = f"{stem}_{variable.upper()}"
    default = _promised(path, line, variable, tree, docs) or _default(finding.data.get("text", ""))
    if how == "read":
        if "/dev/tty" in text or re.match(r"\s*(?:while|until|if|elif)\b", text) or re.search(r"-\w*a\b", statement):
            return None
        must = f'; [ -n "${variable}" ] || {{ echo "{name} is not set, and there is no terminal to ask" >&2; exit 1; }}'
        new = f'if [ -t 0 ]; then {statement}; else {variable}="${{{name}:-{default}}}"{"" if default else must}; fi'
    elif how == "input":
        head = "\n".join(tree.lines(path)[: line - 1])
        if not (
            re.search(r"^import (?:\w+, )*sys\b", head, re.MULTILINE)
            and re.search(r"^import (?:\w+, )*os\b", head, re.MULTILINE)
        ):
            return None
        if not re.match(rf"\s*{variable}\s*=\s*{re.escape(statement)}\s*(?:#.*)?$", text):
            return None
        given = f'os.environ.get("{name}", "{default}")' if default else f'os.environ["{name}"]'
        new = f"{statement} if sys.stdin.isatty() else {given}"
    else:
        return None
    without = f"{name} answers" + (f", or `{default}`" if default else ", and where it is not set the script says so and ends")
    return Fix(
        title=f"Ask only at a terminal; without one {name} answers",
        findings=(finding.id,),
        safety="review",
        edits=(Edit(path, statement, new, line),),
        why=f"People are asked as before. Without a terminal {without}.",
    )


RELEASED = regex(
    r"\block(?:s|ed)?\b[^.]*\b(?:is|are|get|gets)\s+(?:\w+ly\s+)?(?:released|freed|removed|dropped)\b", re.IGNORECASE
)


def _promised(path: str, line: int, variable: str, tree: Tree, docs: Docs) -> str:
    """The answer with which the script goes on, where it asks about locks and a document promises that the end releases them."""
    following = tree.lines(path)[line] if line < len(tree.lines(path)) else ""
    wanted = re.search(rf"\[ \"\${variable}\" =+ \"?(\w+)\"? \] \|\| (?:exit|return)\b", following)
    asks = "lock" in tree.text(path) and wanted is not None
    told = asks and any(RELEASED.search(text) for doc in docs if doc.role != "changelog" for text in tree.lines(doc.path))
    return wanted[1] if wanted is not None and told else ""


def _default(question: str) -> str:
    """The answer that a question names as its default: the capital of [y/N], the word in `[main]`."""
    choice = re.search(r"[\[(]([yYnN])/([yYnN])[\])]", question)
    if choice:
        capital = [c for c in choice.groups() if c.isupper()]
        return capital[0].lower() if len(capital) == 1 else ""
    word = re.search(r"\[(?:default:?\s*)?([\w.@-]+)\]", question)
    return word[1] if word and not re.fullmatch(r"yn|YN|enter|ENTER|Enter", word[1]) else ""


def only_at_terminal(finding: Finding, tree: Tree) -> Fix | None:
    """Clear the screen only where there is one."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    if finding.also or text.strip() != "clear":
        return None
    return Fix(
        title="Clear the screen only at a terminal",
        findings=(finding.id,),
        safety="safe",
        edits=(Edit(path, "clear", "if [ -t 1 ]; then clear; fi", line),),
        why="Nothing else changes: without a terminal there is no screen to clear.",
    )


@rule("HEADLESS-PROMPT", gate="start", category="interactive", fix=answer_without_terminal)
def prompt_without_terminal(
    prompts: Prompts, callers: Callers, tree: Tree, manifests: Manifests, deployment: Deployment
) -> Iterator[Finding]:
    """A script that is started without a terminal asks a question.

    Why: at end of file `read` returns 1, so `set -e` ends the script, an endless loop asks for ever, and without either the empty
    answer decides; `input()` raises EOFError; a question library throws. In `curl … | sh` the script itself is stdin, and `read`
    swallows its next line. A question passes that is asked only at a terminal ([ -t 0 ], isatty), that a flag or variable
    answers (--yes, CI), that has a time limit (read -t), whose end of file is handled, or whose branch the caller never takes. In
    a module that what runs there only imports it is `possible`.
    Do: Take the answer from an option or a variable, ask only at a terminal (`[ -t 0 ]`, isatty()), and end with a message
    where none of them gives one; call sudo as `sudo -n`.
    Source: POSIX.1-2024, Shell & Utilities, read; Python's documentation of input().
    """
    if not prompts:
        raise NotApplicable("no script asks a question")
    piped = _piped_installers(tree, manifests)
    composed = _by_compose(deployment, tree)
    found = []
    for prompt in prompts:
        who = "" if prompt.guarded else started_by(prompt, callers, tree) or composed.get(prompt.script, "")
        by_pipe = ""
        if not who and not prompt.guarded and not prompt.from_terminal and prompt.how in ("read", "select"):
            who = by_pipe = piped.get(prompt.script, "")
        if prompt.how == "sudo" and re.match(r"(?:CI|container)\b", who):
            continue  # runners let it pass without a password, containers run as root
        if who:
            asked = _asked(prompt, who, bool(by_pipe))
            found.append(replace(asked, confidence="possible") if callers.only_imported(prompt.script) else asked)
    yield from folded(found)


@rule("HEADLESS-TTY", gate="start", category="interactive", fix=only_at_terminal)
def terminal_command_without_terminal(terminal_uses: TerminalUses, callers: Callers, tree: Tree) -> Iterator[Finding]:
    """A script that is started without a terminal runs a command that needs one.

    Why: editors, menus and `tmux attach` end with an error or wait for ever; `clear` and `tput` end with an error where TERM is
    not set (cron, systemd, most CI), which matters where `set -e` is on. Passes: a command behind [ -t 1 ] or a like test, with an
    alternative (`|| true`), or in a branch that the caller never takes.
    Do: Run it only at a terminal (`if [ -t 0 ] && [ -t 1 ]; then …; fi`); without one leave it out, or do the work another way
    (`tmux new-session -d` in place of attaching).
    Source: the commands' manual pages; tput(1) and clear(1) on TERM.
    """
    if not terminal_uses:
        raise NotApplicable("no script uses a command that needs a terminal")
    found = []
    for use in terminal_uses:
        who = "" if use.guarded else started_by(use, callers, tree)
        if not who:
            continue
        dies = use.effect == "dies"
        confidence: Confidence = "likely"
        if use.needs == "TERM" and (not dies or re.search(r"hook|agent", who, re.IGNORECASE)):
            confidence = "possible"  # agents hand their TERM on to their hooks; without set -e the script goes on
        elif use.command.startswith("stty") and not dies:
            confidence = "possible"
        ends = "and set -e ends the script there" if dies else "and the script goes on without it"
        yields = Finding(
            f"`{use.command}` needs a terminal, but {who} starts the script without one",
            at=use.evidence,
            impact=f"Without a terminal it {use.why}, {ends}.",
            confidence=confidence,
            data={"command": use.command},
        )
        found.append(yields)
    yield from folded(found)


def started_by(place: Prompt | TerminalUse, callers: Callers, tree: Tree) -> str:
    """Who starts the script headless in a way that reaches the place; empty if nobody does."""
    who = callers.headless(place.script)
    if not who or not place.branch or "*" in place.branch:
        return who
    texts = [
        line
        for call in callers.of(place.script)
        if call.headless or callers.headless(call.source)
        for line in tree.lines(call.source)[call.line - 1 : call.line]
    ]
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    passes_on = any(re.search(r"\$@|\$\*|\$\{?1\b", text) for text in texts)
    return who if passes_on or place.branch & words else ""


def _by_compose(deployment: Deployment, tree: Tree) -> dict[str, str]:
    """Scripts that a compose service starts by its `command` or `entrypoint`, without a terminal, to where it says so."""
    found: dict[str, str] = {}
    for service in deployment.services:
        if "true" in (service.values.get("stdin_open", "").lower(), service.values.get("tty", "").lower()):
            continue
        for key, value in service.values.items():
            if not re.fullmatch(r"(?:entrypoint|command)(?:\.\d+)?", key):
                continue
            place = f"container {service.path}:{service.places.get(key, service.line)}"
            for word in value.split():
                parts = word.strip("\"'[],").removeprefix("./").strip("/").split("/")
                path = next((p for cut in range(min(3, len(parts))) if (p := "/".join(parts[cut:])) in tree.entries), "")
                if path:
                    found.setdefault(path, place)
    return found


def _piped_installers(tree: Tree, manifests: Manifests) -> dict[str, str]:
    """Scripts of the target that a document offers as `curl … | sh`, to where it does; installers of others are left out."""
    offered: dict[str, tuple[str, str]] = {}
    for entry in tree.files(*DOCUMENTS):
        text = tree.text(entry.path)
        if (entry.path.count("/") and not is_document(entry.path)) or is_aside(entry.path):
            continue
        if "|" not in text or not ("curl" in text or "wget" in text):
            continue
        for number, line in enumerate(tree.lines(entry.path), 1):
            for match in PIPED.finditer(line[:2000]):
                offered.setdefault(match[1], (match[0].lower(), f"{entry.path}:{number} (curl … | sh)"))
    found = {}
    own = _own_names(tree, manifests) if offered else frozenset()
    for name, (command, who) in offered.items():
        same = sorted((p for p in tree.entries if p.rsplit("/", 1)[-1] == name), key=lambda p: (p.count("/"), p))
        if same and any(one in command for one in own):
            found[same[0]] = who
    return found


def _own_names(tree: Tree, manifests: Manifests) -> frozenset[str]:
    """What an address of the target's own files has in it: the names of its folder and packages, its title, its repository."""
    names = {m.name for m in manifests} | {tree.root.name}
    readme = next((e.path for e in tree.files("markdown") if e.path.lower() == "readme.md"), "")
    title = next((t.lstrip("# ").strip() for t in tree.lines(readme) if t.startswith("# ")), "")
    names |= {title, title.replace(" ", "-")}
    slugs = Counter(SLUG.findall(tree.text(readme)))
    names |= {slug for slug, _ in slugs.most_common(1)}
    return frozenset(name.lower() for name in names if len(name) > 2)


def _asked(prompt: Prompt, who: str, piped: bool) -> Finding:
    confidence: Confidence = "likely"
    if prompt.how == "sudo" or prompt.effect == "goes on":
        confidence = "possible"
    asks = f"`{prompt.how}` waits for a person" if prompt.how != "sudo" else "`sudo` may ask for a password"
    if prompt.text and prompt.how != "sudo":
        asks += f" ({_short(prompt.text)})"
    return Finding(
        f"{asks}, but {who} starts the script where nobody answers",
        at=prompt.evidence,
        impact="stdin is the script itself: the question swallows its next line." if piped else IMPACT[prompt.effect],
        confidence=confidence,
        data={
            "how": prompt.how,
            "statement": prompt.source,
            "variable": prompt.variable,
            "text": prompt.text,
            "line": str(prompt.line),
        },
    )


IMPACT: dict[Effect, str] = {
    "dies": "At end of file the question fails and the script ends there; where stdin stays open it waits for ever.",
    "loops": "At end of file the question fails and the loop asks again, for ever.",
    "empty": "At end of file the empty answer decides; where stdin stays open the script waits for ever.",
    "goes on": "At end of file the script goes on; where stdin stays open it waits for ever.",
}


def _short(text: str, most: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def folded(found: list[Finding], each: int = EACH, most: int = MOST) -> Iterator[Finding]:
    """At most `each` findings for a file and `most` in all; further places are told with the last one before them."""
    by_file: dict[str, list[Finding]] = {}
    for finding in found:
        by_file.setdefault(finding.at.path, []).append(finding)
    if sum(min(len(group), each) for group in by_file.values()) > most:
        each = 1
    kept = [one for group in by_file.values() for one in _joined(group, each)]
    yield from _joined(kept, most)


def _joined(group: list[Finding], most: int) -> list[Finding]:
    """The first `most` findings; the last of them names the places of the rest."""
    group = sorted(group, key=lambda f: SURENESS[f.confidence]) if len(group) > most else group
    rest = group[most:]
    if not rest:
        return group
    last = group[most - 1]
    places = tuple(place for f in rest for place in (f.at, *f.also))
    message = f"{TOLD.sub('', last.message)} (and {len(last.also) + len(places)} more places)"
    return [*group[: most - 1], replace(last, message=message, also=(*last.also, *places[:50]))]


TOLD = regex(r" \(and \d+ more places\)$")


SURENESS: dict[Confidence, int] = {"proven": 0, "likely": 1, "possible": 2}
