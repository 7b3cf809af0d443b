"""What starts the target: the command that a container or a service would run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.scripts import Script, Scripts
from session_ops.patterns import regex

World = Literal["pip", "requirements", "npm", "gem", "shell"]
STAYS = regex(
    r"(?:^|[-_./])(?:daemon|serve|server|service|watch|watcher|reap|reaper|monitor|scheduler|worker|listen)(?:[-_./]|$)",
    re.IGNORECASE,
)
LOOPS = regex(r"(?m)^\s*while\s+(?:true|:|\[)|--loop\b|--daemon\b|serve_forever|\.listen\(|uvicorn\.run|app\.run\(")
OPTION = regex(r"(?<![\w-])(--(?:loop|daemon|foreground|serve|watch))(?![\w-])")
INTERPRETERS = {"python": "python3", "javascript": "node", "ruby": "ruby"}


@dataclass(frozen=True)
class Main:
    """A start command: the world that installs what it needs, the words of the command, and whether it is of the target's own files.

    `path` is the file behind the command, relative to the target; empty for a command that a package installs.
    """

    world: World
    words: tuple[str, ...]
    path: str = ""

    @property
    def text(self) -> str:
        """The command as a shell takes it."""
        return shlex.join(self.words)


def main_command(tree: Tree, manifests: Manifests, scripts: Scripts, docs: Docs) -> Main | None:
    """The one command that keeps the target running, or that is its front door; None where several are as good."""
    own = [m for m in manifests if not is_aside(m.path) and not m.folder]
    for one in own:
        if (main := _of_manifest(tree, one)) is not None:
            return main
    candidates = [s for s in scripts if not is_aside(s.path) and s.language in ("shell", "python", "javascript", "ruby")]
    script = _best(tree, candidates, docs)
    if script is None:
        return None
    runner = INTERPRETERS.get(script.language, script.interpreter or "bash")
    words = (script.path,) if script.executable and script.interpreter else (runner, script.path)
    if option := OPTION.search(tree.text(script.path)):
        words = (*words, option[1])
    needs = any(m.path.rpartition("/")[2].startswith("requirements") for m in own)
    world: World = (
        "npm"
        if script.language == "javascript" and any(m.ecosystem == "npm" for m in own)
        else "requirements"
        if needs
        else "shell"
    )
    return Main(world, words, script.path)


def _of_manifest(tree: Tree, one: Manifest) -> Main | None:
    starts = [e for e in one.entry_points if e.kind in ("script", "bin")]
    if (
        one.ecosystem == "pip"
        and one.path.rpartition("/")[2] in ("pyproject.toml", "setup.py", "setup.cfg")
        and len(starts) == 1
    ):
        return Main("pip", (starts[0].name,))
    if one.ecosystem == "npm":
        task = next((e for e in one.entry_points if e.kind == "task" and e.name == "start"), None)
        if task is not None:
            return Main("npm", ("npm", "start"))
        if len(starts) == 1 and tree.exists(one.beside(starts[0].value)):
            return Main("npm", ("node", one.beside(starts[0].value)), one.beside(starts[0].value))
    if one.ecosystem == "gem" and len(starts) == 1:
        return Main("gem", ("bundle", "exec", starts[0].name))
    return None


def _best(tree: Tree, scripts: list[Script], docs: Docs) -> Script | None:
    """The script that stays: by its name and a loop in it; else the one that the readme names first, or the only one that is executable."""
    staying = [s for s in scripts if STAYS.search(PurePosixPath(s.path).stem) and LOOPS.search(tree.text(s.path))]
    if staying:
        return min(staying, key=lambda s: (s.path.count("/"), s.path))
    named = [
        (span.line, s)
        for doc in docs
        if doc.role == "readme" and "/" not in doc.path
        for span in doc.spans
        if span.kind in ("code", "path")
        for s in scripts
        if span.text.removeprefix("./").startswith(s.path) and (s.executable or s.interpreter)
    ]
    if named:
        return min(named, key=lambda pair: (pair[0], pair[1].path))[1]
    started = [s for s in scripts if s.executable]
    return started[0] if len(started) == 1 else None
