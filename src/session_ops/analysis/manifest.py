"""Manifests and configuration: what does not parse, what the standard refuses, what is listed and not there."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence

from session_ops.analysis.mended import amend, mend
from session_ops.analysis.nearest import nearest_file
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.deployment.yaml import read_yaml
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.history import written
from session_ops.discovery.manifests import Dependency, Field, Manifest, Manifests
from session_ops.discovery.manifests.positions import strip_json_comments
from session_ops.discovery.manifests.setuptools import UNCLOSED
from session_ops.model import Confidence, Edit, Finding, Fix, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

STRICT_JSON = frozenset(
    ("package.json", "package-lock.json", "composer.json", "plugin.json", "marketplace.json", ".mcp.json", "hooks.json")
    + ("manifest.json", "npm-shrinkwrap.json", ".releaserc.json", "tsconfig.json", "settings.json", "settings.local.json")
)
"""Names that a tool reads by itself: broken, they stop that tool, whoever names them."""
YAML_LIMIT = 100_000
"""Characters up to which YAML is parsed: larger files are lock files and data."""
YAML_TOTAL = 1_000_000
_TEMPLATE = regex(r"\{\{|\{%|<%|\$\{\{?|@@\w+@@|__[A-Z_]+__|^[<]{3}\w", re.MULTILINE)
_EXPANDED = regex(r'"[^"\n]*\$\{[^{}\n]*\}[^"\n]*"')
_BRACKET = regex(r"[\[\]{}]")
_CONFLICT = regex(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
_TOML_LINE = regex(r"\(at line (\d+), column \d+\)|\(at end of document\)")


_WORKFLOW = regex(r"^\.github/workflows/[^/]+\.ya?ml$")
_OF_THE_FORGE = regex(r"(?:^|/)\.(?:github/(?!workflows/|actions/)|gitlab/|vscode/|idea/)")
"""What the forge's pages and the editor read: nothing of the product stops at it."""


