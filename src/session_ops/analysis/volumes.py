"""Mounts of compose files against the image that they are mounted into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.analysis.deployment_fixes import mount_where_it_works
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment, Dockerfile, Instruction
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule


@rule("SHIP-VOLUME", gate="ship", category="deploy-config", fix=mount_where_it_works)
def mount_where_nobody_looks(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A compose file mounts a folder of the project where the image does not look for it.

    Why: the service starts and works, but on a folder of its own inside the container; what the mount should keep is lost with the
    container, and what lies in it is never read. Only mounts of a folder into a folder of the same name are looked at (./state at /app/state),
    where the image is built here and its last WORKDIR is another folder. Passes: images that name the mounted path or its parent anywhere
    (COPY, ENV, VOLUME, CMD), services that set working_dir or name the path themselves, and code that names it.
    Do: Mount it below the WORKDIR of the Dockerfile, or tell the code through a variable where it lies.
    Source: Compose Specification, volumes; Dockerfile reference, WORKDIR.
    """
    built = [service for service in deployment.services if "build" in service.values or "build.context" in service.values]
    if not built or not deployment.dockerfiles:
        raise NotApplicable("no compose service that is built from a Dockerfile here")
    for service in built:
        image = image_of(service.path, service.values, deployment.dockerfiles)
        folder = _folder(image) if image else ""
        if image is None or not folder or not_deployed(service.path) or "working_dir" in service.values:
            continue
        told = " ".join(
            [*(i.value for i in image.instructions), *(v for k, v in service.values.items() if not k.startswith("volumes"))]
        )
        for key, value in service.values.items():
            source, _, rest = value.partition(":")
            inside = rest.partition(":")[0].rstrip("/")
            if not key.startswith("volumes.") or not source.startswith("./") or not inside.startswith("/"):
                continue
            name, parent = PurePosixPath(normal(source)).name, str(PurePosixPath(inside).parent)
            if (
                PurePosixPath(inside).name != name
                or parent in ("/", folder)
                or parent in told
                or inside.startswith(folder + "/")
            ):
                continue
            if any(
                inside in tree.text(e.path)
                for e in tree.files()
                if e.path != service.path and e.language not in ("markdown", "text")
            ):
                continue
            yield Finding(
                f"{source} is mounted at {inside}, but the image works in {folder} and names {parent} nowhere",
                tree.evidence(service.path, service.places.get(key, service.line)),
                (tree.evidence(image.path, _workdir_line(image)),),
                f"What the service writes to {folder}/{name} is lost with the container; the mounted folder stays as it is.",
                data={"old": f":{inside}", "new": f":{folder}/{name}"},
            )


def image_of(path: str, values: dict[str, str], dockerfiles: tuple[Dockerfile, ...]) -> Dockerfile | None:
    """The Dockerfile that a service is built from, where it lies in the target."""
    context = normal(str(PurePosixPath(path).parent / values.get("build.context", values.get("build", "."))))
    wanted = normal(str(PurePosixPath(context) / values.get("build.dockerfile", "Dockerfile")))
    return next((d for d in dockerfiles if d.path == wanted), None)


def _folder(image: Dockerfile) -> str:
    """The last absolute WORKDIR of the last stage; empty where there is none or a variable decides."""
    last = max((i.stage for i in image.instructions), default=0)
    found = [i.value.strip().rstrip("/") for i in image.instructions if i.name == "WORKDIR" and i.stage == last]
    return found[-1] if found and found[-1].startswith("/") and "$" not in found[-1] else ""


def _workdir_line(image: Dockerfile) -> int:
    return [i.line for i in image.instructions if i.name == "WORKDIR"][-1]


_NAMED = regex(r"^[A-Za-z0-9][\w.-]*$")
_HANDS_OVER = regex(r"\bchown\b|\bgosu\b|\bsu-exec\b|\bsetpriv\b|\bsudo\b|\bfixuid\b|\bsu\s+-")


