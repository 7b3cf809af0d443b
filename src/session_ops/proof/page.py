"""Visits a server: are the scripts of its first page there?

This file is run inside the sandbox as a script of its own (`python3 -I -c <this text> <plan>`), so it uses the standard library alone and decides
nothing. The plan is JSON: `command` (shell text that starts the server), `seconds` (for its start), `out` (the file for what was seen).
"""

from __future__ import annotations

import contextlib
import html.parser
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

MOST = 20
"""Scripts that are asked for."""
ANSWER_S = 15.0
LISTEN = "0A"
RUN = ("", "module", "text/javascript", "application/javascript")
"""Types of a script that a browser runs. Source: HTML Living Standard, the script element."""


class Scripts(html.parser.HTMLParser):
    """The addresses of the scripts that a page loads, and its base."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.base = ""
        self.aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a script; those of `noscript` and `template` are not loaded."""
        given = {name: value or "" for name, value in attrs}
        self.aside += tag in ("noscript", "template")
        if tag == "base":
            self.base = self.base or given.get("href", "")
        if tag == "script" and not self.aside and given.get("src") and given.get("type", "").strip().lower() in RUN:
            self.found.append(given["src"].strip())

    def handle_endtag(self, tag: str) -> None:
        """Leave what is not loaded."""
        self.aside -= tag in ("noscript", "template") and self.aside > 0


def ports() -> set[int]:
    """The TCP ports on which somebody listens."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == LISTEN:
                    found.add(int(words[1].rpartition(":")[2], 16))
    return found


class Forgotten(http.client.HTTPConnection):
    """A connection that leaves no trace: the port of an ended server would be held for a minute (TIME_WAIT), and its next start fail."""

    def connect(self) -> None:
        """Connect, and end with a reset in place of the long farewell. Source: socket(7), SO_LINGER."""
        super().connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Visitor(urllib.request.HTTPHandler):
    """Opens addresses over such connections."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Ask for an address."""
        return self.do_open(Forgotten, req)


OPENER = urllib.request.build_opener(Visitor)


def asked(address: str) -> tuple[int, str, str]:
    """Status, type and text of an answer; status 0 without one."""
    try:
        with OPENER.open(address, timeout=ANSWER_S) as answer:
            text = answer.read(2_000_000).decode("utf-8", "replace")
            return answer.status, answer.headers.get_content_type(), text
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), ""
    except (OSError, ValueError, urllib.error.URLError):
        return 0, "", ""


def visited(port: int) -> list[tuple[str, int, str]] | None:
    """Path, status and type of every script of its own that the first page of a server loads; None where nobody answers."""
    top = f"http://127.0.0.1:{port}/"
    status, kind, text = asked(top)
    if status != 200 or kind != "text/html":
        return [] if status else None
    page = Scripts()
    page.feed(text)
    found: list[tuple[str, int, str]] = []
    for source in dict.fromkeys(page.found):
        address = urllib.parse.urljoin(urllib.parse.urljoin(top, page.base), source)
        if address.startswith(top) and not re.search(r"\{\{|<%|\$\{", source) and len(found) < MOST:
            found.append((address.removeprefix(top), *asked(address)[:2]))
    return found


def main() -> None:
    """Start the server, visit the first port that answers, and end it."""
    plan = json.loads(sys.argv[1])
    process = subprocess.Popen(
        ["/bin/sh", "-c", plan["command"]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + plan["seconds"]
    seen: list[tuple[str, int, str]] | None = None
    while seen is None and time.monotonic() < end and process.poll() is None:
        time.sleep(0.1)
        seen = next((found for port in sorted(ports()) if (found := visited(port)) is not None), None)
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    Path(plan["out"]).write_text(json.dumps(seen or []))


if __name__ == "__main__":
    main()
