"""npm packages: packed, taken apart, installed from the tarball, imported, and their commands started."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.docs import in_readme, npm_run
from session_ops.discovery.manifests import Manifest
from session_ops.model import CommandRun, Gate
from session_ops.proof.artifact import first, unwanted
from session_ops.proof.checkout import NPM_S, develop, table, wanted
from session_ops.proof.compiled import unpacked
from session_ops.proof.runs import Place, prover
from session_ops.proof.starting import MOST_COMMANDS, START_S, documented, imports, sample, starts
from session_ops.proof.tarball import Tarball, problems, read_tarball
from session_ops.proof.tarballs import compiling, fetched, laid_out, offline
from session_ops.proof.toolchains import toolchains
from session_ops.proof.wheels import Unsatisfiable
from session_ops.registry import CannotCheck, Facts

MOST_PACKAGES = 4
AFTER = (Gate.CONTENTS, Gate.INSTALL, Gate.START)
STARTED = ("start", "serve", "server", "dev", "demo", "example", "cli")
"""Scripts by which people start what a package is; the others are for those who work on it."""
SHOW_S = 90.0
"""Seconds that such a program is given: a demonstration takes its time."""
_PROGRAM = re.compile(r"node\s+(?P<path>[\w./-]+\.[cm]?js)\b")
_BUILDS = ("prepare", "prepack", "prepublishOnly")
"""Scripts of a package that run before it is packed or published. Source: docs.npmjs.com, scripts, life cycle scripts."""


@prover("npm")
def npm(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Pack, look into, install, import and start every npm package; of applications that nobody installs, install what they require."""
    chosen = [
        m
        for m in facts["manifests"]
        if m.path.rpartition("/")[2] == "package.json" and not is_aside(m.path) and not is_document(m.path)
    ]
    chosen = [m for m in chosen if m.broken or m.name or m.entry_points or m.dependencies]
    if chosen and not toolchains().has("npm"):
        for gate in (Gate.BUILD, *AFTER):
            yield place.refused(gate, "npm pack", "npm is not installed on this machine")
        return
    for number, one in enumerate(chosen[:MOST_PACKAGES]):
        yield from _package(place, facts, one, f"{number or ''}")
    if len(chosen) > MOST_PACKAGES:
        yield place.skipped(
            Gate.BUILD, "npm pack", f"{len(chosen) - MOST_PACKAGES} more packages: only the first {MOST_PACKAGES} are tried"
        )


def _package(place: Place, facts: Facts, one: Manifest, tag: str) -> Iterator[CommandRun]:
    said = [one.broken] if one.broken else [p.text for p in one.problems if p.sure]
    yield place.check(Gate.METADATA, f"read {one.path} by its standard", said)
    if one.broken:
        return
    try:
        package = json.loads(place.tree.text(one.path).removeprefix("\ufeff"))
    except ValueError:
        return
    where = f" ./{one.folder}" if one.folder else ""
    private = package.get("private") is True and not package.get("bin")
    if private or not package.get("name") or not package.get("version"):
        yield from _application(place, package, one, where)
        return
    dist = place.box.tmp.parent / f"dist{tag}"
    place.box.run(["mkdir", "-p", str(dist)])
    runs = list(_pack(place, package, one, where, dist))
    yield from runs
    balls = [item.path for item in place.box.list(dist) if item.path.endswith(".tgz")]
    if not runs[-1].good or not balls:
        why = runs[-1].skipped or "nothing was packed"
        for gate in AFTER:
            yield place.refused(gate, f"npm pack{where}", why)
        return
    try:
        ball = read_tarball(place.box.read(dist / balls[0]))
    except CannotCheck as error:
        yield place.refused(Gate.CONTENTS, f"look into {balls[0]}", str(error))
        return
    yield place.check(
        Gate.CONTENTS, f"look into {balls[0]}", first([*unwanted(ball.files), *problems(ball, place.tree, one.folder)])
    )
    yield from _install(place, facts, ball, dist / balls[0], tag)
    yield from _in_checkout(place, package, one, where)


def _pack(place: Place, package: Mapping[str, Any], one: Manifest, where: str, dist: PurePosixPath) -> Iterator[CommandRun]:
    """Pack, after a build where it takes one; the last run is that of `npm pack`.

    Where all that the manifest promises lies there already (published, or committed), a script that fails before packing is said and passed over:
    it works on sources that a published package does not hold. What is packed then is the folder as it was: such a script clears it first.
    """
    scripts = table(package, "scripts")
    shown = f"npm pack{where}"
    words = ["npm", "pack", "--pack-destination", str(dist)]
    complete = not _made(place, one)
    kept = place.box.tmp.parent / f"kept-{dist.name}"
    if complete and any(name in scripts for name in _BUILDS):
        place.box.run(["cp", "-a", str(place.inside(one.folder)), str(kept)])
    why = ""
    if any(name in scripts for name in _BUILDS) or not complete:
        run = develop(place, package, one, where)
        if not run.good and not complete:
            yield run
            yield place.refused(Gate.BUILD, shown, "what it needs to build could not be installed")
            return
        why = run.wrong or run.skipped
        if not complete and "build" in scripts and not any(name in scripts for name in _BUILDS[:2]):
            yield place.run(Gate.BUILD, ["npm", "run", "build"], cwd=one.folder, env=offline(place.box), timeout_s=NPM_S)
    run = (
        place.refused(Gate.BUILD, shown, why)
        if why
        else place.run(Gate.BUILD, words, cwd=one.folder, env=offline(place.box), timeout_s=NPM_S, shown=shown)
    )
    if not run.good and complete:
        bare = place.run(
            Gate.BUILD,
            [*words, "--ignore-scripts"],
            cwd=kept if any(name in scripts for name in _BUILDS) else one.folder,
            env=offline(place.box),
            timeout_s=NPM_S,
            shown=f"{shown} --ignore-scripts",
        )
        if bare.good:
            yield replace(run, ended="", wrong="", skipped=f"its scripts do not work here: {run.wrong or run.skipped}")
            run = bare
    yield run


