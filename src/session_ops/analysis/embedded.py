"""Files that a compiler puts into the program."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from session_ops.analysis.ignore import would_ignore
from session_ops.analysis.references import SIDE
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_GO = regex(r"(?m)^//go:embed[ \t]+(?P<names>[^\n]+)$")
_RUST = regex(r"\binclude_(?:str|bytes)!\s*\(\s*\"(?P<name>[^\"\n]+)\"\s*,?\s*\)")


@rule("REF-EMBED", gate="build", category="dangling-ref")
def embedded_file_missing(tree: Tree, bodies: Bodies) -> Iterator[Finding]:
    """Go or Rust code embeds a file that is not there, so that the program does not compile.

    Why: `//go:embed` of a pattern without a match and `include_str!` of a missing file are errors of the compiler.
    Passes: files that git ignores and a Makefile, CI, build.rs or go:generate makes first, names that OUT_DIR or another variable gives. Only
    possible: what git ignores and no such file speaks of, so that `go build` on a clone and `go install` have nothing to embed.
    Do: Restore the file, or correct the path: Go reads it from the folder of the source file, Rust from the file itself. Commit what is
    built, or a placeholder for it, and build it in one step with the program (Makefile, `//go:generate`, build.rs).
    Source: pkg.go.dev/embed, Directives; doc.rust-lang.org/std/macro.include_str.html.
    """
    looked = False
    for entry in tree.files("go", "rust"):
        text = tree.text(entry.path)
        if ("//go:embed" not in text and "include_" not in text) or entry.vendored or SIDE.search(entry.path):
            continue
        folder = posixpath.dirname(entry.path)
        if entry.language == "go":
            names = [(m.start(), n.strip('"`').removeprefix("all:")) for m in _GO.finditer(text) for n in m["names"].split()]
        else:
            text = bodies.source(entry.path).text
            names = [(m.start(), m["name"]) for m in _RUST.finditer(text)]
        for at, name in names:
            looked = True
            path = normal(posixpath.join(folder, name))
            if path.startswith("..") or _there(tree, path):
                continue
            line = text.count("\n", 0, at) + 1
            if would_ignore(tree, path):
                if entry.language == "go" and not any(_builds(tree, path)):
                    yield Finding(
                        f"the compiler shall embed {path}, which git ignores and neither a Makefile nor CI builds",
                        tree.evidence(entry.path, line),
                        impact="`go build` on a fresh clone and `go install` end with an error.",
                        confidence="possible",
                    )
                continue
            yield Finding(
                f"the compiler shall embed {path}, which is not there",
                tree.evidence(entry.path, line),
                impact="The program does not compile.",
            )
    if not looked:
        raise NotApplicable("nothing is embedded")


def _there(tree: Tree, path: str) -> bool:
    """Is the file or folder there, or left to a build? What git ignores, and what a build file names, may be."""
    if tree.exists(path):
        return True
    star = next((n for n, part in enumerate(path.split("/")) if any(c in part for c in "*?[")), 0)
    above = "/".join(path.split("/")[:star])
    if star and (any(fnmatchcase(p, path) for p in tree.entries) or (tree.exists(above) and not tree.is_folder(above))):
        return True
    if would_ignore(tree, path):
        return False
    name = re.escape(posixpath.basename(path.rstrip("*/")))
    builds = [e.path for e in tree.files("makefile", "yaml", "shell", "rust", "dockerfile", "toml", "json")]
    builds = [p for p in builds if not p.endswith(".rs") or posixpath.basename(p) == "build.rs"]
    return any(re.search(rf"(?<![\w-]){name}(?![\w-])", tree.text(p)) for p in builds)


def _builds(tree: Tree, path: str) -> Iterator[bool]:
    """Build files that speak of an embedded path, or of the folder that it is built in."""
    parts = [re.escape(part) for part in path.rstrip("/*").split("/")][-2:]
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])")
    for entry in tree.files("makefile", "yaml", "dockerfile", "toml"):
        yield bool(named.search(tree.text(entry.path)))
    for entry in tree.files("go"):
        yield any(named.search(line) for line in tree.text(entry.path).split("\n") if line.startswith("//go:generate"))
    yield any(
        named.search(tree.text(p)) for p in tree.entries if posixpath.basename(p) in ("justfile", "Justfile", "magefile.go")
    )
