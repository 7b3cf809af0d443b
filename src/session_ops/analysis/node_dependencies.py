"""What JavaScript and TypeScript need and what package.json declares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.analysis.declare import declare
from session_ops.analysis.imports import node_modules
from session_ops.analysis.lock_files import NPM_LOCKS
from session_ops.analysis.needs import HOST_OWN, NODE_OWN
from session_ops.analysis.outputs import builds
from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.model import Confidence, Evidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHOWN = 8
_PACKAGE = regex(r"(?:@[a-z0-9~-][\w.~-]*/)?[a-z0-9~-][\w.~-]*", re.IGNORECASE)
_TOOLING = regex(
    r"(?:^|/)(?:scripts?|tools?|hack|ci|\.github|\.claude|hooks?|dev|website|docs?)/|\.config\.[cm]?[jt]s$|\.stories\.|\.d\.ts$"
)


def _npm(manifests: Manifests) -> list[Manifest]:
    return [m for m in manifests if m.ecosystem == "npm" and not m.broken and not is_aside(m.path)]


def _around(packages: list[Manifest], path: str) -> list[Manifest]:
    """Manifests of the folders around a file, the nearest first."""
    found = [m for m in packages if not m.folder or path.startswith(m.folder + "/")]
    return sorted(found, key=lambda m: -len(m.folder))


def _package(module: str) -> str:
    match = _PACKAGE.match(module)
    rest = module[match.end() :] if match else "?"
    return match[0] if match and (not rest or rest.startswith("/")) else ""


@rule("DEP-PACKAGE", gate="install", category="dependency", fix=declare)
def undeclared_package(tree: Tree, manifests: Manifests, syntax: Syntax) -> Iterator[Finding]:
    """JavaScript or TypeScript imports a package that no package.json around it declares.

    Why: `npm ci` installs only what is declared; the package is there only as long as another one brings it to the top of
    node_modules, and pnpm and Yarn PnP never do. Sure where the lock file does not know it at all.
    Passes: modules of Node, aliases of paths, workspaces, types only, guarded requires, tests and examples.
    Do: Run `npm install NAME` (`--save-dev` where only the build or tests use it) in the folder of that package.json, and
    commit it together with the lock file.
    Source: docs.npmjs.com, package.json; pnpm.io, motivation (non-flat node_modules).
    """
    packages = _npm(manifests)
    if not packages:
        raise NotApplicable("no package.json")
    own = {m.name for m in packages if m.name}
    scopes = {name.partition("/")[0] for name in own if name.startswith("@")}
    aliases = _aliases(tree)
    known: dict[str, frozenset[str]] = {}
    firsts: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for entry in tree.files("javascript", "typescript", "tsx"):
        path, text = entry.path, tree.text(entry.path)
        around = _around(packages, path)
        if (
            not around
            or is_aside(path)
            or is_document(path)
            or entry.ignored
            or text.startswith(("#!/usr/bin/env -S deno", "#!/usr/bin/env bun"))
        ):
            continue
        if around[0].path not in known:
            known[around[0].path] = frozenset(d.name for m in around for d in m.dependencies)
        declared = known[around[0].path]
        suspects = set()
        for module in {module for module, _ in node_modules(text)}:
            name = _package(module)
            if (
                not name
                or ":" in module
                or name in declared
                or name in NODE_OWN
                or name.partition("/")[0] in NODE_OWN
                or name in HOST_OWN
            ):
                continue
            if name in own or name.partition("/")[0] in scopes or f"@types/{name.lstrip('@').replace('/', '__')}" in declared:
                continue
            if any(name.startswith(v) and owner in declared for owner, virtual in _VIRTUAL.items() for v in virtual):
                continue
            if any(module == a or module.startswith(a + "/") for a in aliases) or name in aliases:
                continue
            if _is_own(tree, around[0].folder, module):
                continue
            suspects.add(name)
        if suspects:
            for name, line in _hard(syntax, path, suspects):
                firsts.setdefault((around[0].path, name), []).append((path, line))
    locks = {m.path: _locked(tree, m.folder) for m in packages}
    built = {m.path: builds(m) for m in packages}
    for (manifest, name), places in sorted(firsts.items()):
        places.sort(key=lambda p: (bool(_TOOLING.search(p[0])), p[0].count("/"), p))
        path, line = places[0]
        locked = locks[manifest]
        # a bundler may have an alias or a plugin that answers to this name
        plain = not built[manifest] and path.endswith((".js", ".cjs", ".mjs")) and not _TOOLING.search(path)
        sure: Confidence = "likely" if plain and locked and not any(name in names for names in locked) else "possible"
        more = f" (and {len(places) - 1} more place{'s' if len(places) > 2 else ''})" if len(places) > 1 else ""
        yield Finding(
            f"{PurePosixPath(path).name} imports {name}, but {manifest} does not declare it{more}",
            tree.evidence(path, line),
            also=tuple(tree.evidence(p, n) for p, n in places[1 : SHOWN + 1]),
            impact="After a clean installation the import fails, or works only as long as another package brings it.",
            confidence=sure,
            data={"needs": name, "manifest": manifest},
        )


_VIRTUAL = {
    "@docusaurus/core": ("@docusaurus/", "@theme", "@site", "@generated"), "gatsby": ("@reach/router",), "vite": ("@vite/", "virtual"),
    "@storybook/react": ("@storybook/",), "expo": ("@expo/vector-icons",), "react-scripts": ("react",), "@playwright/test": ("playwright",),
}  # fmt: skip
"""Names that a framework answers to itself, by the package that declares it. Source: the frameworks' documentation."""


