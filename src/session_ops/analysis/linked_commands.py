"""Commands that npm puts on the PATH as links, and that look for their parts beside the link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.languages import shebang
from session_ops.discovery.manifests import Manifests
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

BESIDE = regex(
    r"^(?P<lead>\s*)(?P<set>(?:readonly |export |local )?(?P<name>\w+)=)\"?\$\(\s*cd (?:-P )?(?:-- )?\"?\$\(\s*dirname (?:-- )?"
    r"\"?(?P<self>\$0|\$\{0\}|\$\{BASH_SOURCE\[0\]\}|\$BASH_SOURCE)\"?\s*\)"
)
FOLLOWS = regex(r"readlink|realpath|\bpwd -P\b.*\blink|-L \"?\$|\bls -l")


def follow_links(finding: Finding, tree: Tree) -> Fix | None:
    """Follow the links to the script before its folder is taken."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1]
    found = BESIDE.match(text)
    if found is None:
        return None
    lead, own = found["lead"], found["self"]
    steps = (
        f'{lead}self="{own}"',
        f'{lead}while [ -L "$self" ]; do',
        f'{lead}  link="$(readlink "$self")"',
        f'{lead}  case "$link" in /*) self="$link" ;; *) self="$(dirname "$self")/$link" ;; esac',
        f"{lead}done",
        text.replace(own, "$self", 1),
    )
    why = "npm installs the command as a link; its parts lie beside the script itself."
    return Fix(
        f"Follow links to find the parts of {path}",
        (finding.id,),
        "review",
        (Edit(path, text, "\n".join(steps), line),),
        why=why,
    )


@rule("ENTRY-LINK", gate="start", category="entry-point", fix=follow_links)
def looks_beside_the_link(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A command that npm installs as a link looks for its other files beside the link.

    Why: npm puts a symbolic link into its bin folder, and `$0` is the link: `dirname "$0"` gives that folder, where none of the package's
    files lie, so the first `source` or call of a neighbour fails. From the checkout it works. Passes: scripts that follow links
    (readlink, realpath), and those that need no file of their own.
    Do: Follow the links before the folder is taken: loop over `readlink`, or `$(dirname "$(realpath "$0")")` where macOS is new enough.
    Source: docs.npmjs.com, package.json (bin); readlink(1).
    """
    looked = False
    for one in manifests:
        if one.ecosystem != "npm" or one.broken or is_aside(one.path):
            continue
        for entry in one.entry_points:
            path = one.beside(entry.value)
            if entry.kind != "bin" or path not in tree.entries:
                continue
            text = tree.text(path)
            if shebang(text)[1] not in ("sh", "bash", "zsh", "dash", "ksh"):
                continue
            looked = True
            if FOLLOWS.search(text):
                continue
            for number, line in enumerate(tree.lines(path), 1):
                found = BESIDE.match(line)
                if found and re.search(rf"\$\{{?{found['name']}\}}?\"?/", text):
                    yield Finding(
                        f"the command {entry.name} looks for its parts beside the link that npm makes, where they are not",
                        tree.evidence(path, number),
                        (tree.evidence(one.path, entry.line),),
                        "Installed, the command ends with: No such file or directory.",
                    )
                    break
    if not looked:
        raise NotApplicable("npm installs no shell script as a command")
