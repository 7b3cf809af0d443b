"""Folders below ~/.claude/projects."""

import re


def encode_project(path: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "-", path.replace("/", "-"))
