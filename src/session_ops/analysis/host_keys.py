"""Servers of the Model Context Protocol, and their settings, under keys that no host reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_KEY = regex(
    r"[\"'](?P<key>_?env(?:s|_?vars?|ironment(?:_?variables)?|[_-]?(?:example|template|sample|defaults?|settings|variables|optional))?|_env\w*"
    r"|environment(?:_?[vV]ariables)?)[\"']\s*(?:\]\s*=|:)\s*(?:dict\(|\{)"
)
_HOST = regex(r"mcpServers|mcp\.json|claude_desktop_config|[\"']mcp[\"']\s*:|[\"']servers[\"']\s*[:\]]")
_SERVER = regex(r"[\"']command[\"']\s*(?::|\]\s*=)")
_TOP = regex(
    r"\A\s*\{\s*(?:\"(?:\$schema|inputs)\"\s*:[^{}]*?,\s*)?[\"'](?P<key>[\w-]+)[\"']\s*:\s*\{\s*[\"'][\w@/.-]+[\"']\s*:\s*\{"
)
_TOP_KEYS = {".mcp.json": "mcpServers", ".cursor/mcp.json": "mcpServers", ".vscode/mcp.json": "servers"}
"""The table of servers that the host of each file reads."""
_READ = frozenset(("env", "environment"))
_FILES = regex(
    r"(?:^|/)\.?mcp(?:[_.-][\w-]+)*\.json$|claude_desktop_config[\w.-]*\.json$|(?:^|/)\.(?:vscode|cursor|claude)/[\w.-]*mcp[\w.-]*\.json$"
)


def _env(finding: Finding) -> Fix | None:
    """Use the key that hosts read."""
    old, key = finding.data["old"], finding.data.get("key", "env")
    if finding.at.quote.count(old) != 1:
        return None
    edit = Edit(finding.at.path, old, f"{old[0]}{key}{old[-1]}", finding.at.line)
    return Fix(
        f"Write it under `{key}`",
        (finding.id,),
        "review",
        (edit,),
        why="It is the only key that the host reads there.",
    )


@rule("PKG-MCPENV", gate="start", category="config", fix=_env)
def settings_that_no_host_reads(tree: Tree) -> Iterator[Finding]:
    """MCP servers, or the variables of one, stand under a key that hosts do not read.

    Why: a host starts the server with `command`, `args` and the variables of `env`; whatever stands under `_env_example`, `envs` or `env_vars` is
    passed over in silence, so that a setting which the user fills in never applies. A project's `.mcp.json` names its servers under
    `mcpServers`, VS Code's under `servers`; under any other name none is started.
    Passes: `env` itself, `environment` (some hosts have it), texts of documents, tests.
    Do: Write the variables under `env` of the server's entry, and the servers under `mcpServers` (`servers` in .vscode/mcp.json).
    Source: modelcontextprotocol.io (connect to local servers), code.visualstudio.com (MCP configuration), docs.claude.com (MCP).
    """
    looked = False
    for name, key in _TOP_KEYS.items():
        for path in (p for p in tree.entries if p == name or p.endswith(f"/{name}")):
            match = _TOP.match(tree.text(path).removeprefix("\ufeff"))
            if is_aside(path) or (name == ".mcp.json" and "command" not in tree.text(path)):
                continue
            looked = True
            if match and match["key"] != key and re.fullmatch(r"(?i)(?:mcp[_-]?)?servers?", match["key"]):
                yield Finding(
                    f"the servers stand under {match['key']}; the host of this file reads {key}",
                    tree.evidence(path, tree.text(path).count("\n", 0, match.start("key")) + 1),
                    impact="None of the servers is started.",
                    data={"old": f'"{match["key"]}"', "key": key},
                )
    for entry in tree.files("python", "javascript", "typescript", "tsx", "json", "shell", "ruby"):
        text = tree.text(entry.path)
        if not ("mcp" in text and "env" in text and "command" in text) or is_aside(entry.path) or is_document(entry.path):
            continue
        if entry.language == "json" and not _FILES.search(entry.path):
            continue
        if not _HOST.search(text) or not _SERVER.search(text):
            continue
        looked = True
        for match in _KEY.finditer(text):
            key = match["key"]
            line = text.count("\n", 0, match.start("key")) + 1
            if key in _READ or tree.lines(entry.path)[line - 1].lstrip().startswith(("#", "//", "*", ">>>")):
                continue
            if not key.startswith("_env") and entry.language != "json":
                continue  # a name like env_vars may belong to anything else of the program
            yield Finding(
                f"variables for the MCP server are written under {key}; hosts read only env",
                tree.evidence(entry.path, line),
                impact="What the user sets there never reaches the server.",
                data={"old": text[match.start("key") - 1 : match.end("key") + 1]},
            )
    if not looked:
        raise NotApplicable("no configuration of an MCP server is written")
