"""Files that Python names: imports inside the target's own packages, and started scripts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import cached_property

from ast_grep_py import SgNode

from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.folders import starts_of
from session_ops.discovery.references.reference import Named
from session_ops.discovery.references.shell import INTERPRETERS, Findings
from session_ops.patterns import regex

_MANIFESTS = frozenset(("pyproject.toml", "setup.py", "setup.cfg"))
_MODULE_ENDINGS = (".py", ".pyi", ".pyx", ".pxd", ".so", ".pyd", ".rs", ".c", ".cpp")
_COMPILING = frozenset(
    ("meson.build", "CMakeLists.txt", "setup.py", "setup.cfg", "pyproject.toml", "Cargo.toml", "BUILD.bazel", "build.py")
)
_COMPILES = regex(
    r"extension_module|ext_modules|ext-modules|Extension\(|cythonize|cffi_modules|add_library|_add_module|pyo3|maturin|setuptools.rust|mypycify"
)
_GENERATED = regex(r"(?:^|[._])(?:_?version\w*|_pb2(?:_grpc)?|pb2|pb2_grpc|generated|_generated|_build_info|_git\w*)$")
_LITERAL = regex(r"[rf]?[\"']([^\"'\n]*)[\"']")
_STARTED = regex(
    r"\b(?:subprocess\.)?(?:run|call|check_call|check_output|Popen|create_subprocess_exec)\(\s*\[?\s*"
    r"((?:(?:[\"'][^\"'\n]*[\"']|sys\.executable)\s*,?\s*)+)"
)
_SYSTEM = regex(r"\bos\.system\(\s*[\"']([^\"'\n{]+)[\"']")
_OWN = r"(?:Path\(__file__\)(?:\.(?:resolve|absolute)\(\))?|pathlib\.Path\(__file__\)(?:\.(?:resolve|absolute)\(\))?)"
_JOINED = regex(_OWN + r"(?P<up>(?:\.parent)+|\.parents\[\d+\])(?P<parts>(?:\s*/\s*[\"'][^\"'\n]+[\"'])+)(?P<rest>[^\n]*)")
_OS_JOINED = regex(
    r"os\.path\.join\(\s*os\.path\.dirname\((?:os\.path\.(?:abspath|realpath)\()?__file__\)?\)\s*,\s*(?P<parts>(?:[\"'][^\"'\n]+[\"']\s*,?\s*)+)\)"
)
_WRITES = regex(
    r"(?:open\(|Path\(|/\s*|join\([^()\n]*,\s*)[rf]?[\"']([^\"'\n]*\.\w{1,8})[\"'](?=[^\n]*(?:,\s*[\"'](?:w|a|x)|write_text|write_bytes|touch|mkdir|\.dump|save))"
)


class PythonReader:
    """Reads one module after the other; `exists` answers whether a path of the target is there."""

    def __init__(self, tree: Tree, found: Findings, exists: Callable[[str], bool], foreign: frozenset[str]) -> None:
        self.tree, self.found, self.exists, self.foreign = tree, found, exists, foreign

    @cached_property
    def _packages(self) -> dict[str, str]:
        """Top-level packages of the target that surely are its own: name to the only folder that holds one."""
        holders: dict[str, set[str]] = {}
        manifests = {posixpath.dirname(p) for p in self.tree.entries if posixpath.basename(p) in _MANIFESTS}
        for path, entry in self.tree.entries.items():
            package, _, name = path.rpartition("/")
            if name != "__init__.py" or not package or entry.vendored:
                continue
            holder, _, top = package.rpartition("/")
            nested = posixpath.join(holder, "__init__.py") in self.tree.entries
            rooted = holder in ("", "src", "lib", "python") or bool({holder, posixpath.dirname(holder)} & manifests)
            if not nested and rooted and top not in self.foreign:
                holders.setdefault(top, set()).add(holder)
        return {name: where.pop() for name, where in holders.items() if len(where) == 1}

    def is_module(self, path: str) -> bool:
        """Is there a module or package at this path (without ending)?"""
        if any(self.exists(path + ending) for ending in _MODULE_ENDINGS) or self.tree.is_folder(path):
            return True
        prefix = path + "."
        folder = posixpath.dirname(path)
        return any(p.startswith(prefix) for p in self._siblings.get(folder, ()))

    @cached_property
    def _siblings(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.tree.entries:
            found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    def read(self, path: str, root: SgNode) -> None:
        """One module."""
        text = self.tree.text(path)
        if "import" in text:
            for node in root.find_all(kind="import_from_statement"):
                module = node.field("module_name")
                if module is not None:
                    self._import(path, node, module.text(), relative=module.kind() == "relative_import")
            for node in root.find_all(kind="import_statement"):
                for child in node.children():
                    name = child.field("name") if child.kind() == "aliased_import" else child
                    if name is not None and name.kind() == "dotted_name":
                        self._import(path, node, name.text(), relative=False)
        self._started(path, text)
        self._joined(path, text)
        for match in _WRITES.finditer(text):
            if not match[1].endswith("__init__.py"):  # who writes one (a test, a generator) does not write every one
                self.found.created.names.add(posixpath.basename(match[1]))

    def _import(self, path: str, node: SgNode, module: str, *, relative: bool) -> None:
        folder = posixpath.dirname(path)
        if relative:
            dots = len(module) - len(module.lstrip("."))
            names = [n for n in module.lstrip(".").split(".") if n.strip()]
            for _ in range(dots - 1):
                if not folder:
                    return
                folder = posixpath.dirname(folder)
            if not names:
                return
        else:
            names = module.split(".")
            holder = self._packages.get(names[0])
            if holder is None or len(names) < 2:
                return
            folder = holder
            beside = posixpath.join(posixpath.dirname(path), names[0])
            if self.is_module(beside) and beside != normal(posixpath.join(folder, names[0])):
                return  # a module of the same name next to the file may be the one
        target = normal(posixpath.join(folder, *names))
        guarded, lazy = _around(node)
        if self.is_module(target):
            hit = next((target + e for e in (".py", "/__init__.py", *_MODULE_ENDINGS) if self.exists(target + e)), target)
            targets: tuple[str, ...] = (hit,)
        else:
            if _GENERATED.search(names[-1]) or self._is_attribute(folder, names) or self._is_compiled(names[-1]):
                return
            targets = (target + ".py", target + "/__init__.py")
        line = node.range().start.line + 1
        anchor = folder
        self.found.named.append(
            Named(
                path,
                line,
                "python",
                "import",
                module,
                targets,
                "script",
                guarded,
                not lazy and not guarded,
                anchor,
                "" if relative else module,
            )
        )

    def _is_compiled(self, name: str) -> bool:
        """Does a build file that compiles extension modules name this one?"""
        return any(re.search(rf"\b{re.escape(name)}\b", text) for text in self._compiling)

    @cached_property
    def _compiling(self) -> tuple[str, ...]:
        """The texts of the build files that compile something.

        Source: setuptools, Building Extension Modules; Meson, Python module (extension_module); CMake; maturin and setuptools-rust.
        """
        found = (p for p, e in self.tree.entries.items() if posixpath.basename(p) in _COMPILING and not e.vendored)
        return tuple(text for p in found if _COMPILES.search(text := self.tree.text(p)))

    def _is_attribute(self, folder: str, names: list[str]) -> bool:
        """A package may make a submodule out of something else (`sys.modules[...]`, `__getattr__`, `__path__`)."""
        for count in range(1, len(names)):
            text = self.tree.text(posixpath.join(folder, *names[:count], "__init__.py"))
            if re.search(r"sys\.modules\[|__path__|__getattr__|lazy_loader|LazyModule", text):
                return True
        return False

    def _started(self, path: str, text: str) -> None:
        if "subprocess" not in text and "os.system" not in text:
            return
        for match in _STARTED.finditer(text):
            words = _LITERAL.findall(match[1].replace("sys.executable", '"python"'))
            if len(words) == 1 and " " in words[0]:
                words = words[0].split()
            self._command(path, text, match, words)
        for match in _SYSTEM.finditer(text):
            self._command(path, text, match, match[1].split())

    def _command(self, path: str, text: str, match: re.Match[str], words: list[str]) -> None:
        if words and INTERPRETERS.match(words[0]) and len(words) > 1:
            words = words[1:]
        elif not words or not words[0].startswith("./"):
            return
        name = words[0]
        if text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip().startswith(("#", ">>>", "*")):
            return
        if name.startswith(("-", "/", "~")) or not re.search(r"\.\w{1,4}$", name) or "{" in name:
            return
        elsewhere = re.search(r"\bcwd\s*=", text[match.end() : match.end() + 300].partition("\n\n")[0]) is not None
        targets = () if elsewhere else tuple(dict.fromkeys(normal(posixpath.join(f, name)) for f in starts_of(path)))
        line = text.count("\n", 0, match.start()) + 1
        self.found.named.append(Named(path, line, "python", "run", name, targets, "cwd", False, False, "", name))

    def _joined(self, path: str, text: str) -> None:
        """`Path(__file__).parent / "x"` and its os.path form, where the file is opened on the spot."""
        if "__file__" not in text:
            return
        for match in _JOINED.finditer(text):
            up = match["up"]
            count = up.count(".parent") if "[" not in up else int(re.findall(r"\d+", up)[0]) + 1
            folder = path
            for _ in range(count):
                folder = posixpath.dirname(folder) if folder else ".."
            rest = match["rest"]
            if not re.match(r"\s*\)?\.(?:read_text|read_bytes|open\(\s*\)|open\([\"']r)", rest):
                continue
            self._opened(path, text, match, folder)
        for match in _OS_JOINED.finditer(text):
            before = text[max(0, match.start() - 12) : match.start()]
            if before.rstrip().endswith("open(") and not re.match(r"\s*,\s*[\"'][wax]", text[match.end() : match.end() + 8]):
                self._opened(path, text, match, posixpath.dirname(path))

    def _opened(self, path: str, text: str, match: re.Match[str], folder: str) -> None:
        pieces = _LITERAL.findall(match["parts"])
        literal = "/".join(pieces)
        line = text.count("\n", 0, match.start()) + 1
        target = normal(posixpath.join(folder, literal))
        guarded = (
            re.search(r"\.(?:exists|is_file)\(\)|os\.path\.(?:exists|isfile)\(|FileNotFoundError|OSError|except\b", text)
            is not None
        )
        written = literal if len(pieces) == 1 else ""
        self.found.named.append(
            Named(path, line, "python", "read", literal, (target,), "script", guarded, False, folder, written)
        )


def _around(node: SgNode) -> tuple[bool, bool]:
    guarded = lazy = False
    for one in node.ancestors():
        kind = one.kind()
        if kind in ("try_statement", "with_statement"):
            guarded = True
        elif kind == "if_statement":
            guarded = guarded or re.match(r"if\s+(?:\w+\.)?TYPE_CHECKING|if\s+(?:sys\.|False|0\b)", one.text()) is not None
            lazy = True
        elif kind == "function_definition":
            lazy = True
    return guarded, lazy
