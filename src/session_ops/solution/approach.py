"""How to deploy it: chosen from the package's kind, the deployment files and the answers, with reasons and the runner-up."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from session_ops.discovery import phase as discovery
from session_ops.discovery.aside import is_aside
from session_ops.model import CLIENTS, IMPORTERS, Answers
from session_ops.solution.phase import Approach

COMMANDS: dict[str, tuple[str, ...]] = {
    "pip package": ("python3 -m build", "python3 -m venv .venv", ".venv/bin/pip install dist/*.whl"),
    "npm package": ("npm pack", "npm install -g ./*.tgz"),
    "gem": ("gem build *.gemspec", "gem install --local *.gem"),
    "cargo install": ("cargo install --path .",),
    "go install": ("go install ./...",),
    "container": ("docker build -t tracker .", "docker run --rm tracker"),
    "compose": ("docker compose config -q", "docker compose up -d --build", "docker compose ps"),
    "systemd service": ("systemd-analyze verify UNIT", "sudo systemctl link UNIT", "sudo systemctl enable --now NAME"),
    "agent plugin": ("claude plugin validate .", "claude plugin marketplace add ."),
    "make install": ("make -n install", "make install PREFIX=$HOME/.local"),
}
"""The approaches and the commands that carry them out, in the target's folder."""
OF_KIND = {
    "pip": "pip package", "npm": "npm package", "gem": "gem", "cargo": "cargo install", "go": "go install",
    "shell bundle": "make install", "container service": "container", "agent plugin": "agent plugin",
}  # fmt: skip


INSTALL = re.compile(r"^install\s*:", re.MULTILINE)
INSTALLER = re.compile(r"(?:scripts?/|bin/)?(?:install|setup)\.(?:sh|bash)")


USERS: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = (
    (
        re.compile(r"\b(?:coding )?agents?\b|\bclaude\b|\bcodex\b|\bcopilot\b", re.IGNORECASE),
        ("agent plugin",),
        "agents install plugins themselves",
    ),
    (
        IMPORTERS,
        ("pip package", "npm package", "gem", "cargo install", "go install"),
        "other programs need a package with a version",
    ),
    (
        CLIENTS,
        ("compose", "container", "systemd service"),
        "clients over the network need something that stays",
    ),
    (
        re.compile(r"\b(?:people|persons?|team|users?|command[- ]line|terminal|shell|me|myself|colleagues?)\b", re.IGNORECASE),
        ("pip package", "npm package", "gem", "cargo install", "go install", "make install"),
        "people start it by its name",
    ),
)
"""Who uses it, as answered, to the approaches that serve them."""


