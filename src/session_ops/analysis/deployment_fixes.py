"""Fixes of deployment files: units, compose files, Dockerfiles and workflows."""

from __future__ import annotations

import re

from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix, NewFile
from session_ops.patterns import regex

STAYS = regex(r"--(?:loop|watch|daemon|serve|follow|foreground)\b|\b(?:serve|server|daemon|worker|watch|runserver)\b")


def fitting_type(finding: Finding, tree: Tree) -> Fix | None:
    """A process that stays is no oneshot; one that ends is not restarted always."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    started = next((line for line in lines if line.startswith("ExecStart=")), "")
    kind, restart = finding.at, finding.also[0]
    if STAYS.search(started):
        old = lines[kind.line - 1]
        edit = Edit(path, old, re.sub(r"oneshot", "simple", old), kind.line)
        return Fix(
            f"Let {path} be a service that stays", (finding.id,), "review", (edit,), why="What it starts goes on running."
        )
    old = lines[restart.line - 1]
    edit = Edit(path, old, re.sub(r"=\s*\S+", "=on-failure", old), restart.line)
    return Fix(
        f"Restart {path} on failure only", (finding.id,), "review", (edit,), why="A oneshot service ends when its work is done."
    )


def mount_where_it_works(finding: Finding) -> Fix | None:
    """Mount the folder where the image looks for it."""
    old, new = finding.data.get("old", ""), finding.data.get("new", "")
    if not old or finding.at.quote.count(old) != 1:
        return None
    edit = Edit(finding.at.path, old, new, finding.at.line)
    return Fix(
        f"Mount it at {new.strip(':')} in {finding.at.path}",
        (finding.id,),
        "review",
        (edit,),
        why="That is below the image's WORKDIR.",
    )


def environment_of_its_own(finding: Finding, tree: Tree) -> Fix | None:
    """Start the unit with the Python of the environment in the project's folder, and say in a comment how that is made."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1]
    started = re.match(r"(?P<key>\w+=[-@:+!]*)(?P<python>\S*/python3?(?:\.\d+)?)\s+(?P<rest>.*)$", text)
    words = [word for word in started["rest"].split() if not word.startswith("-")] if started else []
    script = words[0] if words else ""
    inside = [own for own in tree.entries if script.startswith("/") and script.endswith("/" + own) and own.endswith(".py")]
    if started is None or not inside:
        return None
    root = script.removesuffix("/" + max(inside, key=len))
    named = "venv" if not tree.entries.keys() & {"uv.lock", "pdm.lock"} and _names_venv(tree) else ".venv"
    new = f"{started['key']}{root}/{named}/bin/python {started['rest']}"
    makes = (
        f"cd {root} && uv sync"
        if "uv.lock" in tree.entries
        else f"python3 -m venv {root}/{named} && {root}/{named}/bin/pip install {root}"
    )
    if "pyproject.toml" not in tree.entries:
        makes = makes.replace(f"install {root}", f"install -r {root}/requirements.txt")
    edit = Edit(path, text, f"# Made by: {makes}\n{new}", line)
    why = "The packages are installed there; the system's Python has none of them."
    return Fix(f"Start {path} with the Python of {root}/{named}", (finding.id,), "review", (edit,), why=why)


def _names_venv(tree: Tree) -> bool:
    """Do the documents and scripts speak of venv/, and never of .venv/?"""
    texts = [tree.text(entry.path) for entry in tree.files("markdown", "shell", "makefile", "dockerfile")]
    return any(re.search(r"(?<![\w.])venv/bin/", text) for text in texts) and not any(".venv" in text for text in texts)


