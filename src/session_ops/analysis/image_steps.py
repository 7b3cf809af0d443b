"""Steps of an image that cannot run in it: a program that its base has not, root's rights after USER, a Makefile that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.commands import Invocation, invocations, peeled
from session_ops.discovery.deployment import Deployment, Dockerfile, Instruction
from session_ops.discovery.deployment.contexts import is_ignored
from session_ops.discovery.deployment.dockerfile import flags_and_words
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import tolerated
from session_ops.discovery.syntax import Syntax
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_HUB = r"(?:docker\.io/)?(?:library/)?"
_DEBIAN = regex(rf"{_HUB}(?:(?:debian|ubuntu)(?::.*)?|(?:python|node|ruby|perl|rust|oven/bun):[\w.-]*slim[\w.-]*)$")
_ALPINE = regex(rf"{_HUB}(?:alpine(?::.*)?|(?:python|node|ruby|golang|oven/bun):[\w.-]*alpine[\w.-]*)$")
_OF_THE_BASE = {"python": {"python3"}, "node": {"node", "npm"}, "bun": {"node"}, "rust": {"gcc"}}
"""What images bring beside their own command. Source: the Dockerfiles of the official images and of oven/bun."""
_PROGRAMS = {
    "curl": "curl", "wget": "wget", "git": "git|gh", "jq": "jq", "unzip": "unzip", "zip": "zip", "make": "make|build-essential|build-base",
    "gcc": "gcc|build-essential|build-base|clang", "g++": r"g\+\+|build-essential|build-base", "tmux": "tmux", "rsync": "rsync", "ssh": r"openssh[\w-]*",
    "sudo": "sudo", "lsof": "lsof", "python3": r"python3[\w.-]*", "node": "nodejs|npm", "npm": "npm|nodejs", "bash": "bash", "gpg": "gnupg2?|gpg",
    "nc": r"netcat[\w-]*|ncat", "ps": "procps", "pgrep": "procps", "pkill": "procps", "bc": "bc", "sqlite3": "sqlite3?", "vim": r"vim[\w-]*",
    "dig": "dnsutils|bind-tools|bind9-dnsutils", "ping": r"iputils[\w-]*", "crontab": "cron|cronie|dcron", "cron": "cron",
}  # fmt: skip
"""Programs to the packages (of Debian and Alpine) that bring them. Source: packages.debian.org, pkgs.alpinelinux.org."""
_BUSYBOX = frozenset(("wget", "unzip", "nc", "ps", "pgrep", "pkill", "bc", "ping", "crontab"))
"""Those that Alpine's busybox has. Source: the list that `busybox --list` prints in alpine:3.22."""
_INSTALLERS = {
    r"bun\.sh/install": ("unzip",),
    r"deno\.land/(?:x/)?install": ("unzip",),
    r"get\.sdkman\.io": ("unzip", "zip"),
    r"fnm\.vercel\.app/install": ("unzip",),
}
"""Installers that are fetched and run, to the programs that they stop without. Source: their own texts."""
_INSTALL = regex(
    r"\b(?:apt(?:-get)?|aptitude|apk|yum|dnf|microdnf|zypper)\b[^\n;&|]*?\b(?:install|add|in)\b(?P<rest>[^;&|]*)", re.DOTALL
)
_UNCLEAR = regex(r"\$\{?\w+|xargs|\$\(")
"""Lists of packages that are not written here."""
_SCRIPTS = regex(
    r"(?:^|[\s;&|\"'])(?!https?:)[\w./${}-]+\.(?:sh|bash)\b|\b(?:ansible|nix|brew|conda|mamba|micromamba)\b|playwright\s+install|--with-deps"
)
"""Steps that may install what nobody reads here."""
_ROOTS = frozenset(("root", "0", "0:0", "root:root"))
_OWN_PREFIX = regex(
    r"NPM_CONFIG_PREFIX|npm_config_prefix|npm config set (?:-g )?prefix|--prefix|\.nvm|\bnvm\b|volta|fnm|pnpm|/usr/local/lib/node_modules|\.npm-global|\.npmrc"
)
_MAKEFILE = regex(r"(?:^|/)(?:GNUm|[Mm])akefile$")
_JUSTFILE = regex(r"(?:^|/)\.?[Jj]ustfile$")
_FOREIGN_CODE = regex(
    r"\bgit\s+clone\b|\bcurl\b|\bwget\b|\btar\s|\./configure|\bcmake\b|\bqmake\b|\bgh\s+repo|\bsvn\b|\bunzip\b|\bpip3?\s+download"
)


