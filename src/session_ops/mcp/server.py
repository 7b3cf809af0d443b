"""The server's tools. Each is a command of session-ops run in a child process; nothing of a target runs without the client's word.

Source: Model Context Protocol specification (tools, resources, progress), by way of the official Python SDK.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resources import FileResource
from pydantic import Field

from session_ops.case import version
from session_ops.mcp.child import Done, bounded, call
from session_ops.mcp.documents import document, findings, present

MOST = 60
"""Findings in one answer; more are counted, and a narrower call is suggested."""
INSTRUCTIONS = """session-ops finds out why a home-made tracker of agent sessions (often a folder agent-ops/) cannot be deployed.
Start with `check` (fast, runs nothing of the target). `run` writes a whole case with a report. `explain_finding` tells what a
finding means, `propose_fix` gives patches, `prove_fix` tries them in a sandboxed copy and needs the user's word. Ask the user the
five questions (environment, consumers, preserve_data, access_control, shape) before `run`; leave out what they do not know."""
Target = Annotated[
    str, Field(description="Folder of the tracker to look at, absolute or relative to the server's working directory.")
]
Case = Annotated[str, Field(description="Case folder, as `run` returned it.")]


def build() -> MCPServer[Any]:
    """The server with its tools; documents of cases become resources as cases are made."""
    server: MCPServer[Any] = MCPServer("session-ops", version=version(), instructions=INSTRUCTIONS, log_level="ERROR")
    known: dict[str, Path] = {}

    def offer(folder: Path) -> list[str]:
        """Make the documents of a case readable, and return their addresses."""
        name = re.sub(r"[^A-Za-z0-9._-]", "-", folder.name) or "case"
        while known.get(name, folder) != folder:
            name += "-"
        known[name] = folder
        addresses = []
        for document_name, kind in present(folder).items():
            address = f"session-ops://{name}/{document_name}"
            server.add_resource(
                FileResource(
                    uri=address, name=f"{name}/{document_name}", mime_type=kind, path=folder / document_name, encoding="utf-8"
                )
            )
            addresses.append(address)
        return addresses

    @server.tool()
    async def check(
        target: Target,
        ctx: Context[Any, Any],
        advice: Annotated[bool, Field(description="Advice too, not only what is critical or a gap.")] = False,
        linters: Annotated[bool, Field(description="Also run the linters that are installed.")] = True,
        since: Annotated[str, Field(description="Only files that were changed since this git revision.")] = "",
    ) -> dict[str, Any]:
        """Check a folder with the rules alone: findings with file, line and quote. Nothing of the target runs, nothing is written."""
        words = [
            "check",
            "--format=json",
            "--fail-on=never",
            *(["--advice"] if advice else []),
            *([] if linters else ["--no-linters"]),
        ]
        done = await _called(ctx, *words, *([f"--since={since}"] if since else []), "--", _path(target))
        found = json.loads(done.out)
        return _short(found)

    @server.tool()
    async def run(
        target: Target,
        ctx: Context[Any, Any],
        case: Annotated[str, Field(description="Where to write the case; empty: a new folder in the working directory.")] = "",
        logs: Annotated[list[str] | None, Field(description="Tracker logs: files, folders or globs.")] = None,
        environment: Annotated[
            str, Field(description="Where it shall run: local, docker, systemd, cloud, unknown.")
        ] = "unknown",
        consumers: Annotated[str, Field(description="Who will use it, in a few words.")] = "",
        preserve_data: Annotated[str, Field(description="Must existing state survive: yes, no, unknown.")] = "unknown",
        access_control: Annotated[str, Field(description="Who may read its secrets and steer it.")] = "",
        shape: Annotated[str, Field(description="Meant to be: library, service, bundle, unknown.")] = "unknown",
        prove: Annotated[
            bool, Field(description="RUNS CODE OF THE TARGET in a sandboxed copy. Only with the user's consent.")
        ] = False,
        trust_target: Annotated[
            bool, Field(description="With prove: even where there is no sandbox. Only with consent.")
        ] = False,
    ) -> dict[str, Any]:
        """Investigate a folder: six notebooks, a report, a case folder. Nothing of the target runs unless `prove` is set."""
        if trust_target and not prove:
            raise ToolError("trust_target means something together with prove only")
        answers = {
            "environment": environment, "consumers": consumers, "preserve-data": preserve_data, "access-control": access_control,
            "shape": shape, "case": case,
        }  # fmt: skip
        words = [
            "run",
            *(f"--{name}={value}" for name, value in answers.items() if value),
            *(f"--logs={log}" for log in logs or []),
        ]
        words += ["--prove"] if prove else []
        words += ["--trust-target"] if trust_target else []
        done = await _called(ctx, *words, "--", _path(target))
        folder = Path(next(line.removeprefix("case ") for line in done.said.splitlines() if line.startswith("case ")))
        diagnosis = document(folder, "diagnosis")
        addresses = offer(folder)
        await ctx.notify_resources_changed()
        return {
            "verdict": done.out.strip().splitlines()[0] if done.out.strip() else "",
            "case": str(folder),
            "report": str(folder / "report.html"),
            "gates": {gate["gate"]: gate["outcome"] for gate in diagnosis.get("gates", [])},
            "resources": addresses,
        }

    @server.tool()
    async def logs(
        paths: Annotated[list[str], Field(min_length=1, description="Tracker logs: files, folders or globs.")],
        ctx: Context[Any, Any],
        as_format: Annotated[str, Field(description="Read them as this format; empty: found out.")] = "",
    ) -> dict[str, Any]:
        """Turn tracker logs into sessions: how many, which leaked, collided or died, with the lines that show it."""
        given = [f"--as={as_format}"] if as_format else []
        done = await _called(ctx, "logs", "--json", *given, "--", *(_path(path) for path in paths))
        return dict(json.loads(done.out))

    @server.tool()
    async def explain_finding(
        finding_id: Annotated[str, Field(description="Such as REF-RUN-1a2b3c, or a rule's id.")],
        ctx: Context[Any, Any],
        case: Annotated[str, Field(description="The case that the finding is in; empty: only the rule is explained.")] = "",
    ) -> str:
        """What a finding means: its rule, why it matters, what to do, and in a case its place, its causes and its fix."""
        rule = re.sub(r"-[0-9a-f]{6}$", "", finding_id)
        done = await _called(ctx, "rules", "--", rule)
        return bounded("\n\n".join((done.out.strip(), *(_in_case(_case(case), finding_id) if case else ()))))

    @server.tool()
    async def propose_fix(
        target: Target,
        ctx: Context[Any, Any],
        only_safe: Annotated[bool, Field(description="Only fixes that may be applied without reading them.")] = False,
    ) -> dict[str, Any]:
        """Patches for what can be fixed, tried in a copy against the rules. Nothing is changed, nothing of the target runs."""
        return await _fixed(ctx, target, only_safe=only_safe)

    @server.tool()
    async def prove_fix(
        target: Target,
        ctx: Context[Any, Any],
        allow_execution: Annotated[
            bool, Field(description="The user agreed that code of the target runs in a sandboxed copy.")
        ],
        only_safe: Annotated[bool, Field(description="Only fixes that may be applied without reading them.")] = False,
        trust_target: Annotated[
            bool, Field(description="Even where there is no sandbox. Only with the user's consent.")
        ] = False,
    ) -> dict[str, Any]:
        """Patches that were proven: the gates of deployment run in a sandboxed copy before and after. Runs code of the target."""
        if not allow_execution:
            raise ToolError("prove_fix runs code of the target in a sandboxed copy: ask the user, then set allow_execution")
        return await _fixed(ctx, target, only_safe=only_safe, more=["--prove", *(["--trust-target"] if trust_target else [])])

    @server.tool()
    async def open_case(case: Case) -> dict[str, Any]:
        """Make the documents of an existing case readable as resources."""
        return {"resources": offer(_case(case))}

    return server


async def _called(ctx: Context[Any, Any], *words: str) -> Done:
    """A command that must succeed; its one line of complaint is the tool's error."""
    done = await call(*words, progress=ctx.report_progress)
    if done.code:
        last = done.said.splitlines()[-1] if done.said else ""
        raise ToolError(last.removeprefix("session-ops: ") or f"session-ops ended with {done.code}")
    return done


