"""Compose files, images and service units: what they start, from what, and who can reach it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.analysis.deployment_fixes import environment_of_its_own, fitting_type
from session_ops.analysis.ignore import SECRET_NAME
from session_ops.analysis.lock_files import PYTHON_LOCKS
from session_ops.analysis.volumes import image_of
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment, Dockerfile, Service, Unit
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

# --- images ---------------------------------------------------------------------------------------------------------------------


def _floats(image: str) -> str:
    """Why an image may be another one tomorrow (`has no tag`, `is :latest`); empty where it is pinned or cannot be told."""
    if not image or "$" in image or "{" in image or "@sha256:" in image or image == "scratch":
        return ""
    name = image.rpartition("/")[2]
    if name.endswith(":latest"):
        return "is :latest"
    return "" if ":" in name else "has no tag"


@rule("SHIP-LATEST", gate="ship", category="deploy-config")
def image_without_version(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """An image is taken by no tag or by `latest`, so tomorrow's deployment may be another one.

    Why: the same files build and start something else on another day, and nobody can go back; so does a program that a Dockerfile installs
    with `npm install -g` without a version. Images with a version or a digest,
    stages, `scratch`, images that a compose service builds itself, and tags from variables pass.
    Do: Write the version that was tested as the image's tag, or its digest (`@sha256:…`), and raise it on purpose.
    Source: Docker, "Building best practices", pin base image versions.
    """
    if not deployment.dockerfiles and not deployment.services:
        raise NotApplicable("no Dockerfile and no compose file")
    for dockerfile in deployment.dockerfiles:
        if not not_deployed(dockerfile.path):
            yield from _base_images(tree, dockerfile)
            yield from _newest_tools(tree, dockerfile)
    for path in sorted({service.path for service in deployment.services if not not_deployed(service.path)}):
        found = [(s, s.values.get("image", "")) for s in deployment.services if s.path == path and "build" not in s.places]
        floating = [(service, image, why) for service, image in found if (why := _floats(image))]
        if not floating:
            continue
        service, image, why = floating[0]
        more = f", and so with {', '.join(s.name for s, _, _ in floating[1:6])}" if len(floating) > 1 else ""
        yield Finding(
            f"The image {image} of service {service.name} {why}{more}",
            tree.evidence(path, service.places["image"]),
            tuple(tree.evidence(path, s.places["image"]) for s, _, _ in floating[1:10]),
            "Two deployments of the same files may run different programs.",
            "possible",
        )


def _base_images(tree: Tree, dockerfile: Dockerfile) -> Iterator[Finding]:
    stages: set[str] = set()
    for step in dockerfile.instructions:
        if step.name != "FROM":
            continue
        words = [w for w in step.value.split() if not w.startswith("--")]
        if not words:
            continue
        why = "" if words[0].lower() in stages else _floats(words[0])
        if why:
            yield Finding(
                f"The base image {words[0]} {why}",
                tree.evidence(dockerfile.path, step.line),
                impact="Two builds of the same files may give different images.",
                confidence="possible",
            )
        if len(words) >= 3 and words[1].lower() == "as":
            stages.add(words[2].lower())


_STANDS_FOR = regex(
    r"(?:^|/)(?:YOUR|MY|OUR)[-_][A-Z0-9_-]+(?=[/:@]|$)|<[A-Za-z][\w .-]*>"
    r"|(?:^|/)your[-_]?(?:org\w*|registry|user(?:name)?|name|company|docker(?:hub)?\w*|repo\w*|image)(?=[/:@.-]|$)"
)


@rule("SHIP-PLACEHOLDER", gate="ship", category="deploy-config")
def image_that_stands_for_another(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A compose service takes its image from a name that somebody was to fill in (`ghcr.io/YOUR_ORG/…`).

    Why: nobody has published an image under that name, and Docker refuses capital letters in it, so that `docker compose pull` and `up` end
    at this service. A deployment that is started with this file never gets further. Passes: services that are built here, files
    that are examples or templates, variables.
    Do: Write the owner and name under which CI pushes the image, or a variable that has to be set (`${IMAGE:?}`).
    Source: Compose Specification, image; Docker, docker image tag (name components are lower case).
    """
    if not deployment.services:
        raise NotApplicable("no compose file")
    for service in deployment.services:
        image = service.values.get("image", "")
        match = (
            _STANDS_FOR.search(image) if "$" not in image and not any(k.startswith("build") for k in service.values) else None
        )
        if match is None or not_deployed(service.path) or re.search(r"example|sample|template", service.path):
            continue
        yield Finding(
            f"the image {image} of service {service.name} is a placeholder",
            tree.evidence(service.path, service.places["image"]),
            impact="Docker finds no such image: the service never starts.",
        )


