"""Shell bundles: parsed by their own shells, installed to another place, and their documented commands started there headless."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Docs, Role
from session_ops.discovery.scripts import Script, Scripts
from session_ops.model import CommandRun, Gate
from session_ops.proof.checkout import develop
from session_ops.proof.documented import gate_of, told, unfit
from session_ops.proof.probe.lines import script_named
from session_ops.proof.probe.words import INTERPRETERS, PLACE, argument
from session_ops.proof.runs import Place, prover
from session_ops.proof.starting import MOST_COMMANDS, START_S, sample
from session_ops.proof.toolchains import toolchains
from session_ops.registry import Facts

CHECKS = {"bash": "bash", "sh": "sh", "dash": "dash", "ash": "sh", "ksh": "ksh", "zsh": "zsh"}
"""Shells that scripts name, and the one that parses for them."""
INSTALLER = re.compile(r"(?:scripts?/|bin/|tools/)?(?:install|setup)\.(?:sh|bash)")
TARGET_OF_MAKE = re.compile(r"(?m)^install\s*:")
ASKS = re.compile(r"(?:\[[yYnN]/[yYnN]\]|\([yYnN]/[yYnN]\)|\?|:|>)\s*$")
ELSEWHERE = "other place/agent ops"
CALLED = "called by its path/agent ops"
"""Below HOME: folders the author never had, with spaces in them."""
WORDS = {"{session}": "session-1", "{agent}": "agent-1", "{task}": "task-1", "{resource}": "resource-1"}
DIAGNOSTIC = re.compile(r"\S: line \d+: ")
"""How bash begins what it says itself about a line of a script."""
USAGE = re.compile(r"(?i)\busage:\s*(?:(?:ba|z)?sh\s+)?\S+(?P<rest>.*)")
PREFIX = re.compile(
    r"(?i)\s*[<\[(]?(?:--?\w+[ =])?[<\[]?(?:install[-_ ]?|target[-_ ]?|dest\w*[-_ ]?)?(?:prefix|dir|directory|folder|path|root)\b"
)
"""How the usage of an installer begins, and that of one whose first argument is the place to install to."""
PYTHON = re.compile(r"^python(?=\s)")
EXTENDED = re.compile(r"(?m)^\s*shopt\s+-s\s+(?:\w+\s+)*extglob\b")
NPM_INSTALL = (("npm", "install"), ("npm", "i"), ("npm", "ci"))
FOREIGN = re.compile(r"Cannot find (?:module|package) '[^./']")
INSTALL_S = 60.0
MOST_INSTALLED = 6
"""Commands that its installer put into ~/.local/bin and that are started for their help."""


@dataclass(frozen=True)
class Documented:
    """A command of a script of the target as a doc gives it: `word` is the one that names the script, `role` that of the doc."""

    text: str
    word: str
    script: str
    role: Role


@prover("shell bundle", "agent plugin")
def shell(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Parse, install, start, and start again from a folder with spaces as a user whom the author does not know."""
    scripts: Scripts = tuple(s for s in facts["scripts"] if not is_aside(s.path))
    yield from _parsed(place, scripts)
    if not any(s.language in ("shell", "zsh") for s in scripts):
        return
    for step in told(facts["docs"]):  # readers of the docs have done it before they come to the commands
        if step.words[:1] == ("chmod",) and not unfit(step.text) and (not step.folder or place.tree.exists(step.folder)):
            place.box.run(step.text, cwd=place.inside(step.folder))
    moved = place.box.home / ELSEWHERE
    called = place.box.home / CALLED
    for folder in (moved, called):
        place.box.run(["mkdir", "-p", str(folder.parent)], cwd=place.box.home)
        place.box.run(["cp", "-a", str(place.box.copy), str(folder)], cwd=place.box.home)
    yield from _installed(place, facts, moved)
    for item in [item for item in place.box.list(place.box.home / ".local" / "bin") if item.kind != "d"][:MOST_INSTALLED]:
        yield sample(place, f'"$HOME"/.local/bin/{shlex.quote(item.path)} --help', {}, place.box.home)
    found = list(_documented(place, facts["docs"], scripts))
    if not found:
        yield place.refused(
            Gate.START, "its documented commands", "no document names a command of one of its scripts that could be started"
        )
        return
    lacking = _packages(place, facts, (moved, called))
    started: list[tuple[Documented, CommandRun]] = []
    tried = 0
    roles = {one.role for one in found}
    for one in sorted(found, key=lambda one: gate_of(one.role, roles) is Gate.FOLLOW):
        gate = gate_of(one.role, roles)
        if why := unfit(one.text):
            yield place.skipped(gate, one.text, why)
        elif tried < MOST_COMMANDS:
            tried += 1
            run = replace(_start(place, one), gate=gate)
            if lacking and FOREIGN.search(run.wrong):
                run = replace(run, ended="", wrong="", skipped=f"what it requires could not be installed: {lacking}")
            started.append((one, run))
            yield run
    if tried >= MOST_COMMANDS:
        yield place.skipped(Gate.START, "its documented commands", f"only the first {MOST_COMMANDS} are started")
    if started and not any(run.good or run.wrong for _, run in started if run.gate is Gate.START):
        yield place.refused(Gate.START, "its documented commands", f"none could be told: {started[0][1].skipped}")
    yield from _elsewhere(place, [one for one, run in started if run.good], moved / place.folder)


