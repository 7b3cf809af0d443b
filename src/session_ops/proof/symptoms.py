"""What the output of a command shows: a failing command inside of it, a missing program, no network, no memory.

The texts are those of dash, bash, zsh, busybox, Python, Node, npm, Ruby, curl, git and glibc's strerror.
"""

from __future__ import annotations

import re

_NOT_FOUND = (
    re.compile(r"(?m)^.{0,300}: (?:line )?\d+: (?P<name>[\w.+/-]+): (?:command )?not found\s*$"),
    re.compile(r"(?m)^(?:[^\s:]+: )?(?P<name>[\w.+/-]+): command not found\s*$"),
    re.compile(r"(?m)^(?:zsh|zsh:\d+): command not found: (?P<name>[\w.+/-]+)\s*$"),
    re.compile(r"(?m)^(?:/usr/bin/)?env: ['‘]?(?P<name>[\w.+/-]+)['’]?: No such file or directory\s*$"),
    re.compile(r"(?m)^(?P<name>[\w.+-]+): No such file or directory\s*$"),
    re.compile(r"(?m)\bspawn(?:Sync)? (?P<name>[\w.+-]+) ENOENT\b"),
    re.compile(
        r"(?s)\b_execute_child\b.{0,400}?FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<name>[\w.+-]+)'"
    ),
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
_CRASHES = (
    re.compile(r"(?m)^Traceback \(most recent call last\):\s*$"),
    re.compile(r"(?m)^(?:Uncaught |Unhandled )?(?:[A-Z]\w*)?Error(?: \[\w+\])?: .*(?=(?:\n.*){0,6}\n    at )"),
    re.compile(
        r"(?m)^.*:\d+:in .*: .* \((?:\w+::)*\w*(?:Error|Exception|Errno::\w+)\)\s*$|^.*\b(?:cannot load such file -- \S+).*\(LoadError\)\s*$"
    ),
    re.compile(r"(?m)^thread '.*' panicked at .*$|^panic: .*$"),
)
_ERROR_LINE = re.compile(
    r"(?m)^(?:npm (?:error|ERR!) (?!code|path|A complete|cwd|dest|errno|syscall)|error(?:\[\w+\])?: |ERROR:\s+|fatal: |Error: ).+$"
)
_NETWORK = re.compile(
    r"(?im)^.*(?:Temporary failure in name resolution|Could not resolve host|Name or service not known|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)"
    r"|nodename nor servname|Network is unreachable|ENETUNREACH|code ENOTCACHED|cache mode is 'only-if-cached'|no route to host"
    r"|Failed to open TCP connection|NameResolutionError|dns error|failed to lookup address|network was disabled|Max retries exceeded with url).*$"
)
_SERVICE = re.compile(
    r"(?im)^.*(?:(?:connect\w*|connecting to|connection to) .{0,80}(?:refused|errno 111)|ECONNREFUSED|cannot connect to the docker daemon"
    r"|could not connect to (?:server|redis|the database)|connection refused).*$"
)
_TERMINAL = re.compile(
    r"(?im)^.*(?:EOFError: EOF when reading a line|_?curses\.error|setupterm|termios\.error|inappropriate ioctl for device|(?:is )?not a (?:tty|terminal)"
    r"|requires? an? (?:interactive )?(?:tty|terminal)|open /dev/tty|raw mode is not supported|must be run in a terminal"
    r"|PermissionError: \[Errno 1\] Operation not permitted).*$"
)
"""The last is what epoll says of /dev/null as an input."""
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


def crash(err: str) -> str:
    """What an uncaught exception or panic of Python, Node, Ruby, Rust or Go says; empty without one."""
    for pattern in _CRASHES:
        if match := pattern.search(err):
            return complaint(err[match.start() :]) if match[0].startswith("Traceback") else match[0].strip()
    return ""


def telling(err: str, out: str = "") -> str:
    """The line that tells best why a command failed: of an exception, of a tool's error, else the last one."""
    if found := crash(err) or complaint(err):
        return found
    if match := _ERROR_LINE.search(err):
        return match[0].strip()
    for text in (err, out):
        if lines := [line.strip() for line in text.splitlines() if re.search(r"\w", line)]:
            return lines[-1]
    return ""


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


def needs_service(text: str) -> str:
    """The line that shows that nobody listened where a service was asked for; empty without one."""
    match = _SERVICE.search(text)
    return match[0].strip()[:200] if match else ""


def wants_terminal(err: str) -> str:
    """The line that shows that a program cannot do without a terminal, or without a person who answers; empty without one."""
    match = _TERMINAL.search(err)
    return match[0].strip()[:200] if match else ""


def out_of_memory(err: str) -> bool:
    """Did an allocation fail?"""
    return _MEMORY.search(err) is not None
