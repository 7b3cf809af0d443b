"""Weighs."""
