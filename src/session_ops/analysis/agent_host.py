"""Hooks and plugins that count on something which Claude Code does not do: variables, files, manifests."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.commands import SOURCES
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

EVENTS = frozenset(
    (
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "UserPromptSubmit",
        "Stop",
        "SubagentStart",
        "SubagentStop",
        "SessionStart",
        "SessionEnd",
    )
    + ("PreCompact", "PostCompact", "Notification", "PermissionRequest", "TaskCompleted", "TeammateIdle")
)
"""Events of Claude Code whose hooks get their data as JSON on standard input."""
NEVER_SET = regex(
    r"(?:\$\{?|environ(?:\.get)?[\[(]\s*[\"']|getenv\(\s*[\"']|process\.env\.)"
    r"(?P<name>(?:CLAUDE_)?TOOL_(?:INPUT|OUTPUT|RESULT|RESPONSE|ARGS|NAME)(?:_\w+)?|CLAUDE_FILE_PATHS?|CLAUDE_EVENT_TYPE|CLAUDE_HOOK_EVENT)\b"
)
READS_INPUT = regex(
    r"\$\(\s*cat\s*(?:\)|-|\|| 2>)|\$\(timeout[^)]*cat|mapfile|\$\(\s*<\s*/dev/stdin|/dev/stdin|\bcat\s*\||^\s*(?:jq|read)\b|\|\s*while\s+read|sys\.stdin"
    r"|process\.stdin|json\.load\(sys|fs\.readFileSync\(0"
    r"|=\$\(jq\b|\bread\s+-r?d|readFileSync\(['\"]/dev/stdin",
    re.MULTILINE,
)
SAYS_SO = regex(
    rf"(?:\bHook:|hookEventName|hook_event_name|#.*\b[Hh]ook\b|^#\s+\"(?=\w+\"\s*:\s*\[))[^\n]*?\b({'|'.join(sorted(EVENTS))})\b",
    re.MULTILINE,
)
"""How a file in a folder of hooks tells what it is for."""
SCRIPT = regex(r"[\w./${}~-]*?([\w.-]+\.(?:sh|bash|py|js|mjs|cjs|ts))\b")


def hook_scripts(tree: Tree, deployment: Deployment) -> dict[str, str]:
    """Files that Claude Code starts as hooks, with their event: named by a hook file or the front matter of an agent, or by their own word."""
    named: dict[str, str] = {}
    for hook in deployment.hooks:
        if hook.event in EVENTS:
            for match in SCRIPT.finditer(hook.command):
                named.setdefault(match[1], hook.event)
    for entry in tree.files("markdown"):
        text = tree.text(entry.path) if "hooks" in tree.text(entry.path)[:3000] else ""
        front = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
        if (
            front
            and (event := re.search(r"^\s+(\w+):\s*$", front[1][front[1].find("hooks") :], re.MULTILINE))
            and event[1] in EVENTS
        ):
            for match in SCRIPT.finditer(front[1]):
                named.setdefault(match[1], event[1])
    found = {
        path: named[name] for path in tree.entries if (name := posixpath.basename(path)) in named and not not_deployed(path)
    }
    for entry in tree.files("shell", "python", "javascript", "typescript"):
        if (
            re.search(r"(?:^|/)hooks/", entry.path)
            and not not_deployed(entry.path)
            and (said := SAYS_SO.search(tree.text(entry.path)))
        ):
            found.setdefault(entry.path, said[1])
    return found


@rule("HOST-INPUT", gate="start", category="ipc")
def variable_that_no_hook_gets(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A hook takes what it works on from a variable that Claude Code never sets, and does not read its standard input.

    Why: hooks get one JSON text on stdin; of the environment only CLAUDE_PROJECT_DIR, CLAUDE_PLUGIN_ROOT, CLAUDE_ENV_FILE and a few of the kind
    are set. `$TOOL_INPUT`, `$CLAUDE_TOOL_INPUT` or `$CLAUDE_FILE_PATHS` are empty, so the hook checks nothing and lets everything pass,
    without an error. The same goes for a field of that JSON which is not there: the tool's name is `tool_name`, its arguments are `tool_input`.
    Passes: hooks that read stdin as well, variables that the script sets itself, hooks that also read the right field or serve other agents.
    Do: Read stdin: `input=$(cat)`, then `jq -r '.tool_input.file_path // empty' <<< "$input"`.
    Source: Claude Code documentation, Hooks reference, "Hook input".
    """
    if not any(hook.event in EVENTS for hook in deployment.hooks) and not any("/hooks/" in path for path in tree.entries):
        raise NotApplicable("no hook of Claude Code")
    inline: set[str] = set()
    for hook in deployment.hooks:
        match = NEVER_SET.search(hook.command)
        if hook.event not in EVENTS or match is None or not hook.line or hook.path in inline:
            continue
        if not re.search(r"\bcat\b|\bjq\b|\bread\b|stdin", hook.command.split(match[0])[0]):
            inline.add(hook.path)
            yield _unset(tree, hook.path, hook.line, match["name"], hook.event)
    for path, event in sorted(hook_scripts(tree, deployment).items()):
        text = tree.text(path)
        field = _WRONG_FIELD.search(text) if event in ("PreToolUse", "PostToolUse") else None
        if (
            field
            and not re.search(r"tool_name|tool_input|(?i:copilot|cursor|gemini|opencode|windsurf)", text)
            and not _commented(text, field.start())
        ):
            name = next(g for g in field.groups() if g)
            yield Finding(
                f"the {event} hook reads the field {name}, which Claude Code does not send; it sends tool_name and tool_input",
                tree.evidence(path, text.count("\n", 0, field.start()) + 1),
                impact="The field is empty, so the hook does nothing and reports no error.",
                confidence="possible",
            )
            continue
        match = next((m for m in NEVER_SET.finditer(text) if not _commented(text, m.start())), None)
        if (
            match is None
            or READS_INPUT.search(text)
            or re.search(rf"^\s*(?:export\s+|local\s+)?{match['name']}=(?!.*{match['name']})", text, re.MULTILINE)
        ):
            continue
        if SOURCES.search(text):
            continue  # what is sourced may read the input
        yield _unset(tree, path, text.count("\n", 0, match.start()) + 1, match["name"], event)


