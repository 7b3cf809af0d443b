"""Known findings, so that only new ones fail: a file of fingerprints, which hold no line numbers and so survive lines that move."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from session_ops.model import Finding, UsageError

SCHEMA = 1
"""Version of the file's shape."""


@dataclass(frozen=True)
class Baseline:
    """What a baseline file holds: fingerprints, with the rule and path that each had, for people."""

    known: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a baseline file.

        Raises:
            UsageError: there is no such file, or it is none that `--write-baseline` wrote.
        """
        try:
            data = json.loads(path.read_bytes())
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise UsageError(f"--baseline {path}: cannot be read ({said}); --write-baseline {path} makes one") from None
        except ValueError as error:
            raise UsageError(f"--baseline {path}: is no JSON ({error}); --write-baseline {path} makes a new one") from None
        if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("findings"), list):
            raise UsageError(f"--baseline {path}: is no baseline of this version; --write-baseline {path} makes a new one")
        known = {}
        for number, entry in enumerate(data["findings"], start=1):
            if not isinstance(entry, dict) or not isinstance(entry.get("fingerprint"), str):
                raise UsageError(f"--baseline {path}: entry {number} has no fingerprint; remove it or write a new baseline")
            known[entry["fingerprint"]] = f"{entry.get('rule', '?')} at {entry.get('path', '?')}"
        return cls(known)

    def new(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings that the baseline does not know."""
        return tuple(finding for finding in findings if finding.fingerprint not in self.known)

    def gone(self, findings: Iterable[Finding]) -> list[str]:
        """What the baseline knows and is no longer found: rule and path."""
        here = {finding.fingerprint for finding in findings}
        return [said for fingerprint, said in self.known.items() if fingerprint not in here]


def content(findings: Iterable[Finding]) -> str:
    """The text of a baseline file: one finding a line, so that versions of it compare well."""
    entries: list[dict[str, Any]] = [
        {"fingerprint": f.fingerprint, "rule": f.rule, "path": f.at.path, "severity": f.severity.value}
        for f in sorted(findings, key=lambda f: (f.at.path, f.rule, f.fingerprint))
    ]
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=True) for entry in entries)
    return f'{{\n "schema": {SCHEMA},\n "tool": "session-ops",\n "findings": [' + (f"\n{lines}\n " if lines else "") + "]\n}\n"