def _is_own(tree: Tree, folder: str, module: str) -> bool:
    """Is this a path from a base folder (baseUrl, NODE_PATH, src)?"""
    top = module.partition("/")[0]
    bases = [folder, f"{folder}/src" if folder else "src", f"{folder}/app" if folder else "app"]
    for base in bases:
        whole = f"{base}/{top}" if base else top
        if tree.is_folder(whole) or any(whole + end in tree.entries for end in (".ts", ".tsx", ".js", ".jsx", ".mjs", ".d.ts")):
            return True
    return False


_ALIAS = regex(r"[\"']([@\w~#][\w./@-]*?)(?:/\*)?[\"']\s*:\s*(?:\[|[\"'][./]|path\.|resolve\(|fileURLToPath|new URL)")


def _aliases(tree: Tree) -> set[str]:
    """Names that tsconfig's paths and bundlers' aliases stand for folders."""
    found: set[str] = set()
    for entry in tree.files("json", "javascript", "typescript"):
        name = PurePosixPath(entry.path).name
        if name.startswith(("tsconfig", "jsconfig", "deno.json", "import_map")) or ".config." in name:
            found.update(m[1].rstrip("/") for m in _ALIAS.finditer(tree.text(entry.path)))
    for entry in tree.files("typescript"):
        if entry.path.endswith(".d.ts"):
            found.update(re.findall(r"declare module [\"']([^\"'*]+)[\"']", tree.text(entry.path)))
    return found


def _hard(syntax: Syntax, path: str, suspects: set[str]) -> Iterator[tuple[str, int]]:
    """The first unguarded import of each suspect, by syntax: no comments, no strings, no types, nothing inside of try."""
    root = syntax.root(path)
    seen: set[str] = set()
    for node in (*root.find_all(kind="import_statement"), *root.find_all(pattern="require($NAME)")) if root else ():
        source, argument = node.field("source"), node.get_match("NAME")
        said = source.text() if source else argument.text() if argument else ""
        name = _package(said[1:-1]) if len(said) > 2 and said[0] in "'\"`" else ""
        if name not in suspects or name in seen or re.match(r"import\s+type\b", node.text()):
            continue
        if source is None and any(
            a.kind() in ("try_statement", "function_declaration", "arrow_function", "method_definition")
            for a in node.ancestors()
        ):
            continue
        seen.add(name)
        yield name, line_of(node)


def _locked(tree: Tree, folder: str) -> list[str]:
    """Texts of the lock files in the folder or above it; empty where there is none that can be read."""
    while True:
        found = [tree.text(p) for n in NPM_LOCKS if tree.text(p := f"{folder}/{n}" if folder else n)]
        if found or not folder:
            return found
        folder = folder.rpartition("/")[0]


# -- two majors of a library whose objects cross packages --------------------------------------------------------------------

SHARED = frozenset(("zod", "react", "react-dom", "vue", "svelte", "rxjs", "graphql", "effect", "valibot", "ajv", "eslint", "webpack", "rollup",
                    "vite", "express", "fastify", "ink", "typeorm", "mongoose", "three", "@angular/core", "@nestjs/common"))  # fmt: skip