_WRONG_FIELD = regex(
    r"\bjq\b[^\n|]*['\"]\.(tool|toolName|toolInput|tool_args|toolArgs)(?:\s|['\"]|\.\w)|\.get\(\s*['\"](tool|toolName|toolInput|tool_args|toolArgs)['\"]"
)


def _commented(text: str, at: int) -> bool:
    return text[text.rfind("\n", 0, at) + 1 : at].lstrip().startswith(("#", "//", "*"))


def _unset(tree: Tree, path: str, line: int, name: str, event: str) -> Finding:
    return Finding(
        f"the {event} hook reads {name}, which Claude Code does not set; what it needs comes as JSON on stdin",
        tree.evidence(path, line),
        impact="The variable is empty, so the hook does nothing and reports no error.",
        confidence="likely",
    )


def _take_out(finding: Finding, tree: Tree) -> Fix | None:
    """Take the entry out of the manifest; the file is loaded by itself."""
    lines = tree.lines(finding.at.path)
    row = finding.at.line - 1
    line = lines[row]
    if not re.fullmatch(r"\s*\"hooks\"\s*:\s*\"[^\"]*\"\s*,?\s*", line):
        return None
    why = "Claude Code loads hooks/hooks.json of every plugin by itself."
    if line.rstrip().endswith(","):
        edits = (Edit(finding.at.path, f"{line}\n", "", finding.at.line),)
    elif lines[row - 1].rstrip().endswith(","):
        before = lines[row - 1]
        edits = (Edit(finding.at.path, f"{before}\n{line}", before.rstrip()[:-1], finding.at.line - 1),)
    else:
        return None
    return Fix("Take the second mention of hooks/hooks.json out", (finding.id,), "safe", edits, why=why)


@rule("HOST-TWICE", gate="start", category="config", fix=_take_out)
def manifest_the_host_refuses(tree: Tree) -> Iterator[Finding]:
    """A plugin's manifest says something that makes Claude Code drop the plugin's hooks or the whole plugin.

    Why: `hooks/hooks.json` is loaded by itself; where `plugin.json` names it too, Claude Code stops with "Duplicate hooks file detected" and the
    plugin's hooks never run. A hooks/hooks.json that has the events at its top, as settings.json has them below `hooks`, is refused:
    "expected record, received undefined", and the plugin is not loaded. An entry of `userConfig` without `type` and `title` does not
    pass the schema.
    Passes: manifests that name further hook files.
    Do: Take `hooks` out of plugin.json; put the events of hooks.json into one object `hooks`; give each entry of `userConfig` a `type`,
    a `title` and a `description`.
    Source: Claude Code documentation, Plugins reference (hooks, user configuration).
    """
    manifests = [path for path in tree.entries if path.endswith(".claude-plugin/plugin.json") and not not_deployed(path)]
    if not manifests:
        raise NotApplicable("no plugin of Claude Code")
    for path in manifests:
        text = tree.text(path)
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if not isinstance(data, dict):
            continue
        root = posixpath.dirname(posixpath.dirname(path))
        own = posixpath.join(root, "hooks/hooks.json")
        named = data.get("hooks")
        if own in tree.entries and (event := _bare_event(tree.text(own))):
            yield Finding(
                f"{event} stands at the top of the plugin's hook file; events belong into an object `hooks`",
                tree.evidence(own, _line(tree.text(own), json.dumps(event))),
                impact="Claude Code does not load the plugin: hooks: expected record, received undefined.",
                confidence="likely",
            )
        for one in named if isinstance(named, list) else [named]:
            if isinstance(one, str) and posixpath.normpath(posixpath.join(root, one)) == own and own in tree.entries:
                key = re.search(r"\"hooks\"\s*:", text)
                yield Finding(
                    "hooks/hooks.json is loaded by itself, and the manifest names it again",
                    tree.evidence(path, text.count("\n", 0, key.start() if key else 0) + 1),
                    impact='Claude Code answers "Duplicate hooks file detected", and the plugin\'s hooks do not run.',
                    confidence="likely",
                )
        settings = data.get("userConfig")
        for name, value in settings.items() if isinstance(settings, dict) else ():
            lacks = [key for key in ("type", "title") if isinstance(value, dict) and key not in value]
            if lacks:
                yield Finding(
                    f"the entry {name} of userConfig has no {' and no '.join(lacks)}, which the manifest's schema requires",
                    tree.evidence(path, _line(text, json.dumps(name), text.find('"userConfig"'))),
                    impact="The plugin does not pass `claude plugin validate`.",
                    confidence="likely",
                )


