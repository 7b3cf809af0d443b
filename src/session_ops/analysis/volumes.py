"""Mounts of compose files against the image that they are mounted into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.analysis.deployment_fixes import mount_where_it_works
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment, Dockerfile
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
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
