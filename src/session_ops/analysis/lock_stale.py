"""Lock files that a crash leaves behind and that nobody ever takes over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

TAKES = {
    "go": regex(r"os\.OpenFile\((?P<name>[^,\n]+),[^\n]*os\.O_EXCL"),
    "python": regex(r"os\.open\((?P<name>[^,\n]+),[^\n]*O_EXCL|\bopen\((?P<other>[^,\n]+),\s*[\"']x"),
    "javascript": regex(
        r"\bopen(?:Sync)?\((?P<name>[^,\n]+),\s*[\"'`]wx|writeFile(?:Sync)?\((?P<other>[^,\n]+),[^\n]*flag:\s*[\"'`]wx"
    ),
    "rust": regex(r"\.create_new\(true\)[^;]*?\.open\((?P<name>[^)\n]+)", re.DOTALL),
}
TAKES["typescript"] = TAKES["javascript"]
AGES = regex(
    r"(?i:stale|mtime|modtime|psutil|pid_exists|expire|orphan|steal|take_?over|older|break_?lock|force_?unlock|proper-lockfile|is_?alive|process_?exists|is_?process)"
    r"|\bmodified\(\)|\b(?:age|ttl|TTL)\b|[a-z]Age\b|_age\b|FindProcess|[Kk]ill\(|\.Signal\(|/proc/"
)
"""What code says that looks after locks of the dead."""


@rule("LOCK-LEFT", gate="coordinate", category="lock")
def nobody_takes_it_over(tree: Tree, bodies: Bodies) -> Iterator[Finding]:
    """A lock is a file that must not exist yet, and nothing looks whether the one that is there has a living holder.

    Why: a process that is killed, or a machine that stops, leaves the file. From then on every session waits for it or ends with an error,
    until somebody removes it by hand. Passes: flock and its kind (the system releases them), code that asks for the holder's pid, the file's
    age or an expiry, a file that is no lock.
    Do: Write pid and host into the file and take it over where the process is gone, or use flock, which ends with the process.
    Source: open(2), O_EXCL; flock(2).
    """
    looked = False
    for entry in tree.files(*TAKES):
        text = tree.text(entry.path)
        if not re.search(r"O_EXCL|[\"'`]wx|create_new|[\"']x[\"']", text) or not_deployed(entry.path) or entry.vendored:
            continue
        looked = True
        for match in TAKES[entry.language].finditer(text):
            source = bodies.source(entry.path)
            line = source.line(match.start())
            body = source.body_at(line)
            around = "\n".join(source.lines[max(0, body.first - 2) : body.last]) if body else ""
            name = next((g for g in match.groups() if g), "")
            if not re.search(r"lock", name, re.IGNORECASE) and not re.search(
                r"(?i)\b\w*lock\w*\s*\(|\block", around.split("\n")[1] if "\n" in around else around
            ):
                continue
            if re.search(r"(?i)block|clock|unlock", name) or AGES.search(text):
                continue
            waits = re.search(r"\bfor\b|\bwhile\b|\bloop\b|setTimeout|retry|retries|sleep", around, re.IGNORECASE)
            yield Finding(
                "the lock of a process that was killed stays, and nothing asks whether its holder is alive",
                tree.evidence(entry.path, line),
                impact="Every later session waits in vain or ends with an error, until somebody deletes the file."
                if waits
                else "Every later session ends with an error, until somebody deletes the file.",
                confidence="likely" if waits else "possible",
            )
            break
    if not looked:
        raise NotApplicable("no file is taken as a lock by creating it")


_ASKS_PID = regex(
    r"-n\s+\"?\$\{?(?P<pid>\w+)\}?\"?\s*\]\]?\s*&&(?P<between>[^\n]*?)\bkill\s+-0|-z\s+\"?\$\{?(?P<none>\w+)\}?\"?\s*\]\]?\s*\|\|\s*!\s*kill\s+-0"
)
_BY_MKDIR = regex(r"\bmkdir\s+(?!-)(?P<name>[\"']?\$\{?\w+\}?[^\s;|&]*)")
_WAITS = regex(r"-mmin|-newermt|\bstat\s|\bmtime\b|\bage\b|_AGE|TTL|\bsleep\b|date\s+-r")


@rule("LOCK-NASCENT", gate="coordinate", category="lock")
def young_lock_taken_for_stale(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A lock that has no pid in it yet counts as left behind, and is taken away from the session that is just taking it.

    Why: between `mkdir lock` and `echo $$ > lock/pid` the lock is held and has no pid. Who asks `[ -n "$pid" ] && kill -0 "$pid"` in that moment
    finds nobody, removes the folder or writes its own pid into it, and two sessions hold the lock. Passes: scripts that look at the lock's age,
    or wait and ask again, before they take it over.
    Do: Take a lock without a pid over only when it is older than a few seconds (`find lock -mmin +1`), or make the folder under another name
    with the pid in it and rename it into place (`mv -T`).
    Source: POSIX.1-2024, mkdir (atomic), rename.
    """
    texts = [t for t in shell_texts if t.kind == "script" and "kill -0" in t.text and "mkdir" in t.text]
    if not texts:
        raise NotApplicable("no lock of a folder with a pid in it")
    for text in texts:
        bodies = [(f.text(), f.range().start.line) for f in text.functions.values()] or [(text.text, 0)]
        for body, first in bodies:
            made, asks = _BY_MKDIR.search(body), _ASKS_PID.search(body)
            if not made or not asks or _WAITS.search(body) or made.start() > asks.start() or "$$" not in body:
                continue
            name = re.escape(made["name"].strip("\"'"))
            later = re.search(
                rf"(?m)^\s*(?:rm\s+-\w*[rf]\w*|rmdir|echo\s+\"?\$\$\"?\s*>)\s*[\"']?(?:{name}|\$\{{?\w*pid\w*)",
                body[asks.end() :],
                re.IGNORECASE,
            )
            if later:
                row = first + body.count("\n", 0, asks.end() + later.start() + len(later[0]) - len(later[0].lstrip()))
                yield place(
                    tree, text, row + text.first, "a lock whose pid is not written yet is taken for one of a dead session",
                    "Two sessions hold the lock when both start at once.", "possible",
                )  # fmt: skip
                break
