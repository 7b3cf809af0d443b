"""Linters as processes on a copy: one short module for each, and one table that says which of their codes break a gate.

A module of this package that holds `LINTER` is an adapter; nothing else has to be listed. What a linter says counts as a defect only
where `codes.py` names a gate for it; the rest is advice, folded.
"""
