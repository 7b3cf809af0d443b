"""`npm install` in the copy of a package: what work on it needs, from the cache, with the scripts of its dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_ops.discovery.manifests import Manifest
from session_ops.model import CommandRun, Gate
from session_ops.proof.compiled import unpacked
from session_ops.proof.runs import Place
from session_ops.proof.tarballs import INSTALLED, compiling, fetched, laid_out, offline, scripted
from session_ops.proof.wheels import Unsatisfiable
from session_ops.registry import CannotCheck

NPM_S = 180.0
"""Seconds that a command of npm is given."""


def table(package: Mapping[str, Any], *names: str) -> dict[str, str]:
    """The entries of these tables of a package.json; what is no table has none."""
    found: dict[str, str] = {}
    for name in names:
        entries = package.get(name)
        found |= {str(k): str(v) for k, v in entries.items()} if isinstance(entries, dict) else {}
    return found


def wanted(package: Mapping[str, Any]) -> dict[str, str]:
    """What an installation of the package brings along: peers too, but those that are optional."""
    meta = package.get("peerDependenciesMeta")
    optional = {k for k, v in meta.items() if isinstance(v, dict) and v.get("optional")} if isinstance(meta, dict) else set()
    peers = {k: v for k, v in table(package, "peerDependencies").items() if k not in optional}
    return peers | table(package, "dependencies", "optionalDependencies")


def develop(place: Place, package: Mapping[str, Any], one: Manifest, where: str) -> CommandRun:
    """Install everything that work on the package needs, into the copy."""
    shown = f"npm install{where}"
    lock = place.tree.text(one.beside("package-lock.json"))
    keys = (
        "name",
        "version",
        "dependencies",
        "devDependencies",
        "optionalDependencies",
        "peerDependencies",
        "overrides",
        "engines",
        "bin",
    )
    manifest = {key: package[key] for key in keys if key in package}
    every = wanted(package) | table(package, "devDependencies")
    try:
        name = fetched(every, lock, manifest)
        laid_out(place.box, name)
    except Unsatisfiable as error:
        return CommandRun(Gate.INSTALL, shown, 1, wrong=str(error)[:400])
    except CannotCheck as error:
        return place.refused(Gate.INSTALL, shown, str(error))
    kept = unpacked(place.box, name, str(place.inside(one.folder)))
    argv = ["npm", "ci" if lock and not kept else "install", "--ignore-scripts"]
    run = place.run(Gate.INSTALL, argv, cwd=one.folder, env=offline(place.box), timeout_s=NPM_S, shown=shown)
    if run.good and not kept and (names := _with_scripts(place, one)):
        # compilers and bundlers put their program in place by one; what fails here fails again where it is used
        place.box.run(["npm", "rebuild", *names], cwd=place.inside(one.folder), env=compiling(place.box), timeout_s=NPM_S)
    return run


def _with_scripts(place: Place, one: Manifest) -> list[str]:
    """Installed packages that have a script of their own to run at installation."""
    try:
        return scripted(place.box.read(place.inside(one.beside(INSTALLED))))
    except CannotCheck:
        return []
