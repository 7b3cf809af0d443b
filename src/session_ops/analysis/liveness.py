"""Is a session alive: heartbeats, limits, pids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.coordination_fixes import pid_of_the_caller, with_its_agent
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import Mechanism, Use
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

BEATS = regex(r"heartbeat|\bbeat\b|keep-?alive|last_seen", re.IGNORECASE)
ASKS_FOR_PARENT = regex(r"kill -0|ps -p|pgrep|PPID|ppid|/proc/|--pid|has-session|tmux ls|wait -n|getppid|max_|MAX_|timeout")


@rule("BEAT-ORPHAN", gate="coordinate", category="heartbeat", fix=with_its_agent)
def beats_for_the_dead(scripts: Scripts, syntax: Syntax, tree: Tree) -> Iterator[Finding]:
    """A heartbeat goes on when its session is dead.

    Why: a loop in the background belongs to nobody: the agent crashes or its terminal closes, the loop still says "alive", and nothing
    ever expires that session or frees its locks. Passes: loops that ask for the session's process (kill -0, its parent) or that end
    after a time.
    Do: Let each round of the loop ask for the agent's own process (`kill -0 "$agent_pid" || exit`), so that the loop ends with
    it.
    Source: bash, job control: a background process survives its shell (nohup, setsid, no SIGHUP when not interactive).
    """
    shells = [
        s
        for s in scripts
        if s.language == "shell"
        and not not_deployed(s.path)
        and BEATS.search(tree.text(s.path))
        and "sleep" in tree.text(s.path)
    ]
    if not shells:
        raise NotApplicable("no loop sends heartbeats")
    background = re.compile(r"(?:nohup|setsid|disown|&\s*(?:$|\n|;|>))", re.MULTILINE)
    started = any(
        background.search(tree.text(s.path)) for s in scripts if s.language == "shell" and BEATS.search(tree.text(s.path))
    )
    for script in shells:
        root = syntax.root(script.path)
        if root is None:
            continue
        for loop in root.find_all(kind="while_statement"):
            body, head = loop.field("body"), loop.field("condition")
            if body is None or head is None or "sleep" not in body.text():
                continue
            writes = re.sub(r"(?m)#.*$", "", body.text())
            by_name = BEATS.search(script.path.rpartition("/")[2])
            named = re.search(
                r"(?m)^\s*(?:\S*heartbeat\S*|beat|send_beat|touch\s[^\n]*(?:heartbeat|beat)|(?:date|echo|printf)[^\n]*>\s*\S*(?:heartbeat|beat))",
                writes,
            )
            if not (named or by_name) or ASKS_FOR_PARENT.search(head.text() + writes) or re.search(r"\bread\b", head.text()):
                continue
            if not re.search(r"^(?:true|:|\[)", head.text().strip()) or re.search(
                r"check|monitor|watch|stale", script.path.rpartition("/")[2], re.IGNORECASE
            ):
                continue
            yield Finding(
                "the heartbeat beats on when the agent that it stands for is dead",
                at=tree.evidence(script.path, line_of(loop)),
                impact="A crashed session looks alive for ever; it is never expired and its locks are never free.",
                confidence="likely" if started and named else "possible",
            )
            break


NUMBER = regex(
    r"^\s*(?:export\s+|readonly\s+|local\s+|declare\s+-\w+\s+|const\s+|static\s+|pub\s+)*\"?(?P<name>[A-Za-z][A-Za-z0-9_]*)\"?(?:\s*:\s*\w+)?\s*(?::=|=|:)\s*\"?(?:\$\{\w+:?-)?(?P<number>\d+)\b"
    r"(?P<unit>\s*\*\s*(?:60|1000|time\.\w+)[^\n]*)?"
)
DATA = frozenset(("markdown", "text", "notebook", "jsonl", "csv", "log", "html", "rst"))
BEAT_WORDS = ("eartbeat", "EARTBEAT", "beat_", "BEAT_", "eepalive", "EEPALIVE", "eep_alive", "EEP_ALIVE", "eepAlive")
BEATS_AND_LIMITS = regex(
    r"(?:[bB]eat|BEAT|[aA]live|ALIVE|[sS]tale|STALE|[eE]xpir|EXPIR|[dD]ead|DEAD|ttl|TTL|[pP]ing|PING|[sS]ession\w*[tT]imeout|SESSION_\w*TIMEOUT)\w*[\"']?\s*[:=]"
)
INTERVAL = regex(
    r"(?:heart_?beat|(?<![A-Za-z])beat|keep_?alive|ping)\w*(?:interval|every|seconds|secs?|period|freq|ms)\w*$", re.IGNORECASE
)
LIMIT = regex(
    r"(?:(?:stale|dead|expire|expiry)_?(?:after|timeout|threshold|limit|seconds|secs?|ms|age)\w*|(?:heart_?beat|beat|session)_?(?:timeout|ttl|stale\w*|expir\w*|max_?age|limit)\w*)$",
    re.IGNORECASE,
)
NOT_BEATS = regex(r"lock|cache|connect|http|request|idle", re.IGNORECASE)


ODD_UNIT = regex(r"_?(?:ms|millis\w*|min(?:ute)?s?)$", re.IGNORECASE)


def _seconds(name: str, number: str, unit: str | None) -> float | None:
    value = float(number)
    low = name.lower()
    if unit:
        if "Second" in unit:
            return value
        if "Minute" in unit or ("60" in unit and "1000" not in unit and not low.endswith("ms")):
            return value * 60
        return None
    if re.search(r"_?(?:ms|millis\w*)$", low):
        return value / 1000
    if re.search(r"min(?:ute)?s?$", low):
        return value * 60
    return value


def three_beats(finding: Finding, tree: Tree) -> Fix | None:
    """Raise the limit to three intervals, where both are plain seconds."""
    path, line, wanted = finding.at.path, finding.at.line, finding.data.get("wanted", "")
    text = tree.lines(path)[line - 1]
    match = NUMBER.match(text)
    if match is None or not wanted or match["unit"]:
        return None
    start, end = match.span("number")
    return Fix(
        title=f"Wait for three heartbeats: {wanted} seconds",
        findings=(finding.id,),
        safety="review",
        edits=(Edit(path, text, f"{text[:start]}{wanted}{text[end:]}", line),),
        why="One late or lost beat then expires nobody.",
    )


@rule("BEAT-LATE", gate="coordinate", category="heartbeat", fix=three_beats)
def limit_too_near(tree: Tree) -> Iterator[Finding]:
    """The limit after which a session counts as dead is shorter than two heartbeats.

    Why: one beat that is late or lost (a slow disk, a sleeping machine, a long tool call) expires a session that is alive, and its locks
    go to others. Passes: limits of two intervals and more, and files that set only one of both.
    Do: Set the limit to at least three intervals of the heartbeat, and derive both from one setting.
    Source: ZooKeeper, session timeout of at least two ticks; Kubernetes, lease duration of several renewals.
    """
    seen = False
    for entry in tree.files():
        if entry.language in DATA or not_deployed(entry.path):
            continue
        text = tree.text(entry.path)
        if len(text) > 200_000 or not any(word in text for word in BEAT_WORDS) or not BEATS_AND_LIMITS.search(text):
            continue
        beats: list[tuple[str, float, int]] = []
        limits: list[tuple[str, float, int]] = []
        for number, line in enumerate(tree.lines(entry.path), start=1):
            if len(line) > 300 or not BEATS_AND_LIMITS.search(line):
                continue
            match = NUMBER.match(line)
            if match is None or NOT_BEATS.search(match["name"]):
                continue
            seconds = _seconds(match["name"], match["number"], match["unit"])
            if seconds and INTERVAL.search(match["name"]):
                beats.append((match["name"], seconds, number))
            elif seconds and LIMIT.search(match["name"]):
                limits.append((match["name"], seconds, number))
        if len(beats) != 1 or not limits:
            continue
        seen = True
        name, every, at = beats[0]
        for limit, after, number in limits:
            if after < 2 * every and max(after, every) < 86_400:
                yield Finding(
                    f"`{limit}` is {after:g} seconds, `{name}` {every:g}: one late heartbeat is enough to be declared dead",
                    at=tree.evidence(entry.path, number),
                    also=(tree.evidence(entry.path, at),),
                    impact="A session that is alive is expired, and what it holds goes to others.",
                    confidence="likely" if after <= every else "possible",
                    data={"wanted": f"{3 * every:g}"} if after == int(after) and not ODD_UNIT.search(limit) else {},
                )
    if not seen:
        raise NotApplicable("no file sets both the interval and the limit of heartbeats")


OWN_PID = regex(
    r"(?<![\w$])(?:\w*pid\w*[\"']?\s*[=:]\s*[\"']?\$\$(?!\w)|(?:--\w*pid[= ]|[\"']pid[\"']\s+)[\"']?\$\$(?!\w)"
    r"|(?:echo|printf[^\n>]*)\s+[\"']?\$\$[\"']?\s*>\s*\S*pid)",
    re.IGNORECASE,
)
STAYS = regex(r"^\s*(?:exec\s+(?![<>{\d])|wait\b|while\s|until\s|tail -f|sleep infinity)", re.MULTILINE)
REGISTERS = regex(r"start|register|begin|init|acquire|claim|open|new|create|spawn|session", re.IGNORECASE)
ALIVE = regex(r"kill\s+-0\s+[\"']?\$")


@rule("PID-WRONG", gate="coordinate", category="liveness", fix=pid_of_the_caller)
def pid_of_the_helper(scripts: Scripts, shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """The pid that is recorded for a session or a watcher is that of the script that records it.

    Why: `$$` is the shell of the script; it is gone a moment later, while the session goes on. Every look at that pid then says "dead"
    (or, when the number is used again, "alive" for a stranger). In a part that runs in the background, `( … ) &`, it is the script's pid too,
    not that of the part: the next call finds nobody alive and starts a second watcher. Passes: scripts that stay (exec, wait, a loop), a
    recorded $PPID or a pid that is handed in, traps that remove the record at the script's end.
    Do: Record the pid of the process that stays: `$PPID` where the agent itself starts this script, `$BASHPID` (or `$!` from outside) for
    a part in the background, else a pid that the caller hands in.
    Source: POSIX.1-2024, Special Parameters, `$` and `!`; bash's manual, 5.2 Bash Variables, BASHPID.
    """
    records: list[tuple[str, int]] = []
    for script in scripts:
        text = tree.text(script.path)
        if (
            script.language != "shell"
            or not_deployed(script.path)
            or "$$" not in text
            or STAYS.search(text)
            or re.search(r"\btrap\b", text)
        ):
            continue
        if not REGISTERS.search(script.path.rpartition("/")[2]) or not re.search(r"session|agent", text, re.IGNORECASE):
            continue
        for number, line in enumerate(tree.lines(script.path), start=1):
            if OWN_PID.search(line) and not line.lstrip().startswith("#"):
                records.append((script.path, number))
                break
    behind = [
        (text, node) for text in shell_texts if text.kind == "script" and not text.aside for node in _recorded_behind(text)
    ]
    if not records and not behind:
        raise NotApplicable("no script that ends records its own pid")
    looked = [
        (s.path, n)
        for s in scripts
        if s.language == "shell" and not not_deployed(s.path)
        for n, line in enumerate(tree.lines(s.path), start=1)
        if ALIVE.search(line) and "pid" in line.lower() and s.path not in {p for p, _ in records}
    ]
    for path, number in records:
        yield Finding(
            "the pid that is recorded is that of this script, which is gone a moment later",
            at=tree.evidence(path, number),
            also=tuple(tree.evidence(p, n) for p, n in looked[:4]),
            impact="Whoever asks whether the session is alive is told that it is dead.",
            confidence="likely" if looked else "possible",
        )
    for shell, node in behind:
        asked = [n for n, line in enumerate(shell.lines, start=shell.first) if ALIVE.search(line)]
        yield Finding(
            "the pid that is recorded is that of this script, which ends; the part in the background has another one",
            at=tree.evidence(shell.path, shell.line(node)),
            also=tuple(tree.evidence(shell.path, n) for n in asked[:2]),
            impact="The part in the background is taken for dead: it is started again, and cannot be stopped by its pid.",
            confidence="likely" if asked or looked else "possible",
            data={"part": "background", "pid": "$BASHPID" if shell.dialect == "bash" else "$$"},
        )


def _recorded_behind(text: ShellText) -> Iterator[SgNode]:
    """Statements of a part that runs in the background, and that write `$$` to a file of pids, in a script that goes on to its end."""
    if "$$" not in text.text or "&" not in text.text:
        return
    for node in text.nodes("redirected_statement"):
        if not OWN_PID.search(node.text()) or ">" not in node.text():
            continue
        for around in node.ancestors():
            if around.kind() == "function_definition":
                break
            outer = around.parent()
            whole = outer if outer is not None and outer.kind() == "redirected_statement" else around
            after = whole.next()
            if around.kind() in ("subshell", "compound_statement") and after is not None and after.kind() == "&":
                rest = "\n".join(text.lines[whole.range().end.line + 1 :])
                if not STAYS.search(rest) and not re.search(r"\$!", rest.split("\n", 1)[0]):
                    yield node
                break


@rule("LIVE-PID", gate="coordinate", category="liveness", requires=())
def asks_for_a_helper(scripts: Scripts, shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script asks whether a pid is alive that was never the session's.

    Why: what was recorded is the pid of the script that registered the session (see PID-WRONG), so the answer is always "gone": live
    sessions are shown as dead, reaped, or robbed of their locks. Passes: pids of processes that stay.
    Do: Record the pid of the agent where the session registers, and ask for that one; for sessions without it judge by the age
    of the heartbeat.
    Source: kill(2), signal 0; POSIX.1-2024, Special Parameters, `$`.
    """
    try:
        wrong = [f for f in pid_of_the_helper(scripts, shell_texts, tree) if "part" not in f.data]
    except NotApplicable:
        wrong = []
    if not wrong:
        raise NotApplicable("no script that ends records its own pid")
    for place in wrong[0].also[:3]:
        yield Finding(
            "this asks for the pid of the script that registered the session, not for the session",
            at=place,
            also=(wrong[0].at,),
            impact="Every session looks gone, however alive it is.",
            confidence="likely",
        )


