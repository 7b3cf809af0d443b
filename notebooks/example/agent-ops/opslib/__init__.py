"""Helpers of the session tracker that are easier in Python than in shell."""

__version__ = "0.4.1"
