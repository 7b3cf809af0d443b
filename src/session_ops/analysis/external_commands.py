"""Programs that scripts start and that nobody is told to install."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside, is_test
from session_ops.discovery.commands import Commands
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding
from session_ops.registry import NotApplicable, rule

EXTRA = frozenset(
    (
        "jq",
        "yq",
        "tmux",
        "screen",
        "gh",
        "glab",
        "fzf",
        "rg",
        "fd",
        "bat",
        "gum",
        "dialog",
        "whiptail",
        "docker",
        "docker-compose",
        "podman",
    )
    + (
        "kubectl",
        "helm",
        "terraform",
        "aws",
        "gcloud",
        "az",
        "psql",
        "mysql",
        "redis-cli",
        "mongosh",
        "sqlite3",
        "inotifywait",
        "fswatch",
        "entr",
    )
    + (
        "watchexec",
        "notify-send",
        "terminal-notifier",
        "xclip",
        "wl-copy",
        "ffmpeg",
        "sox",
        "mpv",
        "socat",
        "expect",
        "parallel",
        "pandoc",
        "tree",
    )
    + (
        "websocat",
        "nmap",
        "ngrok",
        "cloudflared",
        "direnv",
        "mise",
        "delta",
        "lazygit",
        "zellij",
        "wezterm",
        "claude",
        "codex",
        "gemini",
        "aider",
    )
    + (
        "opencode",
        "ollama",
        "uuidgen",
        "flock",
        "bc",
        "xmllint",
        "envsubst",
        "shellcheck",
        "bats",
        "pm2",
        "supervisorctl",
        "at",
        "sshpass",
    )
)
"""Programs that a fresh Debian, Alpine or macOS does not have, or one of them has not. Source: the package lists of their base systems."""
MOST = 4
"""Findings for one target."""


@rule("DEP-COMMAND", gate="install", category="dependency")
def undeclared_command(tree: Tree, commands: Commands, docs: Docs, manifests: Manifests) -> Iterator[Finding]:
    """A script starts a program that a fresh machine lacks, does not look for it first, and nothing says that it must be installed.

    Why: the script stops in the middle with "command not found" (127), or goes on with an empty answer.
    Passes: programs that are looked for (`command -v`), that a document, a Dockerfile, an install script or the CI names, and what has an
    alternative (`x || ...`).
    Do: Name the program among the requirements in the README and in the install steps, and look for it at the script's start:
    `command -v NAME >/dev/null || { echo "NAME is missing" >&2; exit 127; }`.
    Source: POSIX, Shell & Utilities (the programs that every system has); exit status 127.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for one in commands:
        if one.name in EXTRA and not one.guarded and not is_aside(one.path) and not is_test(one.path):
            found.setdefault(one.name, []).append((one.path, one.line))
    if not commands:
        raise NotApplicable("no script starts a program")
    if not found:
        return
    told = "\n".join(tree.text(d.path) for d in docs)
    told += "\n".join(tree.text(e.path) for e in tree.files("dockerfile", "yaml", "toml", "text"))
    declared = {d.name for m in manifests for d in m.dependencies} | {e.name for m in manifests for e in m.entry_points}
    looked = "\n".join(tree.text(e.path) for e in tree.files("shell", "zsh", "makefile"))
    said = 0
    for name, places in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        word = rf"(?<![\w./-]){re.escape(name)}(?![\w-])"
        checked = rf"(?:command\s+-v|which|type|hash|install|add|need|require[sd]?|check_\w+|ensure_\w+)\b[^\n]*{word}"
        if name in declared or re.search(word, told, re.IGNORECASE) or re.search(checked, looked) or said >= MOST:
            continue
        said += 1
        path, line = places[0]
        yield Finding(
            f"it starts {name}, which a fresh machine lacks and nothing tells people to install",
            tree.evidence(path, line),
            also=tuple(tree.evidence(p, n) for p, n in places[1:6]),
            impact=f"Without {name} the script stops here, or goes on with an empty answer.",
            confidence="possible",
        )