_GLOBAL = regex(
    r"\bnpm\s+(?:install|i|add)\s+(?:--?[\w=-]+\s+)*(?:-g|--global)\s+(?:--?[\w=-]+\s+)*(?P<tools>[^&|;\n]+)|\bgo\s+install\s+(?P<go>\S+@latest)"
)


def _newest_tools(tree: Tree, dockerfile: Dockerfile) -> Iterator[Finding]:
    """The first program that an image takes in whatever version is the newest."""
    for step in dockerfile.instructions:
        match = (
            _GLOBAL.search(step.value) if step.name == "RUN" and ("npm" in step.value or "go install" in step.value) else None
        )
        if match is None:
            continue
        tools = (
            [match["go"]] if match["go"] else [w for w in match["tools"].replace("\\", " ").split() if re.match(r"@?[a-z]", w)]
        )
        loose = [w for w in tools if "$" not in w and (w.endswith("@latest") or "@" not in w[1:])]
        if loose:
            line = next(
                (n for n in range(step.line, step.end + 1) if loose[0] in tree.lines(dockerfile.path)[n - 1]), step.line
            )
            yield Finding(
                f"{loose[0]} is installed in whatever version is the newest",
                tree.evidence(dockerfile.path, line),
                impact="Two builds of the same files may give different programs.",
                confidence="possible",
            )
            return


# --- compose --------------------------------------------------------------------------------------------------------------------

_FRONT = regex(
    r"(?:^|[-_])(?:nginx|caddy|traefik|proxy|haproxy|envoy|gateway|ingress|frontend|front|web|ui|www|site)(?:$|[-_])",
    re.IGNORECASE,
)
_PORT = regex(
    r"^(?:(?P<host>\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:]*\]|localhost):)?(?P<published>\d+(?:-\d+)?):\d+(?:-\d+)?(?:/\w+)?$"
)


def _published(service: Service) -> Iterator[tuple[str, str, int]]:
    """(address, published port, line) of each port that the host gives away; the address is empty for all interfaces."""
    for key, line in service.places.items():
        parts = key.split(".")
        if parts[0] != "ports" or len(parts) != 2:
            continue
        if match := _PORT.match(service.values.get(key, "")):
            yield match["host"] or "", match["published"], line
        elif service.values.get(f"{key}.published"):
            yield service.values.get(f"{key}.host_ip", ""), service.values[f"{key}.published"], line


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("localhost", "[::1]", "::1")


