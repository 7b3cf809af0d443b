"""Lock files against the manifests that they were made from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.lock_files import KINDS, gemfile_missing, lock_of, pipfile_missing
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

MOST = 10
"""Dependencies of one manifest that are named."""
_OTHERS = {
    "Pipfile.lock": ("Pipfile", pipfile_missing, regex(r"\bpipenv\s+(?:sync|verify|install\b[^\n]*--deploy)\b"), "pipenv sync"),
    "Gemfile.lock": ("Gemfile", gemfile_missing, next(k.frozen for k in KINDS if k.name == "Gemfile.lock"), "bundle install in frozen mode"),
}  # fmt: skip
"""Lock files of lists that are no manifest of a package: the list, its reader, an install that insists, and its name."""


@rule("META-LOCK", gate="install", category="dependency")
def lock_out_of_step(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The lock file does not know a dependency that the manifest declares.

    Why: an install that insists on the lock refuses then: `npm ci`, `pnpm install --frozen-lockfile`, `yarn install --immutable`, a frozen
    `bundle install`, `uv sync --locked`, `poetry install`, `pdm install --check`, `pipenv sync`, `cargo build --locked`, and `go build` always
    ("missing go.sum entry"). Read are package-lock.json, pnpm-lock.yaml, yarn.lock (1 and later), Gemfile.lock, uv.lock, poetry.lock, pdm.lock,
    Pipfile.lock, Cargo.lock and go.sum.
    Passes: lock files that git ignores, members of workspaces that the lock does not hold, peers, local paths; where nothing installs frozen,
    and where several lock files of one kind of manifest lie beside each other, it is only possible trouble.
    Do: Renew the lock file (`npm install --package-lock-only`, `pnpm install --lockfile-only`, `yarn`, `bundle lock`, `uv lock`,
    `poetry lock`, `pdm lock`, `pipenv lock`, `cargo generate-lockfile`, `go mod tidy`) and commit it with the manifest.
    Source: docs.npmjs.com (npm ci), pnpm.io (install), yarnpkg.com (install), bundler.io (frozen), docs.astral.sh/uv (locking),
    python-poetry.org (install), pdm-project.org, pipenv.pypa.io, the Cargo book (--locked), go.dev/ref/mod (go.sum files).
    """
    looked = False
    frozen = _Frozen(tree)
    for one in manifests:
        if is_aside(one.path) or one.broken:
            continue
        locks = [(kind, lock) for kind in KINDS if kind.ecosystem == one.ecosystem and (lock := lock_of(tree, kind, one))]
        beside = [lock for _, lock in locks if lock.rpartition("/")[0] == one.folder]
        for kind, lock in locks:
            looked = True
            missing = kind.missing(tree, lock, one, manifests) or []
            said = frozen.said(kind.frozen) and kind.command
            sure = bool(said) and len(beside) < 2
            for dependency in missing[:MOST]:
                yield _finding(
                    tree, one.path, dependency.line, dependency.name, lock, said or "", "likely" if sure else "possible"
                )
    for entry in tree.files():
        list_name, missing_in, pattern, command = _OTHERS.get(entry.path.rpartition("/")[2], ("", None, None, ""))
        folder = entry.path.rpartition("/")[0]
        listed = f"{folder}/{list_name}" if folder else list_name
        if missing_in is None or pattern is None or entry.ignored or is_aside(entry.path) or listed not in tree.entries:
            continue
        looked = True
        said = frozen.said(pattern) and command
        for gone in list(missing_in(tree, listed, entry.path))[:MOST]:
            yield _finding(tree, listed, gone.line, gone.name, entry.path, said or "", "likely" if said else "possible")
    if not looked:
        raise NotApplicable("no lock file beside a manifest")


def _finding(tree: Tree, path: str, line: int, name: str, lock: str, frozen: str, sure: Confidence) -> Finding:
    return Finding(
        f"{name} is declared here, but {lock} does not know it",
        tree.evidence(path, line),
        impact=f"{frozen or 'A frozen install'} stops: the lock file is out of step.",
        confidence=sure,
    )


class _Frozen:
    """Does anything of the tree install with the lock file as it is? Asked once for each way to write it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._answers: dict[re.Pattern[str], bool] = {}

    def said(self, pattern: re.Pattern[str]) -> bool:
        if pattern not in self._answers:
            texts = (self._tree.text(e.path) for e in self._tree.files("yaml", "dockerfile", "shell", "makefile"))
            self._answers[pattern] = any(pattern.search(text) for text in texts)
        return self._answers[pattern]