REVIVES = regex(r"status[\"']?\]?\s*[=:]\s*[\"']?(?:active|running|alive)\b", re.IGNORECASE)


@rule("LIVE-REVIVE", gate="coordinate", category="liveness")
def beat_revives(scripts: Scripts, tree: Tree) -> Iterator[Finding]:
    """A heartbeat makes a session active again, whatever became of it.

    Why: a beat that comes late (a loop that was not stopped, a queued call) turns a session that was ended or expired back into an
    active one, after its locks were given away. Passes: heartbeats that only write a time, or that look at the status first.
    Do: Let the heartbeat write only its time, and only while the status is active; a session that ended or expired has to
    register anew.
    Source: an expired session is final (ZooKeeper, session expiration).
    """
    looked = False
    for script in scripts:
        if script.language != "shell" or not_deployed(script.path) or not BEATS.search(script.path.rpartition("/")[2]):
            continue
        looked = True
        lines = tree.lines(script.path)
        for number, line in enumerate(lines, start=1):
            if not REVIVES.search(line) or line.lstrip().startswith(("#", "echo")):
                continue
            before = "\n".join(lines[: number - 1])
            if not re.search(
                r"status[^\n]*(?:==|!=|\)|=~|case)|(?:get|jq|grep)[^\n]*status|case[^\n]*status|ended|expired",
                before,
                re.IGNORECASE,
            ):
                yield Finding(
                    "a beat sets the session to active without asking whether it has ended",
                    at=tree.evidence(script.path, number),
                    impact="A late beat brings an ended or expired session back to life, after its locks went to others.",
                    confidence="possible",
                )
                break
    if not looked:
        raise NotApplicable("no script sends heartbeats")


