"""Where fetched packages are kept between proofs: plain files that were checked against their hashes, and nothing that was run."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from session_ops.model import UsageError


def folder(*inside: str) -> Path:
    """The cache, or a folder inside of it, made where it is absent: $SESSION_OPS_CACHE, or `session-ops` in the user's cache folder.

    It can be read by everybody, because the user of a sandbox is nobody; what is in it comes from public registries.

    Raises:
        UsageError: it cannot be written.
    """
    base = (
        os.environ.get("SESSION_OPS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "session-ops"
    )
    path = Path(base).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
        for name in inside:
            path /= name
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
    except OSError as error:
        raise UsageError(f"{path}: cannot be made ({error.strerror}); set SESSION_OPS_CACHE to a folder that can") from None
    return path


@contextlib.contextmanager
def alone(entry: Path) -> Iterator[None]:
    """One process at a time fills an entry of the cache; the others wait, and find it filled."""
    with entry.with_name(f".{entry.name}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
