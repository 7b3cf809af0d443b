"""What Python code needs and what its manifests declare: too little, too much, or two things at once."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from session_ops.analysis.declare import declare, distribution_of
from session_ops.analysis.distributions import (
    BRINGS,
    COMMON,
    DISTRIBUTIONS,
    DOCUMENTED_PARTS,
    STDLIB_SINCE,
    STDLIB_UNTIL,
    brought_by,
    normalised,
)
from session_ops.analysis.imports import python_hard
from session_ops.analysis.lock_files import NPM_LOCKS
from session_ops.analysis.needs import HOST_OWN
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Dependency, Manifest, Manifests
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Confidence, Finding, Fix, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

SHOWN = 8
"""Places that are shown besides the first."""
ALONE = 5
"""Packages that are named where no manifest is there at all: that is one cause, which GAP-MANIFEST tells."""
_TOOLING = regex(
    r"(?:^|/)(?:scripts?|tools?|hack|utils|ci|\.github|\.claude|hooks?|contrib|notebooks|dev)/|(?:^|/)(?:setup|noxfile|tasks|fabfile|conf)\.py$"
)
_ELSEWHERE = regex(
    r"(?:^|/)(?:Pipfile|environment\.ya?ml|conda\.ya?ml|[\w.-]*requirements[\w.-]*\.(?:txt|in)|pixi\.toml)$|(?:^|/)requirements/"
)
_LISTS = regex(r"(?:^|/)requirements/.*\.(?:txt|in)$|(?:^|/)[\w.-]*(?:requirements|deps)[\w.-]*\.(?:txt|in)$")
_LISTED = regex(r"^[A-Za-z][\w.-]*", re.MULTILINE)


@dataclass(frozen=True)
class _Import:
    module: str
    path: str
    line: int


def _packages(manifests: Manifests) -> list[Manifest]:
    """Manifests of Python that say something about what is installed."""
    return [
        m for m in manifests if m.ecosystem == "pip" and not m.broken and (m.name or m.dependencies) and not is_aside(m.path)
    ]


def _above(tree: Tree) -> bool:
    """Has a folder above the target, in the same project, a manifest of Python?"""
    folders = ["../" * (n + 1) for n in range(tree.prefix.count("/"))]
    return any(tree.exists(f + n) for f in folders for n in ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"))


def _covers(one: Manifest, path: str) -> bool:
    return not one.folder or path.startswith(one.folder + "/")


@rule("DEP-IMPORT", gate="install", category="dependency", fix=declare)
def undeclared_import(tree: Tree, manifests: Manifests, python_imports: dict[str, set[str]]) -> Iterator[Finding]:
    """Python code imports a package from outside that no manifest declares.

    Why: in an environment with only what is declared the import ends the program. Sure where all that is declared, and what it brings
    along, is known not to hold the package; else another dependency may bring it until its next release.
    Passes: guarded imports, imports inside of functions, tests and examples, what any manifest of the tree names, PEP 723 scripts.
    Do: Add the distribution that brings the module to `dependencies` in pyproject.toml, or to a requirements file (start one
    where there is none); where it is optional, catch ImportError around the import.
    Source: packaging.python.org, Declaring dependencies; deptry, DEP001 and DEP003.
    """
    if not any(True for _ in tree.files("python")):
        raise NotApplicable("no Python code")
    packages = _packages(manifests)
    if _above(tree) or (not packages and any(_ELSEWHERE.search(p) for p in tree.entries)):
        return
    if any("dependencies" in m.dynamic or "install_requires" in m.dynamic for m in packages) and not any(
        m.path.endswith((".txt", ".in")) for m in packages
    ):
        return  # computed when it is built
    declared = frozenset(normalised(d.name) for m in packages for d in m.dependencies)
    declared |= frozenset(normalised(m[0]) for p in tree.entries if _LISTS.search(p) for m in _LISTED.finditer(tree.text(p)))
    declared |= {normalised(part) for d in declared for part in DOCUMENTED_PARTS.get(d, ())}
    firsts: dict[str, list[_Import]] = {}
    for one in _foreign(tree, python_imports, declared):
        firsts.setdefault(one.module, []).append(one)
    installed = "\n".join(tree.text(e.path) for e in tree.files("shell", "dockerfile")) if firsts else ""
    said = 0
    for module, places in sorted(firsts.items()):
        covered = [p for p in places if any(_covers(m, p.path) for m in packages)]
        if packages and not covered:
            continue
        places = sorted(
            covered or places,
            key=lambda p: (bool(_TOOLING.search(p.path)), -_is_module(tree, p.path), p.path.count("/"), p.path),
        )
        first = places[0]
        if first.path.endswith("setup.py") or (not packages and not _is_published(module)):
            continue  # setup.py runs where setuptools is; a name that is no distribution is a module of the project that is missing
        if not packages and (said >= ALONE or re.search(rf"\binstall\b[^\n]*\b{re.escape(module)}\b", installed)):
            continue
        said += 1
        more = f" (and {len(places) - 1} more file{'s' if len(places) > 2 else ''})" if len(places) > 1 else ""
        where = "no manifest declares it" if packages else "there is no manifest that could declare it"
        yield Finding(
            f"{PurePosixPath(first.path).name} imports {module}, but {where}{more}",
            tree.evidence(first.path, first.line),
            also=tuple(tree.evidence(p.path, p.line) for p in places[1 : SHOWN + 1]),
            impact="In an environment with only what is declared this import ends the program.",
            confidence=_sureness(tree, packages, first),
            data={"module": module, "needs": distribution_of(module), "manifest": _home(packages, first.path)},
        )
    yield from _of_neighbours(tree, packages, python_imports)


_OF_SDIST = regex(r"(?ms)^\[tool\.[^\]\n]*sdist[^\]\n]*\].*?(?=^\[|\Z)")


def _of_neighbours(tree: Tree, packages: list[Manifest], imports: dict[str, set[str]]) -> Iterator[Finding]:
    """Imports, in the package that a project ships, of what another project of the same tree ships and it does not ask for."""
    built = [m for m in packages if m.name and m.path.endswith("pyproject.toml")]
    homes = {m.path: home for m in built if (home := _shipped(tree, m))}
    for one, other in itertools.permutations((m for m in built if m.path in homes), 2):
        module = normalised(other.name).replace("-", "_")
        asked = {normalised(d.name) for m in packages if m.folder == one.folder for d in m.dependencies if d.group != "build"}
        beside = any(tree.exists(one.beside(f"{base}{module}/__init__.py")) for base in ("", "src/"))
        installed = _OF_SDIST.sub("", tree.text(one.path))  # a source distribution may hold what its wheel does not
        taken = re.search(rf"[\"'](?:\./)?{re.escape(other.folder)}(?:/[^\"']*)?[\"']", installed)
        if normalised(other.name) in asked or "dependencies" in one.dynamic or beside or taken or not other.folder:
            continue
        places = [
            _Import(module, path, line)
            for path in sorted(p for p, names in imports.items() if p.startswith(homes[one.path] + "/") and module in names)
            for line in [next((at for name, at in python_hard(tree.text(path)) if name == module), 0)]
            if line and not is_aside(path) and not path.startswith(other.folder + "/")
        ]
        if places:
            yield Finding(
                f"{PurePosixPath(places[0].path).name} imports {module}, which {other.path} ships and {one.path} does not ask for",
                tree.evidence(places[0].path, places[0].line),
                tuple(tree.evidence(p.path, p.line) for p in places[1 : SHOWN + 1]),
                "In an environment with only what is declared this import ends the program.",
                data={"module": module, "needs": other.name, "manifest": one.path},
            )


def _shipped(tree: Tree, one: Manifest) -> str:
    """The folder of the package that carries the name of its project; empty without one."""
    name = normalised(one.name).replace("-", "_")
    places = (one.beside(f"{base}{name}") for base in ("", "src/"))
    return next((place for place in places if tree.exists(f"{place}/__init__.py")), "")


def _home(packages: list[Manifest], path: str) -> str:
    """The manifest in which what a file imports is to be declared: the nearest that is built, else a list of requirements."""
    own = sorted((m for m in packages if _covers(m, path)), key=lambda m: (not m.name, -len(m.folder)))
    return own[0].path if own else ""


def _is_published(module: str) -> bool:
    return module in DISTRIBUTIONS or normalised(module) in BRINGS or normalised(module) in COMMON


def _is_module(tree: Tree, path: str) -> bool:
    return f"{path.rpartition('/')[0]}/__init__.py".lstrip("/") in tree.entries


def _sureness(tree: Tree, packages: list[Manifest], first: _Import) -> Confidence:
    """Likely where the file is a part of a package that is built, and everything that is declared is known to bring nothing of the kind."""
    own = [m for m in packages if _covers(m, first.path)]
    named = [m for m in own if m.name]
    of_package = named and _is_module(tree, first.path)
    if not (of_package or (not named and _is_told(tree, own, first.path))) or _TOOLING.search(first.path):
        return "possible"
    runtime = {normalised(d.name) for m in own for d in m.dependencies if d.group == "runtime"}
    if not runtime or not runtime <= BRINGS.keys() or any(m.dynamic for m in own if not m.path.endswith("pyproject.toml")):
        return "possible"
    brought = frozenset(b for r in runtime for b in BRINGS[r])
    return "possible" if brought_by(first.module, brought) else "likely"


_LISTS_ALL = regex(r"(?:^|/)requirements\.txt$")


def _is_told(tree: Tree, own: list[Manifest], path: str) -> bool:
    """Is this a program that the README names, where the only list of what is needed is requirements.txt, which the README installs?"""
    folder = path.rpartition("/")[0]
    if [m.path for m in own if m.folder == folder] != [f"{folder}/requirements.txt".lstrip("/")] or len(own) != 1:
        return False
    if not _LISTS_ALL.search(own[0].path) or "__main__" not in tree.text(path):
        return False
    guides = [tree.text(e.path) for e in tree.files("markdown") if "/" not in e.path]
    name = re.escape(path.rpartition("/")[2])
    return any(re.search(r"pip3? install[^\n]*-r[^\n]*requirements\.txt", text) for text in guides) and any(
        re.search(rf"python3?\s+(?:\./)?{name}\b", text) for text in guides
    )


def _own_modules(tree: Tree) -> set[str]:
    """Names under which something of the tree itself can be imported."""
    files = {
        PurePosixPath(p).name.partition(".")[0] for p in tree.entries if p.endswith((".py", ".pyi", ".so", ".pyx", ".pyd"))
    }
    return files | {PurePosixPath(f).name for f in tree.folders}


def _foreign(tree: Tree, imports: dict[str, set[str]], declared: frozenset[str]) -> Iterator[_Import]:
    own = _own_modules(tree)
    known: dict[str, bool] = {}
    published = BRINGS.keys() | DISTRIBUTIONS.keys()

    def foreign(name: str) -> bool:
        if name not in known:
            known[name] = not (
                name in sys.stdlib_module_names or name in STDLIB_UNTIL or name in own or name in HOST_OWN
                or name.startswith("_") or brought_by(name, declared)
            )  # fmt: skip
        return known[name]

    for entry in tree.files("python"):
        text = tree.text(entry.path)
        if not any(map(foreign, imports[entry.path])):
            continue
        if is_aside(entry.path) or is_document(entry.path) or entry.ignored or "# /// script" in text:
            continue
        seen: set[str] = set()
        for name, line in python_hard(text):
            moved = "sys.path" in text and normalised(name) not in published and name not in published
            if name not in seen and foreign(name) and not moved:
                seen.add(name)
                yield _Import(name, entry.path, line)


# -- the standard library of each version --------------------------------------------------------------------------------

_VERSIONED = regex(rf"^[ \t]*(?:import|from)[ \t]+(?:{'|'.join((*STDLIB_SINCE, *STDLIB_UNTIL))})\b", re.MULTILINE)
_ASKED = regex(
    r"version_info(?:\[:2\])?\s*(?:>=|<)\s*\(\s*3\s*,\s*(\d+)|[Pp]ython\s*(?:>=\s*)?3\.(\d+)\+|[Pp]ython\s*>=\s*3\.(\d+)"
)


@rule("DEP-STDLIB", gate="install", category="dependency")
def module_of_another_python(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """Code imports a module of the standard library that not every Python which is allowed has, and nothing declares a substitute.

    Why: tomllib is there from Python 3.11 on, distutils until 3.11, imp until 3.11, cgi until 3.12; with another Python, which the manifest or the
    installer lets pass, the import ends the program. A chain `try: import tomllib … except: import tomli` helps only where tomli is declared.
    Passes: a fallback that needs nothing from outside, a dependency on the substitute, a manifest that excludes the version.
    Do: Declare a substitute with a marker (`tomli; python_version < "3.11"`) and import it as a fallback, replace a removed
    module, or let `requires-python` (or the installer) refuse such a Python.
    Source: docs.python.org ("New in version"), PEP 594, PEP 632.
    """
    packages = _packages(manifests)
    declared = frozenset(normalised(d.name) for m in packages for d in m.dependencies)
    installed = "\n".join(tree.text(e.path) for e in tree.files("shell", "dockerfile", "requirements"))
    own = _own_modules(tree)
    looked = False
    found: dict[str, list[tuple[str, int, str, str]]] = {}
    for entry in tree.files("python"):
        text = tree.text(entry.path)
        if (
            not _VERSIONED.search(text)
            or entry.path.endswith(".pyi")  # a stub describes every version, and is never run
            or is_aside(entry.path)
            or is_document(entry.path)
            or entry.ignored
            or "# /// script" in text
        ):
            continue
        looked = True
        least, most, who = _allowed(tree, packages, entry.path)
        for name, line, substitutes in _unguarded(text):
            if any(
                s in own or brought_by(s, declared) or re.search(rf"\binstall\b[^\n]*\b{s}\b", installed) for s in substitutes
            ):
                continue
            if name in STDLIB_SINCE and least and least < STDLIB_SINCE[name]:
                need = f"from Python {_dotted(STDLIB_SINCE[name])} on"
                said = f"{who} lets Python {_dotted(least)} pass"
            elif name in STDLIB_UNTIL and who.endswith("requires-python") and (not most or most > STDLIB_UNTIL[name]):
                if name == "distutils" and brought_by("setuptools", declared):
                    continue
                need = f"only before Python {_dotted(STDLIB_UNTIL[name])}"
                said = f"{who} lets newer ones pass"
            else:
                continue
            other = f", and nothing installs {' or '.join(substitutes)}" if substitutes else ""
            found.setdefault(name, []).append((entry.path, line, f"{name} is there {need}; {said}{other}", who))
    if not looked:
        raise NotApplicable("no import that depends on the version of Python")
    for places in found.values():
        path, line, said, _ = places[0]
        yield Finding(
            said,
            tree.evidence(path, line),
            also=tuple(tree.evidence(p, n) for p, n, _, _ in places[1 : SHOWN + 1]),
            impact="With such a Python the import ends the program.",
            confidence="possible" if _TOOLING.search(path) else "likely",
        )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _unguarded(text: str) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Imports at module level that fail when a module of the table is absent: its name, the line, and what stands in for it.

    Of a chain of tries the line is that of the last import, which nothing guards any more.
    """
    module = parse(text.removeprefix("\ufeff"))
    for node in module.body if module else ():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((name, node.lineno, ()) for name in _tops(node) if name in STDLIB_SINCE or name in STDLIB_UNTIL)
        elif isinstance(node, ast.Try):
            tried = [(name, n.lineno) for n in node.body for name in _tops(n)]
            wanted = next((name for name, _ in tried if name in STDLIB_SINCE or name in STDLIB_UNTIL), "")
            if wanted and (chain := _chain(node)):
                yield wanted, chain[-1][1], tuple(name for name, _ in chain)