def approach(
    found: discovery.Document, answers: Answers, environment: str, shape: str, texts: Callable[[str], str]
) -> Approach:
    """The approach with most points, and the next one.

    Parameters: `environment` and `shape` are as answered or inferred; `texts` gives the text of a file as it is after all fixes.
    """
    points: dict[str, int] = {}
    reasons: dict[str, list[str]] = {}

    def vote(name: str, count: int, why: str) -> None:
        points[name] = points.get(name, 0) + count
        reasons.setdefault(name, []).append(why)

    local = _local(found, texts)
    approach_of = OF_KIND | {"shell bundle": local}
    for score in found.kind.scores:
        if score.points > 0 and score.kind in OF_KIND:
            why = "; ".join(reason.text for reason in score.reasons[:2])
            vote(approach_of[score.kind], min(score.points, 100) // 2, f"its kind: {score.kind}" + (f" ({why})" if why else ""))
    if found.kind.kind in OF_KIND:
        vote(approach_of[found.kind.kind], 20, f"{found.kind.kind} describes it best")
    services = [s for s in found.deployment.services if not is_aside(s.path)]
    files = [d for d in found.deployment.dockerfiles if not is_aside(d.path)]
    units = [u for u in found.deployment.units if not is_aside(u.path)]
    if services:
        vote("compose", 30, f"{services[0].path} describes {_count(len({s.name for s in services}), 'service')}")
    if files:
        vote("container", 25, f"{files[0].path} builds an image")
    if units:
        vote("systemd service", 35, f"{units[0].path} is a service unit")
    if hooks := found.deployment.hooks:
        vote(local, 45, f"{hooks[0].path} has hooks, and an agent starts them on the machine where it works")
    given = "as answered" if answers.environment != "unknown" else "as inferred"
    weight = 100 if answers.environment != "unknown" else 25
    if environment in ("docker", "cloud"):
        vote("compose" if services else "container", weight, f"it shall run in containers, {given}")
    elif environment == "systemd":
        vote("systemd service", weight, f"systemd shall run it, {given}")
    elif environment == "local":
        vote(local, weight, f"it shall run on the machine itself, {given}")
    if shape == "service":
        at_home = environment not in ("docker", "cloud") and answers.wanted_shape == "service"
        name = "compose" if services else "systemd service" if units or at_home else "container"
        vote(name, 100 if answers.wanted_shape == "service" else 30, "a service has to be kept running")
    if shape == "library":
        for kind in found.kind.scores:
            if kind.kind in ("pip", "npm", "gem", "cargo", "go") and kind.points > 0:
                vote(OF_KIND[kind.kind], 60 if answers.wanted_shape == "library" else 20, "a library is installed as a package")
                break
    for users, names, why in USERS:
        if answers.consumers and users.search(answers.consumers):
            for name in [name for name in names if name in points or name == local]:
                vote(name, 40, f"{why}, as answered ({answers.consumers[:60]})")
    if answers.preserve_data == "yes":
        for name in ("compose", "systemd service"):
            if name in points:
                vote(name, 10, "it keeps data in a place of its own, which has to survive")
    if not points:
        vote("make install", 1, "nothing in it speaks for another way")
    ranked = sorted(points, key=lambda name: (-points[name], list(COMMANDS).index(name)))
    best = ranked[0]
    second = ranked[1] if len(ranked) > 1 else "make install" if best != "make install" else "container"
    return Approach(best, tuple(dict.fromkeys(reasons[best])), second, _commands(best, found, texts))


MANIFESTS = {
    "package.json": ("npm package", re.compile(r'"bin"\s*:')),
    "pyproject.toml": ("pip package", re.compile(r"^\[(?:project|tool\.poetry)\.scripts\]", re.MULTILINE)),
    "setup.py": ("pip package", re.compile(r"console_scripts|\bscripts\s*=")),
    "Cargo.toml": ("cargo install", re.compile(r"^\[package\]", re.MULTILINE)),
    "go.mod": ("go install", re.compile(r"^module\s", re.MULTILINE)),
    ".claude-plugin/plugin.json": ("agent plugin", re.compile(r'"name"\s*:')),
}
"""Manifests, the approach that each of them serves, and what tells that it puts commands in place: one that only names what a script
imports installs nothing of a bundle."""


def _local(found: discovery.Document, texts: Callable[[str], str]) -> str:
    """How it is installed on a machine itself: by its kind, or by the manifest (a fix may have brought it back) that has its commands."""
    own = OF_KIND.get(found.kind.kind, "make install")
    if own in ("make install", "container"):
        return next((name for path, (name, has) in MANIFESTS.items() if has.search(texts(path))), "make install")
    return own


def _commands(name: str, found: discovery.Document, texts: Callable[[str], str]) -> tuple[str, ...]:
    """The commands with the target's own names in place of the general ones."""
    commands: Iterable[str] = COMMANDS[name]
    if name == "make install" and not any(INSTALL.search(texts(path)) for path in ("Makefile", "GNUmakefile", "makefile")):
        script = next((e.path for e in found.files if INSTALLER.fullmatch(e.path)), "")
        commands = (f"bash {shlex.quote(script)}",) if script else ()
    unit = next((u.path for u in found.deployment.units if not is_aside(u.path)), "") or _new_unit(found, texts)
    if name == "systemd service" and unit:
        commands = (
            c.replace("UNIT", shlex.quote(unit)).replace("NAME", shlex.quote(PurePosixPath(unit).name)) for c in commands
        )
    if name == "container":
        image = "".join(c if c.isalnum() or c in "-_." else "-" for c in found.name.lower()).strip("-_.") or "tracker"
        files = found.deployment.dockerfiles
        build = f"docker build -t {image} ."
        if files and (files[0].path, files[0].context) != ("Dockerfile", ""):
            build = f"docker build -t {image} -f {shlex.quote(files[0].path)} {shlex.quote(files[0].context or '.')}"
        commands = (build, f"docker run --rm {image}")
    if name == "compose" and found.deployment.services:
        path = found.deployment.services[0].path
        commands = (c.replace("compose ", f"compose -f {shlex.quote(path)} ", 1) for c in commands)
    return tuple(commands)


def _new_unit(found: discovery.Document, texts: Callable[[str], str]) -> str:
    """The unit that a fix adds, where one does."""
    name = re.sub(r"[^a-z0-9-]+", "-", found.name.lower()).strip("-") or "tracker"
    path = f"deploy/{name}.service"
    return path if texts(path) else ""


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
