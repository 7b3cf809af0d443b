"""Files that JavaScript and TypeScript name: relative imports, paths built from the module's own folder, started scripts."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator

from ast_grep_py import SgNode

from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.folders import starts_of
from session_ops.discovery.references.reference import Act, Named
from session_ops.discovery.references.shell import INTERPRETERS, Findings
from session_ops.patterns import regex

ENDINGS = (
    ".js",
    ".ts",
    ".tsx",
    ".jsx",
    ".mjs",
    ".cjs",
    ".mts",
    ".cts",
    ".json",
    ".node",
    ".d.ts",
    ".vue",
    ".svelte",
    ".astro",
    ".css",
    ".wasm",
)
_CONFIGS = ("tsconfig.json", "jsconfig.json", "tsconfig.app.json")
_SOURCE_OF = {".js": (".ts", ".tsx", ".jsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_DECLARED_BY = {".js": ".d.ts", ".mjs": ".d.mts", ".cjs": ".d.cts"}
"""What TypeScript reads in place of a module that is there only after the build, or only at run time."""
_WRITTEN = (".ts", ".tsx", ".d.ts", ".js", "/index.ts")
_LOADED = (".js", ".mjs", ".cjs", ".json", "/index.js")
_TYPED = regex(r"\.[cm]?tsx?$|\.vue$|\.svelte$|\.astro$")
_DECLARATION = regex(r"\.d\.[cm]?ts$|\.test-d\.tsx?$")
_OWN_FOLDER = r"(?:__dirname|import\.meta\.dirname|import\.meta\.dir|dirname\(fileURLToPath\(import\.meta\.url\)\))"
_JOIN = regex(r"\b(?:path\.)?(?:join|resolve)\(\s*" + _OWN_FOLDER + r"\s*,\s*((?:[\"'][^\"'\n]*[\"']\s*,?\s*)+)\)")
_URL = regex(r"new URL\(\s*[\"'](\.[^\"'\n]*)[\"']\s*,\s*import\.meta\.url\s*\)")
_OUTPUT = regex(r"[\"'\s=/](dist|build|out|lib|bin|target)[/\"']")
_LITERAL = regex(r"[\"']([^\"'\n]*)[\"']")
_USERS = r"(?:spawn|spawnSync|fork|execFile|execFileSync|exec|execSync|readFileSync|readFile|createReadStream|require|sendFile|copyFileSync|cpSync|static)"
_MAKERS = (
    r"(?:writeFile\w*|appendFile\w*|mkdir\w*|createWriteStream|outputFile\w*|ensureDir\w*|ensureFile\w*|openSync|open|rename\w*"
    r"|copyFile\w*|copy\w*|Database)"
)
_ASKED = r"(?:existsSync|access|accessSync|stat|statSync|lstatSync|pathExists\w*|pathExistsSync)"
_MADE = regex(rf"\b{_MAKERS}\(\s*(?:[\w.]*\b(?:join|resolve)\([^()]*?)?[\"'`]([^\"'`\n]+)[\"'`]")
_SPAWNED = regex(
    r"\b(?:spawn|spawnSync|execFile|execFileSync|fork)\(\s*[\"']([^\"'\n]+)[\"']\s*(?:,\s*\[\s*((?:[\"'][^\"'\n]*[\"']\s*,?\s*)*))?"
)
_EXECUTED = regex(r"\bexec(?:Sync)?\(\s*[\"'`]([^\"'`\n$]+)[\"'`]")


class JavaScriptReader:
    """Reads one module after the other; `exists` answers whether a path of the target is there."""

    def __init__(self, tree: Tree, found: Findings, exists: Callable[[str], bool]) -> None:
        self.tree, self.found, self.exists = tree, found, exists
        self._aliases: dict[tuple[str, str], str | None] = {}

    def resolve(self, folder: str, text: str, *, typed: bool = False) -> tuple[str, ...]:
        """The paths that a relative specifier may mean; the one that exists. Where none does, how it is written, and
        the files that something may generate for it.

        `typed`: TypeScript reads the importing module, so a declaration file stands for the module that it describes.

        Source: Node.js documentation, Modules: LOAD_AS_FILE, LOAD_AS_DIRECTORY; TypeScript handbook, module resolution
        (`.js` in a specifier means the `.ts`, `.tsx` or `.d.ts` beside it).
        """
        plain = normal(posixpath.join(folder, re.split(r"[?#]", text)[0]))
        suffix = posixpath.splitext(plain)[1]
        tries = [plain] if suffix or not self.tree.is_folder(plain) else []
        tries += [plain[: -len(suffix)] + other for other in _SOURCE_OF.get(suffix, ())]
        tries += [plain[: -len(suffix)] + _DECLARED_BY[suffix]] if typed and suffix in _DECLARED_BY else []
        tries += [plain + ending for ending in ENDINGS]
        tries += [f"{plain}/index{ending}" for ending in ENDINGS] + [f"{plain}/package.json"]
        hit = next((t for t in tries if self.exists(t)), None)
        if hit is not None:
            return (hit,)
        ends = _WRITTEN if typed else _LOADED
        made = [plain[: -len(suffix)] + end for end in _SOURCE_OF.get(suffix, ())] or [plain + end for end in ends]
        return (plain, *made)

    def read(self, path: str, root: SgNode) -> None:
        """One module."""
        text = self.tree.text(path)
        folder = posixpath.dirname(path)
        for node, literal, guarded, lazy in _imports(root, text):
            if literal.startswith(("@/", "~/")):
                aliased = self._behind_alias(folder, literal[:2])
                if aliased is None:
                    continue
                start, inside = aliased, f"./{literal[2:]}"
            elif literal.startswith(("./", "../")) or literal in (".", ".."):
                start, inside = folder, literal
            else:
                continue
            if "!" in literal or "*" in literal or "/+types/" in literal or literal.endswith(".node"):
                continue  # a loader's, a framework's or a compiler's
            targets = self.resolve(start, inside, typed=_TYPED.search(path) is not None)
            guarded = guarded or _DECLARATION.search(path) is not None  # only the compiler reads these
            if self.exists(targets[0]) and not self.exists_exactly(targets[0]):
                targets = (normal(posixpath.join(start, inside)),)
            line = node.range().start.line + 1
            self.found.named.append(
                Named(
                    path,
                    line,
                    "javascript",
                    "import",
                    literal,
                    targets,
                    "script",
                    guarded,
                    not lazy and not guarded,
                    folder,
                    literal,
                )
            )
        self._paths(path, text)
        self._commands(path, text)
        for match in _MADE.finditer(text):
            name = posixpath.basename(match[1])
            if "." in name:
                self.found.created.names.add(name)

    def _behind_alias(self, folder: str, alias: str) -> str | None:
        """The folder that `@/` or `~/` stands for in a module's tsconfig.json or jsconfig.json; None where that is not one folder.

        Source: TypeScript handbook, tsconfig: paths, baseUrl (nearest configuration above the module).
        """
        key = (folder, alias)
        if key not in self._aliases:
            config = next((c for c in (f"{folder}/{n}".lstrip("/") for n in _CONFIGS) if c in self.tree.entries), "")
            if not config:
                self._aliases[key] = self._behind_alias(posixpath.dirname(folder), alias) if folder else None
            else:
                text = self.tree.text(config)
                found = re.search(rf'"{alias}\*"\s*:\s*\[\s*"(?P<to>[^"\n]*)/?\*"\s*,?\s*\]', text)
                base = re.search(r'"baseUrl"\s*:\s*"([^"\n]*)"', text)
                to = posixpath.join(folder, base[1] if base else ".", found["to"]) if found else ""
                self._aliases[key] = normal(to) if found else None
        return self._aliases[key]

    def exists_exactly(self, path: str) -> bool:
        """Is it a file (a folder without an index is no module)?"""
        return path not in self.tree.folders or path in self.tree.entries

    def _paths(self, path: str, text: str) -> None:
        """`path.join(__dirname, …)`: from the source's folder or from where the build puts the module."""
        if "__dirname" not in text and "import.meta" not in text:
            return
        for match in (*_JOIN.finditer(text), *_URL.finditer(text)):
            if _in_comment(text, match.start()):
                continue
            pieces = _LITERAL.findall(match[1]) or [match[1]]
            literal = "/".join(pieces)
            act = self._use(text, match)
            if act is None:
                continue
            folders = self._folders(path)
            targets = tuple(dict.fromkeys(normal(posixpath.join(folder, literal)) for folder in folders))
            asked = act == "mention"
            line = text.count("\n", 0, match.start()) + 1
            written = literal if len(pieces) == 1 else ""
            self.found.named.append(
                Named(
                    path,
                    line,
                    "javascript",
                    "read" if asked else act,
                    literal,
                    targets,
                    "script",
                    asked,
                    False,
                    folders[-1],
                    written,
                )
            )

    def _use(self, text: str, match: re.Match[str]) -> Act | None:
        """What the code does with the path: uses it, asks whether it is there, makes it, or nothing that we know (None)."""
        before = text[max(0, match.start() - 60) : match.start()]
        if re.search(rf"\b{_MAKERS}\(\s*(?:path\.)?$", before):
            return None
        if re.search(rf"\b{_ASKED}\(\s*(?:path\.)?$", before):
            return "mention"
        if re.search(r"\b(?:spawn|fork|exec)\w*\((?:\s*[\"']\w+[\"']\s*,\s*\[)?\s*(?:path\.)?$", before):
            return "run"
        if re.search(rf"\b{_USERS}\(\s*(?:path\.)?$", before):
            return "read"
        held = re.search(r"(?:const|let|var)\s+(\w+)\s*(?::\s*\w+\s*)?=\s*(?:path\.)?$", before)
        if held is None:
            return None
        name = held[1]
        if re.search(rf"\b{_MAKERS}\((?:[^()\n]*[,(]\s*)?{name}\b", text):
            return None
        if re.search(rf"\b{_ASKED}\(\s*{name}\b", text):
            return "mention"
        if re.search(rf"\b(?:spawn|fork|exec)\w*\([^()\n]*\b{name}\b", text):
            return "run"
        return "read" if re.search(rf"\b{_USERS}\(\s*{name}\b", text) else None

    def _folders(self, path: str) -> tuple[str, ...]:
        """The module's folder as written, and the folders into which builds put it; the last is the one that a user runs."""
        folder = posixpath.dirname(path)
        package = folder
        while package and f"{package}/package.json" not in self.tree.entries:
            package = posixpath.dirname(package)
        inside = posixpath.relpath(path, package or ".")
        top, _, below = inside.partition("/")
        if top not in ("src", "source", "lib", "app") or not below:
            return (folder,)
        deep = posixpath.dirname(below)
        manifest = self.tree.text(posixpath.join(package, "package.json"))
        config = self.tree.text(posixpath.join(package, "tsconfig.json"))
        keeps_top = re.search(r"\btsc\b", manifest) is not None and '"rootDir"' not in config
        made = []
        for out in sorted(set(_OUTPUT.findall(manifest + config))) or ["dist"]:
            made += [normal(posixpath.join(package, out, top, deep))] if keeps_top else []
            made += [normal(posixpath.join(package, out, deep)), normal(posixpath.join(package, out))]
        return tuple(dict.fromkeys([folder, *made]))

    def _commands(self, path: str, text: str) -> None:
        for match in _SPAWNED.finditer(text) if any(word in text for word in ("spawn", "execFile", "fork")) else ():
            if _in_comment(text, match.start()):
                continue
            words = [match[1], *_LITERAL.findall(match[2] or "")]
            self._started(path, text.count("\n", 0, match.start()) + 1, words, text, match)
        for match in _EXECUTED.finditer(text) if "exec" in text else ():
            if _in_comment(text, match.start()):
                continue
            self._started(path, text.count("\n", 0, match.start()) + 1, match[1].split(), text, match)

    def _started(self, path: str, line: int, words: list[str], text: str, match: re.Match[str]) -> None:
        if words and INTERPRETERS.match(words[0]) and len(words) > 1 and not words[1].startswith("-"):
            words = words[1:]
        elif not words or not words[0].startswith("./"):
            return
        name = words[0]
        if not re.search(r"\.\w{1,4}$", name) or name.startswith(("/", "~", "-")) or "://" in name:
            return
        elsewhere = re.search(r"\bcwd\s*:", text[match.end() : match.end() + 200]) is not None
        targets = () if elsewhere else tuple(dict.fromkeys(normal(posixpath.join(f, name)) for f in starts_of(path)))
        self.found.named.append(Named(path, line, "javascript", "run", name, targets, "cwd", False, False, "", name))


