"""Files of variables that compose asks for, and that neither git brings nor anything makes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.ignore import would_ignore
from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment, Service
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references import References
from session_ops.model import Evidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_MAKES = regex(
    r"\b(?:cp|cop(?:y|ies)|creates?|mv|move|touch|echo|printf|cat|tee|rename|writes?|save|put|add|edit|fill|set|configure|makes?|generates?|nano|vim?|code|install|open|open\(|scp|sops)\b|>",
    re.IGNORECASE,
)
_UP = regex(r"^[ \t]*(?:\$ )?(?:sudo )?docker[ -]compose\b[^\n#]*\bup\b", re.MULTILINE)


@rule("SHIP-ENVFILE", gate="ship", category="deploy-config")
def env_file_that_nothing_makes(tree: Tree, references: References) -> Iterator[Finding]:
    """A compose service reads an env file that git ignores, and nothing says that it has to be made.

    Why: `docker compose up` ends with "env file … not found" on every fresh clone. A template beside it does not help who follows the
    documents, where none of them speaks of it. Passes: `required: false`, files that a document, a script, CI or a Makefile names.
    Do: Let the documents say `cp .env.example .env` before `docker compose up`, or write the entry with `required: false`.
    Source: Compose Specification, env_file, required.
    """
    asked = [
        r
        for r in references
        if r.place == "compose" and r.verdict == "created" and r.fatal and "env" in r.text and not is_aside(r.source)
    ]
    if not asked:
        raise NotApplicable("no compose service reads an env file that is not there")
    seen: set[str] = set()
    told = _told_to_start(tree)
    guide = tree.text(told.path) if told else ""
    for one in asked:
        name = one.target.rpartition("/")[2]
        if one.target in seen or not would_ignore(tree, one.target):
            continue
        seen.add(one.target)
        if any(_names(tree.text(e.path), name) for e in tree.files() if not _kept_out(e.path, e.language, one.source, guide)):
            continue
        yield Finding(
            f"service {one.within} reads {one.text}, which git ignores, and nothing makes it or says that it has to be made",
            tree.evidence(one.source, one.line),
            (told,) if told else (),
            "On a fresh clone docker compose ends with: env file not found.",
            "likely" if told and "/" not in one.source else "possible",
        )


def _kept_out(path: str, language: str, source: str, guide: str) -> bool:
    """A file that names env files and makes none, or a page that the guide to the start does not lead to."""
    folder, _, last = path.rpartition("/")
    if guide and folder and language == "markdown" and last not in guide:
        return True
    return path == source or "ignore" in last or language in ("dockerfile", "env") or "compose" in last


def _names(text: str, name: str) -> bool:
    """Does a line of a text speak of making or filling the file itself, and not a template of it or a property such as `process.env`?"""
    if name not in text:
        return False
    named = re.compile(rf"(?<![\w)\]]){re.escape(name)}(?![\w.-]*[\w-])(?!\()")
    return any(name in line and named.search(line) and _MAKES.search(line) for line in text.splitlines())


def _told_to_start(tree: Tree) -> Evidence | None:
    """Where the README tells people to start the services."""
    for entry in tree.files("markdown"):
        if "/" in entry.path or not entry.path.upper().startswith("README"):
            continue
        text = tree.text(entry.path)
        match = _UP.search(text) if "compose" in text else None
        if match:
            return tree.evidence(entry.path, text.count("\n", 0, match.start()) + 1)
    return None


_LOCAL = regex(
    r"^\s*(?:export\s+)?(?P<name>[A-Z][A-Z0-9_]*)=[\"']?(?P<value>[^\s\"']*(?<![\w.-])(?:localhost|127\.0\.0\.1):(?P<port>\d{2,5})\b[^\s\"']*)"
)
_TEMPLATES = ("{}.example", "{}.sample", "{}.template", "{}.dist", "env.example", "{}")
_INSIDE = regex(r"^(?:[\d.]+:|\[[^\]]*\]:)?(?:(?P<host>\$\{[^}]*\}|\d+):)?(?P<inside>\d{2,5})(?:/tcp)?$")


@rule("SHIP-LOCALHOST", gate="ship", category="deploy-config")
def itself_in_place_of_its_neighbour(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """The env file of a compose service gives localhost as the address of another service.

    Why: every container has a localhost of its own, where the database or queue of its neighbour does not listen; the service starts and
    ends with "connection refused". Looked at is the template of the env file that the service reads. Passes: variables that the service sets
    itself under `environment`, services on the host's network, ports that no other service has or that the service opens itself, and variables
    that nothing in the code reads.
    Do: Write the name of the other service and its port inside the network (`postgres:5432`), or set the variable under `environment`.
    Source: Docker, Networking in Compose ("each container can look up the name of its service"; CONTAINER_PORT, not HOST_PORT).
    """
    reading = [(s, key, value) for s in deployment.services for key, value in s.values.items() if _ENV_KEY.fullmatch(key)]
    if not reading:
        raise NotApplicable("no compose service reads an env file")
    seen: set[tuple[str, int]] = set()
    for service, key, value in reading:
        if is_aside(service.path) or service.values.get("network_mode") == "host":
            continue
        folder = service.path.rpartition("/")[0]
        wanted = normal(f"{folder}/{value}" if folder else value)
        template = next((p for t in _TEMPLATES if (p := _beside(wanted, t)) in tree.entries and tree.text(p)), "")
        own = _ports(service)
        others = {port: o for o in deployment.services if o.path == service.path and o is not service for port in _ports(o)}
        for number, line in enumerate(tree.lines(template) if template and others else [], 1):
            match = _LOCAL.match(line) if ":" in line else None
            if match is None or match["port"] not in others or match["port"] in own or (template, number) in seen:
                continue
            other = others[match["port"]]
            if _set_itself(service, match["name"]) or not _read(tree, match["name"]):
                continue
            seen.add((template, number))
            at_start = other.name in " ".join(v for k, v in service.values.items() if k.startswith("depends_on")) or any(
                k.startswith(f"depends_on.{other.name}") for k in service.values
            )
            yield Finding(
                f"{match['name']} says localhost:{match['port']}, but service {service.name}, which reads it, reaches {other.name} by that name",
                tree.evidence(template, number),
                (tree.evidence(service.path, service.places.get(key, service.line)),),
                "In a container localhost is the container itself: the connection is refused.",
                "likely" if at_start else "possible",
            )


_ENV_KEY = regex(r"env_file(?:\.\d+)?(?:\.path)?")


def _beside(wanted: str, template: str) -> str:
    folder, _, name = wanted.rpartition("/")
    return f"{folder}/{template.format(name)}" if folder else template.format(name)


def _ports(service: Service) -> set[str]:
    """The ports of a service, as the host and as its container have them; that of a known server where it publishes none."""
    found: set[str] = set()
    for key, value in service.values.items():
        match = _INSIDE.match(value) if re.fullmatch(r"(?:ports|expose)\.\d+", key) else None
        if match:
            found |= {match["inside"], *(re.findall(r"\d{2,5}", match["host"] or ""))}
    image = service.values.get("image", "").rpartition("/")[2].partition(":")[0]
    return found | ({_SERVERS[image]} if image in _SERVERS else set())


_SERVERS = {
    "postgres": "5432",
    "mysql": "3306",
    "mariadb": "3306",
    "redis": "6379",
    "mongo": "27017",
    "rabbitmq": "5672",
    "pgvector": "5432",
}
"""Servers that people run from their public image, and the port on which that image listens."""


def _set_itself(service: Service, name: str) -> bool:
    """Does a service give the variable a value of its own?"""
    return f"environment.{name}" in service.values or any(
        k.startswith("environment") and v.startswith(f"{name}=") for k, v in service.values.items()
    )


def _read(tree: Tree, name: str) -> bool:
    """Does code read a variable?"""
    return any(
        name in tree.text(e.path)
        for e in tree.files("python", "javascript", "typescript", "tsx", "go", "rust", "ruby", "shell")
        if not is_aside(e.path)
    )
