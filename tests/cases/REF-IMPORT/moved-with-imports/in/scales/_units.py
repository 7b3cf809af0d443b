"""Units."""

GRAM = 1
