"""Every script of the target, in any language: how it is started and what its first line says."""

from __future__ import annotations

from dataclasses import dataclass

from session_ops.discovery.files import Tree
from session_ops.discovery.languages import shebang
from session_ops.registry import fact

LANGUAGES = ("shell", "zsh", "python", "javascript", "typescript", "tsx", "ruby", "perl")


@dataclass(frozen=True)
class Script:
    """A file that an interpreter can run. `interpreter` and `interpreter_path` come from its `#!` line, empty without one."""

    path: str
    language: str
    lines: int
    interpreter_path: str = ""
    interpreter: str = ""
    executable: bool = False


Scripts = tuple[Script, ...]


@fact
def scripts(tree: Tree) -> Scripts:
    """All files in a scripting language, and extensionless files with a `#!` line, without vendored code."""
    return tuple(
        Script(e.path, e.language, len(tree.lines(e.path)), *shebang(tree.text(e.path)), e.executable)
        for e in tree.files(*LANGUAGES)
    )
