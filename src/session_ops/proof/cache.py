"""Where fetched packages are kept between proofs: plain files that were checked against their hashes, and nothing that was run."""

from __future__ import annotations

import os
from pathlib import Path

from session_ops.model import UsageError


def folder() -> Path:
    """The cache, made where it is absent: $SESSION_OPS_CACHE, or `session-ops` in the user's cache folder.

    Raises:
        UsageError: it cannot be written.
    """
    base = (
        os.environ.get("SESSION_OPS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "session-ops"
    )
    path = Path(base).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: cannot be made ({error.strerror}); set SESSION_OPS_CACHE to a folder that can") from None
    return path