SEEN_FIELD = r"(?:last_?(?:heart_?beat|seen|beat|ping)(?:_?at)?|heart_?beat(?:_?at)?)"
COMPARED = regex(
    rf"(?:now\b|time\(\)|Date\.now\(\)|Since\()[^\n]*{SEEN_FIELD}[^\n]*(?:[<>]|Since)"
    rf"|{SEEN_FIELD}[^\n]*[<>][^\n]*(?:now\b|time\(\)|cutoff|threshold|timeout|ttl)",
    re.IGNORECASE,
)
WRITTEN = regex(
    rf"\b{SEEN_FIELD}[\"']?\]?\s*(?::=|=(?!=)|:)\s*(?!(?:str|int|float|datetime|string|number|Date|Optional)\b\s*(?:[|,;=?]|$))",
    re.IGNORECASE,
)
AT_START = regex(r"register|create|start|init|add|new|spawn|constructor|insert|launch", re.IGNORECASE)
WRITER = regex(
    r"(?:def|func|function|fn|async)\s[^\n]*(?:heart_?beat|keep_?alive|refresh|touch|ping|tick)|setInterval|setTimeout|heart_?beat\(\)",
    re.IGNORECASE,
)


FILE_AGE = regex(r"\bstat\s+-[cf]\s*[\"']?%[Ym]|\bdate\s+-r\b|-mmin\s+\+|-not\s+-newer")
PERIODIC = regex(r"\b(?:while|until|for)\b|\bwatch\s|\bcron|hook|heartbeat\b[^/\n]*\(\)")