@rule("META-PARSE", gate="parse", category="package", fix=mend)
def does_not_parse(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A manifest or configuration file does not parse, so that nothing which reads it starts.

    Why: npm, pip, cargo and agents stop at the first syntax error of their own file; a script stops at its configuration.
    make stops where a recipe begins with spaces. Passes: comments and trailing commas where the readers allow them, one JSON text on each
    line, templates, test data.
    Do: Correct the syntax at this line (or finish the merge whose marks stand there) and parse the file again:
    `python3 -m json.tool`, tomllib, yamllint or py_compile, by its kind.
    Source: RFC 8259 (JSON), YAML 1.2, TOML 1.0, POSIX.1-2024, make (a recipe line begins with a tab).
    """
    looked = False
    broken = {m.path: m.broken for m in manifests}
    code: str | None = None
    budget = YAML_TOTAL
    for entry in tree.files("json", "yaml", "toml"):
        if entry.size == 0 or entry.ignored or is_aside(entry.path) or is_document(entry.path) or entry.reason:
            continue
        looked = True
        text = tree.text(entry.path).removeprefix("\ufeff")
        if entry.language == "yaml":
            if len(text) > YAML_LIMIT or len(text) > budget:
                continue
            budget -= len(text)
        found = _complaint(entry, text)
        if found is None:
            continue
        line, said = found
        name = entry.path.rpartition("/")[2]
        by_itself = bool(broken.get(entry.path)) or name in STRICT_JSON
        if code is None and not by_itself:
            code = "\n".join(
                tree.text(e.path) for e in tree.files("shell", "python", "javascript", "typescript", "ruby", "go", "rust")
            )
        alone = sum(path.rpartition("/")[2] == name for path in tree.entries) == 1
        sure = by_itself or (code is not None and (name if alone else entry.path) in code)
        sure = (sure and not _OF_THE_FORGE.search(entry.path)) or _WORKFLOW.search(entry.path) is not None
        yield Finding(
            f"{name} does not parse: {said}",
            tree.evidence(entry.path, min(line, len(tree.lines(entry.path)))),
            impact="Whatever reads this file stops here.",
            confidence="likely" if sure else "possible",
        )
    for one in manifests:
        if one.broken and one.ecosystem == "pip" and one.path.endswith("setup.py") and not is_aside(one.path):
            looked = True
            yield Finding(
                f"setup.py does not parse: {one.broken}",
                tree.evidence(one.path),
                impact="pip cannot build it.",
                confidence="likely" if UNCLOSED in one.broken else "possible",
            )
    for entry in tree.files("makefile"):
        if is_aside(entry.path) or is_document(entry.path) or entry.ignored or "just" in entry.path.rpartition("/")[2].lower():
            continue
        looked = True
        if line := _without_tab(tree.lines(entry.path)):
            yield Finding(
                f"{entry.path.rpartition('/')[2]} does not parse: missing separator (a recipe begins with a tab, this line with spaces)",
                tree.evidence(entry.path, line),
                impact="make stops before it does anything, whatever the target.",
            )
    if not looked:
        raise NotApplicable("no manifest, no Makefile and no JSON, YAML or TOML file")


_RULE_LINE = regex(r"^[A-Za-z0-9_.%/-][\w.%/ -]*::?(?!=)[^=#]*$")
_OPENS = regex(r"^\s*(?:define|ifeq|ifneq|ifdef|ifndef|else|endif|endef)\b")


def _without_tab(lines: Sequence[str]) -> int:
    """The first line right below a rule that make cannot read for want of a tab; 0 where there is none. Source: GNU make, "Error Messages"."""
    if any(line.startswith((".RECIPEPREFIX", "define ")) for line in lines):
        return 0
    for number, (above, line) in enumerate(itertools.pairwise(lines), start=2):
        if not _RULE_LINE.match(above) or above.rstrip().endswith("\\") or not re.match(r" +\S", line):
            continue
        if not re.search(r"[:=#$]", line) and not _OPENS.match(line):
            return number
    return 0


def _complaint(entry: FileEntry, text: str) -> tuple[int, str] | None:
    """Line and reason why a text does not parse; None where it does, or where it is a template."""
    found = {"json": _json, "yaml": _yaml, "toml": _toml}[entry.language](entry, text)
    if found is None:
        return None
    if conflict := _CONFLICT.search(text):
        return text.count("\n", 0, conflict.start()) + 1, "it holds the marks of an unfinished merge"
    # what a script of npm expands is a matter of the shell
    plain = _EXPANDED.sub('""', text) if entry.path.rpartition("/")[2] == "package.json" else text
    if _WORKFLOW.search(entry.path):
        plain = re.sub(r"\$\{\{?[^{}\n]*\}\}?", "", text)  # GitHub expands its expressions after it has parsed the file
        plain = re.sub(r"\{\{|__[A-Z_]+__|@@", "", plain)
    return None if _TEMPLATE.search(plain) else found


def _json(entry: FileEntry, text: str) -> tuple[int, str] | None:
    try:
        json.loads(text)
    except RecursionError:
        return None
    except ValueError as error:
        if entry.path.rpartition("/")[2] not in STRICT_JSON or "tsconfig" in entry.path or "/.vscode/" in f"/{entry.path}":
            try:
                json.loads(strip_json_comments(text))
            except (ValueError, RecursionError):
                pass
            else:
                return None
        if _is_lines(text):
            return None
        return (
            (error.lineno, f"{error.msg.lower()} at column {error.colno}") if isinstance(error, json.JSONDecodeError) else None
        )
    return None


def _is_lines(text: str) -> bool:
    """Is this one JSON text on each line, or several one after another?"""
    decoder = json.JSONDecoder()
    at, count = 0, 0
    body = text.strip()
    while at < len(body) and count < 1000:
        try:
            _, at = decoder.raw_decode(body, at)
        except (ValueError, RecursionError):
            return False
        count += 1
        while at < len(body) and body[at] in " \r\n\t":
            at += 1
    return count > 1


DEEPEST = 100
"""Brackets within brackets, beyond which a YAML text is an attack or data: the parser's time grows with the square of the depth."""


def _is_deep(text: str) -> bool:
    depth = 0
    for match in _BRACKET.finditer(text):
        depth += 1 if match[0] in "[{" else -1
        if depth > DEEPEST:
            return True
    return False


def _yaml(_entry: FileEntry, text: str) -> tuple[int, str] | None:
    if _is_deep(text):
        return None
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        read_yaml(text, lambda yaml: deque(yaml.parse(text), maxlen=0))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return (mark.line + 1 if mark else 1), (error.problem or error.context or "not YAML").replace("\n", " ")
    except (YAMLError, RecursionError, ValueError):
        return None
    return None


def _toml(_entry: FileEntry, text: str) -> tuple[int, str] | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        match = _TOML_LINE.search(said)
        line = int(match[1]) if match and match[1] else text.count("\n")
        return max(line, 1), _TOML_LINE.sub("", said).strip().lower()
    except RecursionError:
        return None
    return None


@rule("META-INVALID", gate="metadata", category="package", fix=amend)
def refused_by_standard(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A manifest says something that its ecosystem's standard refuses; every such place is named at once.

    Why: build tools stop at the first of them, so that a person mends one, builds, and meets the next.
    Do: Change the entry to what the standard allows, or remove it; then ask the manifest's own tool: `python -m build`,
    `npm pack --dry-run`, `gem build`, `cargo metadata`, `go mod edit -json`.
    Source: packaging.python.org (pyproject.toml, PEP 508, PEP 639), docs.npmjs.com (package.json), The Cargo Book,
    go.dev/ref/mod, the plugin reference of Claude Code.
    """
    if not manifests:
        raise NotApplicable("no manifest")
    for one in manifests:
        if is_aside(one.path):
            continue
        name = one.path.rpartition("/")[2]
        for problem in one.problems[:10]:
            yield Finding(
                f"{name}: {problem.text}",
                tree.evidence(one.path, problem.line),
                impact=_REFUSED[one.ecosystem],
                confidence="likely" if problem.sure else "possible",
            )
        yield from _includes(tree, one)


_REFUSED = {
    "pip": "The build backend or pip stops with an error.",
    "npm": "npm stops with an error at install or publish.",
    "gem": "gem build stops.",
    "cargo": "cargo does not load the package.",
    "go": "The go command does not load the module.",
    "plugin": "The agent does not load the plugin.",
}


def _includes(tree: Tree, one: Manifest) -> Iterator[Finding]:
    """-r and -c lines of a requirements file that name no file: pip stops there."""
    for kind in ("include", "constraint"):
        for one_field in one.listed(kind):
            path = one.beside(one_field.value)
            if (
                "://" not in one_field.value
                and "$" not in one_field.value
                and not tree.exists(path)
                and one.path.endswith(".txt")
            ):
                yield Finding(
                    f"it includes {one_field.value}, which does not exist",
                    tree.evidence(one.path, one_field.line),
                    impact="pip stops: it could not open the requirements file.",
                    gate=Gate.INSTALL,
                )


def _licence_fix(finding: Finding, tree: Tree) -> Fix | None:
    """Name the licence whose text lies beside the manifest, below the line of the version or the name."""
    known, path = finding.data.get("licence", ""), finding.at.path
    if not known or not (line := int(finding.data.get("line", "0"))):
        return None
    text = tree.lines(path)[line - 1]
    indent = text[: len(text) - len(text.lstrip())]
    if path.endswith(".gemspec"):
        receiver = text.strip().partition(".")[0]
        added = f'{indent}{receiver}.license = "{known}"'
    elif path.endswith("package.json"):
        if not text.rstrip().endswith(","):
            return None
        added = f'{indent}"license": "{known}",'
    elif path.endswith("Cargo.toml"):
        added = f'license = "{known}"'
    else:
        return None
    end = "\r\n" if "\r\n" in tree.text(path) else "\n"
    edit = Edit(path, text, f"{text}{end}{added}", line)
    return Fix(f"Name the licence {known} in {path}", (finding.id,), "safe", (edit,), why="The licence file holds this text.")


@rule("META-LICENCE", gate=None, category="package", fix=_licence_fix)
def no_licence_field(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A manifest that is made to be published names no licence.

    Why: crates.io refuses such a crate; RubyGems and npm warn, and tools that check licences stop. Passes: private packages, crates
    that nothing publishes. Python packages need no such field: backends take the licence file by themselves.
    Do: Name the licence by its SPDX identifier: `license = "MIT"` in Cargo.toml, `"license": "MIT"` in package.json,
    `spec.license` in a gemspec; or mark the package as private.
    Source: The Cargo Book (license), guides.rubygems.org (license=), docs.npmjs.com (license).
    """
    named = [
        m for m in manifests if m.name and not is_aside(m.path) and not m.broken and m.ecosystem in ("npm", "gem", "cargo")
    ]
    if not named:
        raise NotApplicable("no manifest of a package")
    for one in named:
        if one.licence or _is_private(one) or "license" in one.dynamic or "*" in one.dynamic:
            continue
        text_file = licence_file(tree, one.folder) or licence_file(tree, "")
        if one.ecosystem == "cargo" and not _released(tree, one):
            continue
        if one.ecosystem == "npm" and not (
            one.version and (one.field("files") or one.field("publishConfig.access") or _has_bin(one))
        ):
            continue
        place = one.field("version") or one.field("name")
        yield Finding(
            f"{one.path.rpartition('/')[2]} of {one.name} names no licence",
            tree.evidence(one.path),
            impact="crates.io refuses it."
            if one.ecosystem == "cargo"
            else "The registry warns, and licence checks of users stop.",
            gate=Gate.METADATA,
            confidence="possible",
            data={"licence": spdx(tree.text(text_file)) if text_file else "", "line": str(place.line if place else 0)},
        )


def _has_bin(one: Manifest) -> bool:
    return any(e.kind == "bin" for e in one.entry_points)


def _is_private(one: Manifest) -> bool:
    private, publish = one.field("private"), one.field("publish")
    classified = any(f.value.startswith("Private ::") for f in one.listed("classifiers"))
    return (private is not None and private.value == "true") or (publish is not None and publish.value == "false") or classified


_LICENCE_NAME = regex(r"(?:un)?licen[cs]e(?:[-_.][\w.-]+)?|copying(?:\.\w+)?", re.IGNORECASE)
_SPDX = (
    ("MIT", regex(r"\bMIT License\b|Permission is hereby granted, free of charge, to any person obtaining a copy")),
    ("Apache-2.0", regex(r"Apache License\s+Version 2\.0")),
    ("BSD-3-Clause", regex(r"Redistribution and use in source and binary forms.*Neither the name", re.DOTALL)),
    ("ISC", regex(r"Permission to use, copy, modify, and(?:/or)? distribute this software for any\s+purpose")),
    ("MPL-2.0", regex(r"Mozilla Public License Version 2\.0")),
)


def licence_file(tree: Tree, folder: str) -> str:
    """The path of the licence text in a folder, or an empty string."""
    base = f"{folder}/" if folder else ""
    names = (p.removeprefix(base) for p in tree.entries if p.startswith(base))
    return next((base + n for n in sorted(names) if "/" not in n and _LICENCE_NAME.fullmatch(n)), "")


def spdx(text: str) -> str:
    """The SPDX name of a licence text, where it is one of the usual ones."""
    return next((name for name, pattern in _SPDX if pattern.search(text)), "")


def _path_fix(finding: Finding, tree: Tree) -> Fix | None:
    version, path = finding.data.get("version", ""), finding.data.get("path", "")
    line = tree.lines(finding.at.path)[finding.at.line - 1]
    old = next((q for q in (f'path = "{path}"', f'path="{path}"') if line.count(q) == 1), "")
    if not version or not old:
        return None
    edit = Edit(finding.at.path, old, f'version = "{version}", {old}', finding.at.line)
    title = f"Give the path dependency {finding.data['name']} the version {version}"
    return Fix(title, (finding.id,), "safe", (edit,), why="cargo uses the path here and the version in what is published.")


@rule("META-PATHDEP", gate="build", category="package", fix=_path_fix)
def path_dependency_without_version(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A crate or an npm package that is published depends on a local path without a version.

    Why: `cargo package` and `cargo publish` refuse it, as the path means nothing to others. npm uploads `workspace:*` and `file:../x` as
    they are written, and who installs the package gets EUNSUPPORTEDPROTOCOL, or a folder that is not there; pnpm, yarn and bun write
    the version in its place when they publish. Passes: publish = false, private packages, dev-dependencies, path with version,
    packages that another tool than npm publishes.
    Do: Give the dependency a version beside its path, `{ path = "../x", version = "1.2" }`, or set `publish = false` where the
    crate is never published; in package.json write a version, or publish with the tool that knows `workspace:`.
    Source: The Cargo Book, Specifying Dependencies, Multiple locations; pnpm.io/workspaces, Publishing workspace packages; npm-publish(1).
    """
    crates = [m for m in manifests if m.ecosystem == "cargo" and m.name and not is_aside(m.path)]
    packages = [m for m in manifests if m.ecosystem == "npm" and not m.folder and m.name and any(map(_local, m.dependencies))]
    if not crates and not packages:
        raise NotApplicable("no crate, and no npm package at the top with local dependencies")
    for package in packages:
        yield from _local_of_npm(tree, package)
    by_folder = {m.folder: m for m in crates}
    for one in crates:
        # without licence and description crates.io takes it in no case: it was not made to be published
        if _is_private(one) or not (one.licence and one.field("description")):
            continue
        confidence: Confidence = "likely" if _released(tree, one) else "possible"
        for dependency in one.dependencies:
            if (
                dependency.group == "dev"
                or "version=" in dependency.spec
                or not (match := re.search(r"path=(\S+)", dependency.spec))
            ):
                continue
            if "git=" in dependency.spec:
                continue
            other = by_folder.get(one.beside(match[1]))
            yield Finding(
                f"{dependency.name} is a path dependency without a version: cargo refuses to package {one.name}",
                tree.evidence(one.path, dependency.line),
                impact="cargo publish stops, and no release can be made.",
                confidence=confidence,
                data={"name": dependency.name, "path": match[1], "version": other.version if other else ""},
            )


_NPM_PUBLISHES = regex(r"(?<![\w./-])(?<!yarn )npm\s+publish\b")
_OTHERS_PUBLISH = regex(
    r"\b(?:pnpm|bun)\s+(?:-\S+\s+)*publish\b|\byarn\s+(?:npm\s+)?publish\b|\b(?:changeset|lerna|nx release|auto)\s+publish\b|semantic-release"
)


def _local(dependency: Dependency) -> bool:
    return dependency.group == "runtime" and re.match(r"workspace:|(?:file|link):\.\./", dependency.spec) is not None


def _local_of_npm(tree: Tree, one: Manifest) -> Iterator[Finding]:
    """Local dependencies of a package that is not private, where npm publishes it."""
    private = one.field("private")
    if private is not None and private.value.lower() == "true":
        return
    texts = [
        text for e in tree.files("yaml", "markdown", "shell", "makefile", "json") if "publish" in (text := tree.text(e.path))
    ]
    if not any(_NPM_PUBLISHES.search(text) for text in texts) or any(_OTHERS_PUBLISH.search(text) for text in texts):
        return
    for dependency in filter(_local, one.dependencies):
        yield Finding(
            f"{dependency.name} is asked for as `{dependency.spec}`, which `npm publish` uploads as it is",
            tree.evidence(one.path, dependency.line),
            impact="Whoever installs the published package gets an error in place of the dependency.",
            gate=Gate.INSTALL,
        )


def _released(tree: Tree, one: Manifest) -> bool:
    """Does CI or a document publish a crate, or install it by its name?"""
    install = re.compile(rf"\bcargo\s+install\s+{re.escape(one.name)}\b(?!.*--(?:path|git))|\bcargo\s+publish\b")
    texts = (tree.text(e.path) for e in tree.files("yaml", "markdown", "shell", "makefile"))
    return any("cargo" in text and install.search(text) for text in texts)


_CODE_VERSION = {
    "npm": regex(
        r"""^\s*(?:export\s+)?(?:const|let|var)\s+(?:PACKAGE_|PKG_|CLI_|APP_)?VERSION\s*(?::\s*string\s*)?=\s*['"](\d+\.\d+\.\d+[\w.+-]*)['"]"""
        r"""|^\s*(?:program|cli|cmd|yargs)?\.version\(\s*['"](\d+\.\d+\.\d+[\w.+-]*)['"]""",
        re.MULTILINE,
    ),
    "pip": regex(
        r"""^(?:__version__|VERSION)\s*(?::\s*str\s*)?=\s*['"](\d+\.\d+[\w.+-]*)['"]"""
        r"""|version_option\(\s*(?:version\s*=\s*)?['"](\d+\.\d+[\w.+-]*)['"]"""
        r"""|['"]--version['"][^\n]*version\s*=\s*f?['"](?:%\(prog\)s |\{\w+\} |[\w-]+ v?)?(\d+\.\d+[\w.+-]*)['"]""",
        re.MULTILINE,
    ),
}  # fmt: skip
_CODE_OF = {"npm": ("javascript", "typescript", "tsx"), "pip": ("python",)}


def _version_fix(finding: Finding) -> Fix | None:
    old, new = finding.data["old"], finding.data["new"]
    if finding.at.quote.count(old) != 1:
        return None
    edit = Edit(finding.at.path, old, new, finding.at.line)
    return Fix(
        f"Say version {new} as the manifest does",
        (finding.id,),
        "safe",
        (edit,),
        why="Reading it from the manifest would keep them equal.",
    )


@rule("META-VERSION", gate="metadata", category="package", fix=_version_fix)
def version_in_code_differs(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The code says another version than its manifest, or one of them another than the file VERSION beside it.

    Why: `--version` and bug reports then name a release that this is not. Passes: versions that the manifest computes from the code,
    code of tests and examples, and versions of formats and protocols.
    Do: Let the code read its version from the manifest (importlib.metadata.version in Python, the imported package.json in
    Node), or write the same version in both.
    Source: packaging.python.org, Single-sourcing the package version.
    """
    yield from _version_file(tree, manifests)
    packages = [
        m for m in manifests if m.ecosystem in _CODE_OF and m.name and m.version and not m.dynamic and not is_aside(m.path)
    ]
    if not packages and not any(p.rpartition("/")[2] in ("VERSION", "version", "version.txt") for p in tree.entries):
        raise NotApplicable("no manifest with a fixed version")
    folders = sorted({m.folder for m in manifests if m.name}, key=len, reverse=True)
    for one in packages:
        if one.version in ("0.0.0", "0.0.1-placeholder") or any(
            "semantic-release" in f.name for f in one.fields if f.value == "0.0.0"
        ):
            continue
        pattern = _CODE_VERSION[one.ecosystem]
        for entry in tree.files(*_CODE_OF[one.ecosystem]):
            own = next((f for f in folders if not f or entry.path.startswith(f + "/")), "")
            if own != one.folder or is_aside(entry.path) or is_document(entry.path):
                continue
            top = one.ecosystem != "pip" or _is_top_package(entry.path.removeprefix(one.folder).lstrip("/"), one.name)
            if not top and not _in_package(entry.path.removeprefix(one.folder).lstrip("/"), one.name):
                continue
            text = tree.text(entry.path)
            for match in pattern.finditer(text) if "ersion" in text or "VERSION" in text else ():
                said = next(filter(None, match.groups()))
                if said != one.version and (top or match[1] is None):
                    line = text.count("\n", 0, match.start(match.lastindex or 0)) + 1
                    since = written(tree, entry.path, match[0])
                    yield Finding(
                        f"the code says version {said}, {one.path} says {one.version}"
                        + (f" (written in {since})" if since else ""),
                        tree.evidence(entry.path, line),
                        impact="--version and bug reports name the wrong release.",
                        confidence="possible",
                        data={"old": said, "new": one.version},
                    )


_CONSTANT = regex(r"(?m)^(?:readonly\s+|export\s+|const\s+)?(?:__version__|\w*VERSION)\s*=\s*[\"']v?(\d+\.\d+\.\d+)[\"']")


def _version_file(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A constant of a program, or the manifest at the top, beside a file VERSION that says another one."""
    files = [p for p in tree.entries if p.rpartition("/")[2] in ("VERSION", "version", "version.txt") and not is_aside(p)]
    said = tree.text(files[0]).strip().removeprefix("v") if len(files) == 1 else ""
    if not re.fullmatch(r"\d+\.\d+\.\d+", said):
        return
    for one in manifests:
        if (
            one.folder == files[0].rpartition("/")[0]
            and re.fullmatch(r"\d+\.\d+\.\d+", one.version)
            and one.version not in (said, "0.0.0")
        ):
            line = next((n for n, text in enumerate(tree.lines(one.path), 1) if one.version in text and "ersion" in text), 0)
            yield Finding(
                f"{one.path} says version {one.version}, {files[0]} says {said}",
                tree.evidence(one.path, line),
                (tree.evidence(files[0], 1),),
                "Which release this is depends on where one looks.",
                "possible",
                data={"old": one.version, "new": said},
            )
    for entry in tree.files("python", "javascript", "typescript", "shell"):
        near = re.fullmatch(r"[\w-]+(?:\.(?:py|sh|bash|[cm]?js|ts))?", entry.path) or re.search(
            r"(?:^|/)install(?:er)?(?:/[\w-]+)?(?:\.(?:py|sh|bash|[cm]?js|ts))?$", entry.path
        )
        text = tree.text(entry.path) if near and not is_aside(entry.path) else ""
        found = [m for m in _CONSTANT.finditer(text) if re.match(r"(?:\w+\s+)?(?:__version__|VERSION)\s*=", m[0])]
        if len(found) == 1 and found[0][1] != said:
            yield Finding(
                f"the code says version {found[0][1]}, VERSION says {said}",
                tree.evidence(entry.path, text.count("\n", 0, found[0].start()) + 1),
                (tree.evidence(files[0], 1),),
                "--version and bug reports name the wrong release.",
                "possible",
                data={"old": found[0][1], "new": said},
            )


def _in_package(path: str, name: str) -> bool:
    """Is this a module of the package of that name, wherever in it?"""
    parts = path.removeprefix("src/").split("/")
    return len(parts) > 1 and parts[0].lower() == re.sub(r"[-_.]+", "_", name).lower()


def _is_top_package(path: str, name: str) -> bool:
    parts = path.removeprefix("src/").split("/")
    stem = re.sub(r"[-_.]+", "_", name).lower()
    return (
        len(parts) == 2
        and parts[1] in ("__init__.py", "__version__.py", "_version.py", "version.py")
        and parts[0].lower() == stem
    )


def _as_it_is_called_now(finding: Finding, tree: Tree) -> Fix | None:
    """List the one file beside it that has nearly the name."""
    why = "No other file beside it has nearly that name."
    return rewritten(finding, tree, f"List {finding.data.get('new', '').strip(chr(34))}", "review", why)


@rule("META-INCLUDE", gate="contents", category="package", fix=_as_it_is_called_now)
def listed_but_absent(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The manifest lists files for the package that are not there.

    Why: what is built silently lacks them, or (packages of setuptools and poetry) the build stops. The classifier `Typing :: Typed` promises `py.typed`.
    Passes: outputs that a build script makes, patterns with a match, exclusions, entries that tools add by themselves.
    Do: Correct the entry to what is there, add the missing file or the build step that makes it, or remove the entry from the
    list.
    Source: hatch.pypa.io (Build configuration), docs.npmjs.com (files), setuptools.pypa.io (Package discovery); PEP 561.
    """
    from session_ops.analysis.outputs import is_output

    if not manifests:
        raise NotApplicable("no manifest")
    for one in manifests:
        if is_aside(one.path) or one.broken or not (one.name or one.dynamic):
            continue
        absent = [f for f in _listed(one) if not _matches(tree, one.folder, f.value)]
        absent = [f for f in absent if one.ecosystem != "npm" or not is_output(tree, one, f.value)]
        for f in absent[:5]:
            stops = f.name in ("packages", "py_modules", "tool.setuptools.packages") and one.ecosystem == "pip"
            near = nearest_file(tree, one.beside(f.value)).removeprefix(f"{one.folder}/" if one.folder else "")
            yield Finding(
                f"{f.name} lists {f.value}, which does not exist",
                tree.evidence(one.path, f.line),
                impact="The build stops." if stops else "What is built lacks it, and nothing says so.",
                confidence="likely" if stops else "possible",
                gate=Gate.BUILD if stops else None,
                data={"old": f'"{f.value}"', "new": f'"{near}"'} if near else {},
            )
        typed = next((f for f in one.fields if f.value.strip() == "Typing :: Typed"), None)
        if typed is not None and not any(p.endswith("/py.typed") for p in tree.entries):
            yield Finding(
                "it is classified as typed, and no package holds the file py.typed",
                tree.evidence(one.path, typed.line),
                impact="Type checkers of those who install it see no types.",
                confidence="possible",
            )


_LISTS = regex(
    r"tool\.hatch\.build(?:\.targets\.\w+)?\.(?:include|only-include|packages|artifacts)|tool\.poetry\.include|tool\.flit\.sdist\.include"
)
_ALWAYS = regex(r"(?:readme|licen[cs]e|changelog|changes|history|notice|copying)[\w.*-]*", re.IGNORECASE)


def _listed(one: Manifest) -> Iterator[Field]:
    own_folder = any(f.name.startswith(("package_dir", "packages.find")) for f in one.fields)
    for f in one.fields:
        wanted = (
            (_LISTS.fullmatch(f.name) and not f.name.endswith("artifacts")) if one.path.endswith("pyproject.toml") else False
        )
        if one.ecosystem == "npm" and f.name == "files":
            wanted = not _ALWAYS.fullmatch(f.value.strip("/"))
        if one.path.endswith("setup.py") and f.name == "packages" and re.fullmatch(r"[\w.]+", f.value) and not own_folder:
            yield type(f)(f.name, f.value.replace(".", "/"), f.line)
        if wanted and not f.value.startswith("!") and "${" not in f.value:
            yield f


def _matches(tree: Tree, folder: str, pattern: str) -> bool:
    """Does a path or a pattern in the manner of .gitignore match anything below the folder?"""
    bare = pattern.strip().removeprefix("./").strip("/")
    base = f"{folder}/" if folder else ""
    if not bare or bare.startswith("..") or tree.exists(base + bare):
        return True
    if not any(c in bare for c in "*?[{"):
        # a name without a slash matches at any depth
        return "/" not in pattern.strip().rstrip("/") and any(f"/{bare}" in f"/{p}" for p in tree.entries if p.startswith(base))
    if "{" in bare:
        return True
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines([pattern.strip().removeprefix("./")])
    return any(spec.match_file(p.removeprefix(base)) for p in tree.entries if p.startswith(base))


_COMMON = frozenset(
    (
        "the",
        "and",
        "for",
        "with",
        "your",
        "from",
        "that",
        "this",
        "built",
        "using",
        "based",
        "simple",
        "tool",
        "tools",
        "app",
        "application",
    )
    + (
        "system",
        "project",
        "server",
        "service",
        "backend",
        "frontend",
        "api",
        "cli",
        "web",
        "library",
        "framework",
        "template",
        "main",
        "core",
    )
    + (
        "node",
        "nodejs",
        "typescript",
        "javascript",
        "python",
        "react",
        "express",
        "rust",
        "ruby",
        "bash",
        "shell",
        "workspace",
        "root",
        "monorepo",
    )
)
"""Words that say nothing about which product is meant."""
_WORD = regex(r"[A-Za-z][a-z]+|[A-Z]{2,}|[a-z]{2,}")


def _words(text: str) -> set[str]:
    return {w.lower().rstrip("s") for w in _WORD.findall(text)} - _COMMON - {w.rstrip("s") for w in _COMMON}


@rule("META-IDENTITY", gate="metadata", category="package")
def manifest_of_another_product(tree: Tree, manifests: Manifests, docs: Docs) -> Iterator[Finding]:
    """The manifest at the top describes another product than the README.

    Why: `npm install` then brings the dependencies of something else, its commands start something else, and what the README promises is in no manifest.
    Said only where the README's title shares no word with the manifest's name and description, and no document of the top folder ever
    writes the manifest's name.
    Do: Give the manifest the name, description and dependencies of the product that the README describes, or move it into the
    folder of the product that it describes.
    Source: the field descriptions of package.json, pyproject.toml and Cargo.toml.
    """
    tops = [m for m in manifests if not m.folder and m.name and m.ecosystem in ("npm", "pip", "cargo", "gem")]
    readme = next((d for d in docs if d.role == "readme" and "/" not in d.path), None)
    if not tops or readme is None:
        raise NotApplicable("no manifest with a name beside a README")
    title = _words(readme.title)
    written = "\n".join(tree.text(d.path) for d in docs if "/" not in d.path).lower()
    for one in tops:
        description = one.field("description")
        said = _words(
            f"{one.name.rpartition('/')[2].replace('-', ' ').replace('_', ' ')} {description.value if description else ''}"
        )
        squeezed = re.sub(r"[^a-z0-9]", "", written)
        if description is None or len(title) < 2 or len(said) < 1 or title & said:
            continue
        if any(
            w in squeezed
            for w in (re.sub(r"[^a-z0-9]", "", one.name.lower()), re.sub(r"[^a-z0-9]", "", description.value.lower())[:24])
        ):
            continue
        if re.sub(r"[^a-z0-9]", "", readme.title.lower()).find(re.sub(r"[^a-z0-9]", "", one.name.lower())) >= 0:
            continue
        place = one.field("name")
        yield Finding(
            f"the manifest describes {one.name} ({description.value[:70]}), the README {readme.title.strip()[:60]}",
            tree.evidence(one.path, place.line if place else 0),
            also=(tree.evidence(readme.path),),
            impact="Installing from this manifest installs something else than the README promises.",
            confidence="possible",
        )
