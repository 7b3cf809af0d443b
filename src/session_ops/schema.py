"""Publishes the JSON Schemas of the case's documents: `python -m session_ops.schema` writes them beside this file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import msgspec

from session_ops.case import PHASES, SCHEMA

FOLDER = Path(__file__).parent / "schemas"


def schema(phase: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of `<phase>.json`."""
    document = importlib.import_module(f"session_ops.{phase}.phase").Document
    described = msgspec.json.schema(document)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"session-ops {phase} document",
        "type": "object",
        "required": ["schema", "phase", "inputs", "document"],
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "phase": {"const": phase},
            "inputs": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "document": {"$ref": described["$ref"]},
        },
        "$defs": described["$defs"],
    }


def text(phase: str) -> bytes:
    """The schema as it is published."""
    return msgspec.json.format(msgspec.json.encode(schema(phase), order="sorted"), indent=1) + b"\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PHASES:
        (FOLDER / f"{name}.schema.json").write_bytes(text(name))
