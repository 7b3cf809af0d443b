"""The weight of things."""

from ._units import GRAM


def weigh(things: list[str]) -> int:
    return len(things) * GRAM
