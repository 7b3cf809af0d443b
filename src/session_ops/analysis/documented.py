"""Commands, flags, versions, ports and names that documents give, and that the target does not know."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache

from session_ops.analysis.closing_ways import say_the_interval
from session_ops.analysis.liveness import LIMIT, NOT_BEATS, NUMBER, _seconds
from session_ops.discovery.aside import is_aside, not_deployed
from session_ops.discovery.commands import Commands
from session_ops.discovery.docs import Directives, Doc, Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHELLS = frozenset(("bash", "sh", "shell", "zsh", "console", "terminal", "shell-session", ""))
DATED = regex(
    r"(?:^|/)(?:plans?|proposals?|archived?|adr|rfcs?|roadmap|migrations?|research|specs?|history|upgrades?|reports?|notes|retros?|tickets?|issues?|blog|drafts?|superpowers)(?:/|[._-])"
    r"|\d{4}-\d{2}|(?:plan|proposal|roadmap|todo|migration|report|summary|spec|design|prd|progress|status|audit|analysis|review)\w*\.md$",
    re.IGNORECASE,
)
"""Documents of a day: they tell what was meant or done then."""
MOST = 5


def _current(docs: Docs) -> list[Doc]:
    """Documents that say how the target is used today: no changelogs, plans, archives, and no definitions for other projects."""
    return [
        d
        for d in docs
        if d.role in ("readme", "agent-rules", "doc")
        and not is_aside(d.path)
        and not not_deployed(d.path.replace("docs/", ""))
        and not DATED.search(d.path)
    ]


def _lines(doc: Doc) -> Iterator[tuple[int, str, str]]:
    """(line, command, the whole block) of shell blocks, and of code spans that hold a command."""
    for block in doc.blocks:
        if block.language in SHELLS:
            for number, line in enumerate(block.text.split("\n"), start=block.line):
                command = re.sub(r"^\s*(?:[$>%]\s+)?", "", line).split(" #")[0].strip()
                if command and len(command) < 500:
                    yield number, command, block.text
    for span in doc.spans:
        if span.kind == "code" and " " in span.text and len(span.text) < 200:
            yield span.line, span.text, ""


def _grouped(found: dict[str, list[tuple[str, int]]], tree: Tree, say: Callable[[str], tuple[str, str]]) -> Iterator[Finding]:
    for what, places in sorted(found.items(), key=lambda item: item[1])[:MOST]:
        message, impact = say(what)
        distinct = list(dict.fromkeys(places))
        yield Finding(message, tree.evidence(*distinct[0]), tuple(tree.evidence(*p) for p in distinct[1:8]), impact)


# --- commands -------------------------------------------------------------------------------------------------------------------

RUN = regex(r"^(?:npm|pnpm|yarn|bun)\s+run\s+(?:-s\s+|--silent\s+)?(?P<name>[A-Za-z][\w:.-]*)(?=\s|$)")
MAKE = regex(r"^make\s+(?P<name>[a-z][\w.-]*)(?=\s|$)")
TARGET = regex(r"(?m)^(?P<names>[A-Za-z0-9_.][\w./ -]*?)\s*::?(?!=)")
HERE = regex(r"^(?:sudo\s+)?npm\s+(?:install\s+-g\s+\.|i\s+-g\s+\.|link|ci|install|i)$")
HERE_PIP = regex(r"^(?:python3?\s+-m\s+)?(?:uv\s+)?pipx?\s+install\s+(?:-e\s+)?[\"']?\.(?:\[[\w,-]+\])?[\"']?$")
HOW_TO = regex(
    r"install|setup|set-up|deploy|develop|contribut|build|test|quick|getting|usage|docker|operat|runbook", re.IGNORECASE
)
MAKEFILES = ("Makefile", "makefile", "GNUmakefile")


@rule("DOC-COMMAND", gate="follow", category="docs-contradiction")
def command_that_is_not_there(tree: Tree, docs: Docs, manifests: Manifests) -> Iterator[Finding]:
    """A document tells people to run an npm script or a make target that does not exist, or to install from a manifest that is gone.

    Why: the step fails, often the first one. Scripts of every package.json and targets of every Makefile of the target count; plans,
    archives, changelogs and definitions of agents (which work on other projects) are not looked at, nor blocks that change folder.
    Do: Name a script or target that exists (`npm run` and the Makefile list them), add the missing one, or take the step out of
    the document.
    Source: npm-run-script(1); POSIX make; npm-install(1).
    """
    current = _current(docs)
    if not current:
        raise NotApplicable("no documents")
    npm = [m for m in manifests if m.ecosystem == "npm"]
    scripts = {e.name for m in npm for e in m.entry_points if e.kind == "task"}
    has_npm = any(p.rpartition("/")[2] in ("package.json", "deno.json", "bower.json") for p in tree.entries)
    has_pip = any(p.rpartition("/")[2] in ("pyproject.toml", "setup.py", "setup.cfg") for p in tree.entries)
    makes = [p for p in tree.entries if p.rpartition("/")[2] in MAKEFILES or p.endswith(".mk")]
    text = "\n".join(tree.text(p) for p in makes)
    targets = {name for m in TARGET.finditer(text) for name in m["names"].split()}
    known = (
        bool(targets) and not re.search(r"(?m)^-?include\s|^%|\$\((?:foreach|eval)", text) and any("/" not in p for p in makes)
    )
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    missing: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for doc in current:
        if doc.role == "doc" and "/" in doc.path and not HOW_TO.search(doc.path.rpartition("/")[2]):
            continue
        for line, command, block in _lines(doc):
            if not block and re.search(r"`\s+or\s+`|for example|e\.g\.", tree.lines(doc.path)[line - 1]):
                continue  # whichever the project has
            match = RUN.match(command)
            if match and scripts and match["name"] not in scripts and "package.json" in tree.entries and not _moves(block):
                missing[(doc.path, "npm script")].setdefault(match["name"], line)
            match = MAKE.match(command)
            if match and known and match["name"] not in targets and not _moves(block):
                missing[(doc.path, "make target")].setdefault(match["name"], line)
            first = doc.role == "readme" and "/" not in doc.path and block
            if first and HERE.match(command) and not has_npm and not re.search(r"(?m)^\s*cd\s+(?!\.|[\w-]+\s*$)", block):
                found["package.json"].append((doc.path, line))
            if first and HERE_PIP.match(command) and not has_pip and not re.search(r"(?m)^\s*cd\s+(?!\.|[\w-]+\s*$)", block):
                found["pyproject.toml"].append((doc.path, line))

    for (path, kind), lines in sorted(missing.items())[: 2 * MOST]:
        name, at = next(iter(lines.items()))
        yield Finding(
            f"There is no {kind} {_listed(lines)}",
            tree.evidence(path, at),
            tuple(tree.evidence(path, n) for n in dict.fromkeys(lines.values()) if n != at)[:8],
            f"`{'make' if kind == 'make target' else 'npm run'} {name}` ends with an error; whoever follows the document stops here.",
        )
    yield from _grouped(
        found,
        tree,
        lambda what: (
            f"It is to be installed from the checkout, but there is no {what}",
            "The installation ends with an error at this step.",
        ),
    )


def _moves(block: str) -> bool:
    """Does a block work in another folder or project?"""
    return bool(re.search(r"(?m)^\s*(?:[$>]\s+)?cd\s|git clone|mkdir|\bnpm init|npm create|npx create", block))


def _listed(names: dict[str, int]) -> str:
    shown = list(names)[:5]
    return ", ".join(shown) + (" …" if len(names) > len(shown) else "")


# --- flags ----------------------------------------------------------------------------------------------------------------------

CODE = ("shell", "zsh", "python", "javascript", "typescript", "tsx", "go", "rust", "ruby", "perl")
FLAG = regex(r"(?<!\S)--(?P<name>[a-z][a-z0-9]+(?:-[a-z0-9]+)*)(?=[\s=]|$)")
COMMON = frozenset(("help", "version"))
PASSES_ON = regex(
    r"\"\$@\"|\$@|\$\*|\$\{@|parse_known_args|ignore_unknown_options|allow_extra_args|REMAINDER|allowUnknownOption|passThrough|trailing_var_arg|DisableFlagParsing|process\.argv\.slice\("
)


@rule("DOC-FLAG", gate="follow", category="docs-contradiction")
def flag_that_nothing_knows(tree: Tree, docs: Docs, manifests: Manifests) -> Iterator[Finding]:
    """A document gives a script of the target a flag that no code of the target knows.

    Why: the command ends with "unknown option", or the flag is silently ignored, which is worse for `--dry-run`. A flag counts as known
    when it stands anywhere in the code, also as a variable (`dry_run`, `dryRun`); scripts that hand their arguments on pass.
    Do: Write the option that the script knows, teach the script this one, or take it out of the document; an option that the
    script does not know has to end with an error.
    Source: POSIX, Utility Conventions; Python, argparse: unrecognized arguments.
    """
    current = _current(docs)
    names = {
        e.name: e.value
        for m in manifests
        for e in m.entry_points
        if e.kind in ("script", "bin") and not is_aside(m.path) and e.name
    }
    asked: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for doc in current:
        for line, command, _ in _lines(doc):
            if "--" not in command:
                continue
            words = re.split(r"\s+(?:[|;]|&&|--)\s+|\s*[|;]\s*|\s+--$", command)[0].split()
            while words and (
                words[0] in ("bash", "sh", "python", "python3", "node", "sudo", "uv", "run", "npx", "exec") or "=" in words[0]
            ):
                words = words[1:]
            if not words:
                continue
            own = (
                words[0].removeprefix("./")
                if words[0].removeprefix("./") in tree.entries
                else words[0]
                if words[0] in names
                else ""
            )
            for match in FLAG.finditer(" ".join(words[1:])) if own else ():
                if match["name"] not in COMMON:
                    asked[(own, match["name"])].append((doc.path, line))
    if not asked:
        raise NotApplicable("no document gives flags to a script of the target")
    code = {e.path: tree.text(e.path) for e in tree.files(*CODE)}
    whole = "\n".join(text for path, text in code.items() if not not_deployed(path))
    hands_on = cache(PASSES_ON.search)
    unknown: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for (own, flag), places in asked.items():
        text = code.get(own, "")
        if own in tree.entries and not text:
            continue
        if hands_on(text if own in tree.entries else whole):
            continue
        if re.search(rf"--{re.escape(flag)}(?![\w-])", text):
            continue  # a script of the tests may be what the document is about
        bare = flag.removeprefix("no-")
        spelt = {
            flag,
            bare,
            bare.replace("-", "_"),
            re.sub(r"-(\w)", lambda m: m[1].upper(), bare),
            bare.replace("-", "").lower(),
        }
        if any(s in whole for s in spelt) or re.search(r"--[\"']?\s*\+|f\"--\{", whole):
            continue
        for path, line in places:
            unknown[(path, own)].setdefault(f"--{flag}", line)
    for (path, own), lines in sorted(unknown.items())[: 2 * MOST]:
        first = min(lines.values())
        yield Finding(
            f"{own} knows no {_listed(lines)}",
            tree.evidence(path, first),
            tuple(tree.evidence(path, n) for n in sorted(set(lines.values()) - {first}))[:8],
            "The command ends with an error, or goes on as if the flag had not been given.",
        )


# --- versions -------------------------------------------------------------------------------------------------------------------

LATER = r"(?:\s*\+|%2B|\s*(?:or|and)\s+(?:higher|later|newer|above|greater|up))"
PYTHON = regex(rf"\bPython[\s_-]*(?:version\s*)?(?:(?P<sign>>=|≥)\s*)?v?(?P<version>3\.\d+)(?(sign)|{LATER})", re.IGNORECASE)
NODE = regex(
    rf"\bNode(?:\.?js)?[\s_-]*(?:version\s*)?(?:(?P<sign>>=|≥)\s*)?v?(?P<version>\d+(?:\.\d+)*)(?:\.x)?(?(sign)|{LATER})",
    re.IGNORECASE,
)
VERSIONS = {"Python": PYTHON, "Node": NODE}
LEAST = regex(r">=\s*v?(?P<version>\d+(?:\.\d+)*)")


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def _older(said: str, least: str) -> bool:
    return _number(said) < _number(least)[: len(_number(said))]


def _say_version(finding: Finding, tree: Tree) -> Fix | None:
    """Write the version that the manifest demands wherever the document promises an older one."""
    path, what, version = finding.at.path, finding.data.get("what", ""), finding.data.get("version", "")
    if not version:
        return None
    lines = tree.lines(path)
    edits = []
    for number in dict.fromkeys(at.line for at in (finding.at, *finding.also) if at.path == path):
        older = [m for m in VERSIONS[what].finditer(lines[number - 1]) if _older(m["version"], version)]
        if len(older) != 1 or lines[number - 1].count(older[0][0]) != 1:
            return None
        edits.append(Edit(path, older[0][0], older[0][0].replace(older[0]["version"], version), number))
    why = f"{finding.data.get('manifest', 'The manifest')} refuses anything older."
    return Fix(f"Say {what} {version} in {path}", (finding.id,), "review", tuple(edits), why=why)


@rule("DOC-VERSION", gate="follow", category="docs-contradiction", fix=_say_version)
def version_that_is_refused(tree: Tree, docs: Docs, manifests: Manifests) -> Iterator[Finding]:
    """The README promises that an older Python or Node is enough than the manifest allows.

    Why: with the version that the README names pip refuses to install ("requires a different Python"), npm warns or fails.
    Only the README and rules at the top, against the manifest at the top; newer versions than needed pass.
    Do: Write the version that the manifest demands into the document, or lower the demand in the manifest where the older
    version is really enough.
    Source: packaging.python.org, requires-python; docs.npmjs.com, engines.
    """
    least: dict[str, tuple[str, str, int]] = {}
    for one in manifests:
        if one.folder:
            continue
        for name, what in (("requires-python", "Python"), ("engines.node", "Node")):
            field = next((f for f in one.fields if f.name.endswith(name)), None)
            match = LEAST.search(field.value) if field else None
            if field and match and what not in least and "||" not in field.value:
                least[what] = (match["version"], one.path, field.line)
    if not least:
        raise NotApplicable("no manifest at the top demands a version")
    for doc in docs:
        if "/" in doc.path or doc.role not in ("readme", "agent-rules"):
            continue
        for what, pattern in VERSIONS.items():
            if what not in least:
                continue
            version, path, at = least[what]
            hits = [
                (n, m)
                for n, line in enumerate(tree.lines(doc.path), start=1)
                if what.lower() in line.lower() and len(line) < 2000
                for m in pattern.finditer(line)
            ]
            older = [(n, m) for n, m in hits if _older(m["version"], version)]
            if not older:
                continue
            line, match = older[0]
            yield Finding(
                f"{what} {match['version']} is said to be enough, and {path} demands {version}",
                tree.evidence(doc.path, line),
                (tree.evidence(path, at), *(tree.evidence(doc.path, n) for n, _ in older[1:6] if n != line)),
                f"With {what} {match['version']} the installation is refused.",
                data={"what": what, "version": version, "manifest": path},
            )


# --- orders against code --------------------------------------------------------------------------------------------------------

BEAT = regex(
    r"(?:heart-?beat|keep-?alive|\bbeat\b)[^.\n]{0,60}?\bevery\s+(?P<number>\d+)\s*(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|h)\b",
    re.IGNORECASE,
)
BOUND = regex(r"(?:min|max)_|(?:min|max)[A-Z]", re.IGNORECASE)
UNITS = {"s": 1, "m": 60, "h": 3600}


@rule("DOC-BEAT", gate="follow", category="docs-contradiction", fix=say_the_interval)
def heartbeat_too_seldom(tree: Tree, docs: Docs) -> Iterator[Finding]:
    """The documents tell agents to send a heartbeat less often than the code waits before it gives a session up.

    Why: an agent that does as it is told is declared dead between two heartbeats, and its locks go to others. Compared with the smallest
    limit that code or configuration sets by a plain number.
    Do: Write an interval into the document that is at most a third of the limit in the code, or raise the limit to three times
    the documented interval.
    Source: Kubernetes, node leases: the limit is several times the interval.
    """
    told = [
        (doc, number, match)
        for doc in docs
        if doc.role in ("readme", "agent-rules", "agent", "doc") and not is_aside(doc.path) and not DATED.search(doc.path)
        for number, line in enumerate(tree.lines(doc.path), start=1)
        if "every" in line and len(line) < 2000 and (match := BEAT.search(line))
    ]
    if not told:
        raise NotApplicable("no document says how often a heartbeat is sent")
    limits: list[tuple[float, str, int, str]] = []
    for entry in tree.files():
        if entry.language == "markdown" or not_deployed(entry.path) or len(tree.text(entry.path)) > 300_000:
            continue
        low = tree.text(entry.path).lower()
        if not any(word in low for word in ("stale", "dead", "expir", "timeout", "ttl")):
            continue
        for number, line in enumerate(tree.lines(entry.path), start=1):
            match = NUMBER.match(line) if len(line) < 300 else None
            if match and LIMIT.search(match["name"]) and not NOT_BEATS.search(match["name"]) and not BOUND.match(match["name"]):
                value = _seconds(match["name"], match["number"], match["unit"])
                if value:
                    limits.append((value, entry.path, number, match["name"]))
    for doc, number, match in told[:MOST]:
        every = int(match["number"]) * UNITS[match["unit"][0].lower()]
        if not limits or every < min(limits)[0]:
            continue
        limit, path, at, name = min(limits)
        yield Finding(
            f"A heartbeat every {match['number']} {match['unit']} is too seldom: {name} gives a session up after {limit:g} seconds",
            tree.evidence(doc.path, number),
            (tree.evidence(path, at),),
            "A session that keeps to the document is given up while it works.",
        )


FORBIDDEN = frozenset(("git", "npm", "yarn", "pnpm", "pip", "pip3", "rm", "docker", "sudo", "make", "poetry", "npx"))


@rule("DOC-FORBIDS", gate="follow", category="docs-contradiction")
def script_does_what_is_forbidden(tree: Tree, directives: Directives, commands: Commands) -> Iterator[Finding]:
    """The rules for agents forbid a command that a script of the same project runs.

    Why: an agent that is told to run the script breaks the rule, or refuses; one of the two is wrong. Only commands of two words and more in
    code spans of a sentence with "never", "do not" or the like, and only the same words in the same order.
    Do: Decide which one holds: change the script so that it does without the command, or write into the rule that this script
    may run it.
    Source: Claude Code, memory (CLAUDE.md); agents.md.
    """
    never = [d for d in directives if d.kind == "never" and d.subjects and not is_aside(d.path)]
    if not never:
        raise NotApplicable("no rule forbids anything")
    shown = 0
    for directive in never:
        words = tuple(directive.subjects[0].split())
        if len(words) < 2 or words[0] not in FORBIDDEN or any(c in directive.subjects[0] for c in "<$*{|&…"):
            continue
        if re.search(
            r"\b(?:without|unless|except|before|until|directly|manually|if|when|while|outside|only|from)\b",
            directive.text,
            re.IGNORECASE,
        ):
            continue
        runs = [c for c in commands if c.words[: len(words)] == words and not not_deployed(c.path) and not is_aside(c.path)]
        if runs and shown < MOST:
            shown += 1
            yield Finding(
                f"`{directive.subjects[0]}` is forbidden here, and {runs[0].path} runs it",
                tree.evidence(directive.path, directive.line),
                tuple(tree.evidence(c.path, c.line) for c in runs[:6]),
                "An agent cannot keep the rule and run the script.",
            )


# --- names ----------------------------------------------------------------------------------------------------------------------

SLASH = regex(r"(?<![\w/.:])/project:(?P<name>[a-z][\w:-]*)")
SUBAGENT = regex(
    r"\bsubagent_type\s*[=:]\s*[\"'](?P<name>[A-Za-z][\w-]*)[\"']"
    r"|\b(?:[Uu]se|[Ll]aunch|[Ss]pawn|[Ii]nvoke|[Cc]all|[Dd]elegate to|[Hh]and over to)\s+(?:the\s+)?[`@](?P<told>[a-z]+(?:-[a-z]+)+)`?\s+(?:sub-?)?agent\b"
)
BUILT_IN = frozenset(
    (
        "general-purpose",
        "explore",
        "plan",
        "statusline-setup",
        "output-style-setup",
        "claude-code-guide",
        "bash",
        "code-reviewer",
        "fork",
        "worker",
    )
)


@rule("DOC-AGENT", gate="follow", category="docs-contradiction")
def name_without_definition(tree: Tree, docs: Docs) -> Iterator[Finding]:
    """A document or definition calls a slash command or an agent that the target does not define.

    Why: the command is unknown, or the task goes to an agent that does not exist and ends with an error. Compared with the files in
    commands/ and agents/ and with the `name:` of their front matter; agents that Claude Code brings pass.
    Do: Correct the name to a command or agent that is defined, add its definition to `commands/` or `agents/`, or take the call
    out.
    Source: Claude Code, slash commands and subagents.
    """
    stems: dict[str, set[str]] = {"commands": set(), "agents": set()}
    for entry in tree.files("markdown"):
        parts = entry.path.split("/")
        for kind, names in stems.items():
            if kind in parts[:-1] or (kind == "commands" and parts[-1] == "SKILL.md"):
                names.add(parts[-1].removesuffix(".md").lower() if parts[-1] != "SKILL.md" else parts[-2:][0].lower())
                names |= {
                    line[5:].strip().strip("\"'").lower() for line in tree.lines(entry.path)[:12] if line.startswith("name:")
                }
    if not any(stems.values()):
        raise NotApplicable("no definitions of commands or agents")
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for doc in docs:
        if doc.role == "changelog" or is_aside(doc.path) or DATED.search(doc.path):
            continue
        text = tree.text(doc.path)
        if "/project:" not in text and "agent" not in text:
            continue
        for number, line in enumerate(tree.lines(doc.path), start=1):
            if "e.g." in line or "example" in line.lower():
                continue
            for match in SLASH.finditer(line) if stems["commands"] else ():
                if match["name"].split(":")[-1].strip("-").lower() not in stems["commands"]:
                    found[f"command /project:{match['name']}"].append((doc.path, number))
            for match in SUBAGENT.finditer(line) if stems["agents"] else ():
                name = match["name"] or match["told"]
                if name.lower() not in stems["agents"] | BUILT_IN:
                    found[f"agent {name}"].append((doc.path, number))

    def say(what: str) -> tuple[str, str]:
        return f"There is no {what}", "Whoever calls it gets an error, and the step is not done."

    yield from _grouped(found, tree, say)


# --- ports ----------------------------------------------------------------------------------------------------------------------

ADDRESS = regex(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(?P<port>\d{4,5})\b")
DEFAULT = regex(
    r"\b(?:[A-Z_]*PORT|port|Port)[\"'\])}]*\s*(?:\|\||\?\?|,|:-|:=|=|:)\s*(?:int\s*=\s*|Number\(|parseInt\()?[\"']?(?P<port>\d{4,5})\b|--port[\"',\s=]+(?P<port2>\d{4,5})\b|\.listen\((?P<port3>\d{4,5})\b"
)


DEFAULT_PORT = regex(r"\bdefault(?:s to)? port:?\s+(?:is\s+)?`?(?P<port>\d{4,5})\b", re.IGNORECASE)


@rule("DOC-PORT", gate="follow", category="docs-contradiction")
def port_that_nothing_opens(tree: Tree, docs: Docs) -> Iterator[Finding]:
    """The README sends people to a port, or a document names a default port, that stands nowhere in the code, which opens another one.

    Why: the page does not load, and it looks as if the service did not start. Only where the port of the document is in no file of code or
    configuration, and the code has one default port.
    Do: Write the port that the code opens into the document, or let the code open the documented one, from one setting that
    both name.
    Source: RFC 6335; the twelve-factor app, VII (port binding).
    """
    told: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for doc in _current(docs):
        for number, line in enumerate(tree.lines(doc.path), start=1) if "efault" in tree.text(doc.path) else ():
            if match := DEFAULT_PORT.search(line):
                told[match["port"]].append((doc.path, number))
    for doc in docs:
        if told or doc.role not in ("readme", "agent-rules") or is_aside(doc.path) or DATED.search(doc.path) or "/" in doc.path:
            continue
        for number, line in enumerate(tree.lines(doc.path), start=1):
            for match in ADDRESS.finditer(line) if "://" in line and len(line) < 2000 else ():
                told[match["port"]].append((doc.path, number))
    if not told:
        raise NotApplicable("the README names no local address")
    if len(told) > 1:
        return  # several services; which port is whose cannot be told
    texts = [
        tree.text(e.path)
        for e in tree.files()
        if e.language != "markdown" and not e.path.endswith((".lock", "-lock.json", ".svg", ".jsonl"))
    ]
    strange = {
        port: places
        for port, places in told.items()
        if not any(port in t and re.search(rf"(?<!\d){port}(?!\d)", t) for t in texts)
    }
    if not strange:
        return
    opened = {
        m["port"] or m["port2"] or m["port3"]
        for e in tree.files(*CODE)
        if not not_deployed(e.path)
        for m in DEFAULT.finditer(tree.text(e.path))
    }
    if len(opened) == 1:
        (port,) = opened
        yield from _grouped(
            strange,
            tree,
            lambda said: (f"Port {said} is opened by nothing; the code opens {port}", "The address does not answer."),
        )
