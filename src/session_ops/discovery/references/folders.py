"""In which folders somebody may stand who starts something."""

from __future__ import annotations

import posixpath


def starts_of(path: str) -> tuple[str, ...]:
    """The target itself, the file's folder, and those between: where a relative path of this file may count from."""
    folder = posixpath.dirname(path)
    chain = [folder]
    while chain[-1]:
        chain.append(posixpath.dirname(chain[-1]))
    return tuple(dict.fromkeys(("", *chain)))
