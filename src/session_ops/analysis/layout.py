"""The folders of a Python project against what its build backend packs: several packages where one is expected, modules that stay outside."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from session_ops.analysis.distributions import brought_by, normalised
from session_ops.analysis.imports import python_hard
from session_ops.discovery.aside import is_aside, is_test
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

LEFT_OUT = frozenset(
    """
    ci bin debian doc docs documentation manpages news newsfragments changelog test tests unit_test unit_tests example examples scripts
    tools util utils python build benchmark benchmarks exercise exercises
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""Folders at the top that setuptools never takes for packages. Source: setuptools.discovery, FlatLayoutPackageFinder."""
LEFT_OUT_MODULES = frozenset(
    """
    setup conftest test tests example examples build toxfile noxfile pavement dodo tasks fabfile SConstruct sconstruct conanfile manage
    benchmark benchmarks exercise exercises
    """.split()  # noqa: SIM905
)
"""Modules at the top that setuptools never takes. Source: setuptools.discovery, FlatLayoutModuleFinder."""
_EXPLICIT = regex(r"\bpackages\b|\bpy[-_]modules\b|\bext[-_]modules\b|\bpackage[-_]dir\b|cffi_modules|rust_extensions")
_PATHS = regex(r"\bsys\.path\b|\bPYTHONPATH\b|\bsite\.addsitedir\b|importlib|\bruntests?\b")
_INSTALLS = regex(
    r"\bpip3?\s+install\s+(?:-\S+\s+)*(?:\.(?![\w/])|\"?\.\[)|\bpython3?\s+-m\s+build\b|\bpipx\s+install\s+\.|\buv\s+(?:build|pip\s+install\s+(?:-e\s+)?\.)"
)


@dataclass(frozen=True)
class Project:
    """A Python project that is built: its manifest, the folder (with a slash at its end, or empty), the backend, and what its files of
    settings say.
    """

    manifest: Manifest
    base: str
    backend: str
    settings: str

    @property
    def setuptools(self) -> bool:
        """Is it built by setuptools, said or by default?"""
        return not self.backend or self.backend.startswith("setuptools")


def projects(tree: Tree, manifests: Manifests) -> Iterator[Project]:
    """Projects with a pyproject.toml that name a distribution, without tests, examples and templates."""
    for one in manifests:
        if (
            one.ecosystem != "pip"
            or not one.path.endswith("pyproject.toml")
            or not one.name
            or one.broken
            or is_aside(one.path)
        ):
            continue
        base = f"{one.folder}/" if one.folder else ""
        backend = one.field("build-system.build-backend")
        settings = "\n".join(tree.text(base + name) for name in ("pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in"))
        yield Project(one, base, backend.value if backend else "", settings)


def tops(tree: Tree, base: str) -> tuple[set[str], set[str]]:
    """Folders and modules at the top of a project that a fresh clone has and that could be imported."""
    folders, modules = set(), set()
    for entry in tree.below(base.rstrip("/")):
        if entry.kind != "file" or entry.tracked is False or entry.ignored:
            continue
        top, slash, _ = entry.path.removeprefix(base).partition("/")
        if slash and top.isidentifier():
            folders.add(top)
        elif not slash and top.endswith(".py") and top[:-3].isidentifier():
            modules.add(top[:-3])
    return folders, modules


def _name_it(finding: Finding, tree: Tree) -> Fix | None:
    """Tell setuptools which package is meant, where one carries the distribution's name."""
    meant = finding.data.get("meant", "")
    text = tree.text(finding.at.path)
    if not meant or re.search(r"^\[tool\.setuptools", text, re.MULTILINE) or not text.endswith("\n"):
        return None
    last = text.rstrip("\n").rpartition("\n")[2]
    if text.count(last) != 1:
        return None
    added = f'{last}\n\n[tool.setuptools.packages.find]\ninclude = ["{meant}", "{meant}.*"]'
    edit = Edit(finding.at.path, last, added)
    return Fix(
        f"Pack {meant} alone",
        (finding.id,),
        "review",
        (edit,),
        why="The other folders are no part of the package then; add those that are.",
    )


