"""Starting commands of an installed package: for their help, and as the documents tell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.model import CommandRun, Gate
from session_ops.proof.documented import Told, gate_of, told, unfit
from session_ops.proof.runs import NO_SERVICE, Place
from session_ops.proof.sandbox import Ran
from session_ops.proof.symptoms import absent_command, complaint, crash, telling, wants_terminal
from session_ops.proof.toolchains import toolchains
from session_ops.registry import CannotCheck, Facts

MOST_COMMANDS = 8
"""Commands of a package, and documented commands, that are started."""
DOCUMENTS = ("template", "docs", "compose", "unit", "dockerfile")
"""Kinds of mention that tell an operator to set a variable."""
INTERPRETERS = frozenset(("python", "python3", "node", "ruby", "bash", "sh", "zsh", "perl", "bun", "deno"))
MADE_UP = "session-ops-proof"
MOST_VARIABLES = 12
START_S = 20.0
"""Seconds that one of them is given."""
PAGE_S = 60.0
"""Seconds for a visit to a server's page."""
BUILT = re.compile(r"(?:^|/)(?:dist|build|out|vendors?|generated|_next|packs)/|bundle|[.-][0-9a-f]{8,}\.|\.min\.")
REPOSITORY = re.compile(r"(?i)\bnot (?:in |inside |within )?(?:of )?a (?:valid )?git (?:repository|repo|work(?:ing)? ?tree)\b")
IN_REPOSITORY = "in a git repository: "
MODULE = re.compile(r"No module named ['\"]?(?P<name>\w+)['\"]?\s*$")
_USAGE = re.compile(r"(?im)^\s*(?:usage\b|options?:|commands?:)")


def starts(place: Place, argv: list[str], name: str, env: Mapping[str, str]) -> CommandRun:
    """Start a command for its help, headless, from another folder. One that knows neither --help nor --version has to say how it is used."""
    shown, ran = "", Ran(None, "", "")
    for flag in ("--help", "--version", "-h"):
        # by a shell, as people do it: it runs a script without a first line too
        ran, given = _run(place, ["/bin/sh", "-c", '"$0" "$@"', *argv, flag], place.box.home, env)
        shown = f"{given}{name} {flag}"
        if not ran.code or ran.ended or ran.gone:
            break
        if _USAGE.search(ran.out + "\n" + ran.err) and not crash(ran.err):
            return place.judged(Gate.START, shown, ran, expect=(0, ran.code))
        if _breaks(ran):
            break
    run = place.judged(Gate.START, shown, ran, serves=True)
    if run.wrong and not (run.ended or ran.gone or _breaks(ran)):
        return place.refused(
            Gate.START,
            shown,
            f"it ended with {ran.code} and said neither help nor version: {place.plain(telling(ran.err, ran.out))[:200]}",
        )
    return run


def imports(
    place: Place, argv: Sequence[str], shown: str, at: PurePosixPath, env: Mapping[str, str], seconds: float
) -> CommandRun:
    """Load a module that was installed. One that comes as far as calling a service has found what it needs to load."""
    ran = place.box.run(argv, cwd=at, env=env, timeout_s=seconds, serves=True)
    if ran.code and REPOSITORY.search(ran.err + ran.out):
        _repository(place, at)
        ran, shown = place.box.run(argv, cwd=at, env=env, timeout_s=seconds, serves=True), IN_REPOSITORY + shown
    run = place.judged(Gate.INSTALL, shown, ran, serves=True)
    return replace(run, ended="") if run.ended == "refused" and run.skipped.startswith(NO_SERVICE) else run


def _run(
    place: Place, argv: Sequence[str] | str, at: PurePosixPath, env: Mapping[str, str], seconds: float = START_S
) -> tuple[Ran, str]:
    """Run a command; where it stops for want of variables that the target documents, or of a git repository, run it again with that.

    Gives what it was given besides `env`, as words before the command.
    """
    given: dict[str, str] = {}
    inside = ""
    while True:
        ran = place.box.run(argv, cwd=at, env={**env, **given}, timeout_s=seconds, serves=True)
        if ran.code and not inside and at == place.box.home and REPOSITORY.search(ran.err + ran.out):
            at, inside = at / "project", IN_REPOSITORY
            _repository(place, at)
            continue
        asked = (
            {name: value for name, value in wanted(place, telling(ran.err, ran.out)).items() if name not in given}
            if ran.code
            else {}
        )
        if not asked or len(given) > MOST_VARIABLES:
            return ran, inside + "".join(f"{key}=… " for key in given)
        given |= asked


def _repository(place: Place, at: PurePosixPath) -> None:
    """Make a folder a repository with one commit, as a user's project is."""
    who = "-c user.name=session -c user.email=session@localhost -c core.hooksPath=/dev/null"
    steps = f'mkdir -p "$1" && cd "$1" && git init -q -b main . && git {who} commit -q --allow-empty -m first'
    place.box.run(["/bin/sh", "-c", steps, "repository", str(at)], cwd=place.box.home)


