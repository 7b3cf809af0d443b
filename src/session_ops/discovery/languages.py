"""Which language a file is written in: by name, by ending, by its `#!` line."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from session_ops.patterns import regex

BY_SUFFIX = {
    ".sh": "shell", ".bash": "shell", ".zsh": "zsh", ".ksh": "shell", ".bats": "shell",
    ".py": "python", ".pyi": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".rb": "ruby", ".gemspec": "ruby", ".go": "go", ".rs": "rust", ".pl": "perl",
    ".json": "json", ".jsonc": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".ipynb": "notebook",
    ".yml": "yaml", ".yaml": "yaml", ".toml": "toml", ".cfg": "ini", ".ini": "ini", ".conf": "conf",
    ".md": "markdown", ".markdown": "markdown", ".mdc": "markdown", ".rst": "rst", ".txt": "text", ".html": "html", ".htm": "html",
    ".css": "css", ".xml": "xml", ".plist": "xml", ".sql": "sql", ".csv": "csv", ".tsv": "csv", ".log": "log",
    ".service": "systemd", ".timer": "systemd", ".socket": "systemd", ".path": "systemd", ".mk": "makefile",
}  # fmt: skip
BY_NAME = {
    "dockerfile": "dockerfile", "containerfile": "dockerfile", "makefile": "makefile", "gnumakefile": "makefile",
    "gemfile": "ruby", "rakefile": "ruby", "vagrantfile": "ruby", "brewfile": "ruby", "go.mod": "gomod", "go.sum": "text",
    "cargo.lock": "toml", "uv.lock": "toml", "poetry.lock": "toml", "pipfile": "toml", "crontab": "cron", "procfile": "procfile",
    ".gitignore": "gitignore", ".dockerignore": "gitignore", ".npmignore": "gitignore", "justfile": "makefile",
    "license": "text", "licence": "text", "copying": "text", "readme": "text", "version": "text",
    ".bashrc": "shell", ".bash_profile": "shell", ".profile": "shell", ".zshrc": "zsh",
}  # fmt: skip
BY_INTERPRETER = {
    "sh": "shell", "bash": "shell", "dash": "shell", "ksh": "shell", "ash": "shell", "zsh": "zsh", "python": "python",
    "node": "javascript", "nodejs": "javascript", "bun": "typescript", "deno": "typescript", "tsx": "typescript", "ts-node": "typescript",
    "ruby": "ruby", "perl": "perl",
}  # fmt: skip
_SHEBANG = regex(r"#!\s*(?P<path>\S+)(?:[ \t]+(?P<args>[^\r\n]*))?")


def shebang(text: str) -> tuple[str, str]:
    """The interpreter's path and its name from a `#!` line (`env` and its flags looked through); empty where there is none.

    Source: execve(2) for the line's form; env(1) for `-S` and assignments.
    """
    match = _SHEBANG.match(text)
    if match is None:
        return "", ""
    path = match["path"]
    name = PurePosixPath(path).name
    if name == "env":
        words = [w for w in (match["args"] or "").split() if not w.startswith("-") and "=" not in w]
        name = PurePosixPath(words[0]).name if words else ""
    return path, name


def language_of(path: str, text: str) -> str:
    """The language of a file, or an empty string where nothing tells it."""
    pure = PurePosixPath(path)
    name = pure.name.lower()
    if name.startswith(".env") or name.endswith(".env") or name in ("env.example", "env.template"):
        return "env"
    if name in BY_NAME:
        return BY_NAME[name]
    stem = name.split(".")[0]
    if stem in ("dockerfile", "containerfile") or name.endswith(".dockerfile"):
        return "dockerfile"
    if pure.suffix.lower() in BY_SUFFIX:
        return BY_SUFFIX[pure.suffix.lower()]
    interpreter = re.sub(r"[\d.]+$", "", shebang(text)[1])
    return BY_INTERPRETER.get(interpreter, "")