@rule("PKG-LAYOUT", gate="build", category="package", fix=_name_it)
def several_packages(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """Setuptools finds several packages beside each other and refuses to build.

    Why: where nothing says what to pack and there is no `src` folder, setuptools takes every folder at the top for a package (without
    `__init__.py` too: logs, prompts, data), and stops with "Multiple top-level packages discovered in a flat-layout" when there are two;
    the same goes for two modules where there is no folder. In a checkout everything can be imported, so that only the build shows it.
    Passes: projects that say what to pack, `src` layouts, folders that setuptools leaves out (tests, docs, scripts, tools …), names that
    cannot be imported; where no build-system names setuptools and nothing installs the project, it is only possible.
    Do: Move the package into `src/`, or say what to pack: `[tool.setuptools.packages.find]` with `include`.
    Source: setuptools.pypa.io, Automatic discovery (flat-layout); setuptools.discovery.
    """
    found = list(projects(tree, manifests))
    if not found:
        raise NotApplicable("no pyproject.toml of a package")
    installed: bool | None = None
    for one in found:
        if (
            not one.setuptools
            or re.search(r"^package\s*=\s*false", one.settings, re.MULTILINE)
            or (not one.backend and _virtual(tree, one))
            or _EXPLICIT.search(_of_setuptools(tree, one))
            or tree.is_folder(f"{one.base}src")
        ):
            continue
        folders, modules = tops(tree, one.base)
        folders -= LEFT_OUT
        many = sorted(folders) or sorted(modules - LEFT_OUT_MODULES)
        if len(many) < 2 or not any(entry.path.startswith(one.base) for entry in tree.files("python")):
            continue
        if not one.backend and installed is None:
            installed = any(
                _INSTALLS.search(tree.text(e.path)) for e in tree.files("shell", "dockerfile", "yaml", "makefile", "markdown")
            )
        line = next((f.line for f in one.manifest.fields if f.name == "build-system.build-backend"), 0) or _name_line(
            tree, one.manifest.path
        )
        named = one.manifest.name.replace("-", "_").lower()
        yield Finding(
            f"setuptools takes {', '.join(many[:4])}{' and more' if len(many) > 4 else ''} for packages of their own and refuses to build",
            tree.evidence(one.manifest.path, line),
            impact='`pip install .` ends with "Multiple top-level packages discovered in a flat-layout".',
            confidence="likely" if one.backend or installed else "possible",
            data={"meant": next((f for f in folders if f.lower() == named), "")},
        )


def _virtual(tree: Tree, one: Project) -> bool:
    """Does uv's lock file say that the project itself is never built?"""
    text = tree.text(f"{one.base}uv.lock")
    return bool(text) and re.search(r'source = \{ virtual = "\." \}', text) is not None


def _of_setuptools(tree: Tree, one: Project) -> str:
    own = tree.text(one.manifest.path)
    tables = "".join(re.findall(r"^\[+tool\.setuptools[^\]]*\][^\[]*", own, re.MULTILINE))
    return "\n".join((tables, tree.text(f"{one.base}setup.py"), tree.text(f"{one.base}setup.cfg")))


def _name_line(tree: Tree, path: str) -> int:
    return next((n for n, line in enumerate(tree.lines(path), start=1) if re.match(r"\s*name\s*=", line)), 1)


@rule("PKG-OUTSIDE", gate="contents", category="package")
def module_outside(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The package imports a module that lies beside it and is not packed.

    Why: started in the checkout, Python finds the module in the working directory; the wheel holds the package alone, so that the installed
    program ends with ModuleNotFoundError. Passes: modules that any file of settings names, code that changes sys.path, imports that are
    guarded or inside of a function, names that a declared dependency may bring, backends whose choice is not known.
    Do: Move the module into the package and import it from there (`from package import module`), or list it:
    `py-modules` of setuptools, `include` or `packages` of the other backends.
    Source: packaging.python.org, src layout vs flat layout; setuptools.pypa.io, hatch.pypa.io, python-poetry.org and docs.astral.sh/uv on
    what they pack.
    """
    found = list(projects(tree, manifests))
    if not found:
        raise NotApplicable("no pyproject.toml of a package")
    for one in found:
        home = _home(tree, one)
        if home is None:
            continue
        folders, modules = tops(tree, one.base)
        loose = {m: f"{one.base}{m}.py" for m in modules - LEFT_OUT_MODULES}
        loose |= {f: f"{one.base}{f}/__init__.py" for f in folders if f"{one.base}{f}/__init__.py" in tree.entries}
        declared = frozenset(normalised(d.name) for m in manifests if m.ecosystem == "pip" for d in m.dependencies)
        loose = {
            name: path
            for name, path in loose.items()
            if name not in sys.stdlib_module_names
            and not f"{one.base}{name}/".startswith(home) and not home.startswith(f"{one.base}{name}/")
            and not re.search(rf"\b{re.escape(name)}\b", _said(one))
            and not brought_by(name, declared)
        }  # fmt: skip
        if loose:
            yield from _imported(tree, one, home, loose)


def _said(one: Project) -> str:
    """What the settings say outside of names of the project and of comments."""
    return re.sub(r"^\s*(?:#.*|(?:name|description|keywords)\s*=.*)$", "", one.settings, flags=re.MULTILINE)


def _home(tree: Tree, one: Project) -> str | None:
    """The folder of the one package that is packed, with a slash at its end; None where that is not known."""
    name = one.manifest.name.replace("-", "_").replace(".", "_")
    places = [f"{one.base}src/{name}/", f"{one.base}{name}/"]
    home = next((p for p in places if f"{p}__init__.py" in tree.entries), None)
    if home is None:
        return None
    backend = one.backend.partition(".")[0]
    if backend in ("hatchling", "flit_core", "uv_build"):
        return (
            None
            if re.search(
                r"\b(?:force-include|only-include|include|packages|sources|namespace|module-name|module-root|bypass-selection)\b",
                one.settings,
            )
            else home
        )
    if backend == "poetry":
        return None if re.search(r"^\s*(?:packages|include)\s*=", one.settings, re.MULTILINE) else home
    if one.setuptools:
        if not _EXPLICIT.search(_of_setuptools(tree, one)):
            return home  # found by itself: one package, or `src`
        listed = re.search(r"\bpackages\s*=\s*\[([^\]]*)\]", one.settings)
        return home if listed and name in listed[1] and "find" not in one.settings else None
    return None


def _imported(tree: Tree, one: Project, home: str, loose: dict[str, str]) -> Iterator[Finding]:
    places: dict[str, list[tuple[str, int]]] = {}
    for entry in tree.below(home.rstrip("/")):
        text = tree.text(entry.path)
        if entry.language != "python" or is_test(entry.path) or is_aside(entry.path.removeprefix(one.base)):
            continue
        if _PATHS.search(text):
            return  # it arranges its imports by itself
        if not any(name in text for name in loose):
            continue
        beside = entry.path.rpartition("/")[0]
        for name, line in python_hard(text):
            if name in loose and f"{beside}/{name}.py" not in tree.entries:
                places.setdefault(name, []).append((entry.path, line))
    for name, (first, *rest) in sorted(places.items()):
        yield Finding(
            f"the package imports {name}, but {loose[name]} lies outside of {home.rstrip('/')} and is not packed",
            tree.evidence(*first),
            tuple(tree.evidence(*place) for place in rest[:8]),
            impact=f"The installed package ends with ModuleNotFoundError: No module named '{name}'.",
        )
