"""agnix: hooks, agents, skills and servers that the agent's program passes over because they are not written as it reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.analysis.linters.templates import is_template
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import rule

_CONFIGURATION = regex(
    r"(?:^|/)\.(?:agents?|amazonq|claude|claude-plugin|clinerules|codex|cursor|gemini|kiro|opencode|roo|windsurf)/.*\.(?:json|jsonc|md|mdc|toml|ya?ml)$"
    r"|(?:^|/)(?:agents|commands|hooks|output-styles|plugins|skills)/.*\.(?:json|md)$"
    r"|(?:^|/)\.github/(?:copilot-instructions\.md|instructions/.*\.md)$"
    r"|(?:^|/)(?:AGENTS|CLAUDE|CLAUDE\.local|GEMINI|SKILL)\.md$|(?:^|/)[\w.-]*mcp[\w.-]*\.json$|(?:^|/)opencode\.jsonc?$|(?:^|/)\.cursorrules$"
)
"""What the programs of agents read: their own folders, the folders of plugins, and the files they look for by name."""
_OF_OTHERS = regex(r"REF-\d+|CC-MEM-00[12]|CC-HK-008|OC-002|VER-\d+|file::\w+")
"""Codes about files that the copy does not hold (the REF-* rules look at those), and about agnix's own settings."""
_READ = regex(
    r"(?:^|/)\.claude/(?:agents|skills|settings(?:\.local)?\.json)|(?:^|/)hooks/hooks\.json$|(?:^|/)\.mcp\.json$|(?:^|/)\.codex/config\.toml$"
)
"""Where a program is sure to look; elsewhere the file may be meant for something else."""


def parse(output: str) -> Iterator[Remark]:
    """Remarks from `agnix --format json`."""
    for said in json.loads(output)["diagnostics"]:
        if not _OF_OTHERS.fullmatch(said["rule"]):
            yield Remark(said["file"], said["line"], said["rule"], said["message"], said["column"], said["level"] == "error")


def configuration(tree: Tree) -> Iterable[str]:
    """Files that steer an agent's program."""
    return (entry.path for entry in tree.files() if _CONFIGURATION.search(entry.path))


LINTER = Linter(
    "agnix", "agnix", configuration, ("--format=json", "--ignore-inline-suppressions", "."), parse, roots=lambda _: ("",)
)


@rule("LINT-AGNIX", gate=None, category="deploy-config")
def agnix(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """A hook, agent, skill or server is not written as the agent's program reads it (agnix); what else agnix says is advice.

    Why: Claude Code refuses a settings file whose hooks have the wrong shape, and passes over an agent without a name or a server without
    a command; nothing is printed where it runs unattended, so that a guard or a tracker in a hook simply never runs. What depends on the
    version of a program (names of events, tools and models), and files that some other program may read, are at most possible.
    Do: Change the entry as agnix's message says (`agnix explain CODE` shows a good one), then run `agnix` in the folder.
    Source: Claude Code, references of hooks, subagents, skills and MCP; agnix, rules CC-HK, CC-AG, AS, MCP.
    """
    report = linters.report("agnix")

    def judge(remark: Remark) -> Finding | None:
        found = breach("agnix", remark.code)
        if found is None or not remark.sure or not_deployed(remark.path) or is_template(tree, remark.path, remark.line):
            return None
        if not _READ.search(remark.path):
            return None
        message = f"agnix {remark.code}: {remark.text.splitlines()[0]}"
        at = tree.evidence(remark.path, remark.line)
        return Finding(message, at, impact=found.impact, confidence=found.confidence, gate=found.gate)

    yield from findings(tree, report, "agnix", judge)
