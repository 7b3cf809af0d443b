"""Files that a package needs and that what is built of it does not hold, because its manifest leaves them out."""

from __future__ import annotations

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.analysis.ignore import ignoring
from session_ops.discovery.aside import is_aside, is_test
from session_ops.discovery.earlier import earlier
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.manifests.cargo import load
from session_ops.discovery.references import Reference, References
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

ALWAYS = regex(r"^(?:package\.json|readme[^/]*|licen[cs]e[^/]*)$", re.IGNORECASE)
"""What npm packs in any case, besides `main` and `bin`. Source: docs.npmjs.com, package.json, files."""
TABLE = regex(r"^\[tool\.setuptools\.package[-_]data\]\n(?:(?!\[).*\n?)*", re.MULTILINE)
OFF = regex(r"^\s*include[-_]package[-_]data\s*=\s*false\b", re.MULTILINE)
SHOWN = 8


def list_them(finding: Finding, tree: Tree) -> Fix | None:
    """Name the files in the manifest: as it once did, or by their folders."""
    path = finding.data.get("manifest", "")
    if path.endswith("package.json"):
        return _listed(finding, tree, path)
    if module := finding.data.get("module"):
        line = tree.lines(path)[finding.at.line - 1]
        if not (one := re.match(r"(\s*py-modules\s*=\s*\[[^\]]*[^\]\s,]),?\s*\]", line)):
            return None
        edit = Edit(path, one[0], f'{one[1]}, "{module}"]', finding.at.line)
        return Fix(f"List {module} in {path}", (finding.id,), "review", (edit,), why="Modules that are listed import it.")
    return _table(finding, tree, path) if path.endswith("pyproject.toml") else None


@rule("PKG-LEFTOUT", gate="contents", category="package", fix=list_them)
def needed_and_left_out(tree: Tree, manifests: Manifests, references: References) -> Iterator[Finding]:
    """The manifest leaves out of the package what the code in the package needs.

    Why: in the checkout everything is there, so it works; what is installed lacks the file, and the first use of it fails. For npm: a
    module that a packed file requires, or the program of `postinstall`, where `files` does not list it; the whole build, where .gitignore names its
    folder and neither `files` nor .npmignore is there. For setuptools: data files that the code names, where
    `include-package-data` is off and no table of package data names them, and modules that the listed ones import. Passes: what is
    packed in any case (main, bin), patterns, builds.
    Do: Add the file or its folder to `files` in package.json, or to `[tool.setuptools.package-data]`; then look into what
    `npm pack --dry-run` or `unzip -l dist/*.whl` lists.
    Source: docs.npmjs.com, package.json (files); setuptools.pypa.io, Data Files Support.
    """
    npm = [m for m in manifests if m.ecosystem == "npm" and m.listed("files") and not is_aside(m.path) and not m.broken]
    off = [m for m in manifests if m.path.endswith("pyproject.toml") and not is_aside(m.path) and OFF.search(tree.text(m.path))]
    listing = [
        m for m in manifests if m.path.endswith("pyproject.toml") and not is_aside(m.path) and "py-modules" in tree.text(m.path)
    ]
    unlisted = [
        m for m in manifests if m.ecosystem == "npm" and not m.listed("files") and not is_aside(m.path) and not m.broken
    ]
    unbuilt = [found for one in unlisted if (found := _without_its_build(tree, one)) is not None]
    yield from unbuilt
    if not npm and not off and not listing and not unbuilt:
        raise NotApplicable("no manifest that says which files the package holds")
    for one in npm:
        yield from _of_npm(tree, one, references)
    for one in off:
        yield from _of_setuptools(tree, one)
    for one in listing:
        yield from _unlisted_modules(tree, one)


# --- npm


