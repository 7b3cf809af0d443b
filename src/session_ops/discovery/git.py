"""Git and ignore state, read without letting the target's configuration run anything.

A repository can name programs in its own configuration (fsmonitor, hooks, filters, pagers, external diff, remotes). Every call here
names the git directory and the work tree itself, sets those keys aside and uses only plumbing that needs no filter.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

SAFE = (
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "safe.directory=*", "core.pager=cat", "core.untrackedCache=false",
    "core.sshCommand=false", "core.gitProxy=", "protocol.allow=never", "submodule.recurse=false", "diff.external=", "log.showSignature=false",
    "log.follow=false",
    "core.attributesFile=/dev/null", "core.excludesFile=/dev/null", "gpg.program=false", "credential.helper=",
)  # fmt: skip
TIMEOUT_S = 60


@dataclass(frozen=True)
class Git:
    """The repository around a target. `root` is None where there is none, or git is absent (`reason` says which)."""

    target: Path
    root: Path | None
    reason: str = ""
    head: str = ""
    _index: dict[str, tuple[str, str]] = field(default_factory=dict)
    _loose: frozenset[str] = frozenset()
    _parents: frozenset[str] = frozenset()
    _loose_parents: frozenset[str] = frozenset()

    @classmethod
    def around(cls, target: Path) -> Git:
        """Find and read the repository around an absolute path."""
        root = next((p for p in (target, *target.parents) if (p / ".git").exists()), None)
        if root is None:
            return cls(target, None, "not inside a git work tree")
        bare = cls(target, root)
        try:
            index = bare._index_entries()
            loose = bare.run("ls-files", "-z", "--others", "--exclude-standard")
            head = bare.run("rev-parse", "--verify", "-q", "HEAD", may_fail=True).decode("ascii", "replace").strip()
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", b"") or str(error).encode()
            return cls(target, None, f"git could not read {root.name}/.git: {said.decode('utf-8', 'replace').strip()[:200]}")
        prefix = "" if root == target else target.relative_to(root).as_posix() + "/"
        inside = {path.removeprefix(prefix): entry for path, entry in index.items() if path.startswith(prefix)}
        others = frozenset(p.removeprefix(prefix) for p in _paths(loose) if p.startswith(prefix))
        return cls(target, root, "", head, inside, others, _folders(inside), _folders(others))

    def run(self, *args: str, may_fail: bool = False, told: bytes = b"") -> bytes:
        """Standard output of a git command on this repository, which is told something on its standard input.

        Raises:
            CalledProcessError: it failed and `may_fail` is not set. TimeoutExpired: it took longer than a minute.
        """
        done = self._call(args, told)
        if done is None:
            return b""
        if done.returncode and not may_fail:
            raise subprocess.CalledProcessError(done.returncode, "git", done.stdout, done.stderr)
        return b"" if done.returncode else done.stdout

    def run_partly(self, *args: str) -> tuple[bytes, str]:
        """Standard output as far as a command came, and its complaint where it did not come to its end (missing objects).

        Raises:
            TimeoutExpired: it took longer than a minute.
        """
        done = self._call(args)
        if done is None or not done.returncode:
            return (done.stdout if done else b""), ""
        return done.stdout, done.stderr.decode("utf-8", "replace").strip()[:200] or f"git ended with {done.returncode}"

    def start(self, *args: str) -> Future[tuple[bytes, str]]:
        """`run_partly` beside whatever else is done; the result waits for it and raises what it raised."""
        from concurrent.futures import ThreadPoolExecutor

        aside = ThreadPoolExecutor(1)
        running = aside.submit(self.run_partly, *args)
        aside.shutdown(wait=False)
        return running

    def _call(self, args: tuple[str, ...], told: bytes = b"") -> subprocess.CompletedProcess[bytes] | None:
        if self.root is None:
            return None
        settings = [word for pair in SAFE for word in ("-c", pair)]
        inside = self.root / ".git"  # a bare repository has none: it is its own
        place = [f"--git-dir={inside if inside.exists() else self.root}", f"--work-tree={self.root}"]
        argv = ["git", "--no-pager", "--no-optional-locks", "--literal-pathspecs", *settings, *place, *args]
        keep = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        calm = {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            # overrides protocol.<name>.allow of the repository, so that a promisor remote is never asked
            "GIT_ALLOW_PROTOCOL": "none",
            "LC_ALL": "C",
        }
        return subprocess.run(
            argv, cwd=self.root, env=keep | calm, input=told, capture_output=True, timeout=TIMEOUT_S, check=False
        )

    def _index_entries(self) -> dict[str, tuple[str, str]]:
        """Path to (mode, object id) of everything in the index, relative to the root."""
        found = {}
        for record in _paths(self.run("ls-files", "-z", "--stage")):
            meta, _, path = record.partition("\t")
            mode, oid, _ = meta.split(" ")
            found[path] = (mode, oid)
        return found

    def state(self, path: str) -> tuple[bool | None, bool | None]:
        """Is a path of the target tracked, and is it ignored? Both None where there is no repository."""
        if self.root is None:
            return None, None
        tracked = path in self._index or path in self._parents
        loose = path in self._loose or path in self._loose_parents
        return tracked, not tracked and not loose

    def tracks_below(self, folder: str) -> bool:
        """Does git track a file somewhere below this folder of the target?"""
        return folder in self._parents

    def mode(self, path: str) -> str:
        """The mode in the index (`100755`), or an empty string for a path that is not tracked."""
        return self._index.get(path, ("", ""))[0]

    @cached_property
    def blobs(self) -> frozenset[str]:
        """Object ids of everything of the target that is in the index."""
        return frozenset(oid for _, oid in self._index.values())

    @cached_property
    def submodules(self) -> tuple[str, ...]:
        """Paths of submodules: they are named, never entered."""
        return tuple(sorted(path for path, (mode, _) in self._index.items() if mode == "160000"))

    def is_changed(self, path: str, data: bytes) -> bool:
        """Does the work tree's content differ from the index, line ends aside? Compared by object id, so no filter runs."""
        oid = self._index.get(path, ("", ""))[1]
        maker = hashlib.sha256 if len(oid) == 64 else hashlib.sha1
        variants = {data, data.replace(b"\r\n", b"\n")}
        return bool(oid) and all(maker(b"blob %d\0" % len(one) + one).hexdigest() != oid for one in variants)


def _folders(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(str(parent) for path in paths for parent in PurePosixPath(path).parents)


def _paths(raw: bytes) -> list[str]:
    return [part.decode("utf-8", "surrogateescape") for part in raw.split(b"\0") if part]
