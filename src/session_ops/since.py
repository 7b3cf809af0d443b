"""Findings that concern what was changed since a revision, for a pull request."""

from __future__ import annotations

import hashlib
import posixpath
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from session_ops.discovery.files import Tree
from session_ops.model import Finding, UsageError


@dataclass(frozen=True)
class Changes:
    """Paths relative to the target (with `..` for those beside it): files that differ from the revision, and those that are gone."""

    changed: frozenset[str]
    gone: frozenset[str]

    @classmethod
    def since(cls, tree: Tree, revision: str) -> Changes:
        """What differs between the point where HEAD left a revision and the work tree as it is, new files included.

        Raises:
            UsageError: there is no git work tree, or no such revision in it.
        """
        git = tree.git
        if git.root is None:
            raise UsageError(
                f"--since {revision}: {tree.root.name} is {git.reason or 'in no git work tree'}; leave --since out"
            )
        if revision.startswith("-"):
            raise UsageError(f"--since {revision}: is no revision; give a commit, a branch or a tag")
        commit = _line(git.run("rev-parse", "--verify", "-q", f"{revision}^{{commit}}", may_fail=True))
        if not commit:
            raise UsageError(f"--since {revision}: there is no such commit here; fetch it (actions/checkout: fetch-depth: 0)")
        base = _line(git.run("merge-base", commit, "HEAD", may_fail=True)) or commit
        try:
            # without rename detection a renamed file is one that is gone and one that is new
            raw = git.run("diff-index", "-z", "--no-renames", "--ignore-submodules=all", base)
            loose = git.run("ls-files", "-z", "--others", "--exclude-standard")
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", b"") or b"").decode("utf-8", "replace").strip()[:200]
            raise UsageError(
                f"--since {revision}: git cannot compare with it ({said or 'no answer'}); fetch its history"
            ) from None
        words = [word.decode("utf-8", "surrogateescape") for word in raw.split(b"\0") if word]
        states = {
            path: meta for meta, path in zip(words[::2], words[1::2], strict=True) if not _only_touched(git.root / path, meta)
        }
        added = [word.decode("utf-8", "surrogateescape") for word in loose.split(b"\0") if word]

        def here(path: str) -> str:
            return posixpath.relpath(path, tree.prefix.rstrip("/") or ".")

        changed = frozenset(here(path) for path in [*states, *added])
        return cls(changed, frozenset(here(path) for path, meta in states.items() if meta.endswith("D")))

    def concern(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings with a place in a changed file, and those that speak of a file that is gone."""
        return tuple(finding for finding in findings if self._concerns(finding))

    def _concerns(self, finding: Finding) -> bool:
        if any(posixpath.normpath(one.path) in self.changed for one in (finding.at, *finding.also)):
            return True
        said = "\n".join((finding.message, finding.impact, finding.at.quote, *finding.data.values()))
        return any(re.search(rf"(?<![\w.-]){re.escape(posixpath.basename(path))}(?![\w-])", said) for path in self.gone)


def _only_touched(path: Path, meta: str) -> bool:
    """Git's record says "modified" of a file whose times alone have changed; its content tells."""
    old_mode, new_mode, old_oid, new_oid, state = meta.lstrip(":").split(" ")
    if state != "M" or old_mode != new_mode or new_oid.strip("0") or path.is_symlink():
        return False
    try:
        data = path.read_bytes()
    except OSError:
        return False
    maker = hashlib.sha256 if len(old_oid) == 64 else hashlib.sha1
    return any(maker(b"blob %d\0" % len(one) + one).hexdigest() == old_oid for one in {data, data.replace(b"\r\n", b"\n")})


def _line(raw: bytes) -> str:
    return raw.decode("ascii", "replace").strip()
