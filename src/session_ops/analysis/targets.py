"""Entry points of manifests: what they name is there, and is named so that it can live beside other packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from session_ops.analysis.nearest import nearest, nearest_file
from session_ops.analysis.outputs import builds, is_output, written
from session_ops.analysis.python_names import find_module, import_roots, names_of
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import EntryPoint, Manifest, Manifests
from session_ops.model import Confidence, Finding, Fix, Gate, Safety
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

MOST = 8
"""Findings of one package.json; what is more is folded into the last."""
STARTERS = ("main", "cli", "app", "run", "entry_point", "entrypoint")
"""Names that functions which start a program usually have."""
COMPUTED = ("maturin", "scikit_build", "mesonpy", "setuptools_rust", "cmake", "sipbuild", "bazel")
"""Build backends that make modules which the tree does not hold."""
_OBJECT = regex(r"(?P<module>[A-Za-z_][\w.]*)\s*(?::\s*(?P<name>[A-Za-z_]\w*)(?P<rest>[\w.]*))?\s*(?:\[[^\]]*\])?$")


def _repoint(finding: Finding, tree: Tree) -> Fix | None:
    """Name the one candidate in place of what is missing."""
    new = finding.data.get("new", "")
    safety: Safety = "safe" if finding.data.get("sure") == "yes" else "review"
    named = new.strip(': "') if new.endswith('"') else new
    why = f"{named} is the only candidate."
    return rewritten(finding, tree, f"Point the entry at {named}", safety, why) if new else None


@rule("ENTRY-TARGET", gate="start", category="entry-point", fix=_repoint)
def entry_point_names_nothing(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """An entry point of a manifest names no module, function or file.

    Why: the package installs, and its command dies at once with ModuleNotFoundError, AttributeError or "Cannot find module".
    Passes: what a build script makes, compiled modules, names that a module imports from elsewhere or makes at run time.
    Do: Let the entry name a module, function or file that is there, write the missing one, or remove the entry; then install
    into a clean environment and start the command.
    Source: packaging.python.org (Entry points), docs.npmjs.com (bin, main, exports), The Cargo Book (Cargo Targets), guides.rubygems.org
    (executables), the plugin reference of Claude Code.
    """
    looked = False
    for one in manifests:
        if is_aside(one.path) or one.broken:
            continue
        if one.entry_points or one.ecosystem == "cargo":
            looked = True
        match one.ecosystem:
            case "pip":
                yield from _python(tree, one, manifests)
            case "npm":
                yield from _at_most(MOST, list(_node(tree, one, manifests)))
            case "gem":
                yield from _gem(tree, one)
            case "cargo":
                yield from _cargo(tree, one)
            case "plugin":
                yield from _plugin(tree, one)
            case _:
                pass
    if not looked:
        raise NotApplicable("no manifest with entry points")


def _python(tree: Tree, one: Manifest, manifests: Manifests) -> Iterator[Finding]:
    roots = import_roots(tree, one, manifests)
    backend = one.field("build-system.build-backend")
    computed = bool(backend and any(name in backend.value for name in COMPUTED)) or (
        any(f.name.endswith((".force-include", ".sources")) or ".force-include." in f.name for f in one.fields)
    )
    declared = {re.sub(r"[-_.]+", "_", d.name).lower() for m in manifests if m.folder == one.folder for d in m.dependencies}
    for entry in one.entry_points:
        if entry.kind == "bin":  # scripts= of setuptools: files
            if not tree.exists(one.beside(entry.value)):
                yield _missing(tree, one, entry, f"the script {entry.value} does not exist", Gate.BUILD)
            continue
        match = _OBJECT.fullmatch(entry.value.strip())
        if match is None:
            if entry.kind == "script":
                said = f"{entry.value!r} is not of the form module:function"
                yield _missing(tree, one, entry, f"command {entry.name}: {said}", Gate.METADATA)
            continue
        module, name = match["module"], match["name"]
        top = module.partition(".")[0]
        if find_module(tree, roots, top) is None:
            if top.lower() in declared:
                continue
            found = _modules_named(tree, one, module)
            known = not computed and not any(m.path.endswith("setup.py") and "*" in m.dynamic for m in manifests)
            text = f"command {entry.name} starts {entry.value}, but there is no module {top}"
            near = nearest(top, _tops_there(tree, roots))
            data = {"old": top, "new": near, "sure": "no"} if near and "." not in module else {}
            if near and "." in module and find_module(tree, roots, near + module[len(top) :]):
                data = {"old": f"{top}.", "new": f"{near}.", "sure": "no"}
            yield _missing(tree, one, entry, text, None, "likely" if known and not found else "possible", data)
            continue
        path = find_module(tree, roots, module)
        if path is None:
            parent, _, last = module.rpartition(".")
            place = find_module(tree, roots, parent)
            # generated modules (_version.py, protobuf) are made at build; ignored names tell it
            sure: Confidence = (
                "possible" if computed or last.startswith("_") or last.endswith(("_pb2", "version")) else "likely"
            )
            where = f" in {parent}" if place else ""
            near = nearest(last, _modules_in(tree, place)) if place else ""
            data = {"old": f".{last}", "new": f".{near}", "sure": "no"} if near else {}
            said = f"{_what(entry)} starts {entry.value}, but there is no module {last}{where}"
            yield _missing(tree, one, entry, said, None, sure, data)
            continue
        if not name or path.endswith("/"):
            continue
        names = names_of(tree, path)
        if names is None or name in names or find_module(tree, roots, f"{module}.{name}"):
            continue
        candidates = [near] if (near := nearest(name, sorted(names))) else [n for n in STARTERS if n in names]
        text = f"{_what(entry)} starts {entry.value}, but {path} has no {name}"
        if len(candidates) == 1:
            text += f"; it has {candidates[0]}"
        data = {"old": f":{name}", "new": f":{candidates[0]}", "sure": "no"} if len(candidates) == 1 else {}
        yield _missing(tree, one, entry, text, None, "possible" if computed else "likely", data)


def _tops_there(tree: Tree, roots: Sequence[str]) -> list[str]:
    """Top-level modules and packages in the folders from which is imported."""
    found = set()
    for root in roots:
        for entry in tree.below(root):
            inside = entry.path.removeprefix(f"{root}/" if root else "")
            if inside.endswith("/__init__.py") and inside.count("/") == 1:
                found.add(inside.partition("/")[0])
            elif inside.endswith(".py") and "/" not in inside:
                found.add(inside.removesuffix(".py"))
    return sorted(found)


def _modules_in(tree: Tree, place: str) -> list[str]:
    """Modules of a package; `place` is its folder, or its __init__.py."""
    folder = place.rstrip("/").removesuffix("/__init__.py")
    inside = [e.path.removeprefix(folder + "/") for e in tree.below(folder)]
    return sorted({n.removesuffix(".py").removesuffix("/__init__") for n in inside if n.endswith(".py")} - {"__init__"})


def _what(entry: EntryPoint) -> str:
    return f"command {entry.name}" if entry.kind == "script" else f"{entry.kind} {entry.name}"


def _modules_named(tree: Tree, one: Manifest, module: str) -> list[str]:
    """Files elsewhere below the manifest that could be this module by a mapping that was not read."""
    tail = module.replace(".", "/")
    base = f"{one.folder}/" if one.folder else ""
    return [p for p in tree.entries if p.startswith(base) and p.endswith((f"/{tail}.py", f"/{tail}/__init__.py"))]


def _missing(
    tree: Tree,
    one: Manifest,
    entry: EntryPoint,
    text: str,
    gate: Gate | None = None,
    confidence: Confidence = "likely",
    data: dict[str, str] | None = None,
) -> Finding:
    impact = _IMPACT.get(entry.kind, "What imports the package fails.")
    return Finding(text, tree.evidence(one.path, entry.line), impact=impact, gate=gate, confidence=confidence, data=data or {})


_IMPACT = {
    "script": "The command is installed and dies at once.",
    "bin": "The command is not there after the installation, or dies at once.",
    "main": "Requiring the package fails.",
    "types": "TypeScript users get no types.",
    "plugin": "The marketplace cannot install the plugin.",
    "command": "The agent does not find the plugin's commands.",
    "hook": "The agent does not find the plugin's hooks.",
}


def _node(tree: Tree, one: Manifest, manifests: Manifests) -> Iterator[Finding]:
    private = one.field("private")
    is_private = private is not None and private.value == "true"
    seen: set[str] = set()
    for entry in one.entry_points:
        value = entry.value.strip()
        if entry.kind == "task" or not value or "*" in value or value.startswith("#"):
            continue
        if entry.kind == "exports" and not value.startswith("./"):
            continue
        if entry.kind != "bin" and value in seen:
            continue
        seen.add(value)
        path = one.beside(value)
        if _resolves(tree, path) or path.startswith("..") or "node_modules/" in path:
            continue
        kept = _kept_beside(tree, path)
        if _sources(tree, one, value):
            continue
        if is_output(tree, one, value) and not kept:
            made = written(one) if entry.kind in ("main", "bin") else ()
            if (
                made
                and normal(value) not in made
                and all(p.rpartition("/")[0] == normal(value).rpartition("/")[0] for p in made)
            ):
                new = next(iter(made)) if len(made) == 1 else ""
                told = f"{entry.kind} names {value}, which no build writes: they write {', '.join(sorted(made))}"
                yield _missing(tree, one, entry, told, None, "likely", {"old": value, "new": new, "sure": "no"} if new else {})
            continue
        sure: Confidence = "likely" if not kept or entry.kind == "bin" else "possible"
        if entry.kind not in ("bin", "exports", "main") or (
            entry.kind == "main" and (is_private or value in ("index.js", "main.js"))
        ):
            sure = "possible"  # `npm init` writes main: index.js into applications that nobody requires
        if is_private or not (one.version or entry.kind == "bin"):
            sure = "possible"
        if _placeholder(one) or _built_from_above(tree, one, manifests) or _in_src(tree, one, value):
            sure = "possible"
        same = [p for p in tree.entries if p.rpartition("/")[2] == path.rpartition("/")[2] and not is_aside(p)]
        data = {}
        note = ""
        near = nearest_file(tree, path)
        if entry.kind == "bin" and near and tree.text(near).startswith("#!"):
            # a module of the command's name is not the command, nor is another command whose file is called index.js too
            others = {one.beside(e.value.strip()) for e in one.entry_points if e.kind == "bin"}
            same = [p for p in same if tree.text(p).startswith("#!") and p not in others]
            same = same if len(same) == 1 else []
        meant = same[0] if len(same) == 1 and same[0].startswith(one.folder) and tree.entries[same[0]].kind == "file" else ""
        if meant := meant or ("" if same else near):
            new = meant.removeprefix(one.folder).lstrip("/")
            new = f"./{new}" if value.startswith("./") else new
            # the name of a command is often that of its file
            line = tree.lines(one.path)[entry.line - 1] if entry.line else ""
            quoted = next((f'{gap}"{value}"' for gap in (": ", ":") if line.count(f'{gap}"{value}"') == 1), "")
            whole = bool(quoted) and line.count(value) > 1
            data = {"old": quoted if whole else value, "new": quoted.replace(value, new) if whole else new, "sure": "no"}
            note = f"; there is {meant}"
        what = entry.kind if entry.kind in ("main", "module", "browser", "types") else f"{entry.kind} {entry.name}"
        yield _missing(tree, one, entry, f"{what} names {value}, which does not exist{note}", None, sure, data)


def _kept_beside(tree: Tree, path: str) -> bool:
    """Does the folder of a path hold files that are not ignored? Then a build does not fill it from nothing."""
    folder = path.rpartition("/")[0]
    return bool(folder) and any(
        e.kind == "file" and not e.ignored and e.path.rpartition("/")[0] == folder for e in tree.below(folder)
    )


def _placeholder(one: Manifest) -> bool:
    """A package of one platform, into which a release puts a binary: it has os or cpu and no dependencies."""
    return (one.field("os") is not None or one.field("cpu") is not None) and not one.dependencies


def _built_from_above(tree: Tree, one: Manifest, manifests: Manifests) -> bool:
    """A package without a build of its own, none of whose entries is there, below one that builds: its files lie elsewhere in the end."""
    if not one.folder or builds(one):
        return False
    named = [e.value.strip() for e in one.entry_points if e.kind in ("main", "module", "browser", "types", "exports", "bin")]
    if any("*" not in value and _resolves(tree, one.beside(value)) for value in named):
        return False
    above = (m for m in manifests if m.ecosystem == "npm" and m.path != one.path)
    return any(builds(m) and (not m.folder or one.folder.startswith(m.folder + "/")) for m in above)


def _resolves(tree: Tree, path: str) -> bool:
    """As Node looks a path up: the file, with an ending, or a folder's index. Source: nodejs.org, Modules: LOAD_AS_FILE."""
    ends = (
        "",
        ".js",
        ".json",
        ".node",
        ".cjs",
        ".mjs",
        ".ts",
        ".d.ts",
        "/index.js",
        "/index.cjs",
        "/index.mjs",
        "/index.ts",
        "/index.d.ts",
    )
    return any(tree.exists(path + end) for end in ends)