def _imports(root: SgNode, text: str) -> Iterator[tuple[SgNode, str, bool, bool]]:
    """(node, specifier, guarded, lazy) of every import, re-export and require with a literal."""
    if "import" in text or "export" in text:
        for kind in ("import_statement", "export_statement"):
            for node in root.find_all(kind=kind):
                source = node.field("source")
                if source is not None:
                    yield node, source.text()[1:-1], re.match(r"(?:import|export)\s+type\b", node.text()) is not None, False
    if "require" in text or "import(" in text:
        for node in root.find_all(any=[{"pattern": "require($A)"}, {"pattern": "import($A)"}]):
            argument = node.get_match("A")
            if argument is None or argument.kind() != "string":
                continue
            guarded, lazy = _around(node)
            yield node, argument.text()[1:-1], guarded, lazy


def _around(node: SgNode) -> tuple[bool, bool]:
    guarded = lazy = False
    for one in node.ancestors():
        kind = one.kind()
        if kind == "try_statement":
            guarded = True
        elif kind == "call_expression":
            called = one.field("function")
            name = called.field("property") if called is not None else None
            guarded = guarded or (name is not None and name.text() == "catch")
        elif kind in (
            "function_declaration",
            "arrow_function",
            "method_definition",
            "function_expression",
            "generator_function_declaration",
        ):
            lazy = True
    return guarded, lazy


def _in_comment(text: str, place: int) -> bool:
    return text[text.rfind("\n", 0, place) + 1 : place].lstrip().startswith(("*", "//", "/*"))


def npm_scripts(text: str) -> list[tuple[str, str, int]]:
    """(name, command, line) of the `scripts` of a package.json; nothing where it does not parse."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    scripts = found.get("scripts") if isinstance(found, dict) else None
    if not isinstance(scripts, dict):
        return []
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if re.search(r'"scripts"\s*:', line)), 0)
    result = []
    for name, command in scripts.items():
        if isinstance(command, str):
            key = json.dumps(name, ensure_ascii=False)
            line = next((i for i in range(start, len(lines)) if re.search(re.escape(key) + r"\s*:", lines[i])), start)
            result.append((name, command, line + 1))
    return result