def loopback(finding: Finding, tree: Tree) -> Fix | None:
    """Publish the port for this machine only."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    port = re.match(r"(?P<lead>\s*-\s*)(?P<quote>[\"']?)(?P<ports>\d+:\d+)(?P=quote)\s*(?:#.*)?$", text)
    if port is None:
        return None
    old = f"{port['quote']}{port['ports']}{port['quote']}"
    edit = Edit(path, old, f'"127.0.0.1:{port["ports"]}"', line)
    why = "Others reach it through a proxy or a tunnel that asks who they are."
    return Fix(f"Publish {port['ports']} on this machine only in {path}", (finding.id,), "review", (edit,), why=why)


def own_user(finding: Finding, deployment: Deployment, tree: Tree) -> Fix | None:
    """Make a user before the last stage starts anything, and give it the folder in which it works."""
    path = finding.at.path
    file = next((d for d in deployment.dockerfiles if d.path == path), None)
    if file is None or finding.at.line or finding.also:
        return None
    last = max(i.stage for i in file.instructions)
    final = [i for i in file.instructions if i.stage == last]
    start = next((i for i in final if i.name in ("ENTRYPOINT", "CMD")), None)
    base = next((i.value for i in final if i.name == "FROM"), "")
    folder = next((i.value.strip() for i in reversed(final) if i.name == "WORKDIR"), "")
    if start is None or not folder.startswith("/") or "$" in folder or re.search(r"scratch|distroless|windows", base):
        return None
    makes = "adduser -D app" if "alpine" in base else "useradd --create-home app"
    text = tree.lines(path)[start.line - 1]
    edit = Edit(path, text, f"RUN {makes} && chown -R app {folder}\nUSER app\n{text}", start.line)
    why = "What it starts no longer runs as root; mounted folders have to belong to that user."
    return Fix(f"Start {path} as a user of its own", (finding.id,), "review", (edit,), why=why)


def by_environment(finding: Finding, tree: Tree) -> Fix | None:
    """Hand a stranger's text over as a variable."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    run = re.match(r"(?P<lead>\s*)(?P<dash>- )?run:\s*(?P<command>[^|>].*)$", text)
    found = re.findall(r"\$\{\{\s*([\w.\[\]'*-]+)\s*\}\}", text)
    if run is None or finding.also or len(found) != 1:
        return None
    name = re.sub(r"\W+", "_", found[0].rpartition(".")[2]).strip("_").upper() or "TEXT"
    lead = run["lead"] + ("  " if run["dash"] else "")
    inside = text.split("${{")[0].count('"') % 2 == 1
    command = re.sub(r"\$\{\{[^}]*\}\}", f"${name}" if inside else f'"${name}"', run["command"])
    if inside is False and "'" in run["command"].split("${{")[0]:
        return None
    head = f"{run['lead']}{run['dash'] or ''}"
    new = f"{head}env:\n{lead}  {name}: ${{{{ {found[0]} }}}}\n{lead}run: {command}"
    why = "The shell then sees a value and no command."
    return Fix(
        f"Hand {found[0]} over by a variable in {path}", (finding.id,), "review", (Edit(path, text, new, line),), why=why
    )


def pass_through(finding: Finding, deployment: Deployment) -> Fix | None:
    """Write the entry script that is missing: it starts what CMD says."""
    source = finding.data.get("source", "")
    file = next((d for d in deployment.dockerfiles if d.path == finding.at.path), None)
    if file is None or not re.search(r"(?:^|/)(?:docker-)?entry-?point(?:\.sh)?$", source):
        return None
    names = {i.name for i in file.instructions}
    started = next((i.value for i in file.instructions if i.name == "ENTRYPOINT"), "")
    if not {"ENTRYPOINT", "CMD"} <= names or source.rpartition("/")[2] not in started:
        return None
    path = f"{file.context}/{source}".lstrip("/") if file.context else source
    text = '#!/bin/sh\n# Starts what CMD or the command line of the container says.\nset -e\nexec "$@"\n'
    why = f"{file.path} copies and starts it, and CMD says what it has to start."
    return Fix(f"Write {path}", (finding.id,), "review", creates=(NewFile(path, text, executable=True),), why=why)
