"""Lock files of applications that git is told to ignore."""

from __future__ import annotations

from collections.abc import Iterator

from session_ops.analysis.ignore import ignoring
from session_ops.analysis.lock_files import NPM_LOCKS
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding
from session_ops.registry import NotApplicable, rule

_LOCKS = {
    "cargo": ("Cargo.lock",),
    "npm": (*NPM_LOCKS, "bun.lockb"),
}


@rule("IGNORE-LOCK", gate="build", category="gitignore")
def lock_of_an_application_ignored(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """.gitignore keeps out the lock file of an application, so that every machine builds it with other versions.

    Why: what CI and the release build take is decided on the day; a build that worked cannot be made again; `npm ci` and `cargo build --locked` refuse.
    Looked at: crates with a program, and private packages of npm. Passes: libraries, projects where another lock file is tracked.
    Do: Take the line out of .gitignore and commit the lock file.
    Source: The Cargo Book, "Why have Cargo.lock in version control?"; docs.npmjs.com, package-lock.json.
    """
    if tree.git.root is None:
        raise NotApplicable(f"no git repository: {tree.git.reason}")
    told: set[tuple[str, int]] = set()
    for one in manifests:
        names = _LOCKS.get(one.ecosystem, ())
        if not names or one.broken or not_deployed(one.path) or not one.dependencies:
            continue
        if one.ecosystem == "cargo":
            runs = any(e.kind == "bin" for e in one.entry_points) or tree.exists(one.beside("src/main.rs"))
        else:
            private = one.field("private")
            runs = private is not None and private.value.lower() == "true"
        if not runs or any(tree.entries[p].tracked for p in tree.entries if p.rpartition("/")[2] in names):
            continue
        for name in names:
            source, line = ignoring(tree, one.beside(name))
            if source and (source, line) not in told:
                told.add((source, line))
                yield Finding(
                    f"{name} of {one.name or one.path}, a program, is kept out of git",
                    tree.evidence(source, line),
                    (tree.evidence(one.path),),
                    "Every build takes the versions of its day.",
                    "possible",
                )
                break
