"""What a reference is: one place that names a file, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Act = Literal["run", "source", "import", "read", "write", "copy", "link", "mention"]
"""What the place does with the file: run it, source it, import it, read, write or copy it, link to it, or only mention it."""
Verdict = Literal["resolves", "missing", "created", "ambiguous", "placeholder"]
"""`created`: something in the target makes it at run time. `ambiguous`: a variable or the working directory decides.
`placeholder`: the text is an example (`path/to/x`, `<name>`, `your-…`)."""
Place = Literal[
    "shell",
    "python",
    "javascript",
    "dockerfile",
    "compose",
    "ci",
    "systemd",
    "hook",
    "manifest",
    "makefile",
    "markdown",
    "html",
]
Base = Literal["script", "project", "cwd", "absolute", "home"]


@dataclass(frozen=True)
class Reference:
    """One place that names a file.

    `text` is what the source says, `target` the path it means, relative to the target folder (empty while ambiguous). `base` says
    from where it is resolved: `script` (next to the file that names it), `project`, `cwd` (whoever starts it decides), `absolute`, `home`.
    `candidates` are files of the same name elsewhere, nearest first. `guarded`: the code checks that it exists first, or
    goes on without it (`[ -f x ] &&`, `|| true`, try/except). `fatal`: nothing after it runs when it is missing (`set -e`, import).
    """

    source: str
    line: int
    place: Place
    act: Act
    text: str
    target: str
    verdict: Verdict
    base: Base = "project"
    candidates: tuple[str, ...] = ()
    guarded: bool = False
    fatal: bool = False
    anchor: str = ""
    """The folder (relative to the target) from which `literal` counts."""
    literal: str = ""
    """The part of `text` that is written out after a variable (`/../lib/x.sh`), or all of it. Empty where it is computed."""
    variable: str = ""
    """The variable that names the folder, where there is one."""
    set_at: int = 0
    """The line that gave the variable (or the working directory) its value, 0 where there is none."""
    within: str = ""
    """What it belongs to: a make target, an npm script, a CI job, a hook event."""


@dataclass(frozen=True)
class Named:
    """A reference before it is judged: every path that the text may mean, the likeliest first (none: a variable decides)."""

    source: str
    line: int
    place: Place
    act: Act
    text: str
    targets: tuple[str, ...]
    base: Base = "project"
    guarded: bool = False
    fatal: bool = False
    anchor: str = ""
    literal: str = ""
    variable: str = ""
    set_at: int = 0
    within: str = ""
