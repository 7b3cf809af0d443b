"""Commands that npm or an installer puts on the PATH as links, and that look for their parts beside the link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside, not_deployed
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
LINKED = regex(
    r"\bln\s+(?:-\w+\s+|--\w+\s+)+[\"']?\$[({]?\w+[)}]?[\"']?/(?P<file>[\w./-]+)[\"']?\s+(?P<to>[\"']?[^\s;&|]*(?:/bin|BIN(?:_?DIR|_?PATH)?[)}]?)(?:/[^\s;&|/]*)?)(?=$|[\s;&|])"
)
"""`ln -s "$DIR/tool" ~/.local/bin/tool` of an installer."""
SHELLS = ("sh", "bash", "zsh", "dash", "ksh")
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
    """A command that npm or the project's installer puts on the PATH as a link looks for its other files beside the link.

    Why: npm puts a symbolic link into its bin folder, as does `ln -s` of an installer, and `$0` is the link: `dirname "$0"` gives that
    folder, where none of the package's files lie, so the first `source` or call of a neighbour fails. From the checkout it works.
    Passes: scripts that follow links (readlink, realpath), and those that need no file of their own.
    Do: Follow the links before the folder is taken: loop over `readlink`, or `$(dirname "$(realpath "$0")")` where macOS is new enough.
    Source: docs.npmjs.com, package.json (bin); readlink(1).
    """
    looked = False
    for path, at, target in _linked_by_scripts(tree):
        looked = True
        found = _beside(tree, path)
        if found:
            yield Finding(
                f"the command {path.rpartition('/')[2]} looks for its parts beside the link that {at} makes, where they are not",
                tree.evidence(path, found),
                (tree.evidence(at, target),),
                "Installed, the command ends with: No such file or directory.",
            )
    for one in manifests:
        if one.ecosystem != "npm" or one.broken or is_aside(one.path):
            continue
        for entry in one.entry_points:
            path = one.beside(entry.value)
            if entry.kind != "bin" or path not in tree.entries:
                continue
            if shebang(tree.text(path))[1] not in SHELLS:
                continue
            looked = True
            number = _beside(tree, path)
            if number:
                yield Finding(
                    f"the command {entry.name} looks for its parts beside the link that npm makes, where they are not",
                    tree.evidence(path, number),
                    (tree.evidence(one.path, entry.line),),
                    "Installed, the command ends with: No such file or directory.",
                )
    if not looked:
        raise NotApplicable("nothing installs a shell script as a linked command")


def _beside(tree: Tree, path: str) -> int:
    """The line on which a script takes the folder of `$0` for its own, and uses it; 0 where it follows links or needs no file."""
    text = tree.text(path)
    if FOLLOWS.search(text):
        return 0
    for number, line in enumerate(tree.lines(path), 1):
        found = BESIDE.match(line)
        if found and re.search(rf"\$\{{?{found['name']}\}}?\"?/", text):
            return number
    return 0


def _linked_by_scripts(tree: Tree) -> Iterator[tuple[str, str, int]]:
    """Shell scripts of the tree that an installer links into a folder of commands: (script, installer, line)."""
    told: set[str] = set()
    for entry in tree.entries.values():
        path = entry.path
        if (
            not (entry.language == "shell" or path.rpartition("/")[2] == "Makefile")
            or entry.status != "read"
            or not_deployed(path)
        ):
            continue
        if "ln -" not in tree.text(path):
            continue
        folder = path.rpartition("/")[0]
        for number, line in enumerate(tree.lines(path), 1):
            found = None if line.lstrip().startswith(("#", "echo", "printf")) else LINKED.search(line)
            if found is None:
                continue
            script = next((p for p in (f"{folder}/{found['file']}".lstrip("/"), found["file"]) if p in tree.entries), "")
            if script and script not in told and not is_aside(script) and shebang(tree.text(script))[1] in SHELLS:
                told.add(script)
                yield script, path, number
