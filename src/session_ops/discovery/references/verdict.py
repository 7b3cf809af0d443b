"""Is a named file there? Existence, what the target makes itself, examples, and files of the same name elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.reference import Named, Reference, Verdict
from session_ops.patterns import regex

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

BUILD_FOLDERS = frozenset(
    ("dist", "build", "out", "target", "node_modules", ".venv", "venv", "env", ".next", ".nuxt", ".svelte-kit", "coverage")
    + (
        "__pycache__",
        "htmlcov",
        ".cache",
        "tmp",
        "temp",
        "_build",
        "site",
        "release",
        "releases",
        "debug",
        ".git",
        "logs",
        "log",
    )
    + ("artifacts", "artefacts", "generated", "__generated__", "pkg", "storybook-static", ".turbo", ".vercel", ".tox", ".nox")
)
"""Folders that a build, an installer or a run fills: what is absent in them is made, not lost."""
_PLACEHOLDER = regex(
    r"<[^>]*>|\{\{|\{[\w .-]*\}|\[[\w .-]+\]|\.\.\.|…|%[sd({]|path[/-_]to|(?:^|[/_.-])(?:your|my|some|another)[-_/]|"
    r"(?:^|[/_.-])(?:foo|bar|baz|qux|xxx+|yyyy|example|sample|placeholder|dummy)(?=$|[/_.-])|"
    r"(?:^|/)(?:file|doc|script|module|page|name|test|task|agent)[-_]?[\dNXA-C]\.|YYYY|NNN|XXX|\$|%\w+%|[*?]",
    re.IGNORECASE,
)


_ENVIRONMENT = regex(r"\bvirtualenv\b|-m\s+venv\b|\buv\s+venv\b")
_TEMPLATE_WORDS = ("example", "sample", "template", "dist", "default", "tmpl", "in")


def is_placeholder(text: str) -> bool:
    """Does the text stand for some path rather than name one?"""
    return _PLACEHOLDER.search(text) is not None


class Created:
    """What the target itself makes: whole paths, names under folders that only run time knows, and folders."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.names: set[str] = set()
        self.folders: set[str] = set()

    def copy(self) -> Created:
        """The same, to be added to on its own."""
        other = Created()
        other.paths, other.names, other.folders = set(self.paths), set(self.names), set(self.folders)
        return other

    def makes(self, path: str) -> bool:
        """Is this path, or a folder above it, made at run time?"""
        if path in self.paths or posixpath.basename(path) in self.names:
            return True
        while path:
            if path in self.folders or path in self.paths:
                return True
            path = posixpath.dirname(path) if path != "/" else ""
        return False


