"""Dependencies whose installation takes long because they are compiled: done once, in a sandbox that holds nothing of any target.

A proof installs the same packages again and again. What their scripts made is kept as an archive, which commands unpack inside of a sandbox and
nothing outside of one ever reads.
"""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path

from session_ops.proof import cache
from session_ops.proof.sandbox import Limits, Sandbox
from session_ops.proof.tarballs import ASKED, LARGEST, compiling, laid_out
from session_ops.registry import CannotCheck

SECONDS = 600.0
"""What the installation is given this once."""
LONG = 10.0
"""Seconds of an installation that is worth an archive."""


def unpacked(box: Sandbox, name: str, folder: str) -> bool:
    """Unpack what a fetched cache installs into a folder of the sandbox, where that takes long; else nothing is done."""
    archive = _archive(name, box.limits, box.trust)
    return bool(archive) and not box.run(["tar", "-xf", f"{box.place('cache')}/{archive}", "-C", folder]).code


@functools.cache
def _archive(name: str, limits: Limits, trust: bool) -> str:
    """The name (relative to the cache) of the archive; empty where no package runs a script, it is quick, or it does not work."""
    entry = cache.folder("npm") / name.rpartition("/")[2]
    archive = cache.folder("npm-installed") / f"{entry.name}.tar"
    if not (entry / ASKED).exists():
        return ""
    with cache.alone(archive):
        if not archive.exists() or archive.stat().st_mtime < (entry / ASKED).stat().st_mtime:
            try:
                data = _installed(name, json.loads((entry / ASKED).read_text(encoding="utf-8")), limits, trust)
            except (CannotCheck, OSError, ValueError):
                return ""
            if not data:
                return ""
            with tempfile.NamedTemporaryFile(dir=archive.parent, delete=False) as aside:
                aside.write(data)
            Path(aside.name).chmod(0o644)
            Path(aside.name).replace(archive)
    return f"npm-installed/{archive.name}"


def _installed(name: str, asked: dict[str, str], limits: Limits, trust: bool) -> bytes:
    """A tar archive of node_modules as npm and the packages' scripts leave it; empty where that went wrong or did not take long."""
    with Sandbox(limits, readable={"cache": cache.folder()}, trust=trust) as box:
        app = box.tmp.parent / "app"
        laid_out(box, name)
        box.write(app / "package.json", asked["package"].encode())
        if asked["lock"]:
            box.write(app / "package-lock.json", asked["lock"].encode())
        words = ["npm", "ci" if asked["lock"] else "install"]
        done = box.run(words, cwd=app, env=compiling(box), timeout_s=SECONDS)
        if done.code or done.ended or done.seconds < LONG:
            return b""
        if box.run(["tar", "-cf", str(box.tmp / "all.tar"), "node_modules"], cwd=app).code:
            return b""
        data = box.read(box.tmp / "all.tar", LARGEST + 1)
        return data if len(data) <= LARGEST else b""