async def _fixed(ctx: Context[Any, Any], target: str, *, only_safe: bool, more: list[str] | None = None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="session-ops-") as scratch:
        patch = Path(scratch) / "all.patch"
        words = ["fix", "--json", f"--patch={patch}", *(["--only=safe"] if only_safe else []), *(more or [])]
        done = await _called(ctx, *words, "--", _path(target))
        text = patch.read_text("utf-8", "replace") if patch.exists() else ""
    return {"what": json.loads(done.out), "patch": bounded(text)}


def _path(given: str) -> str:
    if not given.strip() or "\0" in given:
        raise ToolError("the path is empty: give a folder or file")
    return given


def _case(given: str) -> Path:
    folder = Path(_path(given)).expanduser()
    if not (folder / "case.json").is_file():
        raise ToolError(f"{given}: is no case folder (it has no case.json); `run` makes one")
    return folder


def _short(found: dict[str, Any]) -> dict[str, Any]:
    """The findings without the rules that passed, and not more than a reader takes."""
    listed = found["findings"]
    short = {name: found[name] for name in ("target", "prefix", "counts", "version")}
    short["findings"] = listed[:MOST]
    if len(listed) > MOST:
        short["left_out"] = f"{len(listed) - MOST} more; look at a subfolder, or use `run` and read findings.json"
    short["not_checked"] = [
        {"rule": rule["rule"], "reason": rule["reason"]} for rule in found["rules"] if rule["outcome"] in ("open", "blocked")
    ]
    return short


def _in_case(folder: Path, finding_id: str) -> list[str]:
    finding = next((one for one in findings(folder) if one["id"] == finding_id), None)
    if finding is None:
        raise ToolError(f"{finding_id}: no such finding in {folder.name}; findings.json lists them")
    parts = ["In this case:\n" + json.dumps(finding, indent=1, ensure_ascii=False)]
    causes = [cause for cause in document(folder, "diagnosis").get("causes", []) if finding_id in cause["findings"]]
    if causes:
        parts.append("Its causes:\n" + json.dumps(causes, indent=1, ensure_ascii=False))
    fixes = [fix for fix in document(folder, "solution").get("fixes", []) if finding_id in fix.get("findings", [])]
    if fixes:
        parts.append("Fix:\n" + json.dumps(fixes, indent=1, ensure_ascii=False))
    return parts
