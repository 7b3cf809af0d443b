"""What a package says of itself and what is in it: addresses, files of others, data that stays behind."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.analysis.left_out import list_them, package_of
from session_ops.discovery.aside import is_aside, is_document, is_test
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Confidence, Finding, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_HOSTED = regex(
    r"(?:github|gitlab|codeberg|bitbucket)\.(?:com|org)[/:](?P<owner>[\w.-]+)/(?P<repo>[\w.-]+?)(?:\.git)?(?=[/#\s\"'})\]>,?;:]|\.?(?:\s|$))"
)
_URL_FIELDS = regex(
    r"^(?:urls?\..*|url|repository(?:\.url)?|homepage|bugs(?:\.url)?|download_url|project_urls?.*|source_code_uri|metadata.*uri.*)$",
    re.IGNORECASE,
)
_PLACEHOLDER = regex(
    r"^(?:your|my|user|username|owner|org|example|yourusername|your-?\w*|<.*|acme|foo|xxx+|\w*placeholder\w*)$", re.IGNORECASE
)


@rule("PKG-URLS", gate="metadata", category="package")
def address_of_another(tree: Tree, manifests: Manifests, docs: Docs) -> Iterator[Finding]:
    """The manifest's addresses name another owner than the README or the git remote, or a placeholder.

    Why: registries show these links; who reports a bug or looks for the source arrives at somebody else's page, or at none, and trusted
    publishing compares them. Said where a placeholder stands there, where the git remote or the README's clone command is another owner's, whom
    the README does not know, or where the README knows the same repository under another owner.
    Do: Let the manifest, the README and the git remote name one repository: the one where the project lives.
    Source: packaging.python.org (urls), docs.npmjs.com (repository), The Cargo Book (repository).
    """
    named = [m for m in manifests if m.name and not is_aside(m.path) and m.ecosystem in ("pip", "npm", "cargo", "gem")]
    if not named:
        raise NotApplicable("no manifest of a package")
    remote = _remote(tree)
    found: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    known: dict[str, tuple[str, int]] = {}
    for one in named:
        links = [(f, m) for f in one.fields if _URL_FIELDS.match(f.name) and (m := _HOSTED.search(f.value))]
        if not links:
            continue
        owner, repo = links[0][1]["owner"], links[0][1]["repo"]
        other = ""
        if _PLACEHOLDER.match(owner):
            other = "that is a placeholder"
        elif (
            remote
            and remote[0].lower() != owner.lower()
            and (remote[1].lower() == repo.lower() or not _known(tree, docs, owner))
        ):
            other = f"the git remote is {remote[0]}/{remote[1]}"
        elif not remote:
            other, where = _of_readme(tree, docs, one, owner, repo)
            if where:
                known[other] = where
        if other:
            found.setdefault((owner, repo, other), []).extend((one.path, f.line) for f, m in links if m["owner"] == owner)
    for (owner, repo, other), places in found.items():
        path, line = places[0]
        also = [tree.evidence(p, n) for p, n in dict.fromkeys(places[1:]) if (p, n) != (path, line)][:8]
        if other in known:
            also.append(tree.evidence(*known[other]))
        yield Finding(
            f"{path.rpartition('/')[2]} gives {owner}/{repo} as the project's home, but {other}",
            tree.evidence(path, line),
            tuple(also),
            impact="Links of the package and reports of bugs go to another repository, or nowhere.",
            confidence="possible",
        )


def _remote(tree: Tree) -> tuple[str, str] | None:
    """Owner and name of the repository that the git remote `origin` names, where it is a hosted one."""
    if tree.git.root is None:
        return None
    try:
        text = (tree.git.root / ".git" / "config").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    section = re.search(r'\[remote "origin"\](.*?)(?=^\[|\Z)', text, re.DOTALL | re.MULTILINE)
    match = _HOSTED.search(section[1]) if section else None
    return (match["owner"], match["repo"]) if match else None


def _known(tree: Tree, docs: Docs, owner: str) -> bool:
    """Does a README know this owner (an organisation that the project moved to, a project that it was forked from)?"""
    return any(owner.lower() in tree.text(doc.path).lower() for doc in docs if doc.role == "readme")


def _of_readme(tree: Tree, docs: Docs, one: Manifest, owner: str, repo: str) -> tuple[str, tuple[str, int] | None]:
    """Another owner of the same repository in the README, unless the text tells of a fork."""
    for doc in docs:
        if doc.role != "readme" or doc.path.count("/") > one.path.count("/"):
            continue
        for n, line in enumerate(tree.lines(doc.path), start=1):
            for match in _HOSTED.finditer(line):
                cloned = re.search(r"\bgit\s+clone\b", line) and not _known(tree, docs, owner)
                if (
                    (match["repo"].lower() != repo.lower() and not cloned)
                    or match["owner"].lower() == owner.lower()
                    or _PLACEHOLDER.match(match["owner"])
                ):
                    continue
                if re.search(r"\b(?:fork|forked|upstream|based on|inspired|original|thanks|credit)", line, re.IGNORECASE):
                    continue
                return f"the README knows it as {match['owner']}/{match['repo']}", (doc.path, n)
    return "", None


# -- gems of one tree ----------------------------------------------------------------------------------------------------------


@rule("PKG-FILES", gate="contents", category="package")
def ships_other_gems(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A gem takes all files of git, and the tree holds other gems' libraries too.

    Why: the built gem carries the code of its neighbours; with both installed, whichever comes first on the load path wins, an old copy for
    instance. Passes: specifications that leave the neighbours out by name, or list folders.
    Do: List the gem's own files in its specification (`Dir["lib/**/*", "exe/*", "LICENSE*", "README*"]`), or leave out the
    other gems' folders by name.
    Source: guides.rubygems.org, specification reference (files); bundler.io, creating gems.
    """
    gems = [m for m in manifests if m.ecosystem == "gem" and not is_aside(m.path)]
    if len(gems) < 2:
        raise NotApplicable("not several gems in one tree")
    for one in gems:
        text = tree.text(one.path)
        start = re.search(r"^\s*\w+\.files\s*[+]?=.*$", text, re.MULTILINE)
        if not start or not re.search(r"git[\"', ]+ls-files(?![^\n]*\blib/)", text[start.start() : start.start() + 400]):
            continue
        rest = text[start.start() :]
        others = []
        for other in gems:
            if other is one or other.folder != one.folder:
                continue
            base = f"{one.folder}/lib/" if one.folder else "lib/"
            home = next(
                (
                    base + n
                    for n in (other.name.replace("-", "_"), other.name.replace("-", "/"), other.name)
                    if tree.is_folder(base + n)
                ),
                "",
            )
            name = home.rpartition("/")[2]
            if home and name and name not in one.name.replace("-", "_").split("/") and name not in rest:
                others.append(home.removeprefix(f"{one.folder}/"))
        if others and not re.search(r"select|grep\(|start_with\?\([\"']lib/", rest[:800]):
            line = text.count("\n", 0, start.start() + len(start[0]) - len(start[0].lstrip())) + 1
            yield Finding(
                f"{one.path.rpartition('/')[2]} takes all files of git, {', '.join(sorted(others))} included, which other gems of this tree ship",
                tree.evidence(one.path, line),
                impact="The built gem carries its neighbours' code, and shadows theirs when both are installed.",
                confidence="possible",
            )


