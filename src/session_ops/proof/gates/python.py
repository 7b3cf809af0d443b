"""Python packages: built, taken apart, installed with what they declare alone, imported, and their commands started."""

from __future__ import annotations

import contextlib
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import CommandRun, Gate
from session_ops.proof import uv
from session_ops.proof.artifact import Wheel, first, missing, read_wheel, unwanted
from session_ops.proof.runs import Place, prover
from session_ops.proof.starting import MOST_COMMANDS, START_S, documented, imports, starts
from session_ops.proof.toolchains import toolchains
from session_ops.proof.wheels import Unsatisfiable, fetched
from session_ops.registry import CannotCheck, Facts

MOST_PACKAGES = 4
_LACKS = re.compile(
    r"Because (?P<name>[\w.-]+)(?:[<>=!~][^ ]*)? (?:was not found in the provided package locations|needs to be downloaded)"
    r"|there are no versions of (?P<other>[\w.-]+)"
)
_MISSING = re.compile(r"ModuleNotFoundError|ImportError|No module named")
LEGACY = ("setuptools>=40.8.0", "wheel")
"""What a project without [build-system] is built with. Source: PEP 517, build_meta:__legacy__."""


@dataclass
class Project:
    """A Python project of the target: its folder, its manifests, and whether it is meant to be built."""

    folder: str
    manifests: list[Manifest] = field(default_factory=list)

    @property
    def pyproject(self) -> Manifest | None:
        """Its pyproject.toml."""
        return next((m for m in self.manifests if m.path.endswith("pyproject.toml")), None)

    @property
    def is_package(self) -> bool:
        """Does it say how it is built, or what it is called and what it starts?"""
        if any(m.path.endswith("setup.py") for m in self.manifests):
            return True
        one = self.pyproject
        if one is None:
            return any(m.path.endswith("setup.cfg") and m.name for m in self.manifests)
        named = bool(one.name) and any(e.kind in ("script", "module") for e in one.entry_points)
        return (
            one.broken != ""
            or one.field("build-system.requires") is not None
            or one.field("build-system.build-backend") is not None
            or named
        )

    @property
    def requires_to_build(self) -> list[str]:
        """`build-system.requires`, or what stands in for it."""
        one = self.pyproject
        listed = [f.value for f in one.listed("build-system.requires")] if one else []
        return listed or list(LEGACY)

    @property
    def requires_python(self) -> str:
        """`requires-python` as declared; empty where it is not."""
        for one in self.manifests:
            if (found := one.field("requires-python") or one.field("python_requires")) is not None:
                return found.value
        return ""


def projects(manifests: Manifests) -> list[Project]:
    """Folders with Python manifests, tests and examples aside, the nearest to the target's root first."""
    found: dict[str, Project] = {}
    for one in manifests:
        if one.ecosystem == "pip" and not is_aside(one.path) and not is_document(one.path):
            found.setdefault(one.folder, Project(one.folder)).manifests.append(one)
    return sorted(found.values(), key=lambda p: (p.folder.count("/") + bool(p.folder), p.folder))


