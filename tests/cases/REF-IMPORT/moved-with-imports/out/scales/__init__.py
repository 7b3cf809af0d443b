"""Weighs."""

from .weigh import weigh
