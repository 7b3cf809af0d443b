"""Fixes of state and locks that several sessions share: a lock around the update, one step to take it, an owner who is asked."""

from __future__ import annotations

import re

from session_ops.analysis.imported import with_import
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import Mechanism
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex

OWNER = "${SESSION_OWNER:-${CLAUDE_CODE_SESSION_ID:-${CLAUDE_SESSION_ID:-${TMUX_PANE:-}}}}"
"""Who works here, as far as a shell can tell: a name that is given, the agent's own id, the pane; empty for the one who has none of them."""
_WRITES = regex(r"\bopen\((?P<path>[A-Z_][A-Z_0-9]*),\s*[\"']w")
_BY_AGE = regex(r"^\s*if\s+(?P<test>\[.*-g[te].*\]|\(\(.*>.*\)\));\s*then\s*$")
_MAKES = regex(r"^(?P<lead>\s*)(?P<says>(?:echo|printf)\s[^|&;]*?)\s*>\s*(?P<file>\"?\$\{?\w+\}?\"?)\s*$")


def lock_around(finding: Finding, bodies: Bodies, tree: Tree) -> Fix | None:
    """Hold a lock beside the file from reading to writing; for functions of Python whose state is a constant path."""
    path = finding.at.path
    if tree.entries[path].language != "python":
        return None
    text = tree.text(path)
    named = _WRITES.search(text)
    body = bodies.source(path).body_at(finding.at.line)
    lines = tree.lines(path)
    if named is None or body is None or "fcntl" in text:
        return None
    inside = lines[body.first : body.last]
    if not inside or any('"""' in line or "'''" in line for line in inside) or not lines[body.first - 1].rstrip().endswith(":"):
        return None
    indent = re.match(r"\s*", inside[0])
    lead = indent[0] if indent else "    "
    while inside and not inside[-1].strip():
        inside.pop()
    state = named["path"]
    held = [f'{lead}with open(f"{{{state}}}.lock", "a") as alone:', f"{lead}    fcntl.flock(alone, fcntl.LOCK_EX)"]
    new = [*held, *(f"    {line}" if line.strip() else line for line in inside)]
    added = with_import(tree, path, "fcntl")
    if added is None:
        return None
    edit = Edit(path, "\n".join(inside), "\n".join(new), body.first + 1)
    why = "Of two sessions one waits until the other has written; nothing is lost. The lock file stays."
    return Fix(f"Hold a lock while {path} changes {finding.data['state']}", (finding.id,), "review", (*added, edit), why=why)


def only_if_missing(finding: Finding, tree: Tree) -> Fix | None:
    """Take the state for empty only where its file is not there yet."""
    path, line = finding.at.path, finding.at.line
    for number in (line, line + 1, line - 1):
        text = tree.lines(path)[number - 1] if 0 < number <= len(tree.lines(path)) else ""
        caught = re.match(
            r"\s*(except(?: \(?(?:Exception|BaseException|OSError|ValueError|json\.JSONDecodeError)[\w., ]*\)?)?:)\s*$", text
        )
        if caught:
            edit = Edit(path, caught[1], "except FileNotFoundError:", number)
            why = "What cannot be read is then no longer overwritten with nothing."
            return Fix(f"Take only a missing file for empty state in {path}", (finding.id,), "review", (edit,), why=why)
    return None


def pointer_of_each(finding: Finding, tree: Tree) -> Fix | None:
    """Keep one pointer for each agent: its id or its pane is a part of the name."""
    name = (
        finding.data.get("state", "").rpartition("/")[2]
        or (re.search(r"`([^`]+)`", finding.message) or ["", ""])[1].rpartition("/")[2]
    )
    if not re.fullmatch(r"\.?[\w.-]{4,}", name):
        return None
    edits = []
    for entry in tree.files("shell"):
        for number, line in enumerate(tree.lines(entry.path), 1):
            for found in re.finditer(rf"\"[^\"]*/{re.escape(name)}\"|/{re.escape(name)}(?=[\s)]|$)", line):
                old = found[0]
                new = f'{old[:-1]}.{OWNER}"' if old.endswith('"') else f'{old}."{OWNER}"'
                if line.count(old) != 1 or line.lstrip().startswith("#"):
                    return None
                edits.append(Edit(entry.path, old, new, number))
    if len(edits) < 2:
        return None
    why = "Each agent finds its own session again: its id or its pane tells it apart. Who has neither sets SESSION_OWNER."
    return Fix(f"Keep a pointer {name} for each agent", (finding.id,), "review", tuple(edits), why=why)


