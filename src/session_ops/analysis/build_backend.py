"""The build backend of a Python package: it is one that exists, and the build brings it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from session_ops.analysis.distributions import normalised, required
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding, Fix
from session_ops.registry import NotApplicable, rule

BACKENDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "setuptools": (("setuptools.build_meta", "setuptools.build_meta:__legacy__"), ("setuptools",)),
    "hatchling": (("hatchling.build", "hatchling.ouroboros"), ("hatchling",)),
    "poetry": (("poetry.core.masonry.api", "poetry.masonry.api"), ("poetry-core", "poetry")),
    "flit_core": (("flit_core.buildapi",), ("flit-core",)),
    "flit": (("flit.buildapi",), ("flit",)),
    "pdm": (("pdm.backend", "pdm.pep517.api"), ("pdm-backend", "pdm-pep517")),
    "uv_build": (("uv_build",), ("uv-build",)),
    "maturin": (("maturin",), ("maturin",)),
    "mesonpy": (("mesonpy",), ("meson-python",)),
}
"""Module of a backend: the objects that it has, the usual one first, and the distributions that bring it. Source: their documentation."""


def _as_it_is_called(finding: Finding, tree: Tree) -> Fix | None:
    """Name the object that the backend has."""
    new = finding.data.get("new", "")
    return rewritten(finding, tree, f"Build with {new}", "safe", "It is what this backend calls itself.") if new else None


@rule("PKG-BACKEND", gate="build", category="package", fix=_as_it_is_called)
def backend_that_nobody_has(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The build backend of pyproject.toml does not exist, or `requires` does not bring it.

    Why: pip, uv and build make an environment of what `requires` lists and import the backend there; a name such as
    `setuptools.backends.legacy:build` ends every installation, also `pip install -e .`, before anything is read. Passes: backends that are
    not well known, and those in the tree (`backend-path`).
    Do: Write the backend as its documentation does (`setuptools.build_meta`, `hatchling.build`, `poetry.core.masonry.api`), and list its
    distribution in `requires`.
    Source: PEP 517; packaging.python.org, Writing your pyproject.toml, [build-system].
    """
    looked = False
    for one in manifests:
        text = tree.text(one.path) if one.path.rpartition("/")[2] == "pyproject.toml" else ""
        if "build-backend" not in text or is_aside(one.path) or one.broken:
            continue
        looked = True
        try:
            system = tomllib.loads(text).get("build-system")
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        backend = system.get("build-backend") if isinstance(system, dict) else None
        if not isinstance(system, dict) or not isinstance(backend, str) or "backend-path" in system:
            continue
        known = BACKENDS.get(re.split(r"[.:]", backend)[0])
        if known is None:
            continue
        objects, brought_by = known
        line = next((n for n, said in enumerate(tree.lines(one.path), 1) if re.match(r"\s*build-backend\s*=", said)), 1)
        requires = system.get("requires")
        listed = {required(r) for r in requires if isinstance(r, str)} if isinstance(requires, list) else set()
        if backend not in objects:
            yield Finding(
                f"the build backend {backend} does not exist; it is called {objects[0]}",
                tree.evidence(one.path, line),
                impact="Nothing builds or installs the package: the backend cannot be imported.",
                data={"old": backend, "new": objects[0]},
            )
        elif listed and not listed.intersection(map(normalised, brought_by)):
            yield Finding(
                f"the build backend is {backend}, and `requires` does not list {brought_by[0]}",
                tree.evidence(one.path, line),
                impact="Nothing builds or installs the package: the backend cannot be imported.",
            )
    if not looked:
        raise NotApplicable("no pyproject.toml names a build backend")