def _sources(tree: Tree, one: Manifest, value: str) -> bool:
    """Is there a source from which this .js would be compiled beside it, as tsc without outDir does?"""
    stem = re.sub(r"(?:\.d)?\.[cm]?[jt]sx?$", "", one.beside(value))
    return any(stem + end in tree.entries for end in (".ts", ".tsx", ".mts", ".cts", ".coffee"))


def _in_src(tree: Tree, one: Manifest, value: str) -> bool:
    """Does src/ hold the module that the manifest names at its top, as where the package is published from the folder of the build?"""
    stem = re.sub(r"(?:\.d)?\.[cm]?[jt]sx?$", "", one.beside(f"src/{value.removeprefix('./')}"))
    return any(stem + end in tree.entries for end in (".ts", ".tsx", ".mts", ".cts", "/index.ts", "/index.tsx"))


def _at_most(most: int, found: list[Finding]) -> Iterator[Finding]:
    """The surest first; what is more becomes further places of the last one."""
    ranked = sorted(found, key=lambda f: (f.confidence == "possible", f.at.line))
    yield from ranked[: most - 1]
    rest = ranked[most - 1 :]
    if len(rest) == 1:
        yield rest[0]
    elif rest:
        said = f"{rest[0].message}; {len(rest) - 1} further entries name nothing either"
        yield replace(rest[0], message=said, also=(*rest[0].also, *(f.at for f in rest[1:50])))


