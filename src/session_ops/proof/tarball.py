"""What an npm tarball holds: what its package.json promises, what its own code requires, and nothing that must not leave the house."""

from __future__ import annotations

import io
import json
import posixpath
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from session_ops.discovery.aside import is_test
from session_ops.discovery.files import Tree
from session_ops.registry import CannotCheck

ENDINGS = (
    "",
    ".js",
    ".cjs",
    ".mjs",
    ".json",
    ".node",
    ".ts",
    ".tsx",
    ".jsx",
    "/index.js",
    "/index.cjs",
    "/index.mjs",
    "/index.json",
)
_LOCAL = re.compile(
    r"""(?:\brequire\(\s*|\bfrom\s+|\bimport\(\s*|^\s*import\s+|new\s+URL\(\s*)(["'])(?P<path>\.{1,2}/[^"'\n]+)\1""",
    re.MULTILINE,
)
_BESIDE = re.compile(r"""(?:join|resolve)\(\s*__dirname\s*,\s*(?P<parts>(?:["'][^"'\n]+["']\s*,?\s*)+)\)""")
_COMMENT = re.compile(r"(?s:/\*.*?\*/)|^\s*//.*$", re.MULTILINE)


@dataclass(frozen=True)
class Tarball:
    """A packed npm package: its files without the leading `package/`, their x bits, and its package.json."""

    files: dict[str, bytes]
    modes: dict[str, int]
    package: dict[str, Any]

    @property
    def bins(self) -> dict[str, str]:
        """Commands to their files."""
        given = self.package.get("bin")
        name = str(self.package.get("name") or "").rpartition("/")[2]
        found = {name: given} if isinstance(given, str) else given if isinstance(given, dict) else {}
        return {str(k): posixpath.normpath(str(v)) for k, v in found.items() if isinstance(v, str)}

    @property
    def leftover_main(self) -> bool:
        """Is `main` what `npm init` writes, in a package of commands that has no such file?"""
        return self.package.get("main") in ("index.js", "./index.js") and bool(self.bins) and "index.js" not in self.files

    @property
    def entry(self) -> str:
        """What an import of the package loads, as it is declared; empty where there is nothing to import."""
        exports = self.package.get("exports")
        if isinstance(exports, str):
            return exports
        if isinstance(exports, dict):
            whole = exports.get(".") if any(str(k).startswith(".") for k in exports) else exports
            return _first(whole)
        main = self.package.get("main")
        if isinstance(main, str) and main and not self.leftover_main:
            return main
        return "index.js" if "index.js" in self.files else ""

    @property
    def loads(self) -> bool:
        """Is there something that Node can import? Packages of shell scripts name a script as `main`, and others their command."""
        path = posixpath.normpath(self.entry) if self.entry else ""
        if path in self.bins.values():
            return False  # it acts upon the words of its caller, and an import has none
        suffix = posixpath.splitext(path)[1]
        if suffix:
            return suffix in (".js", ".cjs", ".mjs")
        first = self.files.get(path, b"").split(b"\n", 1)[0]
        return bool(path) and not (first.startswith(b"#!") and b"node" not in first)


def _first(exports: Any) -> str:
    """The file that Node's `import` takes of an entry of `exports`; types are not loaded. Source: nodejs.org, conditional exports."""
    if isinstance(exports, str):
        return exports
    for condition, value in exports.items() if isinstance(exports, dict) else ():
        if condition in ("node", "import", "require", "default", "node-addons", "module-sync") and (found := _first(value)):
            return found
    return next(filter(None, map(_first, exports)), "") if isinstance(exports, list) else ""


def read_tarball(data: bytes, most: int = 512 << 20) -> Tarball:
    """Take a tarball apart.

    Raises:
        CannotCheck: it is none, or unpacks to more than `most` bytes.
    """
    files: dict[str, bytes] = {}
    modes: dict[str, int] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for info in archive:
                if info.isfile() and (file := archive.extractfile(info)) is not None:
                    most -= info.size
                    if most < 0:
                        raise CannotCheck("the tarball unpacks to more than the sandbox's memory")
                    name = info.name.partition("/")[2]
                    files[name], modes[name] = file.read(), info.mode
        package = json.loads(files["package.json"].removeprefix(b"\xef\xbb\xbf"))
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as error:
        raise CannotCheck(f"the tarball cannot be read: {error}") from None
    return Tarball(files, modes, package if isinstance(package, dict) else {})


def problems(ball: Tarball, tree: Tree, folder: str) -> Iterator[str]:
    """What is promised and not there. `folder` is the folder of the package in the target."""
    for key, value in _promises(ball.package):
        path = posixpath.normpath(value.lstrip("/"))
        if "*" not in path and not _resolved(ball, path) and not (key == "main" and ball.leftover_main):
            yield f"{key} names {value}, which it does not hold"
    for name, path in ball.bins.items():
        if path not in ball.files:
            yield f"bin {name} names {path}, which it does not hold"
        elif path.endswith((".js", ".cjs", ".mjs")) and not ball.files[path].startswith(b"#!"):
            yield f"bin {name}: {path} has no #! line, so the shell would run it instead of Node"
    lacking: dict[str, str] = {}
    for path, data in sorted(ball.files.items()):
        if path.endswith((".js", ".cjs", ".mjs")) and not is_test(path) and len(data) < 2_000_000:
            for wanted in _wanted(path, data.decode("utf-8", "replace")):
                source = f"{folder}/{wanted}" if folder else wanted
                there = next(
                    (
                        source + end
                        for end in ENDINGS
                        if source + end in tree.entries and tree.entries[source + end].kind == "file"
                    ),
                    "",
                )
                if there and not _resolved(ball, wanted):
                    lacking.setdefault(wanted, path)
    yield from (f"it lacks {wanted}, which {path} loads" for wanted, path in sorted(lacking.items()))


def _promises(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("main", "module", "types", "typings"):
        if isinstance(package.get(key), str) and package[key]:
            yield key, package[key]
    pending: list[tuple[str, Any]] = [("exports", package.get("exports"))]
    while pending:
        key, value = pending.pop()
        if isinstance(value, str) and value.startswith("."):
            yield key, value
        elif isinstance(value, dict):
            pending += [
                (f"{key} {name}", inner) for name, inner in reversed(value.items()) if name not in ("development", "source")
            ]


def _resolved(ball: Tarball, path: str) -> bool:
    return any(path + end in ball.files for end in ENDINGS) or any(
        name.startswith(path.rstrip("/") + "/") for name in ball.files
    )


def _wanted(path: str, text: str) -> Iterator[str]:
    """Paths beside it that a module loads."""
    bare = _COMMENT.sub("", text)
    base = posixpath.dirname(path)
    for match in _LOCAL.finditer(bare):
        yield posixpath.normpath(posixpath.join(base, match["path"].partition("?")[0]))
    for match in _BESIDE.finditer(bare):
        parts = re.findall(r"""["']([^"'\n]+)["']""", match["parts"])
        whole = posixpath.normpath(posixpath.join(base, *parts))
        if not whole.startswith("..") and "." in posixpath.basename(whole):
            yield whole
