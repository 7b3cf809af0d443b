"""What the user's answers ask for and the target does not have: a container, a unit, something to import, borders, places for data.

These rules look only at what was answered, never at what was inferred: a guess is no demand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from session_ops.analysis.main_command import Main, main_command
from session_ops.discovery.aside import is_aside
from session_ops.discovery.commands import Commands
from session_ops.discovery.deployment import Deployment, Service
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.mechanism import Mechanism
from session_ops.discovery.references import References
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.state import folders
from session_ops.model import Answers, Edit, Evidence, Finding, Fix, NewFile
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

EVERYBODY = regex(r"\b(?:every(?:one|body)|any(?:one|body)|public|internet|whole network|all users)\b", re.IGNORECASE)
USER = regex(r"\buser\s+([a-z_][a-z0-9_-]*)\b", re.IGNORECASE)
PACKAGES = {
    "git": "git", "jq": "jq", "curl": "curl", "python3": "python3", "ps": "procps", "pgrep": "procps", "pkill": "procps", "flock": "util-linux",
    "sqlite3": "sqlite3", "tmux": "tmux", "rsync": "rsync", "node": "nodejs", "bc": "bc", "inotifywait": "inotify-tools", "ssh": "openssh-client",
    "zip": "zip", "unzip": "unzip", "make": "make", "uuidgen": "uuid-runtime", "lsof": "lsof", "nc": "netcat-openbsd", "ruby": "ruby",
}  # fmt: skip
"""Commands that debian:bookworm-slim has not, or not all of, to their packages. Source: packages.debian.org, bookworm."""
SHORT_PORT = regex(r"(?P<quote>[\"']?)(?P<port>\d+(?:-\d+)?:\d+(?:-\d+)?(?:/\w+)?)(?P=quote)\s*(?:#.*)?$")


def _name(tree: Tree) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", tree.root.name.lower()).strip("-") or "tracker"


def _rendered(template: str, **values: Any) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    engine = Environment(  # noqa: S701 - no HTML; the values are names that were checked
        loader=PackageLoader("session_ops.solution"), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    return engine.get_template(template).render(**values)


def _user(answers: Answers, name: str) -> str:
    match = USER.search(answers.access_control)
    return match[1] if match else name


# --- a container ------------------------------------------------------------------------------------------------------------------


def _image(
    finding: Finding, tree: Tree, answers: Answers, manifests: Manifests, scripts: Scripts, docs: Docs, commands: Commands,
    references: References, mechanism: Mechanism,
) -> Fix | None:  # fmt: skip
    """A Dockerfile for the one command that starts the target, with a user of its own and volumes for data to keep."""
    main = main_command(tree, manifests, scripts, docs)
    if main is None or main.world == "gem" or not all(re.fullmatch(r"[\w./=@:+-]+", word) for word in main.words):
        return None
    name = _name(tree)
    base, install = _base(tree, main)
    used = {c.name for c in commands if not is_aside(c.path) and not c.guarded}
    packages = sorted({PACKAGES[c] for c in used if c in PACKAGES}) if main.world == "shell" else sorted({"git"} & used)
    text = _rendered(
        "Dockerfile.j2", name=name, base=base, packages=packages, install=install, user=_user(answers, name), words=main.words,
        state=folders(tree, references, mechanism.uses), keep=answers.preserve_data == "yes",
    )  # fmt: skip
    creates = [NewFile("Dockerfile", text)]
    if ".dockerignore" not in tree.entries:
        creates.append(NewFile(".dockerignore", ".git\n.env\n.env.*\n!.env.example\n*.log\nnode_modules\n.venv\n__pycache__\n"))
    why = f"It starts `{main.text}`, as the user said that it shall run in a container."
    return Fix("Add a Dockerfile", (finding.id,), "review", creates=tuple(creates), why=why)


def _base(tree: Tree, main: Main) -> tuple[str, list[str]]:
    """The base image and the commands that install what the target needs."""
    if main.world == "pip":
        return "python:3.12-slim", ["pip install --no-cache-dir ."]
    if main.world == "requirements":
        return "python:3.12-slim", [
            "pip install --no-cache-dir -r requirements.txt"
        ] if "requirements.txt" in tree.entries else []
    if main.world == "npm":
        locked = "package-lock.json" in tree.entries or "npm-shrinkwrap.json" in tree.entries
        return "node:22-slim", ["npm ci --omit=dev" if locked else "npm install --omit=dev"]
    return "debian:bookworm-slim", []


@rule("ANSWER-IMAGE", gate="ship", category="deploy-config", fix=_image)
def container_wanted(answers: Answers, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """It shall run in a container, and nothing builds or names an image.

    Why: the user answered environment docker or cloud. A Dockerfile, or a compose file that names images, passes; a library is not asked.
    Do: Add a Dockerfile that starts the one command that keeps it running, as a user of its own, with a volume for data to keep.
    Source: Dockerfile reference, CMD, USER, VOLUME.
    """
    if answers.environment not in ("docker", "cloud") or answers.wanted_shape == "library":
        raise NotApplicable("nobody answered that it runs in a container")
    if any(not is_aside(d.path) for d in deployment.dockerfiles) or any(not is_aside(s.path) for s in deployment.services):
        return
    if "Dockerfile" not in tree.entries:
        yield Finding(
            f"it shall run in {answers.environment}, and nothing builds an image of it", Evidence("Dockerfile"),
            impact="There is nothing to start where it is meant to run.",
        )  # fmt: skip


# --- a service --------------------------------------------------------------------------------------------------------------------


def _unit(
    finding: Finding, tree: Tree, answers: Answers, manifests: Manifests, scripts: Scripts, docs: Docs, references: References, mechanism: Mechanism
) -> Fix | None:  # fmt: skip
    """A hardened unit for the one command that keeps running."""
    main = main_command(tree, manifests, scripts, docs)
    if main is None or not all(re.fullmatch(r"[\w./=@:+-]+", word) for word in main.words):
        return None
    name = _name(tree)
    root = f"/opt/{name}"
    first, rest = main.words[0], main.words[1:]
    if main.world == "pip":
        command = f"{root}/.venv/bin/{first}"
    elif first == main.path:
        command = f"{root}/{first}"
    else:
        command = f"/usr/bin/env {first}"
    command = " ".join([command, *(f"{root}/{word}" if word == main.path else word for word in rest)])
    title = next((d.title for d in docs if d.role == "readme" and "/" not in d.path and d.title), name)
    text = _rendered(
        "unit.service.j2", name=name, root=root, description=re.sub(r"[^\w .,:-]", "", title)[:60].strip() or name, command=command,
        user=_user(answers, name), state=folders(tree, references, mechanism.uses),
    )  # fmt: skip
    why = f"systemd keeps `{main.text}` running as a user that can write its state and nothing else."
    return Fix("Add a service unit", (finding.id,), "review", creates=(NewFile(finding.at.path, text),), why=why)


@rule("ANSWER-UNIT", gate="ship", category="deploy-config", fix=_unit)
def service_wanted(answers: Answers, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """It shall run as a service, and no unit or container keeps it running.

    Why: the user answered environment systemd, or shape service (or clients that call it) on a machine. After a crash or a
    reboot nobody starts it. For systemd a unit passes; for a service on a machine a unit or a compose file does.
    Do: Add a unit with User, Restart and an ExecStart of whole paths.
    Source: systemd.service(5), systemd.exec(5).
    """
    systemd = answers.environment == "systemd" and answers.wanted_shape != "library"
    service = answers.wanted_shape == "service" and answers.environment in ("unknown", "local")
    if not systemd and not service:
        raise NotApplicable("nobody answered that systemd or a machine keeps it running")
    if any(not is_aside(u.path) for u in deployment.units):
        return
    if service and not systemd and any(not is_aside(s.path) for s in deployment.services):
        return
    path = f"deploy/{_name(tree)}.service"
    if path not in tree.entries:
        yield Finding(
            "it shall run as a service, and no unit keeps it running", Evidence(path),
            impact="After a crash or a reboot nobody starts it again.",
        )  # fmt: skip


# --- a library --------------------------------------------------------------------------------------------------------------------


def _entry(finding: Finding, tree: Tree) -> Fix | None:
    """Name the module that is there as the package's main."""
    text, module = tree.text(finding.at.path), finding.data.get("module", "")
    match = re.search(r"(?m)^(?P<indent>[ \t]*)\"version\"\s*:\s*\"[^\"]*\"(?P<comma>,?)[ \t]*$", text)
    if not module or match is None or text.count(match[0]) != 1:
        return None
    line = f'{match["indent"]}"main": {json.dumps("./" + module)}'
    new = f"{match[0]}\n{line}," if match["comma"] else f"{match[0].rstrip()},\n{line}"
    return Fix("Name the module that others import", (finding.id,), "review", edits=(Edit(finding.at.path, match[0], new),))