def _touched_once(mechanism: Mechanism, tree: Tree) -> tuple[tuple[str, int], Use] | None:
    """The place that judges heartbeat files by their age, and the only script that writes one, which has no loop and is no hook."""
    beats = [u for u in mechanism.uses if u.kind == "heartbeat" and not not_deployed(u.path)]
    writers = [u for u in beats if u.act in ("refreshes", "creates", "locks")]
    if not writers or any(u.language != "shell" for u in beats) or len({u.path for u in writers}) != 1:
        return None
    writer = writers[0]
    if PERIODIC.search(tree.text(writer.path)) or re.search(r"hook|beat|ping|touch", writer.path, re.IGNORECASE):
        return None
    if any(
        "eartbeat" in tree.text(e.path) and e.path != writer.path
        for e in tree.files("json", "markdown", "systemd", "python", "javascript")
    ):
        return None  # a hook, a timer or an instruction may renew it
    for entry in tree.files("shell"):
        text = tree.text(entry.path)
        if entry.path == writer.path or "eartbeat" not in text or not FILE_AGE.search(text):
            continue
        if (
            any(writer.path.rpartition("/")[2] in line for line in text.split("\n"))
            and PERIODIC.search(text)
            and "sleep" in text
        ):
            continue  # it may call the writer again and again
        line = next(
            (n for n, row in enumerate(tree.lines(entry.path), 1) if FILE_AGE.search(row) and not row.lstrip().startswith("#")),
            0,
        )
        if line and re.search(r"-g[te]\b|>|-mmin|newer", text):
            return (entry.path, line), writer
    return None