def pid_of_the_caller(finding: Finding, tree: Tree) -> Fix | None:
    """Record the process that started the script, which stays."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    found = re.findall(r"(?<!\\)\$\$(?!\w)", text)
    if len(found) != 1 or tree.entries[path].language != "shell":
        return None
    own = finding.data.get("pid", "")
    if own == "$$":
        return None  # only bash knows the pid of a part
    why = (
        "In the background bash keeps `$$`; BASHPID is the pid of the part itself."
        if own
        else "The script is gone in a moment; whoever started it works on."
    )
    return Fix(
        f"Record the pid of the part itself in {path}" if own else f"Record the caller's pid in {path}",
        (finding.id,),
        "review",
        (Edit(path, "$$", own or "${SESSION_PID:-$PPID}", line),),
        why=why,
    )


def one_step(finding: Finding, tree: Tree) -> Fix | None:
    """Make the lock in one step that fails where it is there, and take a stale one away in one step too."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    if tree.entries[path].language != "shell":
        return None
    at = next((e.line for e in finding.also if e.path == path), 0)
    made = _MAKES.match(lines[at - 1]) if 0 < at <= len(lines) else None
    start = next((n for n in range(at, 0, -1) if re.match(r"(?:function\s+)?[\w-]+\s*\(\)\s*\{", lines[n - 1])), 0)
    if made is None or not start:
        return None
    function = (re.match(r"(?:function\s+)?([\w-]+)", lines[start - 1]) or ["", ""])[1]
    lead, file = made["lead"], made["file"]
    new = f"{lead}if ! ( set -C; {made['says']} > {file} ) 2>/dev/null; then\n{lead}  {function}  # somebody was faster\n{lead}  return\n{lead}fi"
    edits = [Edit(path, lines[at - 1], new, at)]
    for number in range(start, at):
        text = lines[number - 1]
        if (old := _BY_AGE.match(text)) and "age" in old["test"].lower():
            inner = re.match(r"\s*", lines[number])
            step = inner[0] if inner else ""
            stale = f'{file[:-1]}.stale.$$"' if file.endswith('"') else f"{file}.stale.$$"
            edits.append(Edit(path, text, f"{text}\n{step}mv {file} {stale} 2>/dev/null && rm -f {stale}", number))
    why = "Of two sessions that find the lock free only one gets it; the other waits again."
    return Fix(f"Take the lock in one step in {path}", (finding.id,), "review", tuple(edits), why=why)


def ask_the_holder(finding: Finding, tree: Tree) -> Fix | None:
    """Write the holder's pid into the lock, and take it over only where that process is gone."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    line = finding.at.line
    old = _BY_AGE.match(lines[line - 1]) if 0 < line <= len(lines) else None
    if tree.entries[path].language != "shell" or old is None:
        return None
    for number, text in enumerate(lines, 1):
        made = re.search(r"\b(echo) \"(?P<says>[^\"]*=\$[^\"]*)\"(?= > (?P<file>\"\$\w+\"))", text)
        if made is None or "pid=" in text:
            continue
        says, file = made["says"], made["file"]
        alive = f"kill -0 \"$(sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p' {file})\" 2>/dev/null"
        edits = (
            Edit(path, f"{old['test']}; then", f"{old['test']} && ! {alive}; then", line),
            Edit(path, says, f"{says} pid=${{SESSION_PID:-$PPID}}", number),
        )
        why = "A lock that is old and whose holder lives stays his."
        return Fix(f"Ask for the holder before {path} takes a lock over", (finding.id,), "review", edits, why=why)
    return None


def only_its_own(finding: Finding, tree: Tree) -> Fix | None:
    """Release the lock only where it says that it is ours."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    line = finding.at.line
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    removed = re.match(r"(?P<lead>\s*)rm -f (?P<file>\"\$\w+\")\s*$", text)
    said = re.search(r"echo \"(?P<key>\w+)=\$(?P=key)(?P<end>[ \"])", tree.text(path))
    if removed is None or said is None:
        return None
    owner = f'"{said["key"]}=${said["key"]}{" " if said["end"] == " " else ""}"'
    lead, file = removed["lead"], removed["file"]
    refuse = (
        f"{lead}if [ -e {file} ] && ! grep -q {owner} {file}; then",
        f'{lead}  echo "the lock belongs to somebody else" >&2',
        f"{lead}  return 1",
        f"{lead}fi",
    )
    new = "\n".join([*refuse, text])
    why = "Who was taken for dead and comes back no longer deletes the lock of the next one."
    return Fix(f"Release only its own lock in {path}", (finding.id,), "review", (Edit(path, text, new, line),), why=why)