def _tops(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [node.module.partition(".")[0]] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def _chain(node: ast.Try) -> list[tuple[str, int]]:
    """Packages from outside that handlers import in place of what was tried; empty where a handler does anything else."""
    found: list[tuple[str, int]] = []
    for handler in node.handlers:
        names = ast.unparse(handler.type) if handler.type else "ImportError"
        if "ImportError" not in names and "ModuleNotFoundError" not in names and names not in ("Exception", "BaseException"):
            continue
        if len(handler.body) != 1:
            return []
        inner = handler.body[0]
        if isinstance(inner, ast.Try):
            last = _chain(inner)
            if not last:
                return []
            found += [(name, n.lineno) for n in inner.body for name in _tops(n)] + last
        else:
            tops = _tops(inner)
            if not tops or any(t in sys.stdlib_module_names for t in tops):
                return []
            found += [(t, inner.lineno) for t in tops]
    return found


def _allowed(tree: Tree, packages: list[Manifest], path: str) -> tuple[tuple[int, int] | None, tuple[int, int] | None, str]:
    """The least and the first forbidden Python for a file, and who says so: its manifest, or an install script that looks."""
    for one in sorted(packages, key=lambda m: -len(m.folder)):
        said = one.field("requires-python") or one.field("python_requires") or one.field("tool.poetry.dependencies.python")
        if _covers(one, path) and said:
            least = re.search(r"(?:>=|~=|\^)\s*3\.(\d+)", said.value)
            most = re.search(r"<\s*3\.(\d+)", said.value)
            who = f"{one.path}: requires-python"
            return ((3, int(least[1])) if least else None), ((3, int(most[1])) if most else None), who
    if any(_covers(m, path) for m in packages):
        return None, None, ""
    for entry in tree.files("shell"):
        if re.search(r"(?:^|/)(?:install|setup|bootstrap)[\w-]*(?:\.sh)?$", entry.path) and not is_aside(entry.path):
            asked = [int(next(filter(None, m.groups()))) for m in _ASKED.finditer(tree.text(entry.path))]
            if asked:
                return (3, min(asked)), None, entry.path
    return None, None, ""


# -- declared and never used ---------------------------------------------------------------------------------------------

_SILENT = regex(
    r"^(?:types-.*|.*-stubs|httpx|pytest.*|flake8.*|pylint.*|mypy.*|mkdocs.*|sphinx.*|opentelemetry.*|nvidia-.*|backports.*|setuptools.*|wheel|pip"
    r"|tzdata|certifi|colorama|typing-extensions|importlib-.*|python-multipart|email-validator|greenlet|asyncpg|aiosqlite|psycopg.*|aiomysql"
    r"|pymysql|mysqlclient|lxml|html5lib|openpyxl|xlrd|xlsxwriter|tabulate|pyarrow|fastparquet|python-dotenv|gunicorn|uvicorn|uvloop|httptools"
    r"|watchfiles|watchgod|websockets|h2|brotli|cryptography|bcrypt|argon2-cffi|hiredis|redis|orjson|ujson|nest-asyncio|six|pywin32|.*-plugin"
    r"|django-.*|jupyter.*|ipykernel|ipywidgets|notebook|nbconvert|torch.*|accelerate|sentencepiece|protobuf|grpcio.*|tiktoken|urllib3|idna|charset-normalizer"
    r"|sniffio|anyio|itsdangerous|markupsafe|werkzeug|starlette|pydantic-core|annotated-types|python-dateutil|pytz|packaging|filelock|.*\[.*)$"
)
"""Distributions that work without being imported by those who declare them: plugins, drivers, servers, stubs, pins of indirect ones."""


@rule("DEP-UNUSED", gate="metadata", category="dependency")
def declared_but_unused(tree: Tree, manifests: Manifests, python_imports: dict[str, set[str]]) -> Iterator[Finding]:
    """A distribution is declared for run time, and nothing imports, starts or names it.

    Why: everyone who installs the package installs it and its requirements too, with their conflicts and holes.
    Only plain declarations: no marker, no extra; of requirements files those that somebody wrote, not frozen ones.
    Passes: any mention in code, configuration or scripts; plugins, drivers, servers and stubs, which work unseen; what another
    package of the lock file asks for.
    Do: Remove it from the run-time dependencies; where only tests or the build need it, move it to an extra or a dependency
    group.
    Source: deptry, DEP002.
    """
    packages = [m for m in _packages(manifests) if m.path.endswith(("pyproject.toml", "setup.py")) and m.name]
    built = {m.folder for m in packages if m.dependencies}
    packages += [
        m for m in _packages(manifests)
        if PurePosixPath(m.path).name == "requirements.txt" and m.folder not in built and not _frozen(tree.text(m.path))
    ]  # fmt: skip
    nodes = [m for m in manifests if m.ecosystem == "npm" and m.name and not m.broken and not is_aside(m.path)]
    if not packages and not nodes:
        raise NotApplicable("no Python package, and none of npm")
    yield from _unused_of_npm(tree, nodes)
    imported = {top.lower() for tops in python_imports.values() for top in tops}
    for one in packages:
        plain = [d for d in one.dependencies if d.group == "runtime" and not _SILENT.match(normalised(d.name))]
        plain = [d for d in plain if not re.search(r"[;\[@]", d.spec) and normalised(d.name) != normalised(one.name)]
        if not plain or not any(_covers(one, e.path) and not is_aside(e.path) for e in tree.files("python")):
            continue
        rest = {d.name: _spellings(d.name) for d in plain}
        rest = {name: said for name, said in rest.items() if not said & imported}
        unnamed = _unnamed(tree, rest) if rest else set()
        unused = [
            d
            for d in plain
            if d.name in unnamed and not any(len(p) > 3 and p in imported for p in normalised(d.name).split("-"))
        ]
        if len(unused) > max(3, len(plain) // 2):
            continue  # the code is not here: generated, or loaded from elsewhere
        for dependency in unused if one.name else unused[:4]:
            yield Finding(
                f"{dependency.name} is declared, but nothing imports or starts it",
                tree.evidence(one.path, dependency.line),
                impact="Every installation fetches it and what it needs for nothing.",
                confidence="possible",
            )


def _frozen(text: str) -> bool:
    """Does a requirements file list what an installation ended up with, and not what somebody asked for?"""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "-"))]
    return "# via" in text or "--hash" in text or (len(lines) > 15 and all("==" in line or " @ " in line for line in lines))


