"""Files that a build makes: a manifest may name them although the tree does not hold them."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from session_ops.analysis.ignore import would_ignore
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifest
from session_ops.patterns import regex

FOLDERS = frozenset(
    (
        "dist",
        "build",
        "lib",
        "libs",
        "out",
        "output",
        "es",
        "esm",
        "cjs",
        "umd",
        "types",
        "typings",
        "bin",
        "target",
        "compiled",
    )
    + (".next", ".output", "bundle", "generated", "pkg", "release", "_build", "vendor", "binaries", "wasm", "server", "client")
)
"""Folders that builds usually fill."""
_TASK = regex(
    r"(?:^|[:_-])(?:build|compile|bundle|dist|prepare|prepack|prepublish|prepublishonly|postinstall|package|release|make)",
    re.IGNORECASE,
)
_TOOL = regex(
    r"\b(?:tsc|tsup|rollup|vite|esbuild|webpack|parcel|swc|babel|microbundle|unbuild|tsdown|ncc|pkg|nexe|gulp|grunt|turbo|nx|rslib|bun build"
    r"|pkgroll|preconstruct|father|bob|ng build|next build|svelte-package|wasm-pack|napi|node-gyp|electron-builder|cargo|go build|goreleaser|zig|make)\b"
)  # fmt: skip

_TYPED = regex(
    r"^\s*(?:[$>] *)?(?:npx\s+|bunx\s+|pnpm\s+(?:exec\s+|dlx\s+)?|yarn\s+)?(?:tsc|tsup|esbuild|rollup|webpack|vite build|swc|bun build|make)\b",
    re.MULTILINE,
)
"""A build that somebody who reads the docs types."""
_BUILDER = regex(
    r"(?:build|bundle|compile|release|gulp|grunt|rollup|webpack|esbuild|tasks?|noxfile)[\w.-]*$|setup\.py$", re.IGNORECASE
)
_SCRIPTED = regex(r'"[\w:.-]*(?:build|compile|bundle|prepare|prepack)[\w:.-]*"\s*:\s*"')


def builds(one: Manifest) -> bool:
    """Does this package.json have a script that builds something?"""
    return any(e.kind == "task" and (_TASK.search(e.name) or _TOOL.search(e.value)) for e in one.entry_points)


def is_output(tree: Tree, one: Manifest, path: str) -> bool:
    """May this path of a package.json be made by a build, here or in the release's CI?

    True in a folder that git ignores or that builds usually fill, when something builds: a script of a package.json, CI, a Makefile, an image,
    a shell script, or a command that the docs tell to type.
    """
    clean = normal(path)
    top = clean.partition("/")[0]
    ignored = would_ignore(tree, posixpath.join(one.folder, clean))
    if not (ignored or top in FOLDERS or top.startswith(("dist", "build"))):
        return False
    if top == "bin" and not ignored and _of_a_framework(one):
        return False
    return builds(one) or _built_elsewhere(tree)


_FRAMEWORK = regex(r"^(?:next|nuxt|nuxi|astro|gatsby|react-scripts|remix|ng|vue-cli-service)\s+build\b[^&|;]*$")


def _of_a_framework(one: Manifest) -> bool:
    """Is all that this package.json builds an application of a framework, which has a folder of its own for it?"""
    tasks = [
        e.value.strip()
        for e in one.entry_points
        if e.kind == "task" and (_TASK.search(e.name) or _TOOL.search(e.value)) and "--noEmit" not in e.value
    ]
    return bool(tasks) and all(_FRAMEWORK.match(task) for task in tasks)


_WRITES = regex(r"(?:--outfile[= ]|-o\s+)[\"']?(?P<file>[\w@./-]+)")
_ONE_FILE = regex(r"^\s*(?:bun build|(?:npx\s+)?esbuild)\s(?=.*--outfile[= ])[^;&|]*$")


def written(one: Manifest) -> frozenset[str]:
    """The files that this package.json's builds write, where each says which one (`--outfile`); empty where that is not known."""
    found = set()
    for task in one.entry_points:
        if task.kind != "task" or not (_TASK.search(task.name) or _TOOL.search(task.value)):
            continue
        for step in re.split(r"&&|;", task.value):
            if re.match(r"\s*(?:(?:npm|bun|pnpm|yarn)\s+run\s|semantic-release\b|chmod\s|rm\s|echo\s)", step):
                continue
            file = _WRITES.search(step) if _ONE_FILE.match(step) else None
            if file is None:
                return frozenset()
            found.add(normal(file["file"]))
    return frozenset(found)


@lru_cache(maxsize=1)
def _built_elsewhere(tree: Tree) -> bool:
    """Does anything of the target build? Asked for each entry of each manifest, and answered from nearly all of its texts."""
    texts = (
        tree.text(e.path)
        for e in tree.files("yaml", "shell", "makefile", "dockerfile", "javascript", "python")
        if e.language not in ("javascript", "python") or _BUILDER.search(e.path)
    )
    return (
        any(_TOOL.search(text) for text in texts)
        or any(_TYPED.search(tree.text(e.path)) for e in tree.files("markdown"))
        or any(_SCRIPTED.search(tree.text(e.path)) for e in tree.files("json") if e.path.endswith("package.json"))
    )
