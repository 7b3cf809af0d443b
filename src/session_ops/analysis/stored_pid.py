"""Processes that are ended by a number which was written down earlier."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.headless import folded
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

ASKS_WHOSE = regex(
    r"\bps\b[^\n|;&]*\s-?\w*o\b|/proc/|\blstart\b|cmdline|psutil|pgrep\s+(?:-\w+\s+)*-F|tasklist|pwdx|create_?time|start_?time\b[^\n]*[!=]="
    r"|\bps\s+(?:-p|aux|-ef)\b[^\n]*\|\s*grep|is_?(?:our|my|own|expected|the)_?\w*(?:process|server|daemon|pid)|verify_?\w*(?:pid|process)"
    r"|(?:pid|process)_?(?:matches|belongs|is_?ours|identity)|same_?process|isExpected\w*|(?:is|has)\w*(?:Command|Identity)\w*\(",
    re.IGNORECASE,
)
"""How code learns what a process is: its command line, its start time, or a function that is called so."""
FROM_FILE = regex(
    r"\b(?P<name>\w+)=[\"']?(?:\$\((?:\s*(?:cat|head|tail|tr|jq|sed|awk|grep)\b[^\n]*?|\s*<\s*)(?P<of>[^\n]*?pid[^\n]*?)\)|`cat\s+[^`\n]*pid[^`\n]*`)"
    r"|\bread\s+(?:-\w+\s+)*(?P<read>\w+)\s*<\s*[\"']?[^\s;&|]*pid",
    re.IGNORECASE,
)
NOT_A_RECORD = regex(r"\b(?:pgrep|pidof|lsof|fuser|ss|netstat|ps|docker|tmux|jobs)\b|[?&|]\s*port", re.IGNORECASE)
KILL = regex(
    r"(?:^|[\s;&|({!])kill\s+(?!-(?:0|l|(?:s\s+)?(?:SIG)?(?:HUP|USR\d|WINCH|CONT))\b)(?:-(?:s\s+)?\w+\s+|--\s+)*[\"']?-?(?:\$\{?(?P<var>\w+)\}?|\$\(\s*(?:cat\s|<\s*)(?P<file>[^)\n]*pid[^)\n]*)\))",
    re.IGNORECASE,
)
READ_IN_CODE = regex(
    r"\b(?P<name>\w+)\s*(?::\s*\w+\s*)?=\s*(?:await\s+)?(?:"
    r"(?:int|Number|parseInt|Number\.parseInt)\(\s*(?:await\s+)?[^\n;]*?(?:\.read|read_text|readFile)"
    r"|(?:self\.|this\.)?_?(?:read|load)_?\w*[pP]id\w*\("
    r"|(?:\w+\.get\(\s*|\w+\[)[\"']\w*pid[\"']\s*[\])])",
    re.IGNORECASE,
)
KILL_IN_CODE = regex(
    r"\b(?:os\.killp?g?|process\.kill)\(\s*(?:os\.getpgid\()?-?(?P<name>\w+)\b\)?\s*(?:,\s*(?!\s*0\s*\))|\))",
)


@rule("LIVE-KILL", gate="coordinate", category="liveness")
def ends_a_stored_number(shell_texts: ShellTexts, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A process is ended by a number that was written down earlier, without a look whose number it is now.

    Why: the system gives the number of a process that ended to another one. After a crash or a restart of the machine the file is still there,
    `kill -0` says "alive", and what is ended is somebody else's session, editor or server.
    Passes: code that compares the command line or the start time first, the script's own children (a trap, a folder of mktemp), numbers
    that pgrep, lsof or tmux has just named.
    Do: Write the start time (or the command) beside the number, and compare it before the signal: `ps -p PID -o lstart=,args=`, /proc/PID/stat,
    psutil.Process.create_time.
    Source: kill(2); credentials(7), process ids are used again; CWE-362.
    """
    if not shell_texts and not any(True for _ in tree.files("python", "javascript", "typescript")):
        raise NotApplicable("no code")
    found: list[Finding] = []
    for text in shell_texts:
        if text.kind == "script" and not text.aside and "kill" in text.text and "pid" in text.text.lower():
            rows = list(_in_shell(text))
            if rows and not ASKS_WHOSE.search(text.text):
                found += (_said(tree, text.path, text.first + row) for row in rows)
    for entry in tree.files("python", "javascript", "typescript"):
        code = tree.text(entry.path)
        if ("os.kill" in code or "process.kill(" in code) and not (entry.vendored or not_deployed(entry.path)):
            lines = list(_in_code(bodies, entry.path))
            if lines and not ASKS_WHOSE.search(code):
                found += (_said(tree, entry.path, line) for line in lines)
    yield from folded(found, 1, 6)


def _said(tree: Tree, path: str, line: int) -> Finding:
    return Finding(
        "this ends the process of a number that was written down, without a look whose number it is now",
        tree.evidence(path, line),
        impact="After a crash or a restart the number belongs to somebody else, and that process is ended.",
        confidence="possible",
    )


def _in_shell(text: ShellText) -> Iterator[int]:
    """Rows on which a script ends what a file names."""
    trapped = set(re.findall(r"\btrap\s+(?:--\s+)?[\"']?(\w+)", text.text))
    own = set(re.findall(r"\b(\w+)=[\"']?\$\(\s*mktemp\b", text.text))
    stored: dict[str, str] = {}
    for row, line in enumerate(text.lines):
        if line.lstrip().startswith("#"):
            continue
        for match in FROM_FILE.finditer(line) if "pid" in line.lower() else ():
            name = match["name"] or match["read"]
            stored.pop(name, None)
            if not NOT_A_RECORD.search(match[0]):
                stored[name] = match[0]
        ended = KILL.search(line) if "kill" in line else None
        if (
            ended is None
            or "trap " in line
            or re.search(r"\b(?:echo|printf|log\w*|info|warn\w*)\b[^;|&]*$", line[: ended.start() + 1])
        ):
            continue
        source = ended["file"] or stored.get(ended["var"] or "", "")
        if not source or any(re.search(rf"\$\{{?{name}\b", source) for name in own) or _runs_at_the_end(text, row, trapped):
            continue
        yield row


def _runs_at_the_end(text: ShellText, row: int, trapped: set[str]) -> bool:
    """Is a row in a function that a trap calls? What it ends is the script's own child."""
    for name in trapped & text.functions.keys():
        around = text.functions[name].range()
        if around.start.line <= row <= around.end.line:
            return True
    return False


def _in_code(bodies: Bodies, path: str) -> Iterator[int]:
    """Lines on which Python or JavaScript ends what the same function read."""
    source = bodies.source(path)
    for match in KILL_IN_CODE.finditer(source.text):
        line = source.line(match.start())
        body = source.body_at(line)
        above = source.lines[(body.first if body else max(1, line - 30)) - 1 : line]
        read = [m for row in above for m in READ_IN_CODE.finditer(row) if m["name"] == match["name"]]
        if read and not any(NOT_A_RECORD.search(row) for row in above):
            yield line