@prover("pip")
def python(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Build, look into, install, import and start every Python package; of projects that are none, install what they require."""
    every = projects(facts["manifests"])
    packages = [p for p in every if p.is_package]
    for number, project in enumerate(packages[:MOST_PACKAGES]):
        yield from _package(place, facts, project, f"{number or ''}")
    if len(packages) > MOST_PACKAGES:
        yield place.skipped(
            Gate.BUILD, "uv build", f"{len(packages) - MOST_PACKAGES} more packages: only the first {MOST_PACKAGES} are tried"
        )
    if not packages:
        yield from _application(place, facts, every)


# --- packages -------------------------------------------------------------------------------------------------------------------


def _package(place: Place, facts: Facts, project: Project, tag: str) -> Iterator[CommandRun]:
    where = f" in {project.folder}" if project.folder else ""
    for one in project.manifests:
        said = [one.broken] if one.broken else [p.text for p in one.problems if p.sure]
        yield place.check(Gate.METADATA, f"read {one.path} by its standard", said)
    try:
        interpreter = _interpreter(project.requires_python)
    except CannotCheck as error:
        for gate in (Gate.BUILD, Gate.CONTENTS, Gate.INSTALL, Gate.START):
            yield place.refused(gate, f"uv build{where}", str(error))
        return
    dist = place.box.tmp.parent / f"dist{tag}"
    runs = list(_build(place, project, dist, interpreter))
    yield from runs
    run = runs[-1]
    if not run.good:
        for gate in (Gate.CONTENTS, Gate.INSTALL, Gate.START):
            yield place.refused(gate, f"uv build{where}", "nothing was built" if run.wrong else run.skipped)
        return
    built = [item.path for item in place.box.list(dist) if item.path.endswith(".whl")]
    try:
        wheel = read_wheel(built[0], place.box.read(dist / built[0]))
    except (CannotCheck, IndexError) as error:
        yield place.refused(Gate.CONTENTS, "look into the wheel", str(error) or "no wheel was built")
        return
    yield place.check(Gate.METADATA, f"read METADATA of {wheel.name} by its standard", _metadata(wheel))
    problems = [*unwanted(wheel.files), *missing(wheel, place.tree, project.folder)]
    yield place.check(Gate.CONTENTS, f"look into {wheel.name}", first(problems))
    yield from _install(place, facts, wheel, f"{dist}/{built[0]}", tag, interpreter)


def _interpreter(wanted: str) -> str:
    """The interpreter for a project: ours where it does, else the oldest of this machine that does.

    Raises:
        CannotCheck: none does.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    have = toolchains().pythons
    try:
        fits = SpecifierSet(wanted)
    except InvalidSpecifier:
        return have[0][1]  # the standard's check says so
    for version, path in have:
        exact = platform.python_version() if path == toolchains().python else f"{version[0]}.{version[1]}.99"
        if fits.contains(exact, prereleases=True):
            return path
    offered = ", ".join(f"{a}.{b}" for (a, b), _ in sorted(have))
    raise CannotCheck(f"it asks for Python {wanted}, and this machine offers {offered}")


def _build(place: Place, project: Project, dist: PurePosixPath, interpreter: str) -> Iterator[CommandRun]:
    """Build the sdist, and the wheel from it; the last run is the one that counts.

    Requirements that a backend asks for while it builds are fetched when they are missed. Where only the wheel from the sdist does not build,
    that is said, and the wheel is built from the folder, as an installation from it would.
    """
    shown = "uv build" + (f" {project.folder}" if project.folder else "")
    wanted = project.requires_to_build
    for _ in range(4):
        try:
            wheels = fetched(wanted, python=interpreter)
        except Unsatisfiable as error:
            said = place.plain(f"what it needs to build does not exist: {error}")
            yield CommandRun(Gate.BUILD, shown, 1, (place.plain(str(error))[:240],), wrong=said[:400])
            return
        except CannotCheck as error:
            yield place.refused(Gate.BUILD, shown, str(error))
            return
        ran = uv.build(place, project.folder, wheels, interpreter, dist)
        lacking = _LACKS.search(" ".join(ran.err.split())) if ran.code else None
        name = (lacking["name"] or lacking["other"]) if lacking else ""
        if not name or any(re.split(r"[^\w.-]", w)[0].lower() == name.lower() for w in wanted):
            break
        wanted = [*wanted, name]
    run = place.judged(Gate.BUILD, shown, ran)
    if run.wrong and name:
        run = place.refused(Gate.BUILD, shown, f"it needs {name} to build, which could not be fetched")
    if run.wrong and not run.ended and any(item.path.endswith(".tar.gz") for item in place.box.list(dist)):
        direct = place.judged(
            Gate.BUILD, f"{shown} --wheel", uv.build(place, project.folder, wheels, interpreter, dist, only="--wheel")
        )
        if direct.good:
            yield replace(run, wrong="", skipped=f"its sdist does not build, the folder does: {run.wrong}")
            run = direct
    yield run


def _metadata(wheel: Wheel) -> list[str]:
    """What the core metadata specification refuses. Source: packaging.metadata."""
    from packaging.metadata import Metadata, parse_email

    raw, _ = parse_email(next((data for path, data in wheel.files.items() if path.endswith(".dist-info/METADATA")), b""))
    try:
        Metadata.from_raw(raw)
    except BaseExceptionGroup as group:
        return [str(error) for error in group.exceptions]
    return []


def _install(place: Place, facts: Facts, wheel: Wheel, path: str, tag: str, interpreter: str) -> Iterator[CommandRun]:
    shown = f"uv pip install {wheel.name}"
    try:
        wheels = fetched(wheel.requires, python=interpreter)
    except Unsatisfiable as error:
        yield CommandRun(Gate.INSTALL, shown, 1, (place.plain(str(error))[:240],), wrong=place.plain(str(error))[:400])
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    except CannotCheck as error:
        yield place.refused(Gate.INSTALL, shown, str(error))
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    venv = place.box.tmp.parent / f"venv{tag}"
    made = uv.environment(place, venv, interpreter)
    if not made.good:
        yield made
        return
    run = uv.install(place, venv, wheels, [path], shown)
    yield run
    if not run.good:
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    used = list(_use(place, facts, wheel, venv))
    yield from _with_extras(place, facts, wheel, path, venv, interpreter, used)


def _use(place: Place, facts: Facts, wheel: Wheel, venv: PurePosixPath) -> Iterator[CommandRun]:
    """Import every module that was installed, start every command, and try what the documents tell."""
    env = {"PATH": f"{venv}/bin:{place.box.env['PATH']}", "VIRTUAL_ENV": str(venv)}
    own_python = f"{venv}/bin/python"
    tops = [top for top in wheel.tops if not is_aside(top + "/")]
    for top in tops:
        words = f"import {top}"
        yield imports(place, [own_python, "-c", words], f"python -c '{words}'", place.box.home, env, START_S * 2)
    names = [*wheel.scripts, *sorted(p.rpartition("/")[2] for p in wheel.files if ".data/scripts/" in p)]
    for name in names[:MOST_COMMANDS]:
        yield starts(place, [f"{venv}/bin/{name}"], name, env)
    for top in tops:
        if f"{top}/__main__.py" in wheel.files:
            yield starts(place, [own_python, "-m", top], f"python -m {top}", env)

    def own(words: Sequence[str]) -> bool:
        module = words[2] if words[0] in ("python", "python3") and words[1:2] == ("-m",) and len(words) > 2 else ""
        return words[0] in names or module.split(".")[0] in wheel.tops

    yield from documented(place, facts, own, env, at=place.box.home)


def _with_extras(
    place: Place, facts: Facts, wheel: Wheel, path: str, venv: PurePosixPath, interpreter: str, used: Sequence[CommandRun]
) -> Iterator[CommandRun]:
    """What was tried, once more with all extras where a module was missing: a part that only an extra serves may not fail the whole."""
    again: dict[str, CommandRun] = {}
    if wheel.extras and any(run.wrong and _MISSING.search(run.wrong) for run in used):
        with contextlib.suppress(CannotCheck, Unsatisfiable):
            wheels = fetched(wheel.requires_with_extras, python=interpreter)
            if uv.install(
                place, venv, wheels, [f"{wheel.project}[{','.join(wheel.extras)}] @ file://{path}"], "uv pip install"
            ).good:
                again = {run.command: run for run in _use(place, facts, wheel, venv)}
    for run in used:
        more = again.get(run.command)
        if run.wrong and _MISSING.search(run.wrong) and more is not None and not _MISSING.search(more.wrong):
            yield replace(run, wrong="", skipped=f"it works only with an extra ({', '.join(wheel.extras)[:80]}): {run.wrong}")
        else:
            yield run


# --- projects that are no package -------------------------------------------------------------------------------------------------


def _application(place: Place, facts: Facts, every: list[Project]) -> Iterator[CommandRun]:
    """Install what requirements files (or a pyproject without a build system) ask for, and start the documented commands in the copy."""
    wanted, sources = _declared(every)
    linked = [
        f.value
        for p in every
        for m in p.manifests
        for f in m.fields
        if f.name in ("link", "editable") and m.path.endswith(".txt")
    ]
    if not sources:
        return
    shown = "uv pip install " + " ".join(f"-r {s}" for s in sources)
    if linked:
        yield place.refused(Gate.INSTALL, shown, f"{linked[0]} is asked for by an address, which is not fetched")
        return
    try:
        interpreter = _interpreter(next(filter(None, (p.requires_python for p in every)), ""))
        wheels = fetched(wanted, python=interpreter)
    except Unsatisfiable as error:
        yield CommandRun(Gate.INSTALL, shown, 1, wrong=place.plain(str(error))[:400])
        return
    except CannotCheck as error:
        yield place.refused(Gate.INSTALL, shown, str(error))
        return
    venv = place.box.tmp.parent / "venv"
    made = uv.environment(place, venv, interpreter)
    if not made.good:
        yield made
        return
    run = uv.install(place, venv, wheels, uv.paths(place, wheels), shown) if wheels.files else made
    yield run
    if not run.good:
        return
    env = {"PATH": f"{venv}/bin:{place.box.env['PATH']}", "VIRTUAL_ENV": str(venv)}
    names = ("python", "python3", "flask", "uvicorn", "gunicorn", "streamlit")
    yield from documented(place, facts, lambda words: words[0] in names and (len(words) > 1), env, at=place.inside(""))


def _declared(every: list[Project]) -> tuple[list[str], list[str]]:
    """What these projects declare that they need to run, and the files that say so."""
    wanted, sources = [], []
    for one in (m for project in every for m in project.manifests):
        needed = [d.spec or d.name for d in one.dependencies if d.group == "runtime"]
        if one.path.endswith("pyproject.toml"):
            needed = [_spec(d.name, d.spec) for d in one.dependencies if d.group == "runtime"]
        if needed and not re.search(r"dev|test|lint|doc", one.path.rpartition("/")[2], re.IGNORECASE):
            wanted += needed
            sources.append(one.path)
    return wanted, sources


def with_declared(place: Place, facts: Facts) -> dict[str, str]:
    """Environment variables with which Python finds what the target declares; empty where it declares nothing, or that cannot be had."""
    every = projects(facts["manifests"])
    wanted, _ = _declared(every)
    with contextlib.suppress(CannotCheck, Unsatisfiable):
        interpreter = _interpreter(next(filter(None, (p.requires_python for p in every)), ""))
        wheels = fetched(wanted, python=interpreter) if wanted else None
        venv = place.box.tmp.parent / "venv"
        made = wheels is not None and uv.environment(place, venv, interpreter).good
        if wheels is not None and made and uv.install(place, venv, wheels, uv.paths(place, wheels), "uv pip install").good:
            return {"PATH": f"{venv}/bin:{place.box.env['PATH']}", "VIRTUAL_ENV": str(venv)}
    return {}


def _spec(name: str, spec: str) -> str:
    return spec if spec.lower().startswith(name.lower()) else f"{name}{spec}" if spec[:1] in "<>=!~" and spec else name