def _bare_event(text: str) -> str:
    """The first event at the top of a hook file that has no `hooks`."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, dict) or "hooks" in data:
        return ""
    return next((key for key in data if key in EVENTS), "")


def _line(text: str, word: str, start: int = 0) -> int:
    return text.count("\n", 0, max(text.find(word, max(start, 0)), 0)) + 1


HOME_LOCAL = regex(
    r"(?:~|\$\{?HOME\}?|homedir\(\)|Path\.home\(\)|expanduser\([^)]*\)|CLAUDE_DIR|claude_dir|claudeDir|CLAUDE_HOME|USERPROFILE\}?)"
    r"[\"'`]?(?:\s*[,/+]\s*[\"'`]?)*/?(?:\.claude[\"'`]?(?:\s*[,/+]\s*[\"'`]?)*/?)?settings\.local\.json"
)


@rule("HOST-UNREAD", gate="start", category="config")
def written_where_nobody_reads(tree: Tree) -> Iterator[Finding]:
    """Settings are written to a file that Claude Code does not read.

    Why: `settings.local.json` counts in a project only; in the home folder it is `~/.claude/settings.json` alone. What an installer writes into
    `~/.claude/settings.local.json` (hooks, permissions) never applies, and nothing says so.
    Passes: the project's own `.claude/settings.local.json`, code that takes such old entries out.
    Do: Write to `~/.claude/settings.json`.
    Source: Claude Code documentation, Settings ("Settings files").
    """
    looked = False
    for entry in tree.files("shell", "python", "javascript", "typescript", "go", "rust", "ruby"):
        text = tree.text(entry.path)
        if "settings.local.json" not in text or not_deployed(entry.path):
            continue
        looked = True
        folder = re.search(r"(?:CLAUDE_DIR|claude_dir|claudeDir|CLAUDE_HOME)\s*=\s*([^\n]*)", text)
        home = folder is not None and re.search(r"HOME|homedir|home\(\)|expanduser|~", folder[1]) is not None
        if re.search(r"migrat|legacy|remove\w*Old|old_settings", text):
            continue
        for match in HOME_LOCAL.finditer(text):
            if re.match(r"(?i)claude", match[0]) and not home:
                continue
            if _commented(text, match.start()):
                continue
            sure: Confidence = "likely" if re.search(r"writeFile|json\.dump|> *\"?\$|mv |WriteFile", text) else "possible"
            yield Finding(
                "settings.local.json in the home folder is not read by Claude Code; ~/.claude/settings.json is",
                tree.evidence(entry.path, text.count("\n", 0, match.start()) + 1),
                impact="What is written there never applies.",
                confidence=sure,
            )
            break
    if not looked:
        raise NotApplicable("nothing writes settings.local.json")


OWN_PID = regex(r"\$\{(?P<name>\w*SESSION\w*):?-\$\$\}")


@rule("ID-HELPER", gate="coordinate", category="state")
def pid_as_session(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A hook that knows no session takes its own pid for the session's identity, which is another one at each call.

    Why: every event starts a process of its own. What one call stores under `$$` (a mark that something was done, a counter, a lock) the next one
    looks for under another name: it is never found, and the files pile up. Passes: programs that stay, a pid of the parent ($PPID).
    Do: Take the session from the hook's input: `jq -r .session_id`; CLAUDE_SESSION_ID is not set for hooks.
    Source: Claude Code documentation, Hooks reference, "Hook input"; POSIX.1-2024, Special Parameters, `$`.
    """
    hooks = hook_scripts(tree, deployment)
    if not hooks:
        raise NotApplicable("no hook of Claude Code")
    for path in sorted(hooks):
        text = tree.text(path)
        match = OWN_PID.search(text)
        if match is None or re.search(r"\.session_id|sessionId|session_id[\"']", text):
            continue
        yield Finding(
            f"without {match['name']} the session is the pid of this hook, which is another one at each event",
            tree.evidence(path, text.count("\n", 0, match.start()) + 1),
            impact="What one call leaves under that name no other call finds.",
            confidence="likely",
        )