@rule("SHIP-OWNER", gate="ship", category="deploy-config")
def volume_that_only_root_writes(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A named volume is mounted on a path that the image does not make, and the image runs as another user than root.

    Why: Docker gives a new volume the owner of the folder it covers; where the image has no such folder it makes one that belongs to root. The
    service cannot write there: "permission denied" at its first save. Passes: images that name the path or make it, entry points that chown or
    change the user, services with a `user` of their own, images that are not built here.
    Do: Make the folder in the Dockerfile before USER: `RUN mkdir -p PATH && chown USER PATH`.
    Source: Docker, Volumes ("populate a volume using a container"); Dockerfile reference, VOLUME and USER.
    """
    built = [service for service in deployment.services if "build" in service.values or "build.context" in service.values]
    if not built or not deployment.dockerfiles:
        raise NotApplicable("no compose service that is built from a Dockerfile here")
    for service in built:
        image = image_of(service.path, service.values, deployment.dockerfiles)
        user = _user(image) if image else None
        if image is None or user is None or "user" in service.values:
            continue
        if not_deployed(service.path) and not any(service.path in tree.text(e.path) for e in tree.files("markdown")):
            continue  # an example that nobody is told to start
        named = [
            (key, inside.partition(":")[0].rstrip("/"))
            for key, value in service.values.items()
            for source, _, inside in [value.partition(":")]
            if re.fullmatch(r"volumes\.\d+", key) and _NAMED.match(source) and inside.startswith("/")
        ]
        told = "\n".join(i.value for i in image.instructions if i.name not in ("FROM", "USER"))
        started = " ".join(i.value for i in image.instructions if i.name in ("ENTRYPOINT", "CMD"))
        scripts = [
            e.path for e in tree.files("shell") if e.path.rpartition("/")[2] in told or e.path.rpartition("/")[2] in started
        ]
        if any(_HANDS_OVER.search(tree.text(path)) for path in scripts) or "$" in user.value:
            continue
        bare = [(key, path) for key, path in named if not _made(path, told)]
        if not bare or not started:
            continue
        key, path = bare[0]
        yield Finding(
            f"the volume at {path} belongs to root, since the image makes no such folder, and {service.name} runs as {user.value.strip()}",
            tree.evidence(service.path, service.places.get(key, service.line)),
            (
                tree.evidence(image.path, user.line),
                *(tree.evidence(service.path, service.places[k]) for k, _ in bare[1:6] if k in service.places),
            ),
            "Whatever the service saves there ends with: permission denied.",
            "likely" if re.search(r"\b(?:useradd|adduser)\b", told) and _plain(path, image, service.values) else "possible",
        )


_OF_TOOLS = regex(r"/\.(?:cache|config|local|npm|cargo|rustup|gem|m2|gradle)(?:/|$)|/node_modules$")
"""Folders that a tool makes while the image is built."""


def _plain(path: str, image: Dockerfile, values: dict[str, str]) -> bool:
    """Does nothing else bring the folder: a tool, a COPY of a whole tree, a mount above it?"""
    folder = _folder(image)
    whole = any(i.name in ("COPY", "ADD") and re.search(r"(?:^|\s)\./?\s", i.value) for i in image.instructions)
    above = [
        v.split(":")[1].rstrip("/")
        for k, v in values.items()
        if k.startswith("volumes.") and v.startswith((".", "/", "~")) and ":" in v
    ]
    return not (
        _OF_TOOLS.search(path)
        or (whole and folder and path.startswith(folder + "/"))
        or any(path.startswith(a + "/") for a in above)
    )


def _made(path: str, told: str) -> bool:
    """Does the image name a path, or a folder above it below the first two, as it is or by its last part below a WORKDIR?"""
    parts = PurePosixPath(path)
    name = re.escape(parts.name)
    return (
        path in told
        or re.search(rf"(?:mkdir|install|COPY|chown|VOLUME)[^\n]*[\s/{{,]{name}\b", told) is not None
        or re.search(rf"(?:^|\s)(?:\./)?{name}/?(?:\s|$)", told, re.MULTILINE) is not None
    )


def _user(image: Dockerfile) -> Instruction | None:
    """The USER of the last stage, where it is not root."""
    last = max((i.stage for i in image.instructions), default=0)
    found = [i for i in image.instructions if i.name == "USER" and i.stage == last]
    return found[-1] if found and found[-1].value.strip().partition(":")[0] not in ("root", "0") else None