"""Libraries whose objects one package makes and another one takes (schemas, elements, streams): two majors of them do not fit together."""
_BUN_NESTED = regex(
    r'^\s*"(?P<owner>(?:@[\w.-]+/)?[\w.-]+)/(?P<name>(?:@[\w.-]+/)?[\w.-]+)":\s*\["(?P=name)@(?P<version>\d[^"]*)"',
    re.MULTILINE,
)
_BUN_TOP = regex(r'^\s*"(?P<name>(?:@[\w.-]+/)?[\w.-]+)":\s*\["(?P=name)@(?P<version>\d[^"]*)"', re.MULTILINE)


@dataclass(frozen=True)
class _Copy:
    """A second copy of a package in a lock file, below the package that needs it."""

    owner: str
    name: str
    version: str
    line: int
    takes_any: bool = False


@rule("DEP-PEER", gate="install", category="dependency")
def two_majors(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A direct dependency and another one that works with its objects resolve to two major versions.

    Why: each then has a copy of its own; what the code makes with one (a schema, an element) is handed to a package that knows the
    other, and fails there at run time, although both are installed. The lock file shows the second copy.
    Passes: libraries whose objects stay inside, code that does not use both, packages that take the schemas of any library.
    Do: Ask for the major version that the other dependency needs, or update that one until it accepts yours; the lock file then
    holds one copy.
    Source: docs.npmjs.com, package.json (peerDependencies); bun.sh, lockfile.
    """
    looked = False
    for one in _npm(manifests):
        direct = {d.name: d for d in one.dependencies if d.group in ("runtime", "peer")}
        for lock, tops, copies in _lock_copies(tree, one.folder):
            looked = True
            for copy in copies:
                mine = tops.get(copy.name, "")
                if copy.name not in SHARED or copy.name not in direct or copy.owner not in direct or not mine:
                    continue
                if mine.partition(".")[0] == copy.version.partition(".")[0] or copy.takes_any:
                    continue
                together = _uses_both(tree, one.folder, copy.name, copy.owner)
                if together is None:
                    continue
                dependency = direct[copy.name]
                yield Finding(
                    f"{copy.name} {dependency.spec} is not the major version that {copy.owner} needs: the lock file holds {mine} and, for it, {copy.version}",
                    tree.evidence(one.path, dependency.line),
                    also=(tree.evidence(lock, copy.line), together),
                    impact=f"What the code makes with {copy.name} {mine} is handed to {copy.owner}, which expects {copy.version}.",
                )
    if not looked:
        raise NotApplicable("no lock file of npm or bun that can be read")


_ANY_SCHEMA = regex(r"standard-schema|xsschema")
"""Packages that make another one work with the schemas of every library and version."""


def _lock_copies(tree: Tree, folder: str) -> Iterator[tuple[str, dict[str, str], list[_Copy]]]:
    base = f"{folder}/" if folder else ""
    path = base + "bun.lock"
    if text := tree.text(path):
        tops = {m["name"]: m["version"] for m in _BUN_TOP.finditer(text)}
        copies = []
        for m in _BUN_NESTED.finditer(text):
            if m["name"] not in SHARED:
                continue
            entry = re.search(rf'^\s*"{re.escape(m["owner"])}": \[[^\n]*', text, re.MULTILINE)
            line = text.count("\n", 0, m.start("owner")) + 1
            copies.append(_Copy(m["owner"], m["name"], m["version"], line, bool(entry and _ANY_SCHEMA.search(entry[0]))))
        yield path, tops, copies
    path = base + "package-lock.json"
    if text := tree.text(path):
        try:
            packages = json.loads(text).get("packages")
        except (ValueError, RecursionError, AttributeError):
            return
        tops, copies = {}, []
        for key, value in packages.items() if isinstance(packages, dict) else ():
            parts = key.split("node_modules/")
            version = value.get("version") if isinstance(value, dict) else None
            if not isinstance(version, str) or parts[0]:
                continue
            if len(parts) == 2:
                tops[parts[1]] = version
            elif len(parts) == 3 and parts[2] in SHARED:
                at = text.find(f'"{key}"')
                owner = packages.get(f"node_modules/{parts[1].rstrip('/')}")
                loose = bool(_ANY_SCHEMA.search(json.dumps(owner)))
                copies.append(
                    _Copy(parts[1].rstrip("/"), parts[2], version, text.count("\n", 0, at) + 1 if at >= 0 else 0, loose)
                )
        yield path, tops, copies


def _uses_both(tree: Tree, folder: str, one: str, other: str) -> Evidence | None:
    """The import of the first, in a file that imports the second as well."""
    for entry in tree.files("javascript", "typescript", "tsx"):
        if is_aside(entry.path) or (folder and not entry.path.startswith(folder + "/")):
            continue
        text = tree.text(entry.path)
        if one not in text or other not in text:
            continue
        found = {_package(module): at for module, at in reversed(list(node_modules(text)))}
        if one in found and other in found:
            return tree.evidence(entry.path, text.count("\n", 0, found[one]) + 1)
    return None


# -- packages that are named in the configuration of a tool ------------------------------------------------------------------

_BUNDLED = frozenset(("angular", "@semantic-release/commit-analyzer", "@semantic-release/release-notes-generator", "@semantic-release/npm",
                      "@semantic-release/github", "@semantic-release/error"))  # fmt: skip
"""What semantic-release brings by itself. Source: its package.json."""
_RELEASE = regex(r"(?:^|/)(?:\.releaserc(?:\.(?:json|ya?ml|[cm]?js))?|release\.config\.[cm]?js)$")
_PRESET = regex(r"""["']?preset["']?\s*:\s*["']([\w@/.-]+)["']""")
_PLUGIN = regex(r"""["'](@?semantic-release[/-][\w.-]+|@[\w-]+/semantic-release-[\w-]+|semantic-release-[\w-]+)["']""")
_STARTS_RELEASE = regex(r"\bsemantic-release\b")


@rule("DEP-PRESET", gate="ship", category="dependency")
def undeclared_preset(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The configuration of a tool names a plugin or preset that is not declared, so that the tool ends before it starts.

    Why: semantic-release loads `preset: x` as the package conventional-changelog-x and each plugin by its name; only angular and four
    plugins come along. tsc loads what tsconfig extends, babel its presets, eslint, stylelint and commitlint the configurations and plugins of an
    rc file, in the same way. Passes: what the CI installs besides, paths, what the tool brings itself, what the lock file holds.
    Do: Add the package to devDependencies (`npm install --save-dev NAME`) and commit the lock file, or take it out of the
    tool's configuration.
    Source: semantic-release (plugins, commit-analyzer: preset), typescriptlang.org (extends), babeljs.io (presets), eslint.org (shareable
    configurations, plugins), stylelint.io and commitlint.js.org (extends).
    """
    packages = _npm(manifests)
    if not packages:
        raise NotApplicable("no package.json")
    yield from _release(tree, packages)
    yield from _extended(tree, packages)
    yield from _shareable(tree, packages)


def _declared(packages: list[Manifest], path: str) -> set[str]:
    return {d.name for m in _around(packages, path) for d in m.dependencies}


def _release(tree: Tree, packages: list[Manifest]) -> Iterator[Finding]:
    for entry in tree.files():
        if not _RELEASE.search(entry.path) or is_aside(entry.path):
            continue
        declared = _declared(packages, entry.path)
        workflows = "\n".join(tree.text(e.path) for e in tree.files("yaml", "dockerfile", "makefile"))
        tasks = "\n".join(e.value for m in packages for e in m.entry_points if e.kind == "task")
        starts = "semantic-release" in declared or _STARTS_RELEASE.search(workflows) or _STARTS_RELEASE.search(tasks)
        said: set[str] = set()
        for n, line in enumerate(tree.lines(entry.path), start=1):
            wanted = [
                (m[1], m[1] if m[1].startswith(("@", "conventional-changelog-")) else f"conventional-changelog-{m[1]}")
                for m in _PRESET.finditer(line)
            ]
            wanted += [(m[1], m[1]) for m in _PLUGIN.finditer(line)]
            for shown, name in wanted:
                if shown in _BUNDLED or name in declared or name in said or name in workflows or name in tasks:
                    continue
                said.add(name)
                what = f"preset {shown}" if shown != name else f"plugin {shown}"
                yield Finding(
                    f"the {what} is loaded from the package {name}, which package.json does not declare",
                    tree.evidence(entry.path, n),
                    impact="The release ends with an error: the module is not found.",
                    confidence="likely" if starts else "possible",
                )


def _extended(tree: Tree, packages: list[Manifest]) -> Iterator[Finding]:
    for entry in tree.files("json"):
        name = PurePosixPath(entry.path).name
        if is_aside(entry.path) or not (
            re.fullmatch(r"tsconfig(?:\.[\w-]+)?\.json", name) or name in (".babelrc", "babel.config.json", ".babelrc.json")
        ):
            continue
        key = "extends" if name.startswith("tsconfig") else "presets"
        declared = _declared(packages, entry.path)
        around = _around(packages, entry.path)
        for n, line in enumerate(tree.lines(entry.path), start=1):
            match = re.match(rf'\s*"{key}"\s*:\s*\[?\s*"([^"./][^"]*)"', line)
            package = _package(match[1]) if match else ""
            if not match or not package or not around or package in declared or package in {m.name for m in packages}:
                continue
            if key == "presets" and not package.startswith("@babel/"):
                continue
            yield Finding(
                f"{name} takes its settings from {package}, which package.json does not declare",
                tree.evidence(entry.path, n),
                impact="The build ends with an error: the file is not found.",
                confidence="possible",
            )


_RC = regex(r"(?:^|/)\.(?P<tool>eslint|stylelint|commitlint)rc(?:\.(?:json|ya?ml))?$")


def _shareable(tree: Tree, packages: list[Manifest]) -> Iterator[Finding]:
    """Configurations and plugins of rc files, by the names that the tool makes packages of."""
    for entry in tree.files():
        match = _RC.search(entry.path)
        around = _around(packages, entry.path) if match and not is_aside(entry.path) else []
        if match is None or not around or match["tool"] not in "".join(_declared(packages, entry.path)):
            continue
        declared = _declared(packages, entry.path)
        locked = _locked(tree, around[0].folder)
        for n, said, name in _rc_names(tree.lines(entry.path), match["tool"]):
            if name in declared or any(f'"{name}"' in text or f"{name}@" in text or f"/{name}" in text for text in locked):
                continue
            if (name == "eslint-config-react-app" and "react-scripts" in declared) or "typescript-eslint" in declared:
                continue
            yield Finding(
                f"{match['tool']} loads {said} from the package {name}, which package.json does not declare",
                tree.evidence(entry.path, n),
                impact=f"{match['tool']} ends with an error before it looks at a file.",
                confidence="possible",
            )


def _rc_names(lines: list[str], tool: str) -> Iterator[tuple[int, str, str]]:
    """Line, name as written and package of each configuration and plugin that an rc file names; paths and what the tool brings are left out."""
    key = ""
    for n, line in enumerate(lines, start=1):
        if opened := re.search(r"""["']?(extends|plugins)["']?\s*:""", line):
            key = opened[1]
        elif re.match(r"""\s*["']?[\w-]+["']?\s*:""", line):
            key = ""
        part = line[opened.end() :] if opened else line
        until = re.search(r"""\]\s*,?|["']\s*,\s*["'][\w-]+["']\s*:""", part)
        for word in (
            re.findall(r"""["']([^"'\s]+)["']|^\s*-\s+([@\w][\w:@/.-]*)\s*$""", part[: until.end() if until else None])
            if key
            else ()
        ):
            said = word[0] or word[1]
            package = _rc_package(said, key, tool)
            if package:
                yield n, said, package
        if until and "]" in until[0]:
            key = ""


def _rc_package(said: str, key: str, tool: str) -> str:
    """The package of a name in an rc file. Source: eslint.org, "Use a Plugin" and "Share Configurations"; the others load by the plain name."""
    if said.startswith((".", "/", "eslint:")) or said.endswith(":") or "${" in said:
        return ""
    if tool != "eslint":
        return _package(said) if (key == "extends" and "/" in said) or said.startswith(("stylelint-", "commitlint-")) else ""
    if said.startswith("plugin:"):
        said, key = said.removeprefix("plugin:").rpartition("/")[0], "plugins"
    kind = "plugin" if key == "plugins" else "config"
    scope, _, rest = said.partition("/") if said.startswith("@") else ("", "", said)
    if not scope:
        first = rest.partition("/")[0]
        return first if first.startswith(f"eslint-{kind}") else f"eslint-{kind}-{first}"
    first = rest.partition("/")[0]
    if not first:
        return f"{scope}/eslint-{kind}"
    return f"{scope}/{first}" if first.startswith(f"eslint-{kind}") else f"{scope}/eslint-{kind}-{first}"


# -- packages for each platform ------------------------------------------------------------------------------------------------

_PLATFORM = regex(r"(?:darwin|linux|win32|windows|macos|osx|freebsd|android)", re.IGNORECASE)
_CONSTANT = regex(r"""\b(?:const|let|var)\s+(\w+)\s*=\s*["'`]([^"'`$]*)["'`]""")
_TEMPLATE = regex(r"`([^`\n]*\$\{[^`\n]*)`|[\"']((?:@[\w.-]+/)?[\w.-]*(?:darwin|linux|win32)[\w.-]*)[\"']")


@rule("DEP-OPTIONAL", gate="start", category="entry-point")
def other_platform_package(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The launcher looks for platform packages under other names than optionalDependencies install.

    Why: npm installs the one optional package that fits the machine, and the launcher resolves it by a name that it puts together; where scope
    or prefix differ, no machine ever finds its binary. Passes: names that match at least one of them, launchers that read the manifest.
    Do: Let the launcher put together exactly the names that optionalDependencies lists (scope, prefix, platform, architecture),
    or read them from package.json.
    Source: docs.npmjs.com, package.json (optionalDependencies, os, cpu).
    """
    looked = False
    for one in _npm(manifests):
        optional = [d for d in one.dependencies if d.group == "optional:platform" and _PLATFORM.search(d.name)]
        bins = {one.beside(e.value) for e in one.entry_points if e.kind == "bin" and tree.text(one.beside(e.value))}
        if len(optional) < 2 or not bins:
            continue
        looked = True
        for path in sorted(bins):
            text = tree.text(path)
            constants = dict(_CONSTANT.findall(text))
            made = [(n, name) for n, line in enumerate(text.split("\n"), start=1) for name in _names(line, constants)]
            if (
                not made
                or ".optionalDependencies" in text
                or any(re.fullmatch(name, d.name) for _, name in made for d in optional)
            ):
                continue
            line, name = made[0]
            shown = name.replace("[^/]+", "*").replace("\\", "")
            yield Finding(
                f"the launcher looks for {shown}, but package.json installs {optional[0].name} and the like",
                tree.evidence(path, line),
                also=(tree.evidence(one.path, optional[0].line),),
                impact="The binary is found on no platform; the command ends with an error.",
            )
    if not looked:
        raise NotApplicable("no launcher with packages for each platform")


def _names(line: str, constants: dict[str, str]) -> Iterator[str]:
    """Patterns of package names with a platform in them that a line puts together."""
    for match in _TEMPLATE.finditer(line):
        text = match[1] or match[2]
        for name, value in constants.items():
            text = text.replace(f"${{{name}}}", value)
        if re.search(
            r"[\s:=.]|^\$\{[^}]*\}$|^\$\{[^}]*\}-\$\{[^}]*\}$",
            text.replace("${process.platform}", "").replace("${process.arch}", ""),
        ):
            continue
        loose = re.sub(r"\$\{[^}]*\}", "\0", text)
        if not (_PLATFORM.search(loose) or re.search(r"\$\{[^}]*(?:platform|target|arch|suffix)[^}]*\}", text, re.IGNORECASE)):
            continue
        head = loose.partition("\0")[0]
        if not re.match(r"@[\w.-]+/[\w.-]+|[\w-]{2,}-", head) or _PLATFORM.match(head):
            continue
        yield "".join("[^/]+" if c == "\0" else re.escape(c) for c in loose)


# -- tools that scripts of package.json start ----------------------------------------------------------------------------------

_TOOLS = (
    "bun",
    "pnpm",
    "yarn",
    "deno",
    "make",
    "cmake",
    "cargo",
    "go",
    "python",
    "python3",
    "uv",
    "poetry",
    "just",
    "task",
    "wasm-pack",
    "zig",
)
_FIRST = regex(r"(?:^|&&|\|\||;|\|)\s*(?:\w+=\S+\s+)*(?P<tool>[\w.-]+)(?P<rest>[^&|;]*)")
_RUNS = regex(r"^\s*(?:run\s+|run-script\s+)(?:-\S+\s+)*(?P<name>[\w:.-]+)")
_ON_INSTALL = ("preinstall", "install", "postinstall", "prepare")


@rule("DEP-TOOL", gate="install", category="package")
def tool_of_install_script(tree: Tree, manifests: Manifests, docs: Docs) -> Iterator[Finding]:
    """A script that npm runs at installation starts a tool which nothing declares.

    Why: npm runs preinstall, install, postinstall and prepare (the last when it installs from git, or in the checkout) on the machine of whoever
    installs; without the tool the installation ends with an error. Passes: tools in dependencies, engines or packageManager, a lock file of
    that tool beside no other, documents that name it as a requirement, scripts that go on without it.
    A tool that devDependencies bring is absent after `npm ci --omit=dev`, which runs prepare all the same.
    Do: Declare the tool (in dependencies; a package manager in `packageManager`), let the script go on without it (`|| true`),
    or move the work into a script that npm does not run at installation.
    Source: docs.npmjs.com, scripts (life cycle operation order).
    """
    looked = False
    for one in _npm(manifests):
        tasks = {e.name: e for e in one.entry_points if e.kind == "task"}
        for event in _ON_INSTALL:
            if event not in tasks:
                continue
            looked = True
            chain = _needed(tasks[event].value, {k: v.value for k, v in tasks.items()})
            for tool, how in chain:
                if _is_declared(tree, docs, one, tool):
                    continue
                when = "when it is installed from git" if event == "prepare" else "at installation"
                dev = any(d.name == tool for d in one.dependencies)
                where = (
                    "which only devDependencies bring"
                    if dev
                    else "which neither dependencies nor engines nor the documents ask for"
                )
                fails = "with --omit=dev, or where install scripts are held back" if dev else f"where {tool} is absent"
                yield Finding(
                    f"the script {event} needs {tool}{how}, {where}",
                    tree.evidence(one.path, tasks[event].line),
                    impact=f"npm runs it {when}, and ends with an error {fails}.",
                    confidence="possible",
                )
    if not looked:
        raise NotApplicable("no script that npm runs at installation")


def _needed(command: str, tasks: dict[str, str], how: str = "", depth: int = 0) -> list[tuple[str, str]]:
    """Tools of the table that a command starts, directly or through other scripts of the manifest."""
    if "|| true" in command or "|| exit 0" in command or "|| echo" in command or depth > 4:
        return []
    found: dict[str, str] = {}
    for match in _FIRST.finditer(command):
        tool, rest = match["tool"], match["rest"]
        runs = _RUNS.match(rest) if tool in ("npm", "pnpm", "yarn", "bun") else None
        if tool in _TOOLS:
            found.setdefault(tool, how)
        if runs and runs["name"] in tasks:
            for inner, through in _needed(tasks[runs["name"]], tasks, f" (through {runs['name']})", depth + 1):
                found.setdefault(inner, through)
    return list(found.items())


_SETUP = regex(r"(?:^|/)(?:contributing|install|getting[-_]started|quick[-_]?start)[\w.-]*$", re.IGNORECASE)
_ASKS = r"(?:require|prerequisite|need|install|depend|engine|>=|≥|\d\+|must have)"


def _is_declared(tree: Tree, docs: Docs, one: Manifest, tool: str) -> bool:
    """Does the manifest, or a document for those who install, name the tool as something that must be there?"""
    names = {d.name for d in one.dependencies if d.group != "dev"}
    manager = one.field("packageManager")
    if (
        tool in names
        or one.field(f"engines.{tool}")
        or one.field(f"volta.{tool}")
        or one.field("devEngines.packageManager.name")
    ):
        return True
    if manager and manager.value.startswith(tool + "@"):
        return True
    name = rf"(?<![\w-]){re.escape(tool)}(?![\w-])"
    asked = rf"{_ASKS}[^\n.]{{0,40}}{name}(?!\s+(?:install|run|add|i\b|x\b))"
    following = rf"{name}[^\n.]{{0,15}}{_ASKS.replace('|install', '')}|{name}\.(?:sh|io|rs)\b"
    word = re.compile(rf"{asked}|{following}", re.IGNORECASE)
    read = [
        d.path for d in docs if (d.role == "readme" and "/" not in d.path.removeprefix(one.folder)) or _SETUP.search(d.path)
    ]
    return any(word.search(tree.text(path)) for path in read)
