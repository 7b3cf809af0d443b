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

TOKEN = "lab-test"  # noqa: S105 - of a server on loopback that ends with the test
NAMES = ("01_discovery", "02_analysis", "03_lifecycles", "04_diagnosis", "05_solution", "06_report")
ERRORS = """() => jupyterapp.shell.currentWidget.content.model.cells.length ? [...Array(jupyterapp.shell.currentWidget.content.model.cells.length).keys()]
  .map(i => jupyterapp.shell.currentWidget.content.model.cells.get(i).toJSON())
  .filter(c => c.cell_type === 'code').map(c => ({count: c.execution_count, kinds: c.outputs.map(o => o.output_type), error: c.outputs.filter(o => o.output_type === 'error').map(o => o.evalue)})) : []"""


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
    with (base / "log").open("w") as log, subprocess.Popen(argv, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", base / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}.ipynb?token={TOKEN}"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address: str, log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-500:]}")


@pytest.mark.parametrize("name", NAMES)
def test_run_all_ends_without_error(browser: Any, lab: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    try:
        page.goto(lab.format(name))
        idle = "() => window.jupyterapp && jupyterapp.shell.currentWidget && jupyterapp.shell.currentWidget.sessionContext && jupyterapp.shell.currentWidget.sessionContext.session && jupyterapp.shell.currentWidget.sessionContext.session.kernel && jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        page.wait_for_function(idle, timeout=60_000)
        page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(f"() => {{ const cells = ({ERRORS})(); return cells.length && cells.every(c => c.count) || cells.some(c => c.error.length); }}", timeout=120_000)
        cells = page.evaluate(ERRORS)
        assert [c["error"] for c in cells if c["error"]] == []
        page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    finally:
        page.close()