def _without_its_build(tree: Tree, one: Manifest) -> Finding | None:
    """The entry of a package in a folder of many built files that .gitignore names: npm packs by .gitignore where nothing else says what.

    The entry itself is packed in any case, and what it imports beside it is not.
    """
    private = one.field("private")
    if (
        not one.name
        or not one.version
        or (private and private.value.lower() == "true")
        or tree.exists(one.beside(".npmignore"))
    ):
        return None
    tasks = " ; ".join(
        e.value
        for e in one.entry_points
        if e.kind == "task" and re.match(r"(?:pre|post)?(?:build|compile|prepare|prepack)", e.name)
    )
    if not re.search(r"(?<![\w-])tsc(?![\w-])", tasks) or re.search(
        r"--noEmit|esbuild|rollup|webpack|\bncc\b|bun build|tsup|vite", tasks
    ):
        return None  # one bundled file is packed as it is the entry
    for entry in one.entry_points:
        path = one.beside(entry.value)
        if (
            entry.kind in ("main", "bin")
            and "/" in entry.value.strip("./")
            and not tree.exists(path)
            and _keeps_out(tree, one.folder, path)
        ):
            called = rf"\bnpm\s+publish\b|\bnpx\s+(?:-y\s+)?{re.escape(one.name)}\b|\bnpm\s+(?:i|install|add)\s+(?:-\w+\s+|--\w+\s+)*{re.escape(one.name)}\b"
            shipped = any(
                re.search(called, tree.text(e.path))
                for e in tree.files("markdown", "yaml")
                if "npm" in tree.text(e.path) or "npx" in tree.text(e.path)
            )
            return Finding(
                f"npm packs by .gitignore, which keeps {path.rpartition('/')[0]}/ out: of what {entry.value} imports nothing is packed",
                tree.evidence(one.path, entry.line),
                impact="What is installed ends with: cannot find module. List the folder in `files`.",
                confidence="likely" if shipped else "possible",
            )
    return None


def _keeps_out(tree: Tree, folder: str, path: str) -> bool:
    """Does a .gitignore of the package's own folder keep a path out? Those above it npm does not read."""
    by = ignoring(tree, path)[0] or ignoring(tree, path + "/")[0]
    return bool(by) and (not folder or by.startswith(folder + "/"))


def _of_npm(tree: Tree, one: Manifest, references: References) -> Iterator[Finding]:
    listed = [normal(f.value.lstrip("/")) for f in one.listed("files")]
    if any(c in entry for entry in listed for c in "*?![{"):
        listed = [entry.partition("*")[0].rstrip("/") for entry in listed if not entry.startswith("!")]
    base = f"{one.folder}/" if one.folder else ""
    entries = {normal(e.value) for e in one.entry_points if e.kind in ("bin", "main")}
    lacking: dict[str, list[Reference]] = defaultdict(list)
    for reference in references:
        if reference.verdict != "resolves" or reference.act not in ("import", "source", "run") or reference.guarded:
            continue
        if reference.place not in ("javascript", "shell") or not reference.source.startswith(base):
            continue
        target = _file(tree, reference.target)
        if not target.startswith(base) or "node_modules/" in target or not target:
            continue
        source, needed = reference.source.removeprefix(base), target.removeprefix(base)
        if _packed(source, listed, entries) and not _packed(needed, listed, entries) and not is_aside(source):
            lacking[needed].append(reference)
    yield from _at_installation(tree, one, listed, entries)
    folders: dict[str, list[str]] = defaultdict(list)
    for needed in sorted(lacking):
        folders[needed.partition("/")[0] if "/" in needed else needed].append(needed)
    for top, files in folders.items():
        first = lacking[files[0]][0]
        more = f" (and {len(files) - 1} more below {top}/)" if len(files) > 1 else ""
        yield Finding(
            f"{first.source} needs {base}{files[0]}, which the list `files` of {one.path} leaves out{more}",
            tree.evidence(one.path, one.listed("files")[0].line),
            tuple(tree.evidence(r.source, r.line) for f in files for r in lacking[f][:1])[:SHOWN],
            "What is installed stops with: cannot find module.",
            data={"manifest": one.path, "add": top},
        )


INSTALLED = regex(
    r"(?:^|&&|;)\s*(?:(?:node|bash|sh|python3?)\s+)?(?:\./)?(?P<path>[\w-][\w./-]*\.(?:[cm]?js|sh|py))(?=\s|$|;|&)"
)