_UNSEEN = regex(
    r"^(?:@types/.*|typescript|tslib|@?babel\b.*|.*(?:eslint|prettier|webpack|rollup|vite|postcss|tailwind|plugin|preset|loader|polyfill).*|autoprefixer|sass|less"
    r"|core-js|regenerator-runtime|react|react-dom|vue|svelte|rxjs|zone\.js|reflect-metadata|graphql|pg|mysql2?|sqlite3|better-sqlite3|mongodb|i?oredis|redis"
    r"|pino-pretty|dotenv|tsx|ts-node|nodemon|husky|rimraf|cross-env|concurrently|bufferutil|utf-8-validate|encoding|canvas|sharp|fsevents|next|nuxt|expo.*|isbot|@testing-library/.*"
    r"|@angular/.*|@fontsource.*|@radix-ui/.*|.*-(?:win32|linux|darwin)\b.*|.*-(?:x64|arm64).*|npm|node|yarn|pnpm|source-map-support|supports-color)$"
)


def _unused_of_npm(tree: Tree, nodes: list[Manifest]) -> Iterator[Finding]:
    """Run-time dependencies of npm packages that no file names."""
    for one in nodes:
        text = tree.text(one.path)
        plain = [d for d in one.dependencies if d.group == "runtime" and not _UNSEEN.match(d.name)]
        plain = [d for d in plain if not re.match(r"(?:file|link|workspace|npm|git)\b", d.spec) and text.count(d.name) == 1]
        code = any(not e.vendored and _covers(one, e.path) for e in tree.files("javascript", "typescript", "tsx"))
        if not plain or not code:
            continue
        unnamed = _unnamed(tree, {d.name: {d.name.lower()} for d in plain})
        locks = [tree.text(p) for p in tree.entries if PurePosixPath(p).name in NPM_LOCKS]
        unused = [d for d in plain if d.name in unnamed and not any(_asked_for(lock, d.name) for lock in locks)]
        if len(unused) > max(3, len(plain) // 2):
            continue  # the code is not here: generated, or loaded from elsewhere
        for dependency in unused[:4]:
            yield Finding(
                f"{dependency.name} is declared, but nothing imports or starts it",
                tree.evidence(one.path, dependency.line),
                impact="Every installation fetches it and what it needs for nothing.",
                confidence="possible",
            )


def _asked_for(lock: str, name: str) -> bool:
    """Does a lock file name a package more often than for the project itself: as another one's dependency or peer?"""
    return len(re.findall(rf"(?m)^\s+[\"']?{re.escape(name)}[\"']?:?\s+[\"']?[\^~>=*\d]", lock)) > 1


_COMMENT = regex(r"(?m)(?:^|\s)#[^\n]*")
_PROSE = frozenset(("markdown", "rst", "text", "csv", "jsonl", "log", "notebook", ""))
_COMPONENT = regex(r"\.(?:svelte|vue|astro|mdx|css|scss|sass|less|styl|hbs|ejs|pug)$")
"""Files of web projects that import packages, and are of no language that is parsed here."""
_LOCK = regex(r"\.lockb?$|[-.]lock\.(?:json|ya?ml|hcl)$|^(?:pnpm-lock|lock|npm-shrinkwrap)\b")
_LARGE = 300_000
"""Characters; a larger text that is no code is data."""


def _spellings(distribution: str) -> set[str]:
    """Words in lower case by which code or configuration may name a distribution."""
    short = normalised(distribution)
    names = {short, short.removeprefix("python-"), short.removesuffix("-python"), short.removesuffix("-py")}
    names |= {module.lower() for module, brought in DISTRIBUTIONS.items() if short in brought}
    names |= {short.removeprefix("py")} if len(short) > 5 else set()
    return (
        names
        | {n.replace("-", "_") for n in names}
        | {n.replace("-", "") for n in names}
        | {n.replace("-", ".") for n in names}
    )


def _unnamed(tree: Tree, wanted: dict[str, set[str]]) -> set[str]:
    """Distributions of which no code and no configuration holds any spelling; comments of Python do not count."""
    open_ = {
        name: re.compile("|".join(rf"\b{re.escape(w)}\b" if len(w) < 4 else re.escape(w) for w in sorted(said)))
        for name, said in wanted.items()
    }
    for entry in tree.files():
        name = PurePosixPath(entry.path).name.lower()
        if (
            (entry.language in _PROSE and not _COMPONENT.search(name))
            or _LOCK.search(name)
            or (entry.size > _LARGE and entry.language in ("json", "yaml", "html", "xml", "sql"))
        ):
            continue
        if name in ("pyproject.toml", "setup.py", "setup.cfg", "package.json") or _ELSEWHERE.search(entry.path):
            continue
        text = tree.text(entry.path).lower()
        for distribution in [d for d, pattern in open_.items() if pattern.search(text)]:
            if entry.language != "python" or open_[distribution].search(_COMMENT.sub("", text)):
                del open_[distribution]
        if not open_:
            break
    return set(open_)


# -- two declarations of one distribution --------------------------------------------------------------------------------


def _same_bound(finding: Finding, tree: Tree) -> Fix | None:
    """Ask for the same least version as the core."""
    title = f"Ask for {finding.data.get('new', '')} in both places"
    return rewritten(finding, tree, title, "review", "The core's demand holds for the extra too.")


@rule("DEP-CONFLICT", gate="install", category="dependency", fix=_same_bound)
def contradicting_declarations(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """An extra, or another manifest beside it, asks for other versions of a distribution than the package itself.

    Why: where no version satisfies both, pip refuses to install them together. A lower bound below the core's is never used:
    it was forgotten when the core moved on, and tells those who read it that the old version is enough.
    Passes: the same bound, a narrower one, markers of platforms.
    Do: Give both places one range that the package works with, or leave the bound out of the second place, where the package's
    own one holds anyway.
    Source: packaging.python.org, dependency specifiers (PEP 440, PEP 508).
    """
    packages = _packages(manifests)
    if not packages:
        raise NotApplicable("no manifest of Python")
    for one in packages:
        beside = [m for m in packages if m.folder == one.folder and m is not one and m.path.endswith("requirements.txt")]
        core = {normalised(d.name): d for d in one.dependencies if d.group == "runtime" and ";" not in d.spec}
        if not one.name:
            continue
        for manifest, dependency in [
            *((one, d) for d in one.dependencies if d.group.startswith("optional")),
            *((m, d) for m in beside for d in m.dependencies),
        ]:
            base = core.get(normalised(dependency.name))
            if base is None or ";" in dependency.spec:
                continue
            mine, theirs = _specifiers(base), _specifiers(dependency)
            if mine is None or theirs is None:
                continue
            who = f"the extra {dependency.group.partition(':')[2]}" if manifest is one else manifest.path
            if _disjoint(mine, theirs):
                yield Finding(
                    f"no version of {dependency.name} satisfies both {who} ({theirs}) and the package itself ({mine})",
                    tree.evidence(manifest.path, dependency.line),
                    also=(tree.evidence(one.path, base.line),),
                    impact="pip refuses to install them together.",
                )
            elif manifest is one and (low := _least(theirs)) and (high := _least(mine)) and low < high:
                from packaging.version import Version

                old = f">={_text(theirs)}"
                yield Finding(
                    f"{who} asks for {dependency.name} {old}, the package itself for >={_text(mine)} already",
                    tree.evidence(manifest.path, dependency.line),
                    also=(tree.evidence(one.path, base.line),),
                    impact=f"The bound is never used: it promises that {dependency.name} {Version(_text(theirs))} is enough.",
                    gate=Gate.METADATA,
                    confidence="possible",
                    data={"old": old if old in dependency.spec else "", "new": f">={_text(mine)}"},
                )


_SPEC = regex(r"[A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?\s*\(?([^;)@]*)\)?")


def _specifiers(dependency: Dependency) -> SpecifierSet | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    match = _SPEC.fullmatch(dependency.spec.strip())
    try:
        return SpecifierSet(match[1].strip()) if match and match[1].strip() else None
    except InvalidSpecifier:
        return None


def _text(specifiers: SpecifierSet) -> str:
    return next((s.version for s in specifiers if s.operator in (">=", "~=")), "")


def _least(specifiers: SpecifierSet) -> tuple[int, ...]:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(_text(specifiers)).release if _text(specifiers) else ()
    except InvalidVersion:
        return ()


def _disjoint(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Is there surely no version that satisfies both? Only the versions that the two name, and their neighbours, are tried."""
    from packaging.version import InvalidVersion, Version

    both = one & other
    tried: set[str] = set()
    for s in both:
        if s.operator in ("===", "!=") or "*" in s.version:
            return False
        try:
            release = (*Version(s.version).release, 0, 0)[:3]
        except InvalidVersion:
            return False
        tried.add(s.version)
        tried |= {".".join(map(str, r)) for r in _near(release)}
    return not any(both.contains(v, prereleases=True) for v in tried)


def _near(release: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    a, b, c = release
    yield from ((a, b, c + 1), (a, b + 1, 0), (a + 1, 0, 0))
    if c:
        yield a, b, c - 1
    if b:
        yield a, b - 1, 999
    if a:
        yield a - 1, 999, 999
