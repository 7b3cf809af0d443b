"""Files that TypeScript reads beside itself, and that the compiler does not carry over."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_BESIDE = regex(
    r"\b(?:join|resolve)\(\s*(?:__dirname|import\.meta\.dirname|(?:path\.)?dirname\(\s*fileURLToPath\(\s*import\.meta\.url\s*\)\s*\)),\s*"
    r"(?P<said>(?:[\"'`][\w./-]+[\"'`],?\s*)+)"
)
_READS = regex(
    r"\breadFile(?:Sync)?\(|\breaddir(?:Sync)?\(|\bcreateReadStream\(|\bsendFile\(|\bcp(?:Sync)?\(|\bcopyFile(?:Sync)?\("
)
_CARRIES = regex(
    r"\bcp\s|\bcopy|\bcpx|\bncp\b|\brsync\b|\bshx\b|\bmv\s|\bpostbuild|\besbuild\b|\btsup\b|\bvite\b|\bwebpack\b|\brollup\b|\bbun\b|\bncc\b|\bparcel\b|\bswc\b|\bunbuild\b|\bnest\b|\bgulp\b|\bturbo\b|\bmake\b"
)
_COMPILES = regex(r"(?:^|&&|;|\s)tsc(?:\s|$)")
_OUT = regex(r"\"outDir\"\s*:\s*\"\.?/?(?P<out>[\w./-]+?)/?\"")


@rule("PKG-COMPILED", gate="contents", category="package")
def compiler_leaves_it_behind(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """TypeScript reads a prompt, template or schema beside itself, and the build, which is `tsc` alone, does not copy it.

    Why: the compiler writes `.js` and nothing else. From `src` (tsx, ts-node, the tests) the file is found; what `npm start` runs from the
    output folder looks beside itself, where it is not: "ENOENT". Passes: builds that copy or bundle, a Dockerfile or script that brings the
    folder, paths that lead to the same file from the output folder too, JSON that is imported.
    Do: Copy it in the build (`tsc && cp -r src/prompts dist/`), or reach it from the root of the package and keep it outside of `src`.
    Source: TypeScript, tsconfig outDir; nodejs.org, __dirname and import.meta.dirname.
    """
    packages = [
        m
        for m in manifests
        if m.ecosystem == "npm" and not m.broken and not is_aside(m.path) and not tree.entries[m.path].vendored
    ]
    built = [(m, place) for m in packages if (place := _output(tree, m))]
    if not built:
        raise NotApplicable("no package whose build is tsc alone")
    for one, (out, inner) in built:
        seen: set[str] = set()
        base = f"{one.folder}/" if one.folder else ""
        for entry in tree.files("typescript"):
            inside = entry.path.removeprefix(base)
            text = tree.text(entry.path) if entry.path.startswith(base + "src/") and not is_aside(entry.path) else ""
            if ("dirname" not in text or not _READS.search(text)) or ".test." in inside or ".spec." in inside:
                continue
            for match in _BESIDE.finditer(text):
                said = "/".join(re.findall(r"[\"'`]([\w./-]+)[\"'`]", match["said"]))
                source = posixpath.normpath(posixpath.join(posixpath.dirname(inside), said))
                compiled = posixpath.join(out, inside if inner else inside.removeprefix("src/"))
                there = posixpath.normpath(posixpath.join(posixpath.dirname(compiled), said))
                if not source.startswith("src/") or source in seen or not _is_data(tree, base + source):
                    continue
                if tree.exists(base + there) or _brought(tree, PurePosixPath(source).name, there):
                    continue
                seen.add(source)
                yield Finding(
                    f"{source} is not copied to {out}: the build is tsc, which writes only JavaScript",
                    tree.evidence(entry.path, text.count("\n", 0, match.start()) + 1),
                    (tree.evidence(one.path, next((e.line for e in one.entry_points if e.name == "build"), 0)),),
                    f"What runs from {out} looks for {there} and ends with ENOENT.",
                )


def _output(tree: Tree, one: Manifest) -> tuple[str, bool] | None:
    """The folder that `npm start` runs from, and whether `src` lies inside of it, where the build is tsc alone."""
    tasks = {e.name: e.value for e in one.entry_points if e.kind == "task"}
    steps = " && ".join(
        tasks.get(name, "") for name in ("prebuild", "build", "postbuild", "prepare", "prepack", "prepublishOnly")
    )
    if not _COMPILES.search(tasks.get("build", "")) or _CARRIES.search(steps):
        return None
    text = tree.text(one.beside("tsconfig.json"))
    match = _OUT.search(text)
    out = normal(match["out"]) if match else ""
    started = [normal(e.value) for e in one.entry_points if e.kind in ("main", "bin")]
    started += re.findall(r"node\s+(?:--\S+\s+)*(?:\./)?([\w./-]+)", tasks.get("start", ""))
    inner = any(s.startswith(f"{out}/src/") for s in started)
    return (out, inner) if out and any(s.startswith(out + "/") for s in started) else None


def _is_data(tree: Tree, path: str) -> bool:
    """Is this a file that tsc does not write, or a folder without code?"""
    if path in tree.entries:
        return not path.endswith((".ts", ".tsx", ".js", ".json", ".mjs"))
    below = [e.path for e in tree.below(path)]
    return bool(below) and not any(p.endswith((".ts", ".tsx", ".js")) for p in below)


def _brought(tree: Tree, name: str, there: str) -> bool:
    """Does a Dockerfile or script bring a folder of that name to where the compiled code looks?"""
    folder = posixpath.dirname(there).partition("/")[0]
    for entry in tree.files("dockerfile", "shell", "javascript", "makefile"):
        if name in tree.text(entry.path) and not is_aside(entry.path) and folder in tree.text(entry.path):
            for line in tree.lines(entry.path):
                if name in line and (folder in line or "cp" in line.lower()):
                    return True
    return False