def _made(place: Place, one: Manifest) -> bool:
    """Does it promise a file that only a build makes?"""
    promised = [e.value for e in one.entry_points if e.kind in ("main", "bin", "exports", "module")]
    return any(
        v and "*" not in v and not place.tree.exists(one.beside(v)) and not place.tree.exists(one.beside(v) + ".js")
        for v in promised
    )


def _install(place: Place, facts: Facts, ball: Tarball, path: PurePosixPath, tag: str) -> Iterator[CommandRun]:
    shown = f"npm install {path.name}"
    name = str(ball.package.get("name"))
    app = place.box.tmp.parent / f"app{tag}"
    every = wanted(ball.package)
    kept = ""
    try:
        if every:
            kept = fetched(every)
            laid_out(place.box, kept)
    except Unsatisfiable as error:
        yield CommandRun(Gate.INSTALL, shown, 1, wrong=str(error)[:400])
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    except CannotCheck as error:
        yield place.refused(Gate.INSTALL, shown, str(error))
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    place.box.write(app / "package.json", b'{"name": "somebody", "version": "1.0.0", "private": true}\n')
    if kept:
        unpacked(place.box, kept, str(app))
    run = place.run(
        Gate.INSTALL, ["npm", "install", str(path)], cwd=app, env=compiling(place.box), timeout_s=NPM_S, shown=shown
    )
    if run.wrong or run.ended:
        # a script that downloads something cannot work here; whether the rest would is seen without scripts
        quiet = place.run(
            Gate.INSTALL, ["npm", "install", "--ignore-scripts", str(path)], cwd=app, env=offline(place.box), timeout_s=NPM_S
        )
        whose = _of_dependency(run, name)
        if quiet.good and (run.ended == "refused" or whose):
            why = f"the install script of {whose or 'a dependency'} does not work without the network"
            if not toolchains().headers and any("gyp ERR!" in line for line in run.tail):
                why += ": it compiles, and Node came without its headers (include/node)"
            yield replace(run, ended="refused", wrong="", skipped=why)
            return
    yield run
    if not run.good:
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    if ball.loads:
        code = f"await import({json.dumps(name)})"
        yield imports(place, ["node", "--input-type=module", "-e", code], f"node -e '{code}'", app, {}, START_S)
    # a command that calls npm itself finds what was fetched, and learns at once of what was not
    env = {**offline(place.box), "PATH": f"{app}/node_modules/.bin:{place.box.env['PATH']}"}
    for command in list(ball.bins)[:MOST_COMMANDS]:
        yield starts(place, [f"{app}/node_modules/.bin/{command}"], command, env)

    def own(words: Sequence[str]) -> bool:
        return words[0] in ball.bins

    yield from documented(place, facts, own, env, at=place.box.home)


def _of_dependency(run: CommandRun, name: str) -> str:
    """The other package than this one whose script failed; empty where none did."""
    places = re.findall(
        r"(?:npm (?:error|ERR!) path|gyp ERR! cwd) \S*node_modules/((?:@[^/\s]+/)?[^/\s]+)\s*$",
        "\n".join(run.tail),
        re.MULTILINE,
    )
    return places[-1] if places and places[-1] != name else ""


def _application(place: Place, package: Mapping[str, Any], one: Manifest, where: str) -> Iterator[CommandRun]:
    """An application that is run where it lies: install what it requires, build it, start it."""
    scripts = table(package, "scripts")
    if table(package, "dependencies", "devDependencies", "optionalDependencies"):
        run = develop(place, package, one, where)
        yield run
        if not run.good:
            return
    if "build" in scripts:
        yield place.run(Gate.BUILD, ["npm", "run", "build"], cwd=one.folder, env=offline(place.box), timeout_s=NPM_S)
    for name in ("start", "dev", "serve"):
        command = npm_run(name)
        if name in scripts and (name == "start" or _told(place, command)):
            at = place.inside(one.folder)
            yield sample(place, command, {**offline(place.box), "npm_config_loglevel": "silent"}, at)
            break


def _in_checkout(place: Place, package: Mapping[str, Any], one: Manifest, where: str) -> Iterator[CommandRun]:
    """What a README tells people to start in the checkout, after the installation there: scripts that run a program of the package."""
    scripts = table(package, "scripts")
    chosen = []
    for name in STARTED:
        match = _PROGRAM.match(scripts.get(name, ""))
        command = npm_run(name)
        if match and place.tree.exists(one.beside(match["path"])) and _told(place, command):
            chosen.append(command)
    if not chosen or not (_told(place, "npm install") or _told(place, "npm ci")):
        return
    run = develop(place, package, one, where)
    yield run
    for command in chosen if run.good else ():
        env = {**offline(place.box), "npm_config_loglevel": "silent"}
        yield sample(place, command, env, place.inside(one.folder), seconds=SHOW_S)


def _told(place: Place, command: str) -> bool:
    """Does a README tell people to start it by this command?"""
    return place.facts is not None and in_readme(place.tree, place.facts["docs"], command)