class Judge:
    """Gives named files their verdict."""

    def __init__(self, tree: Tree, created: Created) -> None:
        self.tree = tree
        self.created = created
        self._ignored: dict[str, bool] = {}
        self._known: dict[str, bool] = {}

    def exists(self, path: str) -> bool:
        """In the work tree, in git's index (a partial checkout), or in the project around the target?"""
        if path not in self._known:
            self._known[path] = self._is_there(path)
        return self._known[path]

    def _is_there(self, path: str) -> bool:
        if path in self.tree.entries or path in self.tree.folders or self.tree.git.mode(path):
            return True
        if any(mark in path for mark in "*?["):
            return self._matches(path)
        if path.startswith("..") or path != normal(path) or any(path.startswith(folder) for folder in self._closed):
            return self.tree.exists(path)
        return False

    @cached_property
    def _closed(self) -> tuple[str, ...]:
        """Folders that were not descended into, and symbolic links, which may lead into one."""
        return tuple(e.path + "/" for e in self.tree if e.kind in ("folder", "symlink"))

    def _matches(self, pattern: str) -> bool:
        folder = posixpath.dirname(re.split(r"[*?\[]", pattern, maxsplit=1)[0] + "x")
        return any(fnmatchcase(path, pattern) for path in self.tree.entries if path.startswith(folder))

    def verdict(self, named: Named) -> Reference:
        """The reference with its verdict, its target and the files of the same name."""
        there = next((t for t in named.targets if self.exists(t)), None)
        verdict: Verdict
        candidates: tuple[str, ...] = ()
        target = there if there is not None else next(iter(named.targets), "")
        if there is not None:
            verdict = "resolves"
        elif not named.targets:
            verdict = "ambiguous"
        elif is_placeholder(named.literal or target):
            verdict = "placeholder"
        elif not self._kept_beside(target, named) and any(
            self.is_made(t, named) and (not n or not self._kind_ignored(t)) for n, t in enumerate(named.targets)
        ):
            verdict = "created"
        else:
            verdict, candidates = "missing", self._cargo_target(target) or self.candidates(target, named.act)
        return Reference(
            named.source, named.line, named.place, named.act, named.text, target, verdict, named.base, candidates,
            named.guarded, named.fatal, named.anchor, named.literal, named.variable, named.set_at, named.within,
        )  # fmt: skip

    def is_made(self, path: str, named: Named) -> bool:
        """Does a build, an installer, a script of the target, or (for what git ignores) its user make this path?"""
        parts = tuple(path.split("/"))
        if self.created.makes(path) or any(path == sub or path.startswith(sub + "/") for sub in self.tree.git.submodules):
            return True
        if named.act == "link":
            return False  # a link is followed in the repository as it was committed
        if self._has_template(path) or self._in_environment(path, named.source):
            return True
        if named.act == "run" and "." not in parts[-1] and self._compiles:
            return True
        made = next((i for i, part in enumerate(parts[:-1] or parts) if part.lower() in BUILD_FOLDERS), None)
        if made is not None and named.act == "import" and not named.targets[0].startswith("/".join(parts[: made + 1]) + "/"):
            made = None  # `from .log import x`: a module, or a package of this name, but no folder of output
        if made is not None and not self._wrong_cargo_target(parts, made):
            return not self.tree.is_folder("/".join(parts[: made + 1])) or self.ignored(path)
        if made is not None:
            return False
        return self.ignored(path)

    def _kept_beside(self, path: str, named: Named) -> bool:
        """Does an imported module lack in a folder of output that is kept with the sources, or was published?"""
        if self._swallowed(path, named):
            return True
        folder, ending = posixpath.dirname(path), posixpath.splitext(path)[1]
        if named.act != "import" or not ending or folder not in self.tree.folders or self.ignored(path):
            return False
        return any(e.path.endswith(ending) and posixpath.dirname(e.path) == folder for e in self.tree.below(folder))

    def _swallowed(self, path: str, named: Named) -> bool:
        """Is it a module below a `lib/` of TypeScript's sources, which `lib/` of Python's .gitignore template kept out of git?

        Source: github.com/github/gitignore, Python.gitignore (lib/ and lib64/ are of the distribution).
        """
        if named.act != "import" or not named.source.endswith((".ts", ".tsx", ".jsx")) or "lib" not in path.split("/")[:-1]:
            return False
        return any(
            re.search(r"(?m)^/?lib64/?\s*$", self.tree.text(p)) and re.search(r"(?m)^lib/\s*$", self.tree.text(p))
            for p in self.tree.entries
            if posixpath.basename(p) == ".gitignore" and path.startswith(p.removesuffix(".gitignore"))
        )

    def _in_environment(self, path: str, source: str) -> bool:
        """Is it in the folder of programs of a virtual environment that the naming file makes (`virtualenv .`, then `bin/pip`, `bin/tox`)?"""
        folder = posixpath.dirname(path)
        if posixpath.basename(folder) not in ("bin", "Scripts"):
            return False
        text = self.tree.text(source)
        programs = rf"(?<![\w/.-]){re.escape(folder)}/(?:python|pip|activate|easy_install)\b"
        return _ENVIRONMENT.search(text) is not None and re.search(programs, text) is not None

    def _has_template(self, path: str) -> bool:
        """Does a template of this very file lie beside it (`config.sh.example`, `config.example.sh`), for its user to fill in?"""
        stem, ending = posixpath.splitext(path)
        names = [f"{path}{mark}{word}" for word in _TEMPLATE_WORDS for mark in ".-_"]
        names += [f"{stem}{mark}{word}{ending}" for word in _TEMPLATE_WORDS for mark in ".-_" if ending]
        return any(name in self.tree.entries for name in names)

    @cached_property
    def _compiles(self) -> bool:
        """Does the target build programs, so that one without an ending may be the outcome (`go build`, `./configure`)?"""
        names = ("go.mod", "CMakeLists.txt", "configure.ac", "Package.swift", "build.zig", "meson.build")
        return any(name in self.tree.entries for name in names) or any(
            path.endswith((".c", ".go")) for path in self.tree.entries
        )

    def _wrong_cargo_target(self, parts: tuple[str, ...], made: int) -> bool:
        """Cargo builds into `target/` beside the manifest of the workspace, nowhere else.

        Source: The Cargo Book, Build Cache and Workspaces ("all packages share a common output directory").
        """
        if parts[made] != "target" or parts[made + 1 : made + 2] not in (("release",), ("debug",)):
            return False
        folder = "/".join(parts[:made])
        if folder.startswith("..") or not self._cargo_roots:
            return False
        return folder not in self._cargo_roots

    def _cargo_target(self, path: str) -> tuple[str, ...]:
        """Where cargo really puts what is looked for in a wrong `target/`."""
        parts = tuple(path.split("/"))
        made = next((i for i, part in enumerate(parts) if part == "target"), None)
        if made is None or not self._wrong_cargo_target(parts, made):
            return ()
        above = [r for r in self._cargo_roots if r == "" or "/".join(parts[:made]).startswith(r + "/")]
        return tuple(posixpath.join(root, *parts[made:]) for root in sorted(above, key=len)[-1:])

    @cached_property
    def _cargo_roots(self) -> frozenset[str]:
        """Folders in which `cargo build` makes `target/`: of workspaces, and of packages that belong to none."""
        manifests = [p for p in self.tree.entries if posixpath.basename(p) == "Cargo.toml"]
        spaces = {posixpath.dirname(p) for p in manifests if re.search(r"(?m)^\[workspace\b", self.tree.text(p))}
        if self.tree.prefix or any(".cargo/config" in p for p in self.tree.entries):
            return frozenset()
        if any(
            "CARGO_TARGET_DIR" in self.tree.text(e.path) for e in self.tree.files("shell", "makefile", "yaml", "dockerfile")
        ):
            return frozenset()
        alone = {d for d in map(posixpath.dirname, manifests) if not any(w in ("", d) or d.startswith(w + "/") for w in spaces)}
        return frozenset(spaces | alone)

    def ignored(self, path: str) -> bool:
        """Would git ignore this path? Then it is made on each machine."""
        if path not in self._ignored:
            self._ignored[path] = self._is_ignored(path)
        return self._ignored[path]

    def _kind_ignored(self, path: str) -> bool:
        """Does git ignore every file with this ending here (`*.js` beside TypeScript)? That says nothing of this one file."""
        folder, name = posixpath.split(path)
        beside = posixpath.join(folder, "some-other-name")
        return self.ignored(f"{beside}.{name.partition('.')[2]}") and not self.ignored(beside)

    def _is_ignored(self, path: str) -> bool:
        whole = posixpath.normpath(self.tree.prefix + path)
        folder = posixpath.dirname(whole)
        while True:
            spec = self._ignores.get(folder)
            if spec is not None:
                inside = whole.removeprefix(folder + "/") if folder else whole
                if spec.match_file(inside) or spec.match_file(inside + "/"):
                    return True
            if folder in ("", "/", ".."):
                return False
            folder = posixpath.dirname(folder)

    @cached_property
    def _ignores(self) -> dict[str, GitIgnoreSpec]:
        """The patterns of every .gitignore, by its folder relative to the project root."""
        from pathspec import GitIgnoreSpec

        found = (p for p in self.tree.entries if posixpath.basename(p) == ".gitignore")
        texts = {posixpath.dirname(self.tree.prefix + p): self.tree.text(p) for p in found}
        if self.tree.project_root is not None and self.tree.prefix:
            folder = self.tree.prefix.rstrip("/")
            while folder:
                folder = posixpath.dirname(folder)
                above = self.tree.project_root / folder / ".gitignore"
                if above.is_file():
                    texts[folder] = above.read_text("utf-8", "replace")
        specs = {}
        for folder, text in sorted(texts.items()):
            lines = [line for line in text.splitlines() if line.strip() not in ("*", "**", "/*")]
            try:
                specs[folder] = GitIgnoreSpec.from_lines(lines)
            except ValueError:
                continue  # a pattern that git would skip as well
        return specs

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for entry in self.tree:
            if not entry.vendored and entry.kind in ("file", "symlink"):
                found.setdefault(posixpath.basename(entry.path).lower(), []).append(entry.path)
        for folder in self.tree.folders - {""}:
            found.setdefault(posixpath.basename(folder).lower(), []).append(folder)
        return found

    def candidates(self, target: str, act: str = "") -> tuple[str, ...]:
        """Files (or folders) of this name elsewhere; one that differs in case only comes first, then the nearest."""
        pure = PurePosixPath(target)
        names = (
            [pure.name, *(pure.name + e for e in (".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".json"))]
            if act == "import"
            else [pure.name]
        )
        same = [
            path
            for name in names
            for path in self._by_name.get(name.lower(), ())
            if (path.lower() == target.lower() or posixpath.basename(path) == name)
            and (act in ("link", "mention") or path in self.tree.entries or path.lower() == target.lower())
        ]

        def distance(path: str) -> tuple[bool, int, str]:
            shared = len(posixpath.commonpath(["/" + path, "/" + normal("/" + target)]).split("/"))
            return path.lower() != target.lower(), len(path.split("/")) + len(pure.parts) - 2 * shared, path

        return tuple(sorted(same, key=distance)[:5])


def judge_all(*groups: tuple[Judge, Iterable[Named]]) -> tuple[Reference, ...]:
    """All references with the verdicts of their judges, each once, sorted by file and line."""
    unique = {judge.verdict(one): None for judge, named in groups for one in named}
    return tuple(sorted(unique, key=lambda r: (r.source, r.line, r.text, r.act, r.target)))
