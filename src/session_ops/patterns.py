"""Regular expressions that are compiled when they are first used.

The rules hold a thousand, and a tree needs a quarter of them: compiling all takes as long as reading a small tree.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split", "flags", "groups", "groupindex")


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, but that the text is looked at when the first method is asked for.

    Only methods and attributes work: `re.sub` and its kin take no such pattern, nor does isinstance, and `match.re` is another object.

    Raises (at the first use):
        re.error: the text is no expression.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self.pattern = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        made = re.compile(self.pattern, self._flags)
        self.__dict__.update(
            {method: getattr(made, method) for method in _METHODS}
        )  # from now on as quick as the pattern itself
        return getattr(made, name)