# -- data that the code reads and the package leaves behind ----------------------------------------------------------------------

_JOINED = regex(
    r"(?:path\.)?(?:join|resolve)\(\s*(?:__dirname|import\.meta\.dirname|dirname\(fileURLToPath\(import\.meta\.url\)\))\s*((?:,\s*[\"'`][^\"'`$]+[\"'`]\s*)+)\)"
)
_URL = regex(r"new URL\(\s*[\"'`](\.[^\"'`$]+)[\"'`]\s*,\s*import\.meta\.url\s*\)")


@rule("PKG-DATA", gate="contents", category="dangling-ref", fix=list_them)
def data_left_behind(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The code of a package reads a file beside it that the package does not hold.

    Why: in the checkout the file is there; `npm publish` and `npm pack` take only what `files` lists, so that the installed package does
    not find it. A path that climbs out of the package's root is never there. For Python: a wheel of setuptools holds data only where
    package-data or MANIFEST.in says so.
    Passes: tests and build scripts, files that npm always takes, what the build makes or copies.
    Do: Keep the file inside the package's own folder and list it: in `files` of package.json, or in
    `[tool.setuptools.package-data]`; then look into what `npm pack` or `python -m build` makes.
    Source: docs.npmjs.com, package.json (files); setuptools.pypa.io, Data Files Support.
    """
    packages = [
        m for m in manifests if m.ecosystem == "npm" and not m.broken and m.name and m.listed("files") and not is_aside(m.path)
    ]
    wheels = [
        m
        for m in manifests
        if m.ecosystem == "pip" and m.name and not is_aside(m.path) and m.path.endswith(("pyproject.toml", "setup.py"))
    ]
    if not packages and not wheels:
        raise NotApplicable("no package that lists what it ships")
    for one in packages:
        yield from _of_npm(tree, one)
    for one in wheels:
        yield from _of_wheel(tree, one)


def _of_npm(tree: Tree, one: Manifest) -> Iterator[Finding]:
    taken = [normal(f.value.rstrip("/*").lstrip("/")) for f in one.listed("files")]
    tasks = " ".join(e.value for e in one.entry_points if e.kind == "task")
    base = f"{one.folder}/" if one.folder else ""
    outputs = {
        PurePosixPath(normal(e.value)).parts[0]
        for e in one.entry_points
        if e.kind in ("bin", "main", "module") and len(PurePosixPath(normal(e.value)).parts) > 1
    }
    for entry in tree.files("javascript", "typescript", "tsx"):
        text = tree.text(entry.path)
        if not entry.path.startswith(base) or ("__dirname" not in text and "import.meta" not in text) or is_aside(entry.path):
            continue
        inside = entry.path.removeprefix(base)
        top = inside.partition("/")[0]
        if re.match(r"(?:scripts?|tools?|dev|docs?|ci)$|[\w.-]+\.config\.", top) or ".config." in inside or "vite" in inside:
            continue
        shipped_itself = any(_within(inside, t) for t in taken)
        for match in (*_JOINED.finditer(text), *_URL.finditer(text)):
            said = (
                "/".join(re.findall(r"[\"'`]([^\"'`]+)[\"'`]", match[1])) if match.re.pattern == _JOINED.pattern else match[1]
            )
            from_source = posixpath.normpath(posixpath.join(posixpath.dirname(inside), said))
            places = [from_source]
            if not shipped_itself:  # compiled: the file lands at the top of an output folder, or in the same depth below it
                deeper = posixpath.dirname(inside).partition("/")[2] if top == "src" else ""
                places = [posixpath.normpath(posixpath.join(o, d, said)) for o in outputs or {"dist"} for d in {deeper, ""}]
            line = text.count("\n", 0, match.start()) + 1
            if all(p.startswith("../") for p in places):
                name = PurePosixPath(said).name
                if name in ("node_modules", "..", "package.json") or not re.search(r"\.\w+$", name):
                    continue
                yield Finding(
                    f"{said} climbs out of the package's root, where {name} never is",
                    tree.evidence(entry.path, line),
                    impact="The installed package does not find the file.",
                    confidence="possible",
                )
                continue
            source = [p for p in places if not p.startswith("../") and tree.exists(base + p) and p]
            if not source or any(_within(p, t) for p in places for t in taken):
                continue
            name = PurePosixPath(source[0]).name
            if (
                name == "package.json"
                or re.match(r"(?i)(?:readme|licen[cs]e|changelog)", name)
                or name in tasks
                or source[0] in outputs
            ):
                continue
            sure: Confidence = "possible"
            yield Finding(
                f"it reads {source[0]}, which the list `files` of {one.path} leaves out of the package",
                tree.evidence(entry.path, line),
                also=(tree.evidence(one.path, one.listed("files")[0].line),),
                impact="The installed package does not find it.",
                confidence=sure,
                data={"manifest": one.path, "add": source[0]},
            )


def _within(path: str, pattern: str) -> bool:
    if "*" in pattern:
        pattern = pattern.partition("*")[0].rstrip("/")
    return pattern in ("", ".", path) or path.startswith((f"{pattern}/", f"{pattern}."))


_BESIDE = regex(
    r"Path\(__file__\)(?:\.resolve\(\)|\.absolute\(\))*\.parent(?P<up>(?:\.parent)*)(?P<rest>(?:\s*/\s*[\"'][^\"']+[\"'])+)"
    r"|os\.path\.join\(\s*os\.path\.dirname\(\s*(?:os\.path\.(?:abspath|realpath)\()?__file__\)?\s*\)(?P<listed>(?:,\s*[\"'][^\"']+[\"'])+)\s*\)"
)


def _of_wheel(tree: Tree, one: Manifest) -> Iterator[Finding]:
    fields = {f.name for f in one.fields}
    backend = one.field("build-system.build-backend")
    setuptools = one.path.endswith("setup.py") or (backend is not None and "setuptools" in backend.value)
    base = f"{one.folder}/" if one.folder else ""
    told = any("package-data" in n or "package_data" in n or "data_files" in n or "data-files" in n for n in fields)
    text = tree.text(one.path)
    told = (
        told
        or "package_data" in text
        or "package-data" in text
        or f"{base}MANIFEST.in" in tree.entries
        or "setuptools_scm" in text
        or "setuptools-scm" in text
    )
    told = told or "package_data" in tree.text(f"{base}setup.cfg") or "package_data" in tree.text(f"{base}setup.py")
    if not setuptools or told:
        return
    for entry in tree.files("python"):
        code = tree.text(entry.path)
        if (
            "__file__" not in code
            or not entry.path.startswith(base)
            or is_test(entry.path)
            or is_document(entry.path)
            or is_aside(entry.path)
        ):
            continue
        folder = posixpath.dirname(entry.path)
        if f"{folder}/__init__.py" not in tree.entries:
            continue
        for match in _BESIDE.finditer(code):
            ups = (match["up"] or "").count(".parent")
            said = "/".join(re.findall(r"[\"']([^\"']+)[\"']", match["rest"] or match["listed"] or ""))
            place = posixpath.normpath(posixpath.join(folder, *[".."] * ups, said))
            package = posixpath.dirname(place)
            data = place in tree.entries and not place.endswith((".py", ".pyi", ".so"))
            holds = (
                tree.is_folder(place)
                and f"{place}/__init__.py" not in tree.entries
                and any(p.startswith(place + "/") and not p.endswith(".py") for p in tree.entries)
            )
            if not (data or holds) or (data and not _inside_package(tree, package)):
                continue
            if holds and not _inside_package(tree, posixpath.dirname(place)):
                continue
            package, held = package_of(tree, place), [place] if data else [p for p in tree.entries if p.startswith(place + "/")]
            files = [p for p in held if not p.endswith((".py", ".pyi", ".so"))]
            yield Finding(
                f"it reads {place}, which the wheel leaves out: nothing in {one.path} declares package data",
                tree.evidence(entry.path, code.count("\n", 0, match.start()) + 1),
                also=(tree.evidence(one.path),),
                impact="The installed package does not find the file.",
                gate=Gate.CONTENTS,
                confidence="likely" if tree.git.root and tree.entries.get(place if data else entry.path) else "possible",
                data={"manifest": one.path, "package": package, "files": json.dumps(files)} if package else {},
            )


def _inside_package(tree: Tree, folder: str) -> bool:
    """Is the folder a package, or below one?"""
    while folder:
        if f"{folder}/__init__.py" in tree.entries:
            return True
        folder = posixpath.dirname(folder)
    return False