_SENDS = regex(r"^(?P<lead>\s*)(?P<says>[^|;&#>]+?)\s*>\s*(?P<file>\"\$\{?(?P<name>\w+)\}?\")\s*$")


def one_file_each(finding: Finding, tree: Tree, mechanism: Mechanism) -> Fix | None:
    """Give each message a file of its own, written aside, and let the receiver take the oldest; for boxes that one script fills and empties."""
    path, line, lines = finding.at.path, finding.at.line, tree.lines(finding.at.path)
    sent = _SENDS.match(lines[line - 1])
    if sent is None or any(use.path != path for use in mechanism.uses if use.state == finding.data.get("state")):
        return None
    name, file, lead = sent["name"], sent["file"], sent["lead"]
    named = re.compile(rf"\$\{{?{name}\b")
    given = [n for n, text in enumerate(lines, 1) if re.match(rf"\s*(?:local\s+)?{name}=", text)]
    taken = [n for n, text in enumerate(lines, 1) if named.search(text) and n != line and not text.lstrip().startswith("#")]
    first = lines[taken[0] - 1] if taken else ""
    if len(given) != 1 or not given[0] < line < min(taken, default=0) or re.match(r"\s*(?:elif|else|then|do|\|)\b", first):
        return None
    one = "message" if not re.search(r"\bmessage\b", tree.text(path)) else "waiting"
    at = re.match(r"\s*", first)
    step = at[0] if at else ""
    bare = file[:-1]
    sends = f'{lead}{sent["says"]} > {bare}.new.$$"\n{lead}mv {bare}.new.$$" {bare}.$(date +%s).$$"'
    finds = (
        f"{step}for {one} in {file} {file}.[0-9]*; do  # the oldest first",
        f'{step}  if [ -f "${one}" ]; then {name}="${one}"; break; fi',
        f"{step}done",
    )
    edits = (Edit(path, lines[line - 1], sends, line), Edit(path, first, "\n".join((*finds, first)), taken[0]))
    why = "What was sent stays until it is read, and nobody reads half of a message."
    return Fix(f"Give each message a file of its own in {path}", (finding.id,), "review", edits, why=why)


_LOOP = regex(r"^(?P<lead>\s*while\s+)(?P<head>.+?)(?P<do>\s*;\s*do\s*)$")
_STARTS = regex(r"^(?P<lead>\s*)(?P<command>(?:nohup|setsid|bash|sh|[\"'./$])[^#]*&\s*(?:disown\s*)?)$")


def with_its_agent(finding: Finding, tree: Tree) -> Fix | None:
    """End the loop with the process that works in the session, whose pid the script that starts the loop hands over."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1]
    loop = _LOOP.match(text)
    name = path.rpartition("/")[2]
    edits = []
    for entry in tree.files("shell"):
        for number, started in enumerate(tree.lines(entry.path), 1):
            if name not in started or started.lstrip().startswith("#") or entry.path == path:
                continue
            behind = _STARTS.match(started)
            if behind is not None and "SESSION_PID" not in started:
                handed = f'{behind["lead"]}SESSION_PID="${{SESSION_PID:-$PPID}}" {behind["command"]}'
                edits.append(Edit(entry.path, started, handed, number))
            elif "&" in started.split("#")[0].replace("&&", "").replace(">&", ""):
                return None  # started behind somebody's back in a way that hands nothing over
    if loop is None or not edits:
        return None  # the process above would be one that ends at once
    alive = 'kill -0 "${SESSION_PID:-$PPID}" 2>/dev/null'
    head = alive if loop["head"].strip() in ("true", ":") else f"{loop['head']} && {alive}"
    edits.append(Edit(path, text, f"{loop['lead']}{head}{loop['do']}", line))
    why = "A session whose process is gone falls silent, and can be expired. Who starts it from a hook sets SESSION_PID to the agent's own."
    return Fix(f"End the heartbeat of {path} with its session", (finding.id,), "review", tuple(edits), why=why)