def _gem(tree: Tree, one: Manifest) -> Iterator[Finding]:
    for entry in one.entry_points:
        path = one.beside(entry.value)
        if entry.kind == "bin" and not tree.exists(path):
            text = f"executable {entry.name} should be at {entry.value}, which does not exist"
            yield _missing(tree, one, entry, text, Gate.BUILD)


def _cargo(tree: Tree, one: Manifest) -> Iterator[Finding]:
    for entry in one.entry_points:
        path = one.beside(entry.value)
        if not tree.exists(path) and entry.kind in ("bin", "main"):
            yield _missing(tree, one, entry, f"{entry.name} should be at {entry.value}, which does not exist", Gate.BUILD)
    for member in one.listed("workspace.members"):
        path = one.beside(member.value)
        if any(c in member.value for c in "*?[") or tree.exists(f"{path}/Cargo.toml".lstrip("/")):
            continue
        text = f"workspace member {member.value} has no Cargo.toml"
        yield Finding(
            text, tree.evidence(one.path, member.line), impact="cargo loads nothing of the workspace.", gate=Gate.BUILD
        )
    package = one.field("name")
    base = f"{one.folder}/" if one.folder else ""
    if (
        one.name
        and package
        and not any(e.kind in ("bin", "main", "example", "bench", "test") for e in one.entry_points)
        and not _has_cargo_target(tree, base)
    ):
        text = f"{one.name} has neither src/lib.rs nor src/main.rs, and names no other target"
        sure: Confidence = "possible" if any(f.name in ("autobins", "autolib", "metabuild") for f in one.fields) else "likely"
        yield Finding(
            text, tree.evidence(one.path, package.line), impact="cargo does not load it.", gate=Gate.BUILD, confidence=sure
        )


