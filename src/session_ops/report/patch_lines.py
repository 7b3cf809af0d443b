"""What the lines of a patch are, so that they can be coloured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_IN_A_HUNK = {"+": "add", "-": "del", "@": "hunk", "\\": "meta"}


def line_kinds(lines: Iterable[str]) -> Iterator[str]:
    """For each line `add`, `del`, `same`, `hunk` or `meta`.

    Only inside a hunk does the first character say it: the message above and the header of a file may begin with any.
    """
    within = False
    for line in lines:
        within = line.startswith("@@") or (within and not line.startswith("diff "))
        yield _IN_A_HUNK.get(line[:1], "same") if within else "meta"
