"""Scripts that reach the place where they are started without the x bit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.entry import GIT_HOOKS, make_executable
from session_ops.analysis.headless import folded
from session_ops.analysis.shell_places import place
from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, heredocs
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_BIN = regex(r"(?:/\.local/bin|^/usr/(?:local/)?s?bin|^/bin|\$HOME/bin|~/bin)/?$")
_MAKES = regex(
    r"\bchmod\b|\binstall\s+-|\bsetfacl\b|\bcp\s+(?:-\w*[ap]\w*|--preserve|--archive)|\brsync\b|\bgit\s+config\s[^\n]*hooksPath"
)


def _set_the_bit(finding: Finding) -> Fix | None:
    """Set the x bit of the file in the project, where the finding is about one."""
    return make_executable(finding) if finding.data.get("path") else None


@rule("ENTRY-LOSTBIT", gate="start", category="entry-point", fix=_set_the_bit)
def not_executable_where_it_is_started(shell_texts: ShellTexts, deployment: Deployment, tree: Tree) -> Iterator[Finding]:
    """A script is written or copied to where it is started by its path, and is not executable there.

    Why: a redirection makes files with mode 644, and `cp` and COPY keep what git has; the start then ends with "Permission denied" (126),
    a command of that name is not found on the PATH, and git passes over a hook without the bit.
    Looked at are here-documents that begin with `#!` and are started below, written as a hook of git or into a folder of commands, and
    files of the target that are copied there without the bit. Passes: scripts and images that use chmod or install.
    Do: Run `chmod +x` on it after it is written or copied, use `install -m 755`, `COPY --chmod=755`, or set the bit in git.
    Source: execve(2), EACCES; githooks(5): "hooks that don't have the executable bit set are ignored"; Dockerfile reference, COPY.
    """
    texts = [t for t in shell_texts if t.kind == "script" and not t.aside and not _MAKES.search(t.text)]
    if not texts and not deployment.dockerfiles:
        raise NotApplicable("nothing writes or copies a script")
    found = [one for text in texts for one in (*_written(tree, text), *_copied(tree, text))]
    yield from folded([*found, *_into_image(tree, deployment)], 2, 8)


def _plain(word: str) -> str:
    return re.sub(r"[\"'{}]", "", word).removeprefix("./")


def _written(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if "<<" not in text.text or "#!" not in text.text[2:]:
        return
    for doc in heredocs(text.lines, text.first):
        if not doc.to or not doc.body or not doc.body[0].startswith("#!"):
            continue
        to = _plain(doc.to)
        folder, _, name = to.rpartition("/")
        hook = name in GIT_HOOKS and folder.endswith("hooks")
        started = next(
            (c.line for c in text.commands if _plain(c.words[0]) == to and c.line > doc.end and ("/" in c.words[0])), 0
        )
        if not started and not hook and not _BIN.search(folder):
            continue
        what = "git passes over the hook" if hook else "it is started" + (f" in line {started}" if started else " as a command")
        yield place(
            tree,
            text,
            doc.line - 1,
            f"{name} is written here without the x bit, and {what} by its path"
            if not hook
            else f"{name} is written here without the x bit, and {what}",
            "What the hook should stop goes through." if hook else "The start ends with 126, Permission denied.",
        )


def _copied(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for one in text.commands:
        words = [w for w in one.words[1:] if not w.startswith("-")]
        if one.words[0] != "cp" or len(words) != 2:
            continue
        source = re.sub(r"^(?:\$\w+/|\$\([^)]*\)/|\.{1,2}/)+", "", _plain(words[0]))
        to = _plain(words[1])
        folder = to.rstrip("/") if to.endswith("/") else to.rpartition("/")[0]
        if not _BIN.search(folder) and not _BIN.search(to):
            continue
        script = next((p for p in (source, f"{text.path.rpartition('/')[0]}/{source}".lstrip("/")) if _lacks(tree, p)), "")
        if script:
            yield place(
                tree,
                text,
                one.node,
                f"{script} is copied to a folder of commands, but is not executable in git (mode 100644)",
                "The command is not found, or the start ends with 126, Permission denied.",
                path=script,
            )


def _lacks(tree: Tree, path: str) -> bool:
    return path in tree.entries and tree.git.mode(path).endswith("644") and tree.text(path).startswith("#!")


def _into_image(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """`COPY shims/ /usr/local/bin/` of scripts that have no x bit in git."""
    for image in deployment.dockerfiles:
        if is_aside(image.path) or any(i.name == "RUN" and "chmod" in i.value for i in image.instructions):
            continue
        for step in image.instructions:
            words = step.value.split()
            if step.name not in ("COPY", "ADD") or len(words) < 2 or "--chmod" in step.value or "--from" in step.value:
                continue
            to = words[-1].rstrip("/")
            if not _BIN.search(to) and not _BIN.search(to.rpartition("/")[0]):
                continue
            for word in (w.removeprefix("./").rstrip("/") for w in words[:-1] if not w.startswith("-")):
                inside = [p for p in tree.entries if p == word or p.startswith(word + "/")]
                for script in [p for p in inside if _lacks(tree, p)][:2]:
                    yield Finding(
                        f"{script} is copied to a folder of commands of the image, but is not executable in git (mode 100644)",
                        tree.evidence(script, 1),
                        (tree.evidence(image.path, step.line),),
                        "A container that starts it ends with 126 or 127, Permission denied.",
                        data={"path": script},
                    )