shell.gates = (Gate.PARSE, Gate.INSTALL, Gate.START, Gate.RELOCATE)  # type: ignore[attr-defined]


# --- parse --------------------------------------------------------------------------------------------------------------------------


def _parsed(place: Place, scripts: Scripts) -> Iterator[CommandRun]:
    """Every script by the parser of its interpreter, all of one interpreter at once."""
    groups: dict[str, list[Script]] = {}
    for script in scripts:
        name = script.interpreter if script.interpreter in CHECKS else {"shell": "bash", "zsh": "zsh"}.get(script.language, "")
        if name and not script.path.endswith(".bats"):
            groups.setdefault(name, []).append(script)
    for name, members in sorted(groups.items()):
        program = CHECKS[name]
        check = f"{program} -n"
        if program == "bash" and any(EXTENDED.search(place.tree.text(script.path)) for script in members):
            check = "bash -O extglob -n"  # the parser itself has to know patterns that the script switches on when it runs
        shown = f"{check} {members[0].path}" if len(members) == 1 else f"{check} for {len(members)} scripts"
        if not toolchains().has(program):
            yield place.refused(Gate.PARSE, shown, f"{program} is not installed, so {members[0].path} could not be parsed")
            continue
        text = f'bad=0; for file; do {check} "$file" >/dev/null || bad=1; done; exit $bad'
        paths = [str(place.inside(script.path)) for script in members]
        yield place.run(Gate.PARSE, ["sh", "-c", text, "parse", *paths], shown=shown, timeout_s=INSTALL_S)


# --- install --------------------------------------------------------------------------------------------------------------------------


def _installed(place: Place, facts: Facts, moved: PurePosixPath) -> Iterator[CommandRun]:
    """By its own installer, run from a copy in another place for another project; by copying where it has none."""
    root = moved / place.folder
    tree = place.tree
    make = next((name for name in ("Makefile", "GNUmakefile", "makefile") if TARGET_OF_MAKE.search(tree.text(name))), "")
    script = next((e.path for e in tree.files("shell") if INSTALLER.fullmatch(e.path)), "")
    if make:
        if not toolchains().has("make"):
            yield place.refused(Gate.INSTALL, "make install", "make is not installed")
        else:
            prefix = place.box.home / ".local"
            yield place.run(
                Gate.INSTALL, ["make", "install", f"PREFIX={prefix}", f"prefix={prefix}"], cwd=root, shown="make install PREFIX=$HOME/.local",
                timeout_s=INSTALL_S,
            )  # fmt: skip
    elif script:
        yield _by_script(place, facts["docs"], script, root)
    else:
        shown = f"cp -a . '$HOME/{ELSEWHERE}'"
        here, there = {i.path for i in place.box.list(place.folder)}, {i.path for i in place.box.list(root)}
        yield place.check(Gate.INSTALL, shown, [f"{path} did not arrive" for path in sorted(here - there)])


def _by_script(place: Place, docs: Docs, script: str, root: PurePosixPath) -> CommandRun:
    """The documented call of the installer, or the bare one, with a project of somebody else as its working directory where it takes one."""
    project = place.box.home / "somebody's project"
    place.box.run(["git", "init", "-q", str(project)], cwd=place.box.home)
    # by a path with a folder in it: `${0%/*}` is how scripts find their own
    call = shlex.quote(f"./{script}")
    call = call if place.tree.entries[script].executable and place.tree.text(script).startswith("#!") else f"bash {call}"
    for one in told(docs):
        words = one.words
        if any(word.removeprefix("./").endswith(script) for word in words[:2]) and not unfit(one.text):
            arguments = [
                _filled(word) for word in words[[w.removeprefix("./").endswith(script) for w in words].index(True) + 1 :]
            ]
            call = " ".join([call, *(word for word in arguments if word)])
            break
    run = place.run(Gate.INSTALL, call, cwd=root, timeout_s=INSTALL_S)
    if run.wrong and (usage := next(filter(None, map(USAGE.search, run.tail)), None)):
        if not PREFIX.match(usage["rest"]):
            return place.refused(Gate.INSTALL, call, f"it wants arguments that no document gives: {usage[0].strip()[:120]}")
        run = place.run(Gate.INSTALL, f'{call} "$HOME"/.local', cwd=root, timeout_s=INSTALL_S)
    return _asking(place, run)


# --- start ----------------------------------------------------------------------------------------------------------------------------