def _has_cargo_target(tree: Tree, base: str) -> bool:
    if f"{base}src/lib.rs" in tree.entries or f"{base}src/main.rs" in tree.entries or tree.is_folder(f"{base}src/bin"):
        return True
    return any(tree.is_folder(base + f) for f in ("examples", "tests", "benches"))


def _plugin(tree: Tree, one: Manifest) -> Iterator[Finding]:
    # the plugin's root is the folder around .claude-plugin
    root = one.folder.rpartition("/")[0] if "/" in one.folder else ""
    for entry in one.entry_points:
        if "://" in entry.value or "${" in entry.value:
            continue
        path = normal(f"{root}/{entry.value}") if root else normal(entry.value)
        if path.startswith("..") or not path or tree.exists(path):
            continue
        text = f"{entry.kind} {entry.name}: {entry.value} does not exist"
        yield _missing(tree, one, entry, text, Gate.SHIP if entry.kind == "plugin" else None)


FOREIGN = frozenset(("src", "lib", "tests", "test", "scripts", "utils", "docs", "examples"))
"""Those of them that are never meant as the name of a product."""


@rule("ENTRY-NAMESPACE", gate="contents", category="entry-point")
def generic_top_level_package(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The distribution installs a top-level package with a name that many others use: src, lib, tests, scripts, utils.

    Why: two such distributions overwrite each other's files in one environment, and a project's own folder `src` shadows the installed one as
    soon as it is started there. Passes: package-dir mappings, where src is only the folder that holds the package.
    Do: Move the code into one package that is named after the distribution (`src/NAME/`), and keep tests and scripts out of the
    list of packages.
    Source: packaging.python.org, src layout vs flat layout.
    """
    pythons = [m for m in manifests if m.ecosystem == "pip" and not is_aside(m.path) and (m.name or m.entry_points)]
    if not pythons:
        raise NotApplicable("no Python manifest")
    told: set[tuple[str, str]] = set()
    for one in pythons:
        for name, line, said in _tops(tree, one):
            if (one.folder, name) not in told:
                told.add((one.folder, name))
                yield Finding(
                    f"{said}: the distribution installs a top-level package called {name}",
                    tree.evidence(one.path, line),
                    impact=f"It collides with every other {name} in the environment and in the working directory.",
                    confidence="possible",
                )


def _tops(tree: Tree, one: Manifest) -> Iterator[tuple[str, int, str]]:
    for entry in one.entry_points:
        top = entry.value.partition(":")[0].partition(".")[0]
        if entry.kind != "bin" and top in FOREIGN and "." in entry.value:
            yield top, entry.line, f"command {entry.name} starts {entry.value}"
    for f in one.fields:
        name = f.name.replace("-", "_")
        last = f.value.strip("/").rpartition("/")[2]
        if name == "tool.hatch.build.targets.wheel.packages" and last in FOREIGN and f.value.strip("/.") == last:
            yield last, f.line, f"packages lists {f.value}"
        elif (
            name in ("packages", "tool.setuptools.packages", "py_modules", "tool.setuptools.py_modules") and f.value in FOREIGN
        ):
            yield f.value, f.line, f"{f.name} lists {f.value}"
        elif name == "tool.poetry.packages.include" and f.value in FOREIGN:
            yield f.value, f.line, f"packages includes {f.value}"
        elif name == "packages" and re.fullmatch(r"(?:setuptools\.)?find_packages\(\)", f.value):
            base = f"{one.folder}/" if one.folder else ""
            for top in sorted(FOREIGN - {"src", "lib"}):
                if f"{base}{top}/__init__.py" in tree.entries:
                    yield top, f.line, f"find_packages() also finds {top}"
