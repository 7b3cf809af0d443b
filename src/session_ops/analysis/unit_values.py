"""What systemd refuses in a unit: sections and values that it does not know."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_test
from session_ops.discovery.earlier import earlier
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SECTIONS = ("Unit", "Install", "Service", "Socket", "Timer", "Path", "Mount", "Automount", "Swap", "Slice", "Scope", "Container", "Volume",
            "Network", "Kube", "Pod", "Image", "Build", "Match", "Link", "NetDev")  # fmt: skip
VALUES: dict[str, tuple[str, ...]] = {
    "Type": ("simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"),
    "Restart": ("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"),
    "KillMode": ("control-group", "mixed", "process", "none"),
    "NotifyAccess": ("none", "main", "exec", "all"),
    "ExitType": ("main", "cgroup"),
}
"""Settings of [Service] with a closed list of values. Source: systemd.service(5), systemd.kill(5)."""
STARTS = regex(r"^(?:ExecStart|ExecStop|SuccessAction)\s*=", re.MULTILINE)
UNITS = (".service", ".timer", ".socket", ".path")
PLAIN = regex(
    r"(?:On\w+Sec|OnCalendar|RestartSec|Timeout\w*Sec|WatchdogSec|AccuracySec|RandomizedDelaySec|Persistent|WakeSystem|Type|Restart|KillMode"
    r"|User|Group|Nice|UMask|RemainAfterExit|StartLimit\w+|Limit[A-Z]+|TasksMax|Memory(?:Max|High|Low)|CPUQuota|PrivateTmp|NoNewPrivileges"
    r"|Protect\w+|ListenStream|StandardOutput|StandardError|KillSignal)$"
)
"""Settings whose value is a word, a number or a time, in which no # can be meant."""
BEHIND = regex(r"\s#.*$")
RELATIVE = regex(r"[-@:+!|]*(?P<path>(?:\.{1,2}/|[\w.-]+/)[\w./-]*)(?=\s|$)")
TEMPLATE = regex(r"[{%@<]|\$\{")


def mend(finding: Finding, tree: Tree) -> Fix | None:
    """Write what git remembers at this place, or the nearest word that systemd knows."""
    path, line, wrong, right = finding.at.path, finding.at.line, finding.data.get("wrong", ""), finding.data.get("right", "")
    if comment := finding.data.get("comment"):
        old = tree.lines(path)[line - 1]
        moved = Edit(path, old, f"{comment.strip()}\n{old.removesuffix(comment).rstrip()}", line)
        return Fix(
            f"Put the comment in {path} on a line of its own", (finding.id,), "safe", (moved,), why="Nothing else changes."
        )
    if finding.data.get("lacks"):
        for _, text in earlier(tree, path):
            if found := re.search(r"^ExecStart\s*=.*(?:\\\n.*)*", text, re.MULTILINE):
                section = next((n for n, t in enumerate(tree.lines(path), 1) if t.strip() == "[Service]"), 0)
                if not section:
                    return None
                old = tree.lines(path)[section - 1]
                why = "It is the line that the unit had before."
                return Fix(f"Bring ExecStart of {path} back", (finding.id,), "review", (Edit(path, old, f"{old}\n{found[0]}", section),), why=why)  # fmt: skip
        return None
    key = finding.data.get("key", "")
    for _, text in earlier(tree, path) if key else ():
        value = re.search(rf"^{re.escape(key)}\s*=[ \t]*(\S+)", text, re.MULTILINE)
        if value and value[1] in VALUES[key]:
            right = value[1]
            break
    if not right:
        return None
    return Fix(
        f"Write {right} in place of {wrong} in {path}",
        (finding.id,),
        "review",
        (Edit(path, wrong, right, line),),
        why="systemd knows it.",
    )


@rule("SHIP-UNIT-VALUE", gate="ship", category="deploy-config", fix=mend)
def value_that_systemd_refuses(tree: Tree) -> Iterator[Finding]:
    """A service unit has a section or a value that systemd does not know, or nothing that it starts.

    Why: systemd drops what it does not know with a line in the log; a service without ExecStart is refused when it is loaded, and one with
    another Type or Restart than was meant starts wrongly. A `#` behind a value begins no comment: the time or number with it is no
    value. A program is an absolute path, or a name without a slash. Passes: units that are filled in later (templates), settings of newer
    versions.
    Do: Write one of the words that `man systemd.service` names, and run `systemd-analyze verify FILE`.
    Source: systemd.service(5), systemd.kill(5), systemd.unit(5).
    """
    units = [e.path for e in tree.files("systemd") if e.path.endswith(UNITS) and not is_test(e.path)]
    if not units:
        raise NotApplicable("no unit of systemd")
    for path in units:
        section, known = "", False
        lines = tree.lines(path)
        for number, line in enumerate(lines, 1):
            if head := re.fullmatch(r"\s*\[([^\]]+)\]\s*", line):
                section = head[1]
                known = section in SECTIONS or section.startswith("X-")
                if not known and not TEMPLATE.search(section):
                    near = difflib.get_close_matches(section, SECTIONS, 1, 0.7)
                    meant = f"; {near[0]} is meant" if near else ""
                    yield Finding(
                        f"systemd knows no section [{section}]{meant}",
                        tree.evidence(path, number),
                        impact="All that stands below it is passed over.",
                        data={"wrong": section, "right": near[0] if near else ""},
                    )
                continue
            key, mark, value = (part.strip() for part in line.partition("="))
            if mark and key and not key.startswith(("#", ";")) and PLAIN.match(key) and (tail := BEHIND.search(value)):
                yield Finding(
                    f"{key} gets {tail[0].strip()[:40]!r} as a part of its value: systemd knows comments only on lines of their own",
                    tree.evidence(path, number),
                    impact="systemd passes the line over and takes its default.",
                    data={"comment": value[tail.start() :]},
                )
                continue
            if key == "ExecStart" and section == "Service" and (word := RELATIVE.match(value)):
                yield Finding(
                    f"{word['path']} is a relative path: systemd starts only absolute ones, and names without a slash that are on its PATH",
                    tree.evidence(path, number),
                    impact="systemd refuses to load the unit; WorkingDirectory does not change that.",
                )
            if not mark or key not in VALUES or section != "Service" or not value or TEMPLATE.search(value):
                continue
            if value not in VALUES[key]:
                near = difflib.get_close_matches(value, VALUES[key], 1, 0.5)
                yield Finding(
                    f"{key}={value} is no value that systemd knows",
                    tree.evidence(path, number),
                    impact="systemd passes the line over and takes its default.",
                    data={"wrong": value, "right": near[0] if near else "", "key": key},
                )
        text = tree.text(path)
        if re.search(r"^\[Service\]", text, re.MULTILINE) and not STARTS.search(text):
            yield Finding(
                "the service has nothing to start: there is no ExecStart",
                tree.evidence(path, next(n for n, t in enumerate(lines, 1) if t.strip().startswith("[Service]"))),
                impact="systemd refuses to load it.",
                data={"lacks": "ExecStart"},
            )