def _at_installation(tree: Tree, one: Manifest, listed: list[str], entries: set[str]) -> Iterator[Finding]:
    """What npm runs where the package is installed, and what is not in the package then."""
    base = f"{one.folder}/" if one.folder else ""
    for said in one.entry_points:
        if said.kind != "task" or said.name not in ("preinstall", "install", "postinstall") or "||" in said.value:
            continue
        for match in INSTALLED.finditer(said.value):
            path = normal(match["path"])
            if base + path not in tree.entries or _packed(path, listed, entries):
                continue
            yield Finding(
                f"`{said.name}` runs {path}, which the list `files` of {one.path} leaves out",
                tree.evidence(one.path, one.listed("files")[0].line),
                (tree.evidence(one.path, said.line),),
                "Every installation of the package ends with an error: the file is not there.",
                data={"manifest": one.path, "add": path},
            )


def _file(tree: Tree, target: str) -> str:
    ends = ("", ".js", ".cjs", ".mjs", ".json", "/index.js", "/index.cjs", "/index.mjs")
    return next((target + end for end in ends if (e := tree.entries.get(target + end)) and e.kind == "file"), "")


def _packed(path: str, listed: list[str], entries: set[str]) -> bool:
    stem = path.removesuffix(".js").removesuffix(".mjs").removesuffix(".cjs")
    if path in entries or stem in entries or ALWAYS.match(path):
        return True
    return any(entry in ("", ".") or path == entry or path.startswith(entry + "/") for entry in listed)


def _listed(finding: Finding, tree: Tree, path: str) -> Fix | None:
    text = tree.text(path)
    block = re.search(r'"files"\s*:\s*\[(?P<inner>[^\[\]]*)\]', text)
    if block is None:
        return None
    before = next(
        (v for _, old in earlier(tree, path) for v in _once(old) if normal(v).rstrip("/*") == finding.data["add"]), ""
    )
    entry = json.dumps(before or finding.data["add"], ensure_ascii=False)
    last = list(re.finditer(r'"(?:[^"\\]|\\.)*"', block["inner"]))
    if not last:
        edit = Edit(path, block[0], block[0].replace("[" + block["inner"], f"[{entry}", 1))
    else:
        start = block.start("inner") + last[-1].start()
        line_start = text.rfind("\n", 0, start) + 1
        lead = text[line_start:start]
        joint = f",\n{lead}" if not lead.strip() else ", "
        line = text.count("\n", 0, start) + 1
        edit = Edit(
            path,
            text[start:].split("\n", 1)[0].rstrip("\r"),
            last[-1][0] + joint + entry + text[start + len(last[-1][0]) :].split("\n", 1)[0],
            line,
        )
    return Fix(
        f"List {finding.data['add']} in {path}", (finding.id,), "review", (edit,), why="The code that is packed needs it."
    )