@dataclass
class _Stage:
    """What is known of a stage: its family (`debian`, `alpine` or empty), the base it began with, what was installed or copied, its user."""

    family: str = ""
    base: str = ""
    brought: str = ""
    unclear: bool = False
    user: str = ""
    copied: bool = False
    foreign: bool = False
    ran: str = ""
    missing: set[str] = field(default_factory=set)


@rule("SHIP-STEP", gate="ship", category="deploy-config")
def step_that_cannot_run(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A step of an image, its start or its health check needs what the image has not: a program, root's rights, a Makefile.

    Why: slim and Alpine bases bring little (no curl, no git, no bash on Alpine), and some installers stop without unzip. After `USER node`
    neither `npm install -g` nor apt-get may write where they have to. `RUN make` without a Makefile in the context has no rule. A build
    stops there; a health check with a program that is absent says "unhealthy" for ever.
    Passes: bases that are not known, programs that a step installs or copies, commands behind `||` or in a condition, stages that
    run scripts which may install something.
    Do: Install the program in the same stage before it is used (`apt-get install -y --no-install-recommends …`, `apk add …`), do what
    needs root before USER, and copy the Makefile or call what it would call.
    Source: hub.docker.com/_/debian, _/alpine, _/python and _/node (image variants); Dockerfile reference, USER and HEALTHCHECK; npm-install(1).
    """
    if not deployment.dockerfiles:
        raise NotApplicable("no Dockerfile")
    for dockerfile in deployment.dockerfiles:
        if re.search(r"\{\{|\{%|<%", tree.text(dockerfile.path)) or tree.entries[dockerfile.path].vendored:
            continue
        told: set[str] = set()
        for step, message, impact in _walk(tree, dockerfile):
            if message not in told and len(told) < 6:
                told.add(message)
                sure: Confidence = "possible" if not_deployed(dockerfile.path) else "likely"
                yield Finding(message, tree.evidence(dockerfile.path, step.line, step.end), impact=impact, confidence=sure)


def _walk(tree: Tree, dockerfile: Dockerfile) -> Iterator[tuple[Instruction, str, str]]:
    named: dict[str, _Stage] = {}
    stage = _Stage()
    last = max((i.stage for i in dockerfile.instructions), default=0)
    defaults = {
        m[1]: m[2].strip("\"'") for i in dockerfile.instructions if i.name == "ARG" and (m := re.match(r"(\w+)=(\S+)", i.value))
    }
    for step in dockerfile.instructions:
        if step.name == "FROM":
            words = [w for w in step.value.split() if not w.startswith("--")]
            image = re.sub(r"\$\{?(\w+)\}?", lambda m: defaults.get(m[1], m[0]), words[0]) if words else ""
            stage = _begun(image.partition("@")[0], named)
            if len(words) >= 3 and words[1].lower() == "as":
                named[words[2].lower()] = stage
        elif step.name in ("COPY", "ADD"):
            stage.brought += " " + step.value
            flags, words = flags_and_words(step.value)
            stage.copied = stage.copied or ("from" not in flags and "." in {w.rstrip("/") for w in words[:-1]})
            if "from" in flags and re.search(r"(?:^|\s)/\s|/usr(?:/local)?(?:/s?bin)?/?\s", step.value):
                stage.unclear = True  # whole folders of programs from another image
        elif step.name == "USER":
            stage.user = step.value.strip()
        elif step.name == "ENV":
            stage.ran += " " + step.value
        elif step.name == "RUN":
            yield from _run(tree, dockerfile, step, stage)
        elif step.name in ("HEALTHCHECK", "CMD", "ENTRYPOINT") and step.stage == last:
            yield from _started(step, stage)


def _begun(image: str, named: dict[str, _Stage]) -> _Stage:
    before = named.get(image.lower())
    if before is not None:
        return _Stage(
            before.family, before.base, before.brought, before.unclear, before.user, before.copied, before.foreign, before.ran
        )
    family = "debian" if _DEBIAN.match(image) else "alpine" if _ALPINE.match(image) else ""
    return _Stage(family, image.rpartition("/")[2])


def _has(stage: _Stage, program: str) -> bool:
    """Has the image this program, as far as its base and its steps tell? Programs that are not known here: yes."""
    if program not in _PROGRAMS or not stage.family or stage.unclear:
        return True
    if stage.family == "alpine" and program in _BUSYBOX:
        return True
    if stage.family == "debian" and (
        program == "bash" or (program in ("ps", "pgrep", "pkill") and stage.base.startswith("ubuntu"))
    ):
        return True
    if program in _OF_THE_BASE.get(stage.base.partition(":")[0], ()):
        return True
    return re.search(rf"(?<![\w.-])(?:{_PROGRAMS[program]}|{re.escape(program)})(?![\w-])", stage.brought) is not None


def _without(stage: _Stage, program: str, where: str) -> str:
    return f"{where} needs {program}, which {stage.base} has not and no step before it installs"


def _run(tree: Tree, dockerfile: Dockerfile, step: Instruction, stage: _Stage) -> Iterator[tuple[Instruction, str, str]]:
    text = step.value
    installed = list(_INSTALL.finditer(text))
    stage.brought += " " + " ".join(m["rest"] for m in installed)
    others = re.sub(r"\w+://\S+", "", _INSTALL.sub("", text))
    stage.unclear = stage.unclear or any(_UNCLEAR.search(m["rest"]) for m in installed) or bool(_SCRIPTS.search(others))
    commands = _commands(text)
    for one in commands:
        name = one.words[0].rsplit("/", 1)[-1]
        if not _has(stage, name) and not _looked_for(text, name) and not tolerated(one.node):
            yield step, _without(stage, name, "this step"), f"The build stops: {name}: not found."
    for pattern, needs in _INSTALLERS.items():
        if re.search(pattern, text) and stage.family == "debian":
            for program in needs:
                if not _has(stage, program) and program not in text:
                    yield step, _without(stage, program, "the installer"), f"The build stops: the installer asks for {program}."
    yield from _as_root(step, stage, commands)
    yield from _made(tree, dockerfile, step, stage, commands)
    stage.ran += " " + text
    stage.foreign = stage.foreign or bool(_FOREIGN_CODE.search(text))


def _commands(text: str) -> list[Invocation]:
    body = re.sub(r"^(?:--\S+\s+)+", "", text.strip())
    if body.startswith("["):
        return []
    shell = body.partition("\n")[2] if body.startswith("<<") else body
    if body.startswith("<<") and not re.match(r"<<-?[\"']?\w+[\"']?\s*(?:\n|(?:ba)?sh\b)", body):
        return []  # a here-document for another program
    found = []
    for one in invocations(Syntax.parse(shell, "bash")):
        inner = list(peeled(one.words))
        words = inner[-1] if inner else one.words
        if words and not any(a.kind() in ("function_definition", "heredoc_body") for a in one.node.ancestors()):
            found.append(Invocation(one.node, tuple(words), one.line))
    return found


def _looked_for(text: str, name: str) -> bool:
    return re.search(rf"(?:command\s+-v|which|type|hash)\s+(?:-\w\s+)?{re.escape(name)}\b", text) is not None


def _as_root(step: Instruction, stage: _Stage, commands: list[Invocation]) -> Iterator[tuple[Instruction, str, str]]:
    """Commands that write where only root may, after USER gave root's rights up."""
    user = stage.user.partition(":")[0]
    if not user or user in _ROOTS or "$" in user or not re.match(r"[a-z_][\w-]*$|[1-9]\d*$", user):
        return
    for one in commands:
        name, line = one.words[0].rsplit("/", 1)[-1], one.node.text()
        above = one.node.parent()
        whole = above.text() if above is not None else line
        if re.search(r"\b(?:sudo|doas|su|gosu|runuser)\s", whole[: whole.find(line) + 12]) or tolerated(one.node):
            continue
        if name in ("apt-get", "apt", "apk", "yum", "dnf", "microdnf") and {"install", "add", "update", "upgrade"} & set(
            one.words[1:4]
        ):
            yield step, f"`{name}` needs root, and the steps run as {user} since USER", "The build stops: permission denied."
            return
        if (
            name == "npm"
            and {"install", "i", "add"} & set(one.words[1:3])
            and {"-g", "--global"} & set(one.words)
            and not _OWN_PREFIX.search(f"{stage.ran} {step.value} {stage.brought}")
            and re.match(r"(?:node|debian|ubuntu|alpine|python)\b", stage.base)
        ):
            yield (
                step,
                f"`npm install -g` writes below /usr, and the steps run as {user} since USER",
                "The build stops: EACCES, permission denied.",
            )
            return


def _made(
    tree: Tree, dockerfile: Dockerfile, step: Instruction, stage: _Stage, commands: list[Invocation]
) -> Iterator[tuple[Instruction, str, str]]:
    """`make` and `just` where the whole context was copied and holds no file for them."""
    if (
        not stage.copied
        or stage.foreign
        or _FOREIGN_CODE.search(step.value)
        or dockerfile.context.startswith("..")
        or re.search(r"\bcd\s", step.value)
    ):
        return
    if not dockerfile.contexts and "/" in dockerfile.path:
        return
    for one in commands:
        wanted = {"make": _MAKEFILE, "just": _JUSTFILE}.get(one.words[0])
        if (
            wanted is None
            or not _has(stage, one.words[0])
            or any(
                w.startswith(("-C", "-f", "--directory", "--file", "--version", "-v", "-d", "--justfile"))
                for w in one.words[1:]
            )
        ):
            continue
        inside = (
            e.path.removeprefix(f"{dockerfile.context}/" if dockerfile.context else "") for e in tree.below(dockerfile.context)
        )
        if not any(wanted.search(path) and not is_ignored(path, dockerfile.ignored) for path in inside) and not re.search(
            r"(?i)(?:make|just)file", stage.ran
        ):
            file = "Makefile" if one.words[0] == "make" else "justfile"
            yield (
                step,
                f"`{' '.join(one.words[:2])}` runs, and the build context has no {file}",
                "The build stops: no rule, no makefile found.",
            )
            return


def _started(step: Instruction, stage: _Stage) -> Iterator[tuple[Instruction, str, str]]:
    """The program of CMD, ENTRYPOINT and HEALTHCHECK."""
    health = step.name == "HEALTHCHECK"
    value = re.sub(r"^(?:--\S+\s+)*", "", step.value.strip())
    if health:
        if not value.upper().startswith("CMD"):
            return
        value = value[3:].strip()
    if value.startswith("["):
        words = flags_and_words(value)[1]
        names = [words[0]] if words else []
    else:
        names = [one.words[0] for one in _commands(value) if health or not tolerated(one.node)][: 1 if not health else 4]
        if health and re.search(r"\|\|\s*(?!exit|false)\w", value):
            return  # another program is tried
    for name in names:
        program = name.rsplit("/", 1)[-1]
        if not _has(stage, program):
            impact = (
                "The container is unhealthy for ever, whatever it does."
                if health
                else "The container ends as soon as it starts."
            )
            yield step, _without(stage, program, "the health check" if health else step.name), impact
