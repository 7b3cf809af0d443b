"""Settings of a user that an installer puts its own in place of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_INSTALLS = regex(r"(?:^|/)[^/]*(?:install|setup|bootstrap|init|configure|deploy|onboard|update|upgrade)[^/]*$", re.IGNORECASE)
_THEIRS = regex(
    r"(?:^|/)(?:settings(?:\.local)?\.json|\.?mcp\.json|\.claude\.json|claude_desktop_config\.json|CLAUDE\.md|AGENTS\.md|\.tmux\.conf|tmux\.conf|\.gitconfig"
    r"|[\w-]*config\.(?:json|ya?ml|toml)|[\w-]+\.conf)$"
)
_OF_AGENT = regex(
    r"\.claude/(?:settings(?:\.local)?\.json|CLAUDE\.md)$|\.claude\.json$|(?:^|/)\.tmux\.conf$|\.gitconfig$|claude_desktop_config\.json$"
)
_COPIES = regex(
    r"(?:^|[;&|{]|\bthen\b|\belse\b|\bdo\b)\s*(?:sudo\s+)?cp\s+(?P<flags>(?:-\w+\s+)*)(?P<from>\"[^\"]+\"|\S+)\s+[\"']?(?P<file>(?:~|\$\{?\w+\}?)/[^\s\"';&|]+)[\"']?\s*(?:$|[;&|}])"
)
_WRITES = regex(r"(?<![>\d&=-])>\s*[\"']?(?P<file>(?:~|\$\{?\w+\}?)/[^\s\"'`;&|)<>]+)[\"']?")
_ASKS = regex(r"\bread\s+-\w*p|\bconfirm|\bbackup|\.bak\b|--force|\bFORCE\b|overwrite|mktemp -d|\bHOME=", re.IGNORECASE)
_HARMLESS = regex(r"^\s*(?:#|echo\b|printf\b|log\w*\b|info\b|ok\b|success\b|warn\w*\b|print_\w+|mkdir\b|chmod\b|chown\b|say\b)")


@rule("STATE-OVERWRITE", gate="coordinate", category="state")
def settings_are_replaced(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """An installer writes its own settings over those that the user has.

    Why: `cp settings.json ~/.claude/settings.json` replaces what is there: the user's permissions, hooks and servers, or what the documents told
    them to set, are gone with every installation and update. Looked at are scripts that install or set up, and files in the home folder that
    people edit. Passes: a look whether the file is there, a copy that is kept, `cp -n`, a question, files that the script reads and changes.
    Do: Write the file only where there is none, merge with `jq -s '.[0] * .[1]'`, or keep the old one under another name and say so.
    Source: POSIX.1-2024, cp; Claude Code documentation, settings files.
    """
    texts = [t for t in shell_texts if t.kind == "script" and not t.aside and _INSTALLS.search(t.path)]
    if not texts:
        raise NotApplicable("no script installs")
    yield from told((found for text in texts for found in _replaced(tree, text)), 2, 6)


def _replaced(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if not (
        "settings" in text.text
        or "onfig" in text.text
        or "CLAUDE.md" in text.text
        or ".conf" in text.text
        or "mcp" in text.text
    ):
        return
    if _ASKS.search(text.text):
        return
    seen: set[str] = set()
    for row, line in enumerate(text.lines):
        if line.lstrip().startswith("#") or (">" not in line and "cp" not in line) or len(line) > 1000:
            continue
        copied = _COPIES.search(line)
        written = (
            copied if copied and not re.search(r"-\w*[nibu]", copied["flags"]) else None if copied else _WRITES.search(line)
        )
        if written is None or written["file"] in seen or not _THEIRS.search(written["file"]):
            continue
        file = written["file"]
        whole = _in_home(text, file)
        if not whole or _looked_at(text, file, row):
            continue
        seen.add(file)
        yield place(
            tree,
            text,
            text.first + row,
            f"{file} is replaced without a look whether the user has one",
            "Whatever the user had set there is gone after the installation.",
            "likely" if _OF_AGENT.search(whole) else "possible",
        )


def _in_home(text: ShellText, file: str) -> str:
    """The path in the home folder that a word means; empty where it is not there."""
    for _ in range(3):
        match = re.match(r"\$\{?(\w+)\}?", file)
        if file.startswith("~/") or (match and match[1] == "HOME"):
            return file
        if match is None:
            return ""
        given = re.findall(
            rf"^\s*(?:export |readonly |local )?{match[1]}=[\"']?(?:\$\{{\w+:-)?([^\s\"'}}]+)", text.text, re.MULTILINE
        )
        if len(set(given)) != 1:
            return ""
        file = given[0] + file[match.end() :]
    return ""


def _looked_at(text: ShellText, file: str, row: int) -> bool:
    """Does any other command of the script name the file, or its folder as a whole?"""
    bare = file.replace("{", "").replace("}", "")
    folder = bare.rpartition("/")[0]
    for other, line in enumerate(text.lines):
        plain = line.replace("{", "").replace("}", "")
        if other == row or _HARMLESS.match(line):
            continue
        if bare in plain and not (_COPIES.search(line) or _WRITES.search(line)):
            return True
        if re.search(rf"\b(?:mv|cp -\w*[aR]\w*|tar)\b[^\n]*{re.escape(folder)}[\"']?(?:\s|$)", plain):
            return True
    return False


_IS_TEST = regex(r"(?:^|/)(?:tests?[-_/][^/]*|tests?\.\w+|[^/]*[-_]tests?\.\w+)$|(?:^|/)tests?/", re.IGNORECASE)
_REMOVES = regex(
    r"(?:^|[;&|{]|\bthen\b|\bdo\b)\s*rm\s+-\w+\s+(?:--\s+)?(?P<file>[\"']?(?:~|\$\{?\w+\}?)(?:[\"']?/[^\s;&|]*)?[\"']?)"
)
_APART = regex(r"\bHOME=|mktemp|\bXDG_\w+=|BATS_|TMPDIR|/tmp/|\bunshare\b|\bdocker\b")


@rule("STATE-TESTED", gate="coordinate", category="cleanup")
def test_removes_live_state(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A test removes the state of the sessions that are at work, since it works in the home folder of whoever runs it.

    Why: `rm -f "$STATUS_DIR"/*.status` with the folder that the tool itself uses takes the status of every live session away; whoever tries
    the tool while he uses it loses track of what runs. Passes: tests that set HOME or the folder to one of their own (`mktemp -d`), removal of
    single files with the test's own name.
    Do: Let the test work in a folder of its own: `export HOME=$(mktemp -d)` before anything is removed.
    Source: bats-core, BATS_TEST_TMPDIR; XDG Base Directory Specification.
    """
    tests = [t for t in shell_texts if t.kind == "script" and _IS_TEST.search(t.path) and "rm " in t.text]
    if not tests:
        raise NotApplicable("no test in shell removes anything")
    product = "\n".join(t.text for t in shell_texts if t.kind == "script" and not _IS_TEST.search(t.path))
    for text in tests:
        if _APART.search(text.text):
            continue
        for row, line in enumerate(text.lines):
            match = _REMOVES.search(line) if "rm " in line and not line.lstrip().startswith("#") else None
            word = re.sub(r"[\"']", "", match["file"]) if match else ""
            whole = _in_home(text, word if "/" in word else word + "/") if word else ""
            parts = re.sub(r"^(?:~|\$\{?HOME\}?)/", "", whole).rstrip("/")
            folder = parts.rpartition("/")[0] if "*" in parts.rpartition("/")[2] else parts
            if not parts or "/" not in folder or not (parts.endswith("*") or "*." in parts or not re.search(r"\.\w+$", parts)):
                continue
            if folder not in product or re.search(r"test|mock|fixture", parts, re.IGNORECASE):
                continue
            yield Finding(
                f"this test removes {match['file'] if match else ''}, the state of the sessions that run",
                tree.evidence(text.path, text.first + row),
                impact="Whoever runs the test loses track of every session at work.",
                confidence="possible"
                if re.search(r"(?:^|/)tests?/", text.path)
                else "likely",  # a suite may run in a machine of its own
            )
            break
