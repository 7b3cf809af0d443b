"""`session-ops lab`: a working copy of the notebooks, and the server that opens at it."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from session_ops.case import Case
from session_ops.lab import working_copy
from session_ops.model import UsageError
from session_ops.runner import notebooks
from tests.conftest import Make
from tests.test_cli import refused, session_ops


def parameters(notebook: Path) -> dict[str, object]:
    cells = json.loads(notebook.read_text())["cells"]
    source = "".join(next(c for c in cells if "parameters" in c["metadata"].get("tags", []))["source"])
    return {n.target.id: ast.literal_eval(n.value) for n in ast.parse(source).body if isinstance(n, ast.AnnAssign)}  # type: ignore[union-attr,arg-type]


def test_without_a_case_the_notebooks_keep_their_defaults(cases_folder: Path) -> None:
    folder = working_copy(None)
    assert folder.parent == cases_folder
    assert [p.name for p in sorted(folder.iterdir())] == [*(p.name for p in notebooks().values()), "help"]
    for source in notebooks().values():
        assert parameters(folder / source.name) == parameters(source)


def test_a_case_fills_in_its_parameters_and_somebodys_work_is_kept(make: Make, tmp_path: Path) -> None:
    target = make({"a.sh": "#!/bin/sh\nls\n", "it's.jsonl": "{}\n"})
    log = str(target / "it's.jsonl")
    case = Case.open(target=str(target), logs=log, case=str(tmp_path / "case"), environment="docker", orphan_after_min=5)
    folder = working_copy(str(case.folder))
    found = parameters(folder / "03_lifecycles.ipynb")
    assert found["target"] == str(target)
    assert found["logs"] == [log]
    assert found["case"] == str(case.folder)
    assert (found["environment"], found["orphan_after_min"], found["shape"]) == ("docker", 5.0, "unknown")
    (folder / "01_discovery.ipynb").write_text("mine")
    assert (working_copy(str(case.folder)) / "01_discovery.ipynb").read_text() == "mine"


def test_what_is_no_case_is_one_clear_line(tmp_path: Path) -> None:
    assert "is no case" in refused(session_ops("lab", tmp_path))
    (tmp_path / "case.json").write_text('{"schema": 99, "parameters": {}}')
    with pytest.raises(UsageError, match="newer session-ops"):
        working_copy(str(tmp_path))


def test_the_server_answers(tmp_path: Path) -> None:
    running = tmp_path / "r"
    env = os.environ | {"JUPYTER_TOKEN": "t", "JUPYTER_CONFIG_DIR": str(tmp_path / "c"), "JUPYTER_RUNTIME_DIR": str(running)}
    argv = [sys.executable, "-m", "session_ops", "lab", "--no-browser", "--port", str(unused_port())]
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    # a port that was free may be taken meanwhile: then the server looks for the next one, and says which
                    (told,) = running.glob("jpserver-*.json")
                    url = json.loads(told.read_text())["url"]
                    with urllib.request.urlopen(f"{url}api/contents?token=t", timeout=2) as answer:
                        names = {entry["name"] for entry in json.load(answer)["content"]}
                    break
                except (OSError, ValueError):
                    assert server.poll() is None, server.stderr.read() if server.stderr else ""
                    time.sleep(0.2)
            else:
                pytest.fail("no answer in 40 s")
        finally:
            server.terminate()
            server.wait(20)
    assert names == {*(p.name for p in notebooks().values()), "help"}


def unused_port() -> int:
    """A port of the loopback that nobody used a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_the_links_to_help_lead_to_pages_in_the_working_copy_and_in_a_checkout(cases_folder: Path) -> None:
    folder = working_copy(None)
    for source in notebooks().values():
        for notebook in (source, folder / source.name):
            links = re.findall(r"\]\(([^)]+\.md)\)", notebook.read_text())
            assert links
            assert all((notebook.parent / link).is_file() for link in links)
