"""Patterns that are compiled at their first use: every one compiles, and is what re.compile gives."""

from __future__ import annotations

import re

import pytest

from session_ops.patterns import _Pattern, regex
from session_ops.registry import PHASES_WITH_FACTS, Registry, _modules


def test_it_is_compiled_once_and_at_the_first_use() -> None:
    lazy = regex(r"(?P<a>x+)", re.IGNORECASE)
    assert "search" not in vars(lazy)
    found = lazy.search("yXx")
    assert found is not None
    assert found["a"] == "Xx"
    assert "search" in vars(lazy)
    same = re.compile(r"(?P<a>x+)", re.IGNORECASE)
    assert (lazy.pattern, lazy.flags, lazy.groups, lazy.groupindex) == (same.pattern, same.flags, same.groups, same.groupindex)
    assert lazy.sub("-", "axb") == "a-b"
    assert {lazy: 1}[lazy] == 1
    with pytest.raises(AttributeError):
        lazy.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_text_that_is_no_pattern_says_so_at_its_use() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.search("x")


def test_every_pattern_of_the_rules_compiles() -> None:
    Registry.load()
    held = [
        (module.__name__, name, value)
        for module in _modules(PHASES_WITH_FACTS, ())
        for name, value in vars(module).items()
        if isinstance(value, _Pattern)
    ]
    assert len(held) > 500
    for module, name, value in held:
        try:
            re.compile(value.pattern, value._flags)
        except re.error as error:
            pytest.fail(f"{module}.{name}: {error}")
