"""Folders that commands of the go tool name: taken for the standard library, or kept out of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.ignore import ignoring
from session_ops.discovery.aside import is_test, not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

CALL = regex(
    r"(?<![\w./-])go\s+(?:run|build|install|vet)\s+(?P<flags>(?:-(?:o|C|ldflags|tags|mod|gcflags|asmflags|p)(?:\s+|=)(?:\"[^\"]*\"|'[^']*'|\S+)\s+|-(?!(?:o|C|ldflags|tags|mod|gcflags|asmflags|p)\b)[\w-]+(?:=\S+)?\s+)*)"
    r"(?P<path>[A-Za-z_][\w-]*(?:/[\w.-]+)+)(?=[\s\"'`;&|)]|$)"
)


def _from_here(finding: Finding) -> Fix | None:
    """Say that the path is one of the project."""
    path = finding.data["path"]
    if finding.at.quote.count(path) != 1:
        return None
    edit = Edit(finding.at.path, path, f"./{path}", finding.at.line)
    return Fix(
        f"Write ./{path}",
        (finding.id,),
        "safe",
        (edit,),
        why="Without ./ go takes the path for a package of the standard library.",
    )


@rule("REF-GO", gate="start", category="entry-point", fix=_from_here)
def taken_for_the_standard_library(tree: Tree) -> Iterator[Finding]:
    """`go run cmd/tool` names a folder of the project without `./`, so go looks for it in its standard library.

    Why: a path whose first element has no dot and that does not begin with `./` or `../` is an import path of the standard library: go
    answers "package cmd/tool is not in std" and nothing is built. Passes: files (`go run cmd/tool/main.go`), import paths of the module,
    folders that the project has not.
    Do: Write `go run ./cmd/tool`.
    Source: Go, "Package lists and patterns" (go help packages).
    """
    folders = {path.rpartition("/")[0] for path in tree.entries if path.endswith(".go")}
    if not folders:
        raise NotApplicable("no Go code")
    modules = {
        line.split()[1]
        for path in tree.entries
        if path.endswith("go.mod")
        for line in tree.lines(path)
        if re.match(r"module\s+\S", line)
    }
    for entry in tree.files("shell", "makefile", "yaml", "json", "dockerfile", "markdown"):
        text = tree.text(entry.path) if not entry.vendored and not not_deployed(entry.path) else ""
        if "go " not in text or len(text) > 500_000:
            continue
        for match in CALL.finditer(text):
            path = match["path"].rstrip("/")
            if path not in folders or path.endswith(".go") or any(path.startswith(f"{m}/") or path == m for m in modules):
                continue
            number = text.count("\n", 0, match.start()) + 1
            if tree.lines(entry.path)[number - 1].lstrip().startswith(("#", "//", "echo")) and entry.language != "markdown":
                continue
            yield Finding(
                f"go takes {path} for a package of its standard library, where it is not",
                tree.evidence(entry.path, number),
                impact=f'The command ends with "package {path} is not in std".',
                confidence="possible" if entry.language == "markdown" else "likely",
                data={"path": path},
            )
            break


BUILT = regex(
    r"(?<![\w./-])go\s+(?:run|build|install)\s+(?:-o\s+\S+\s+|-ldflags[ =](?:\"[^\"\n]*\"|'[^'\n]*'|\S+)\s+|-\w+(?:=\S+)?\s+)*"
    r"\./(?P<path>[\w-]+(?:/[\w-]+)+)/?(?=[\s\"'`;&|)]|$)"
)


@rule("IGNORE-SOURCE", gate="contents", category="gitignore")
def sources_kept_out(tree: Tree) -> Iterator[Finding]:
    """The name of a program in .gitignore keeps out the folder with its sources as well.

    Why: a pattern without a slash means every file and folder of that name, at any depth: `swarm`, meant for what `go build` leaves behind,
    also means `cmd/swarm/`. On the machine where it was written everything is there; `git add` passed it over, and no clone can be built.
    Looked at are commands of go that build a folder in which the repository has no main function and which an ignore pattern without a
    slash covers. Passes: folders whose program is there, patterns with a slash.
    Do: Write `/swarm`, which means the top of the repository alone, and add the sources: `git add cmd/swarm`.
    Source: gitignore(5), PATTERN FORMAT.
    """
    if not any(path.endswith("go.mod") for path in tree.entries):
        raise NotApplicable("no Go module")
    told: set[str] = set()
    for entry in tree.files("shell", "makefile", "yaml", "json", "dockerfile", "markdown"):
        text = tree.text(entry.path) if not entry.vendored and not is_test(entry.path) else ""
        for match in BUILT.finditer(text) if "go " in text and len(text) <= 500_000 else ():
            path = match["path"]
            if path in told or any(one.startswith(f"{path}/") and "func main(" in tree.text(one) for one in tree.entries):
                continue
            source, line = ignoring(tree, f"{path}/")
            pattern = tree.lines(source)[line - 1].strip() if source in tree.entries and line else ""
            if pattern.rstrip("/") != path.rpartition("/")[2]:
                continue
            told.add(path)
            yield Finding(
                f"the pattern {pattern} also keeps out {path}/, which `go` is to build, and its main function is not in the repository",
                tree.evidence(source, line),
                (tree.evidence(entry.path, text.count("\n", 0, match.start()) + 1),),
                "Nobody but its author can build the program.",
            )
