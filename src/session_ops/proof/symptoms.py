"""What the output of a command shows: a failing command inside of it, a missing program, no network, no memory.

The texts are those of dash, bash, zsh, busybox, Python, Node, npm, Ruby, curl, git and glibc's strerror.
"""

from __future__ import annotations

import re

_NOT_FOUND = (
    re.compile(r"(?m)^(?:[^\s:]+: )(?:line )?\d+: (?P<name>[\w.+/-]+): (?:command )?not found\s*$"),
    re.compile(r"(?m)^(?:[^\s:]+: )?(?P<name>[\w.+/-]+): command not found\s*$"),
    re.compile(r"(?m)^(?:zsh|zsh:\d+): command not found: (?P<name>[\w.+/-]+)\s*$"),
    re.compile(r"(?m)^(?:/usr/bin/)?env: ['‘]?(?P<name>[\w.+/-]+)['’]?: No such file or directory\s*$"),
    re.compile(r"(?m)^(?P<name>[\w.+-]+): No such file or directory\s*$"),
)
_COMPLAINTS = (
    re.compile(r"(?m)^\S.*: (?:command )?not found\s*$"),
    re.compile(r"(?m)^zsh(?::\d+)?: command not found: .*$"),
    re.compile(r"(?m)^Traceback \(most recent call last\):\s*$"),
    re.compile(
        r"(?m)^(?!.*\b(?:warn|warning|note|info|debug|skipp\w+)\b)[^\s:][^:\n]{0,200}: (?:.{0,200}: )?No such file or directory\b.*$",
        re.IGNORECASE,
    ),
    re.compile(r"(?m)^[^\s:][^:\n]{0,200}: (?:line )?\d+: (?:.{0,80})?[Ss]yntax error\b.*$"),
    re.compile(
        r"(?m)^(?!.*\b(?:warn|warning|note|info|debug)\b)[^\s:][^:\n]{0,200}: (?:.{0,200}: )?(?:Permission denied|Read-only file system)\s*$",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?m)^\S.*: (?:line )?\d+: .*: (?:unbound variable|parameter not set|bad substitution|integer expression expected)\s*$"
    ),
    re.compile(r"(?m)^(?:Error: )?Cannot find (?:module|package) '.*$"),
    re.compile(r"(?m)^\S.*: (?:line )?\d+: .*: (?:Is a directory|Not a directory|ambiguous redirect|Bad substitution)\s*$"),
)
_NETWORK = re.compile(
    r"(?im)^.*(?:Temporary failure in name resolution|Could not resolve host|Name or service not known|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)"
    r"|nodename nor servname|Network is unreachable|ENETUNREACH|code ENOTCACHED|cache mode is 'only-if-cached'|no route to host"
    r"|Failed to open TCP connection|NameResolutionError|dns error|failed to lookup address|network was disabled|Max retries exceeded with url).*$"
)
_MEMORY = re.compile(
    r"(?m)^(?:MemoryError\b|.*JavaScript heap out of memory|.*Cannot allocate memory\b|.*failed to allocate memory|.*virtual memory exhausted|.*\bENOMEM\b)"
)


def complaint(err: str) -> str:
    """The first line of standard error that shows a failing command; of a Python traceback its last line. Empty without one."""
    found = [m for pattern in _COMPLAINTS if (m := pattern.search(err))]
    if not found:
        return ""
    first = min(found, key=lambda m: m.start())
    if first[0].startswith("Traceback"):
        after = [
            line
            for line in err[first.end() :].splitlines()
            if line and not line.startswith((" ", "Traceback", "During", "The above"))
        ]
        return after[0].strip() if after else "a Python traceback"
    return first[0].strip()


def absent_command(err: str) -> str:
    """The name of a program that could not be found; empty without one, and for a path with a folder in it."""
    for pattern in _NOT_FOUND:
        if (match := pattern.search(err)) and "/" not in match["name"]:
            return match["name"]
    return ""


def needs_network(text: str) -> str:
    """The line that shows that a host was asked for; empty without one."""
    match = _NETWORK.search(text)
    return match[0].strip()[:200] if match else ""


def out_of_memory(err: str) -> bool:
    """Did an allocation fail?"""
    return _MEMORY.search(err) is not None