def _once(text: str) -> list[str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = data.get("files") if isinstance(data, dict) else None
    return [v for v in found if isinstance(v, str)] if isinstance(found, list) else []


# --- setuptools


def _of_setuptools(tree: Tree, one: Manifest) -> Iterator[Finding]:
    if TABLE.search(tree.text(one.path)):
        return
    base = f"{one.folder}/" if one.folder else ""
    code = {e.path: tree.text(e.path) for e in tree.files("python") if e.path.startswith(base) and not is_test(e.path)}
    lacking: dict[str, list[str]] = defaultdict(list)
    where: dict[str, str] = {}
    for entry in tree:
        package = package_of(tree, entry.path)
        if (
            entry.kind != "file"
            or not package
            or is_test(entry.path)
            or entry.path.endswith((".py", ".pyi", ".pyc", ".so", ".c", ".pyx"))
        ):
            continue
        named = re.compile(rf"[\"'/]{re.escape(PurePosixPath(entry.path).name)}[\"']")
        user = next((p for p, text in code.items() if named.search(text)), "") or _loads_folder(entry.path, package, code)
        if user:
            lacking[package].append(entry.path)
            where.setdefault(package, user)
    for package, files in sorted(lacking.items()):
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield Finding(
            f"{one.path} leaves {files[0]}{more} out of the package, and {where[package]} names it",
            tree.evidence(one.path, next(n for n, t in enumerate(tree.lines(one.path), 1) if OFF.search(t))),
            (tree.evidence(where[package]), *(tree.evidence(f) for f in files[:SHOWN])),
            "The installed package does not find the file.",
            data={"manifest": one.path, "package": package, "files": json.dumps(files)},
        )


def _unlisted_modules(tree: Tree, one: Manifest) -> Iterator[Finding]:
    """Modules beside those of `py-modules` that these, or the listed packages, import."""
    table = load(tree, one.path)[0].get("tool", {}).get("setuptools", {})
    listed, packages, folders = (table.get(key) for key in ("py-modules", "packages", "package-dir"))
    if not isinstance(listed, list) or not isinstance(packages, (list, type(None))):
        return
    inside = folders.get("", "") if isinstance(folders, dict) else ""
    base = posixpath.normpath(posixpath.join(one.folder, inside))
    base = "" if base == "." else f"{base}/"
    beside = {
        e.path.removeprefix(base).removesuffix(".py")
        for e in tree.files("python")
        if posixpath.dirname(e.path) == base.rstrip("/")
    }
    lacking = beside - {str(m) for m in listed} - {"setup", "conftest", "__init__", "__main__"}
    shipped = [
        e for e in tree.files("python") if _ships(e.path.removeprefix(base), listed, packages or []) and e.path.startswith(base)
    ]
    for name in sorted(lacking):
        users = [
            (e.path, tree.text(e.path).count("\n", 0, match.start()) + 1)
            for e in shipped
            if (
                match := re.search(
                    rf"(?m)^(?:from\s+{re.escape(name)}\s+import|import\s+{re.escape(name)}\b)", tree.text(e.path)
                )
            )
        ]
        if users:
            line = next((n for n, text in enumerate(tree.lines(one.path), 1) if re.match(r"\s*py-modules\s*=", text)), 1)
            yield Finding(
                f"{users[0][0]} imports {name}, which the list `py-modules` of {one.path} leaves out",
                tree.evidence(one.path, line),
                tuple(tree.evidence(*user) for user in users[:SHOWN]),
                f"What is installed stops with: No module named '{name}'.",
                data={"manifest": one.path, "module": name},
            )


def _ships(path: str, modules: list[str], packages: list[str]) -> bool:
    """Is a file, named from the folder of the code, one of these modules or in one of these packages?"""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".py") in modules if not folder else folder.replace("/", ".") in packages


def package_of(tree: Tree, path: str) -> str:
    """The topmost package (a folder with __init__.py) that a file lies in."""
    parents = [str(p) for p in PurePosixPath(path).parents if str(p) != "."]
    inside = [p for p in parents if f"{p}/__init__.py" in tree.entries]
    return inside[-1] if inside else ""


def _loads_folder(path: str, package: str, code: dict[str, str]) -> str:
    """The module that names the folder of the package in which a file lies, beside its own place."""
    inside = posixpath.relpath(path, package).split("/")
    for folder in inside[:-1]:
        named = re.compile(rf"(?:__file__|resources|PackageLoader|get_data)[^\n]*(?:,\n\s*)?[\"']{re.escape(folder)}[\"'/]")
        if user := next((p for p, text in code.items() if p.startswith(package) and named.search(text)), ""):
            return user
    return ""


def _table(finding: Finding, tree: Tree, path: str) -> Fix | None:
    lines = tree.lines(path)
    last = max((n for n, line in enumerate(lines, 1) if line.strip()), default=0)
    if not last:
        return None
    once = next((m[0].rstrip("\n") for _, old in earlier(tree, path) if (m := TABLE.search(old))), "")
    if not once:
        package = finding.data["package"]
        name = package.split("/", 1)[1] if package.startswith(("src/", "lib/")) else package
        inside = [posixpath.relpath(f, package) for f in json.loads(finding.data["files"])]
        patterns = sorted({posixpath.join(posixpath.dirname(f), "*" + posixpath.splitext(f)[1]) for f in inside})
        once = f'[tool.setuptools.package-data]\n"{name.replace("/", ".")}" = {json.dumps(patterns)}'
    edit = Edit(path, lines[last - 1], f"{lines[last - 1]}\n\n{once}", last)
    return Fix(
        f"Declare package data in {path}", (finding.id,), "review", (edit,), why="The code that is packed needs these files."
    )
