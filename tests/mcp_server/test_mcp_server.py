"""`session-ops mcp` as an agent meets it: the SDK's own client, over standard input and output of a real process."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra [mcp] is not installed")

from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters

SCRIPT = "#!/usr/bin/env bash\nset -e\necho start >> ran.txt\npython3 gone.py\n"


@pytest.fixture
def tracker(tmp_path: Path) -> Path:
    folder = tmp_path / "tracker"
    folder.mkdir()
    (folder / "start.sh").write_text(SCRIPT)
    (folder / "start.sh").chmod(0o755)
    (folder / "README.md").write_text("# Tracker\n\n```bash\n./start.sh\n```\n")
    (folder / "events.jsonl").write_text(
        '{"ts":"2026-01-05T10:00:00Z","event":"session.start","session":"a1"}\n'
        '{"ts":"2026-01-05T10:03:00Z","event":"session.end","session":"a1"}\n'
    )
    return folder


def talk(work: Callable[[Client], Awaitable[Any]], folder: Path) -> Any:
    async def go() -> Any:
        server = StdioServerParameters(command=sys.executable, args=["-m", "session_ops", "mcp"], cwd=str(folder))
        async with Client(server) as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(go(), 240))


def told(result: Any) -> Any:
    assert not result.is_error, result.content[0].text
    return json.loads(result.content[0].text)


def test_tools_say_what_they_run(tmp_path: Path) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in talk(work, tmp_path)}
    assert set(tools) == {"check", "run", "logs", "explain_finding", "propose_fix", "prove_fix", "open_case"}
    assert "Nothing of the target runs" in tools["check"].description
    run = tools["run"].input_schema["properties"]
    assert run["prove"]["default"] is False
    assert run["trust_target"]["default"] is False
    assert "allow_execution" in tools["prove_fix"].input_schema["required"]


def test_check_logs_and_explain(tracker: Path) -> None:
    async def work(client: Client) -> Any:
        checked = told(await client.call_tool("check", {"target": str(tracker), "linters": False}))
        logs = told(await client.call_tool("logs", {"paths": [str(tracker / "events.jsonl")]}))
        explained = await client.call_tool("explain_finding", {"finding_id": checked["findings"][0]["id"]})
        return checked, logs, explained.content[0].text

    checked, logs, explained = talk(work, tracker)
    assert any("gone.py" in finding["message"] and finding["at"]["line"] == 4 for finding in checked["findings"])
    assert (logs["sessions"], logs["ended"]) == (1, 1)
    assert checked["findings"][0]["rule"] in explained
    assert "Source:" in explained
    assert not (tracker / "ran.txt").exists()


def test_run_reports_progress_and_offers_its_documents(tracker: Path, tmp_path: Path) -> None:
    steps: list[tuple[float, float | None, str | None]] = []

    async def seen(step: float, total: float | None, said: str | None) -> None:
        steps.append((step, total, said))

    async def work(client: Client) -> Any:
        given = {"target": str(tracker), "case": str(tmp_path / "case"), "environment": "systemd"}
        done = told(await client.call_tool("run", given, progress_callback=seen))
        listed = {str(resource.uri) for resource in (await client.list_resources()).resources}
        report = (
            (await client.read_resource(next(uri for uri in done["resources"] if uri.endswith("report.md")))).contents[0].text
        )
        finding = json.loads((tmp_path / "case" / "findings.json").read_bytes())["findings"][0]["id"]
        explained = await client.call_tool("explain_finding", {"finding_id": finding, "case": done["case"]})
        return done, listed, report, finding, explained.content[0].text

    done, listed, report, finding, explained = talk(work, tmp_path)
    assert set(done["resources"]) <= listed
    assert report.startswith("# Agent-Ops Package Configuration Analysis")
    assert done["verdict"]
    assert "start" in done["gates"]
    assert (6.0, 6.0) in {(step, total) for step, total, _ in steps}
    assert finding in explained
    assert json.loads((tmp_path / "case" / "case.json").read_bytes())["parameters"]["environment"] == "systemd"
    assert not (tracker / "ran.txt").exists()


def test_fixes_are_proposed_and_proof_needs_a_word(tracker: Path) -> None:
    (tracker / "start.sh").chmod(0o644)

    async def work(client: Client) -> Any:
        proposed = told(await client.call_tool("propose_fix", {"target": str(tracker)}))
        refused = await client.call_tool("prove_fix", {"target": str(tracker), "allow_execution": False})
        return proposed, refused

    proposed, refused = talk(work, tracker)
    assert "new mode 100755" in proposed["patch"]
    assert refused.is_error
    assert "ask the user" in refused.content[0].text
    assert (tracker / "start.sh").stat().st_mode & 0o111 == 0
    assert not (tracker / "ran.txt").exists()


BAD = (
    ("check", {"target": "no-such-folder"}, "no-such-folder"),
    ("check", {"target": ""}, "the path is empty"),
    ("check", {"target": "--output=x"}, "--output=x"),
    ("logs", {"paths": ["none.jsonl"]}, "none.jsonl"),
    ("run", {"target": ".", "trust_target": True}, "together with prove only"),
    ("run", {"target": ".", "environment": "moon"}, "give one of"),
    ("explain_finding", {"finding_id": "NO-RULE"}, "no rule"),
    ("open_case", {"case": "."}, "no case folder"),
)


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    async def work(client: Client) -> Any:
        return [await client.call_tool(tool, given) for tool, given, _ in BAD]

    for done, (tool, given, said) in zip(talk(work, tmp_path), BAD, strict=True):
        assert done.is_error, (tool, given)
        assert said in done.content[0].text
        assert "Traceback" not in done.content[0].text
    assert not list(tmp_path.iterdir())


def test_a_document_outside_a_case_is_not_read(tracker: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    (case / "case.json").write_text("{}")
    (tmp_path / "secret").write_text("nobody's business")
    (case / "report.md").symlink_to(tmp_path / "secret")

    async def work(client: Client) -> Any:
        opened = told(await client.call_tool("open_case", {"case": str(case)}))
        with pytest.raises(MCPError):
            await client.read_resource("session-ops://case/../secret")
        return opened

    assert talk(work, tmp_path)["resources"] == []
