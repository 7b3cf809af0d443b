"""Modules that ask whether they are the program, in a way that says no when a link or a space is in the path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

PASTED = r"(?:`file://\$\{\s*process\.argv\[1\]\s*\}`|[\"']file://[\"']\s*\+\s*process\.argv\[1\])"
ASKS = regex(rf"import\.meta\.url\s*={{2,3}}\s*{PASTED}|{PASTED}\s*={{2,3}}\s*import\.meta\.url")


@rule("ENTRY-MAIN", gate="start", category="entry-point")
def never_the_program(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A module compares `import.meta.url` with `file://` + argv[1]; started through a link, or from a path with a space, it does nothing.

    Why: `import.meta.url` is the resolved path as a URL (links followed, a space as %20); argv[1] is the path as it was given. npm installs every
    `bin` as a link, so the installed command ends at once, with status 0 and without a word. On Windows the two are never equal.
    Passes: `pathToFileURL(realpathSync(process.argv[1])).href`, `import.meta.main`.
    Do: Compare with `pathToFileURL(fs.realpathSync(process.argv[1])).href`, or start the program from a file of its own without asking.
    Source: nodejs.org, ECMAScript modules (import.meta.url), url.pathToFileURL; npm-package-json(5), bin.
    """
    asked = [
        e.path
        for e in tree.files("javascript", "typescript")
        if "import.meta.url" in tree.text(e.path) and not not_deployed(e.path)
    ]
    if not asked:
        raise NotApplicable("no module asks whether it is the program")
    bins = {
        posixpath.splitext(posixpath.basename(entry.value))[0]
        for manifest in manifests
        if manifest.ecosystem == "npm"
        for entry in manifest.entry_points
        if entry.kind == "bin"
    }
    for path in asked:
        text = tree.text(path)
        match = ASKS.search(text)
        if match is None or re.search(r"endsWith\(|realpath|pathToFileURL", text[match.start() - 200 : match.end() + 200]):
            continue
        installed = posixpath.splitext(posixpath.basename(path))[0] in bins
        yield Finding(
            "import.meta.url is compared with argv[1] as text: with a link or a space in the path they differ",
            tree.evidence(path, text.count("\n", 0, match.start()) + 1),
            impact="The installed command does nothing and ends with status 0."
            if installed
            else "Started that way the program does nothing, without an error.",
            confidence="likely" if installed else "possible",
        )