@rule("BEAT-NOWRITER", gate="coordinate", category="heartbeat")
def nobody_beats(bodies: Bodies, tree: Tree, mechanism: Mechanism) -> Iterator[Finding]:
    """Sessions expire by the age of their heartbeat, and nothing ever renews it.

    Why: the time is written once, where the session is registered. Every session that lives longer than the limit is declared dead while
    it works, and its locks and tasks go to others. Passes: targets with a function, a timer, a script with a loop, a hook or an instruction
    that beats.
    Do: Let something renew the time while the session works (a hook on each tool call, or a loop that asks for the agent's
    process), or judge by the process in place of the time.
    Source: a lease needs its renewal (Gray and Cheriton, 1989).
    """
    by_script = _touched_once(mechanism, tree)
    if by_script:
        (path, at), writer = by_script
        yield Finding(
            "sessions expire by the age of their heartbeat file here, and the script that writes it does so once",
            at=tree.evidence(path, at),
            also=(tree.evidence(writer.path, writer.line),),
            impact="Every session that lives longer than the limit is declared dead while it works.",
            confidence="possible",
        )
        return
    compared: list[tuple[str, int]] = []
    starts = 0
    for entry in tree.files("python", "javascript", "typescript", "go", "ruby", "rust", "shell", "markdown"):
        text = tree.text(entry.path)
        if not_deployed(entry.path) or not any(
            word in text for word in ("eartbeat", "eart_beat", "ast_seen", "astSeen", "ast_ping", "astPing")
        ):
            continue
        if entry.language in ("shell", "markdown"):
            return  # a script beats, or somebody is told to: who reads that decides
        source = bodies.source(entry.path)
        if source.holds(WRITER):
            return
        for number, line in enumerate(source.lines, start=1):
            if COMPARED.search(line):
                compared.append((entry.path, number))
            elif WRITTEN.search(line):
                body = source.body_at(number)
                if body is None or not AT_START.search(body.name):
                    return
                starts += 1
    if not compared or not starts:
        raise NotApplicable("nothing expires by the age of a heartbeat that is written once")
    yield Finding(
        "sessions expire by the age of their heartbeat here, and only their registration ever writes it",
        at=tree.evidence(*compared[0]),
        also=tuple(tree.evidence(path, number) for path, number in compared[1:4]),
        impact="Every session that lives longer than the limit is declared dead while it works.",
        confidence="possible",
    )