def _documented(place: Place, docs: Docs, scripts: Scripts) -> Iterator[Documented]:
    """Commands of its own scripts, from shell blocks and from code spans of the readme and the rules for agents; each once."""
    seen: set[str] = set()
    blocks = [(one.text, one.path, one.role) for one in told(docs)]
    spans = [
        (span.text, doc.path, doc.role)
        for doc in docs
        if doc.role in ("readme", "agent-rules") and not is_aside(doc.path)
        for span in doc.spans
        if span.kind == "code" and " " in span.text and len(span.text) < 200
    ]
    for written, path, role in (*blocks, *spans):
        text = re.sub(r"\s*&\s*$", "", written)
        try:
            words = shlex.split(re.sub(r"<[^<>]*>|\[[^\[\]]*\]", lambda m: re.sub(r"\s+", "_", m[0]), text))
        except ValueError:
            continue
        if re.search(r"[|;&<>`]|\$\(", re.sub(r"<[\w -]+>|\w\|\w", "", text)):
            plain = text  # a pipe or a list is run as it is written
        else:
            plain = " ".join(word for word in (_filled(word, first=n == 0) for n, word in enumerate(words)) if word)
        place_of = 1 if words and words[0] in INTERPRETERS and len(words) > 1 else 0
        word = words[place_of] if words else ""
        script = script_named(word, place.tree, scripts, path) if "/" in word or place_of else None
        if not toolchains().has("python"):  # documents write it for a Python that a system may have as python3 alone
            plain = PYTHON.sub("python3", plain)
        if script is None or plain in seen or INSTALLER.fullmatch(script.path):
            continue
        seen.add(plain)
        yield Documented(plain, word, script.path, role)


def _filled(word: str, *, first: bool = False) -> str:
    """A word of a command with something concrete in the place of a placeholder."""
    if "$" in word and re.fullmatch(r"[\w$./{}:=-]+", word):
        return f'"{word}"'
    if first or not PLACE.fullmatch(word):
        return shlex.quote(word)
    meant = argument(word)
    return WORDS.get(meant, meant)


def _packages(place: Place, facts: Facts, copies: tuple[PurePosixPath, ...]) -> str:
    """Install the packages of npm that its README tells people to install before they start anything; why that did not go, or nothing."""
    one = next((m for m in facts["manifests"] if m.path == "package.json" and not m.broken and m.dependencies), None)
    steps = [t for t in told(facts["docs"]) if "/" not in t.path and t.words in NPM_INSTALL]
    if one is None or all(
        t.folder and place.tree.exists(t.folder) for t in steps
    ):  # a folder that is not there is the clone itself
        return ""
    if not toolchains().has("npm"):
        return "npm is not installed"
    run = develop(place, json.loads(place.tree.text(one.path).removeprefix("\ufeff")), one, "")
    for copy in copies if run.good else ():
        place.box.run(["ln", "-s", str(place.inside("node_modules")), str(copy / place.folder)])
    return run.wrong or run.skipped


def _start(place: Place, one: Documented) -> CommandRun:
    text, at = _as_written(place, one, place.inside(""))
    return _asking(place, sample(place, text, {}, at))


def _as_written(place: Place, one: Documented, root: PurePosixPath) -> tuple[str, PurePosixPath]:
    """A command and the folder in which it is found as written: the target at `root`, or the project around it."""
    path = one.word.removeprefix("./")
    inside = place.tree.prefix.rstrip("/")
    if inside and path.startswith(inside + "/"):
        return one.text, PurePosixPath(str(root).removesuffix(inside))
    if not place.tree.exists(path):
        return one.text.replace(one.word, ("./" if one.word.startswith("./") else "") + one.script, 1), root
    return one.text, root


def _asking(place: Place, run: CommandRun) -> CommandRun:
    """A command that broke off at a question waited for a person."""
    last = run.tail[-1] if run.tail else ""
    if run.code and not run.wrong and ASKS.search(last) and run.ended != "refused":
        return replace(run, skipped="", wrong=f"exit status {run.code}: it asks ({place.plain(last)[:120]}) and nobody answers")
    return run


def _elsewhere(place: Place, commands: list[Documented], root: PurePosixPath) -> Iterator[CommandRun]:
    """The same commands in the folder with spaces; and, in another copy, by their whole path from a working directory of somebody else."""
    for one in commands:
        text, at = _as_written(place, one, root)
        run = place.run(Gate.RELOCATE, text, cwd=at, timeout_s=START_S, shown=f"in '$HOME/{ELSEWHERE}': {text}", serves=True)
        yield _asking(place, run)
    where = place.box.home / "somewhere"
    place.box.run(["mkdir", "-p", str(where)], cwd=place.box.home)
    for one in commands:
        whole = f'"$HOME/{CALLED}/{place.folder + "/" if place.folder else ""}{one.script}"'
        named = re.search(rf"(?<!\S)[\"']?{re.escape(one.word)}[\"']?(?!\S)", one.text)
        text = one.text[: named.start()] + whole + one.text[named.end() :] if named else whole
        run = replace(sample(place, text, {}, where), gate=Gate.RELOCATE)
        # what wants to stand in its project may say so, but the shell itself has nothing to complain about
        yield replace(run, code=1, skipped="", wrong=run.skipped) if DIAGNOSTIC.search(run.skipped) else run