@rule("ANSWER-API", gate="metadata", category="package", fix=_entry)
def library_wanted(answers: Answers, tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """It shall be a library, and its manifest names nothing to import.

    Why: the user answered shape library, or consumers that import it.
    `require` and `import` of the package fail, whatever code is in it. A package.json with main, module or
    exports (or an index.js), and a Python package with modules pass.
    Do: Name the module that others import in the manifest, and export from it what they may use.
    Source: Node.js, Modules: Packages, main and exports; Python Packaging User Guide.
    """
    if answers.wanted_shape != "library":
        raise NotApplicable("nobody answered that it is a library")
    own = [m for m in manifests if not is_aside(m.path) and m.ecosystem in ("npm", "pip", "gem", "cargo", "go")]
    if not own:
        yield Finding(
            "it shall be a library, and no manifest makes it a package", Evidence("pyproject.toml"), confidence="possible"
        )
    for one in own:
        if (
            one.ecosystem != "npm"
            or one.broken
            or not one.name
            or any(e.kind in ("main", "module", "exports") for e in one.entry_points)
        ):
            continue
        there = [one.beside(name) for name in ("index.js", "src/index.js", "lib/index.js", "src/main.js", "lib/main.js")]
        found = next((path for path in there if path in tree.entries), "")
        if found != there[0]:
            prefix = f"{one.folder}/" if one.folder else ""
            yield Finding(
                f"{one.name} shall be a library, and its package.json names neither main nor exports", tree.evidence(one.path, 1),
                impact="Whoever imports it gets an error.", data={"module": found.removeprefix(prefix)},
            )  # fmt: skip


# --- who may reach it -------------------------------------------------------------------------------------------------------------


def _published(service: Service) -> Iterator[tuple[str, int, str]]:
    """Port as written, line and address of each published port."""
    for key, line in service.places.items():
        parts = key.split(".")
        if parts[0] != "ports" or len(parts) != 2:
            continue
        value = service.values.get(key, "")
        if match := re.fullmatch(
            r"(?:(?P<host>\[[\da-fA-F:]+\]|\d+(?:\.\d+){3}|localhost):)?(?P<rest>[\d-]+(?::[\d-]+)?(?:/\w+)?)", value
        ):
            yield value, line, match["host"] or ""


def _loopback(finding: Finding, tree: Tree) -> Fix | None:
    """Publish the port on the loopback."""
    line = tree.lines(finding.at.path)[finding.at.line - 1]
    match = SHORT_PORT.search(line)
    if match is None or line.count(match["port"]) != 1:
        return None
    new = line[: match.start()] + f'"127.0.0.1:{match["port"]}"' + line[match.end("port") + len(match["quote"]) :]
    return Fix(
        "Publish it on the loopback interface only",
        (finding.id,),
        "review",
        edits=(Edit(finding.at.path, line, new, finding.at.line),),
    )


@rule("ANSWER-ACCESS", gate="guard", category="security", fix=_loopback)
def access_wanted(answers: Answers, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """Only some may reach it, and a port is published to everybody.

    Why: the user said who may; Docker publishes on every interface unless an address is given, past a host firewall. Answers that mean everybody
    pass, and so do ports of web servers and proxies (80, 443).
    Do: Publish it on 127.0.0.1 and let a proxy ask who calls.
    Source: Docker, "Packet filtering and firewalls".
    """
    if not answers.access_control or EVERYBODY.search(answers.access_control):
        raise NotApplicable("nobody answered that access is limited")
    for service in deployment.services:
        if is_aside(service.path):
            continue
        for port, line, host in _published(service):
            open_to_all = not host.strip("[]:0.")
            if open_to_all and port.split(":")[0] not in ("80", "443"):
                yield Finding(
                    f"{service.name} publishes {port} to everybody, while access is limited to {answers.access_control[:60]!r}",
                    tree.evidence(service.path, line), impact="Anybody in the network reaches it, past the host's firewall.",
                )  # fmt: skip


# --- data to keep -----------------------------------------------------------------------------------------------------------------


def _volume(finding: Finding, tree: Tree) -> Fix | None:
    """Mount the folders of state from the host, below the image's working directory."""
    line = tree.lines(finding.at.path)[finding.at.line - 1]
    indent = re.match(r"\s*", line)
    mounts, where = finding.data.get("folders", "").split(), finding.data.get("workdir", "")
    if not re.fullmatch(r"\s*build:\s*\S+\s*", line) or not mounts or not where or indent is None:
        return None
    base = finding.data.get("base", ".")
    added = [f"{indent[0]}volumes:", *(f"{indent[0]}  - {base}/{folder}:{where.rstrip('/')}/{folder}" for folder in mounts)]
    new = "\n".join([line.rstrip(), *added])
    return Fix(
        "Keep its data outside of the container",
        (finding.id,),
        "review",
        edits=(Edit(finding.at.path, line, new, finding.at.line),),
    )


@rule("ANSWER-KEEP", gate="ship", category="state", fix=_volume)
def data_wanted(
    answers: Answers, tree: Tree, deployment: Deployment, references: References, mechanism: Mechanism
) -> Iterator[Finding]:
    """Its data has to be kept, and a service that is built here writes it into the container.

    Why: the user answered that existing state must survive; what is written inside a container is gone with the next build. Services with any
    volume pass, and targets that write no state.
    Do: Mount the folder that holds its state, and copy what is there into it once.
    Source: Compose Specification, volumes.
    """
    if answers.preserve_data != "yes":
        raise NotApplicable("nobody answered that data has to be kept")
    state = folders(tree, references, mechanism.uses)
    built = [s for s in deployment.services if "build" in s.places and not is_aside(s.path)]
    if not state or not built:
        return
    for service in built:
        if any(key.split(".")[0] == "volumes" for key in service.places):
            continue
        folder = service.path.rpartition("/")[0]
        image = next(
            (d for d in deployment.dockerfiles if d.path.rpartition("/")[0] in (folder, service.values.get("build", ""), "")),
            None,
        )
        workdir = next((i.value for i in reversed(image.instructions) if i.name == "WORKDIR"), "") if image is not None else ""
        back = "/".join([".."] * (folder.count("/") + bool(folder))) or "."
        yield Finding(
            f"{service.name} writes {', '.join(state)} into its container, and this data has to be kept",
            tree.evidence(service.path, service.places["build"]), impact="It is gone with the next build.",
            data={"folders": " ".join(state), "workdir": workdir, "base": back},
        )  # fmt: skip