@rule("SHIP-PORTS", gate="guard", category="security")
def port_on_every_interface(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A service is published on every interface while its neighbours are kept to the loopback.

    Why: the author meant the machine to be the border, and one port is open to the network (Docker's rules come before a host
    firewall). Web servers and proxies, ports 80 and 443, and files where nothing is bound to the loopback pass.
    Do: Publish it on the loopback (`127.0.0.1:PORT:PORT`), or drop `ports` where only services of the same compose file use it;
    leave the network to a proxy that asks who calls.
    Source: Docker, "Packet filtering and firewalls"; Compose Specification, ports.
    """
    if not deployment.services:
        raise NotApplicable("no compose file")
    for path in sorted({service.path for service in deployment.services}):
        ports = [(s, *p) for s in deployment.services if s.path == path for p in _published(s)]
        closed = next((p for p in ports if _loopback(p[1])), None)
        wide = [
            p for p in ports if not p[1].strip("[]:0.") and p[2] not in ("80", "443") and not _FRONT.search(p[0].name)
        ]  # fmt: skip
        if closed is None or not wide or not_deployed(path):
            continue
        said = ", ".join(f"{service.name} ({port})" for service, _, port, _ in wide[:6])
        yield Finding(
            f"{said} {'is' if len(wide) == 1 else 'are'} published on every interface, while {closed[0].name} is kept to {closed[1]}",
            tree.evidence(path, wide[0][3]),
            tuple(tree.evidence(path, p[3]) for p in wide[1:8] if p[3] != wide[0][3]),
            "Anybody in the network reaches it, past the host's firewall.",
            "possible",
            data={"port": wide[0][2]},
        )


_MAPPED = regex(r"^(?:[\d.]+:|\[[0-9a-fA-F:]*\]:|localhost:)?(?:\$\{[^}]*\}|\d+):(?P<inside>\d{2,5})(?:/tcp)?$")


@rule("SHIP-EXPOSE", gate="ship", category="deploy-config")
def port_that_the_image_does_not_open(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A compose file maps a container port that the image, which is built here, does not open.

    Why: the connection is reset, while the container runs and looks healthy. Only where the Dockerfile exposes another port and the number of
    the mapping stands nowhere else: not in the code of the build folder, not in the service's command or environment.
    Do: Map the port that the program listens on (`HOST:CONTAINER`, the second number), and let EXPOSE say the same.
    Source: Compose Specification, ports; Dockerfile reference, EXPOSE.
    """
    looked = False
    for service in deployment.services:
        file = _built_by(deployment, service)
        exposed = (
            {w.partition("/")[0] for i in file.instructions if i.name == "EXPOSE" for w in i.value.split()} if file else set()
        )
        if file is None or not exposed or not all(port.isdigit() for port in exposed):
            continue
        looked = True
        for key, line in service.places.items():
            match = _MAPPED.match(service.values.get(key, "")) if key.startswith("ports.") else None
            if (
                match is None
                or match["inside"] in exposed
                or _named_elsewhere(tree, file.context, service, key, match["inside"])
            ):
                continue
            yield Finding(
                f"port {match['inside']} of {service.name} is published, but its image opens {', '.join(sorted(exposed))}",
                tree.evidence(service.path, line),
                tuple(tree.evidence(file.path, i.line) for i in file.instructions if i.name == "EXPOSE")[:2],
                "Whoever connects to it is turned away, while the container runs.",
            )
    if not looked:
        raise NotApplicable("no service that is built here from a Dockerfile with EXPOSE")


def _built_by(deployment: Deployment, service: Service) -> Dockerfile | None:
    """The one Dockerfile that a service is built from by its default name."""
    where = service.values.get("build") or service.values.get("build.context", "")
    if not where or "build.dockerfile" in service.values or "$" in where:
        return None
    return image_of(service.path, service.values, deployment.dockerfiles)


def _named_elsewhere(tree: Tree, context: str, service: Service, key: str, port: str) -> bool:
    """Does the number stand in a text of the build folder, or in another setting of the service?"""
    if any(port in value for name, value in service.values.items() if name != key and not name.startswith("ports.")):
        return True
    number = re.compile(rf"(?<!\d){port}(?!\d)")
    inside = f"{context}/" if context not in ("", ".") else ""
    return any(
        number.search(tree.text(e.path))
        for e in tree.files()
        if e.path.startswith(inside)
        and e.path != service.path
        and e.language not in ("markdown", "json")
        and e.status == "read"
    )


# --- units ----------------------------------------------------------------------------------------------------------------------

_SYSTEM_PYTHON = regex(r"^[-@:+!]*(?:/usr/(?:local/)?bin/|/bin/)?(?:env\s+)?python3?(?:\.\d+)?\s+(?P<rest>.*)$")
_OWN_PATH = regex(r"(?:^|[\s=:])[^\s]*(?:/\.?venv/|/virtualenvs?/|/env/)bin")
_ACCOUNTS = frozenset(
    (
        "root",
        "nobody",
        "daemon",
        "www-data",
        "nginx",
        "redis",
        "postgres",
        "mysql",
        "systemd-network",
        "%i",
        "%u",
        "node",
        "app",
    )
)


@rule("SHIP-UNIT", gate="ship", category="deploy-config", fix=environment_of_its_own)
def unit_without_its_packages(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A service unit starts the target's Python code with the system's interpreter, which has not got its packages.

    Why: the project declares dependencies and installs them into an environment of its own; /usr/bin/python3 sees none of them, and
    recent distributions refuse to install there (PEP 668). Units that name the environment, code that imports none of
    them, and zip applications pass.
    Do: Let ExecStart name the interpreter of the project's environment by its full path (`/opt/NAME/.venv/bin/python …`), and
    install the project's packages into that environment.
    Source: PEP 668; systemd.exec(5), ExecStart.
    """
    units = [u for u in deployment.units if u.get("Service.ExecStart")]
    if not units:
        raise NotApplicable("no service unit")
    declared = _declares_dependencies(tree)
    if not declared:
        return
    own_environment = _speaks_of_environment(tree)
    for unit in units:
        for key, value, line in unit.entries:
            match = _SYSTEM_PYTHON.match(value) if key in ("Service.ExecStart", "Service.ExecStartPre") else None
            if match is None or _sets_environment(unit) or not_deployed(unit.path):
                continue
            script = next((word for word in match["rest"].split() if not word.startswith("-")), "")
            name = script.rpartition("/")[2]
            inside = (
                [p for p in tree.entries if p.rpartition("/")[2] == name and script.endswith(p)] if name.endswith(".py") else []
            )
            foreign = _foreign_import(tree, inside[0]) if inside else ""
            if not foreign:
                continue
            also = [tree.evidence(declared)]
            also += [
                tree.evidence(unit.path, at)
                for k, v, at in unit.entries
                if k in ("Service.User", "Service.WorkingDirectory") and _personal(k, v)
            ]
            yield Finding(
                f"ExecStart runs {name} with the system's Python, which has none of the packages that {declared} declares",
                tree.evidence(unit.path, line),
                tuple(also),
                f"The service dies at `import {foreign}`; point ExecStart at the interpreter of the project's environment.",
                "likely" if own_environment else "possible",
            )


_IMPORT = regex(r"(?m)^(?:from|import)[ \t]+(?P<dots>\.*)(?P<name>\w*)(?:\.(?P<part>\w+))?")


def _foreign_import(tree: Tree, script: str) -> str:
    """A package that neither Python nor the target brings and that the script imports at once, or through the modules beside it."""
    own = {p.rpartition("/")[2].removesuffix(".py") for p in tree.entries if p.endswith(".py")}
    own |= {part for p in tree.entries if p.endswith(".py") for part in PurePosixPath(p).parts[:-1]}
    pending, seen = [script], {script}
    while pending and len(seen) < 200:
        path = pending.pop(0)
        for match in _IMPORT.finditer(tree.text(path)):
            name = match["name"]
            if not match["dots"] and name and name not in sys.stdlib_module_names and name not in own:
                return name
            for wanted in (name, match["part"]):
                beside = str(PurePosixPath(path).with_name(f"{wanted}.py"))
                if wanted and beside in tree.entries and beside not in seen:
                    seen.add(beside)
                    pending.append(beside)
    return ""


def _personal(key: str, value: str) -> bool:
    return value.startswith("/") if key.endswith("WorkingDirectory") else value not in _ACCOUNTS


def _sets_environment(unit: Unit) -> bool:
    return any(k.startswith("Service.Environment") and (_OWN_PATH.search(v) or "VIRTUAL_ENV" in v) for k, v, _ in unit.entries)


def _declares_dependencies(tree: Tree) -> str:
    """The file that declares Python packages which the code needs; empty where there is none."""
    if "pyproject.toml" in tree.entries:
        block = re.search(r"(?ms)^dependencies\s*=\s*\[(.*?)\]", tree.text("pyproject.toml"))
        if block and re.search(r"[\"'][A-Za-z]", block[1]):
            return "pyproject.toml"
    for path in ("requirements.txt", "requirements/base.txt"):
        if path in tree.entries and any(re.match(r"\s*[A-Za-z]", line) for line in tree.lines(path)):
            return path
    return ""


def _speaks_of_environment(tree: Tree) -> bool:
    """Does the project say that its packages live in an environment of their own?"""
    if any(name in tree.entries for name in PYTHON_LOCKS):
        return True
    words = re.compile(r"\buv (?:sync|run|venv)\b|python3? -m venv|\bpoetry (?:install|run)\b|\bvirtualenv\b|\.venv/bin")
    return any(
        words.search(tree.text(e.path))
        for e in tree.files("markdown", "dockerfile", "shell", "makefile")
        if not not_deployed(e.path)
    )


@rule("SHIP-UNIT-TYPE", gate="ship", category="deploy-config", fix=fitting_type)
def unit_that_systemd_refuses(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A oneshot service asks to be restarted always, which systemd refuses to load.

    Do: Write `Restart=on-failure` or leave Restart out; a process that stays needs another Type, and work that comes again
    needs a timer.
    Source: systemd.service(5), Restart=: `always` and `on-success` are not allowed for Type=oneshot.
    """
    if not deployment.units:
        raise NotApplicable("no service unit")
    for unit in deployment.units:
        kind, restart = unit.get("Service.Type"), unit.get("Service.Restart")
        if kind and restart and kind[0] == "oneshot" and restart[0] in ("always", "on-success"):
            yield Finding(
                f"Type=oneshot does not go with Restart={restart[0]}: systemd refuses the unit",
                tree.evidence(unit.path, kind[1]),
                (tree.evidence(unit.path, restart[1]),),
                "systemctl start ends with: unit has a bad unit file setting.",
                "possible" if not_deployed(unit.path) else "likely",
            )


# --- client bundles -------------------------------------------------------------------------------------------------------------

_VITE = regex(r"(?:^|/)(?:vite|vitest|webpack|rollup|rspack)\.config\.[cm]?[jt]s$")
_BAKED = regex(r"\b(?:process\.env|import\.meta\.env|env)\s*(?:\.\s*|\[\s*[\"'])(?P<name>[A-Z][A-Z0-9_]+)")
_PUBLIC = regex(r"PUBLISHABLE|PUBLIC_KEY|SITE_?KEY|ANON_KEY|MAPS_|_CLIENT_ID", re.IGNORECASE)


@rule("SHIP-VITE", gate="guard", category="security")
def secret_in_client_bundle(tree: Tree) -> Iterator[Finding]:
    """The bundler writes a secret from the build's environment into the code that every browser loads.

    Why: `define` replaces the name by the value in the bundle, so that whoever opens the page can read the key and use it. Keys
    that are meant to be public (publishable, site and anon keys) pass.
    Do: Take the key out of the bundler's configuration, keep it on a server that asks in the page's place, and replace it if a
    bundle with it was ever published.
    Source: Vite, "Env Variables and Modes", security notes; CWE-200.
    """
    configs = [e.path for e in tree.files("javascript", "typescript") if _VITE.search(e.path)]
    if not configs:
        raise NotApplicable("no bundler configuration")
    for path in configs:
        lines = tree.lines(path)
        found: dict[str, int] = {}
        depth = 0
        inside = False
        for number, line in enumerate(lines, start=1):
            if not inside and re.search(r"\bdefine\s*:\s*\{|DefinePlugin\s*\(\s*\{", line):
                inside, depth = True, 0
            if not inside:
                continue
            code = re.sub(r"^\s*//.*", "", line)
            for match in _BAKED.finditer(code.partition(":")[2] if ":" in code else code):
                name = match["name"]
                if SECRET_NAME.search(name) and not _PUBLIC.search(name):
                    found.setdefault(name, number)
            depth += code.count("{") - code.count("}")
            if depth <= 0:
                inside = False
        if found and not not_deployed(path):
            first = min(found.values())
            names = ", ".join(sorted(found))
            yield Finding(
                f"{names} {'is' if len(found) == 1 else 'are'} compiled into the bundle that every visitor downloads",
                tree.evidence(path, first),
                tuple(tree.evidence(path, n) for n in sorted(set(found.values()) - {first})),
                "Whoever opens the page can take the key and use it. Keep it on a server and let the page ask that.",
                "likely",
            )
