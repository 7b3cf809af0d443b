"""Each notebook by Restart and run all in a real JupyterLab, with its defaults."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_ops.lab import working_copy

TOKEN = "lab-test"
NAMES = ("01_discovery", "02_analysis", "03_lifecycles", "04_diagnosis", "05_solution", "06_report")
CELLS = """() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .map(cell => cell.toJSON()).filter(cell => cell.cell_type === 'code')
  .map(cell => ({count: cell.execution_count, errors: cell.outputs.filter(o => o.output_type === 'error').map(o => o.evalue)}))"""
READY = """name => { const widget = window.jupyterapp && jupyterapp.shell.currentWidget;
  return widget && widget.context && widget.context.isReady && widget.context.path === name + '.ipynb'
    && widget.sessionContext.session && widget.sessionContext.session.kernel && widget.sessionContext.session.kernel.status === 'idle'; }"""
ENDED = f"() => {{ const cells = ({CELLS})(); return cells.every(c => c.count) || cells.some(c => c.errors.length); }}"


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base = tmp_path_factory.mktemp("lab")
    os.environ["SESSION_OPS_CASES"] = str(base / "cases")
    folder = working_copy(None)
    settings = base / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "JUPYTER_CONFIG_DIR": str(base / "config"), "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"), "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
    }  # fmt: skip
    argv = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with (
        (base / "log").open("w") as log,
        subprocess.Popen(argv, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as server,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", base / "log")
            yield f"http://127.0.0.1:{port}/lab/workspaces/{{0}}/tree/{{0}}.ipynb?token={TOKEN}"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address: str, log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-500:]}")


@pytest.mark.parametrize("name", NAMES)
def test_run_all_ends_without_error(browser: Any, lab: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    try:
        page.goto(lab.format(name))
        page.wait_for_function(READY, arg=name, timeout=60_000)
        page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(ENDED, timeout=120_000)
        cells = page.evaluate(CELLS)
        assert [error for cell in cells for error in cell["errors"]] == []
        assert len(cells) >= 6
        page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    finally:
        page.close()