def wanted(place: Place, said: str) -> dict[str, str]:
    """Variables that a command says it lacks and that the target documents: the value of the template, or one made up where that is empty."""
    if place.facts is None:
        return {}
    try:
        environment = place.facts["environment"]
    except CannotCheck:
        return {}
    found: dict[str, str] = {}
    for mention in environment.mentions:
        if mention.kind in DOCUMENTS and re.search(rf"(?<!\w){re.escape(mention.name)}(?!\w)", said):
            match = re.match(
                r"\s*(?:export\s+)?\w+\s*=\s*(.*)$", "".join(place.tree.lines(mention.path)[mention.line - 1 : mention.line])
            )
            value = match[1].strip().strip("\"'") if match and mention.kind == "template" else ""
            found[mention.name] = found.get(mention.name) or value
    return {name: value or MADE_UP for name, value in found.items()}


def _owns(place: Place, module: str) -> bool:
    """Is there a module or package of this name in the target? Those of examples are nobody's."""
    return any(
        module in (PurePosixPath(path).stem, PurePosixPath(path).parent.name)
        for path in place.tree.entries
        if not is_aside(path)
    )


def _breaks(ran: Ran) -> bool:
    """Did the program itself break, rather than refuse its arguments?"""
    return bool(crash(ran.err) or complaint(ran.err) or absent_command(ran.err)) or (ran.code or 0) >= 126


def documented(
    place: Place, facts: Facts, own: Callable[[Sequence[str]], bool], env: Mapping[str, str], *, at: PurePosixPath
) -> Iterator[CommandRun]:
    """Documented commands for which `own` holds, as far as they can be tried; an example that wants its reader's data is left out."""
    tried: set[str] = set()
    chosen = [one for one in map(_installed, told(facts["docs"])) if one.words and own(one.words)]
    roles = {one.role for one in chosen}
    for one in chosen:
        gate = gate_of(one.role, roles)
        if one.text in tried:
            continue
        if len(tried) >= MOST_COMMANDS:
            yield place.skipped(gate, one.text, f"more than {MOST_COMMANDS} documented commands")
            return
        if why := unfit(one.text):
            yield place.skipped(gate, one.text, why)
            continue
        tried.add(one.text)
        yield replace(sample(place, one.text, env, at), gate=gate)


_FETCHES = re.compile(r"^(?:npx|bunx|pnpx|uvx|pipx run)\s+(?:(?:-y|--yes)\s+)?(?P<name>@?[\w./-]+?)(?:@[\w.-]+)?(?=\s|$)")


def _installed(one: Told) -> Told:
    """A command without what would fetch it first: here it is installed already."""
    return replace(one, text=_FETCHES.sub(lambda match: match["name"], one.text))


def _page(place: Place, text: str, env: Mapping[str, str], at: PurePosixPath) -> str:
    """What a server's first page loads and the server does not have; a browser shows nothing then. Empty where all is there, or it is no page.

    Scripts that a bundler writes are passed over: whoever starts the server may have to build them first.
    """
    out = place.box.tmp / "page.json"
    code = (files("session_ops.proof") / "page.py").read_text(encoding="utf-8")
    plan = {"command": text, "seconds": START_S, "out": str(out)}
    place.box.run([toolchains().python, "-I", "-c", code, json.dumps(plan)], cwd=at, env=env, timeout_s=PAGE_S)
    try:
        seen = json.loads(place.box.read(out))
    except (CannotCheck, ValueError):
        return ""
    for path, status, kind in seen:
        if not BUILT.search(path) and (status in (404, 410) or status >= 500 or (status == 200 and kind == "text/html")):
            got = f"with status {status}" if status != 200 else "with a page instead"
            return f"its first page loads the script /{place.plain(str(path))[:120]}, and it answers {got}"
    return ""


def sample(place: Place, text: str, env: Mapping[str, str], at: PurePosixPath, seconds: float = START_S) -> CommandRun:
    """Run a documented command. It fails by what breaks (a traceback, a program or module that is absent), not by what its reader would bring."""
    ran, given = _run(place, text, at, env, seconds)
    shown = given + text
    run = place.judged(Gate.START, shown, ran, serves=True)
    if run.good and ran.listening and not given:
        return replace(run, wrong=_page(place, text, env, at))
    if run.wrong and ran.code not in (126, 127) and (line := wants_terminal(ran.err)):
        # documents talk to people; whether a command that agents start asks is the rules' business
        return replace(run, ended="", wrong="", skipped=f"it wants a person at a terminal ({place.plain(line)})")
    said = crash(ran.err) or complaint(ran.err)
    words = text.split()
    data = [word for word in words[2 if words[0] in INTERPRETERS else 1 :] if re.search(r"[./]", word)]
    own = (str(place.box.copy.parent), str(place.box.home))
    elsewhere = any(p.startswith(own[1]) or not p.startswith(own[0]) for p in re.findall(r"(?<![\w$./-])/[\w./-]+", said))
    brought = re.search(r"No such file|Cannot find ", said) is not None and (
        any(word in said for word in data) or bool(elsewhere)
    )
    if (match := MODULE.search(said)) and words[0] not in INTERPRETERS and not _owns(place, match["name"]):
        brought = any(match["name"] in re.split(r"\W+", word) for word in words[1:])  # `gunicorn myapp:app`: the reader's own
    crashed = ran.code in (0, 126, 127) or crash(ran.err) != "" or "can't open file" in ran.err or "Cannot find " in ran.err
    broken = run.ended in ("memory", "processes", "disk") or ran.gone or (crashed and not brought)
    if run.wrong and not broken:
        said = f"it ended with {ran.code}, which may be for want of its reader's data: {place.plain(telling(ran.err, ran.out))[:200]}"
        return replace(run, ended="", wrong="", skipped=said)
    return replace(run, ended="") if run.ended == "refused" else run
