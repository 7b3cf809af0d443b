"""A working copy of the notebooks for JupyterLab, so that the installed ones stay as they are."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from session_ops.case import SCHEMA, version
from session_ops.discovery.files import CASES_FOLDER
from session_ops.model import UsageError
from session_ops.runner import notebooks

HELP = "../src/session_ops/docs/"
"""Where the notebooks' links to help lead in a checkout; a working copy has the pages in a folder of its own."""


def working_copy(case: str | None) -> Path:
    """A folder with the six notebooks: in the case, with its parameters filled in, or beside the cases with the defaults.

    Notebooks that are there already are kept: they may hold somebody's work.

    Raises:
        UsageError: the case is none, or its folder cannot be written.
    """
    given: dict[str, Any] = {}
    if case is None:
        folder = Path(os.environ.get("SESSION_OPS_CASES") or CASES_FOLDER).resolve() / f"lab-{version()}"
    else:
        folder = Path(case).expanduser().resolve() / "lab"
        given = _parameters(folder.parent)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if case is None:
            (folder.parent / ".gitignore").write_text("*\n")
        for source in notebooks().values():
            copy = folder / source.name
            if not copy.exists():
                text = filled(source.read_text(encoding="utf-8"), given)
                copy.write_text(text.replace(f"({HELP}", "(help/"), encoding="utf-8")
        (folder / "help").mkdir(exist_ok=True)
        for page in (files("session_ops") / "docs").iterdir():
            if page.name.endswith(".md"):
                (folder / "help" / page.name).write_bytes(page.read_bytes())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror}); give another case") from None
    return folder


def filled(notebook: str, given: dict[str, Any]) -> str:
    """A notebook's text with the literals of its parameters cell replaced."""
    book = json.loads(notebook)
    cell = next(c for c in book["cells"] if "parameters" in c["metadata"].get("tags", []))
    lines = "".join(cell["source"]).splitlines()
    for number, line in enumerate(lines):
        name = line.split(":")[0].strip()
        if name in given:
            head, _, rest = line.partition(" = ")
            _, _, comment = rest.partition("  # ")
            lines[number] = f"{head} = {given[name]!r}  # {comment}"
    cell["source"] = "\n".join(lines).splitlines(keepends=True)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _parameters(case: Path) -> dict[str, Any]:
    try:
        about = json.loads((case / "case.json").read_bytes())
        given = dict(about["parameters"])
        if about["schema"] > SCHEMA:
            raise UsageError(f"{case}: made by a newer session-ops; open it with that one")
    except FileNotFoundError:
        raise UsageError(f"{case}: is no case (no case.json); give a case folder, or none for the example") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{case / 'case.json'}: cannot be read ({error}); give another case") from None
    given |= {"target": about.get("target", ""), "logs": about.get("logs", []) or "", "case": str(case)}
    return given
