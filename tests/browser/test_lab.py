"""Each notebook by Restart and run all in a real JupyterLab, with its defaults; its widgets; and what an untrusted copy still shows."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from session_ops.lab import working_copy

TOKEN = "lab-test"
CELLS = """() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .map(cell => cell.toJSON()).filter(cell => cell.cell_type === 'code')
  .map(cell => ({count: cell.execution_count, errors: cell.outputs.filter(o => o.output_type === 'error').map(o => o.evalue)}))"""
OPENED = """name => { const widget = window.jupyterapp && jupyterapp.shell.currentWidget;
  return widget && widget.context && widget.context.isReady && widget.context.path === name + '.ipynb'; }"""
READY = """name => { const widget = window.jupyterapp && jupyterapp.shell.currentWidget;
  return widget && widget.context && widget.context.isReady && widget.context.path === name + '.ipynb'
    && widget.sessionContext.session && widget.sessionContext.session.kernel && widget.sessionContext.session.kernel.status === 'idle'; }"""
ENDED = f"() => {{ const cells = ({CELLS})(); return cells.every(c => c.count) || cells.some(c => c.errors.length); }}"


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that runs: the address of a notebook (its name goes into it), and the folder with the notebooks."""

    address: str
    folder: Path


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
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
        "JUPYTER_DATA_DIR": str(base / "data"),  # which notebooks are trusted is kept here
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
            yield Lab(f"http://127.0.0.1:{port}/lab/workspaces/{{0}}/tree/{{0}}.ipynb?token={TOKEN}", folder)
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


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 1000})
    yield opened
    opened.close()


def run_all(page: Any, lab: Lab, name: str) -> None:
    """Run a notebook in JupyterLab."""
    page.goto(lab.address.format(name))
    page.wait_for_function(READY, arg=name, timeout=60_000)
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(ENDED, timeout=120_000)
    cells = page.evaluate(CELLS)
    assert [error for cell in cells for error in cell["errors"]] == []
    assert len(cells) >= 6


def end(page: Any) -> None:
    """End the kernel of the notebook in front."""
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def shown(page: Any, what: str) -> Any:
    """An element of an output, scrolled to: JupyterLab draws only what is near the window."""
    found = page.locator(f".jp-OutputArea-output {what}").first
    for _ in range(40):
        if found.count():
            found.scroll_into_view_if_needed()
            return found
        page.mouse.move(700, 600)
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(100)
    pytest.fail(f"{what} is shown nowhere")


@pytest.mark.parametrize("name", ["01_discovery", "02_analysis", "06_report"])
def test_run_all_ends_without_error(page: Any, lab: Lab, name: str) -> None:
    run_all(page, lab, name)
    end(page)


def test_the_explorer_follows_its_filter(page: Any, lab: Lab) -> None:
    run_all(page, lab, "03_lifecycles")
    picture = shown(page, ".widget-html-content img[alt^=Timeline]")
    before, told = picture.get_attribute("src"), picture.get_attribute("alt")
    page.locator(".jp-OutputArea-output .widget-dropdown select").nth(1).select_option("ENDED")
    page.wait_for_function("alt => document.querySelector('.widget-html-content img').alt !== alt", arg=told, timeout=20_000)
    assert picture.get_attribute("src") != before
    assert page.get_by_text("explore.timeline_view(case, state='ENDED')").count()
    first = page.locator(".jp-OutputArea-output .widget-select select option").nth(1)
    page.locator(".jp-OutputArea-output .widget-select select").select_option(index=1)
    page.wait_for_function(
        "() => document.querySelector('.widget-html-content').innerText.includes('session.start')", timeout=20_000
    )
    assert page.get_by_text(f"Session {first.inner_text()}").count()
    end(page)


def test_the_browser_of_findings_follows_its_menus(page: Any, lab: Lab) -> None:
    run_all(page, lab, "04_diagnosis")
    shown(page, ".widget-select")
    menu = page.locator(".jp-OutputArea-output .widget-dropdown select")
    assert menu.nth(1).input_value() == "install"
    menu.nth(1).select_option("start")
    page.get_by_text("gate='start'").wait_for(timeout=20_000)
    assert page.locator(".widget-html-content pre").count()
    end(page)


def test_chosen_fixes_are_tried_and_other_answers_solved_again(page: Any, lab: Lab) -> None:
    run_all(page, lab, "05_solution")
    chosen = shown(page, ".widget-select-multiple select")
    chosen.select_option(index=[0, 1])
    page.get_by_text("2 chosen").wait_for(timeout=20_000)
    page.get_by_role("button", name="Try these").click()
    page.get_by_text("2 of 2 applied").wait_for(timeout=60_000)
    form = page.locator(".jp-OutputArea-output .widget-dropdown:has-text('Where shall it run?') select")
    form.select_option("docker")
    page.get_by_text("--environment docker").wait_for(timeout=20_000)
    page.get_by_role("button", name="Solve again").click()
    page.get_by_text("with these answers").wait_for(timeout=120_000)
    end(page)


def background(element: Any) -> str:
    return str(element.evaluate("e => getComputedStyle(e).backgroundColor"))


def test_executed_notebooks_that_came_by_mail_keep_verdict_colours_and_pictures(page: Any, lab: Lab, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "session_ops", "run", "--example", "--case", str(tmp_path / "case")]
    subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    for name in ("03_lifecycles", "04_diagnosis"):
        copy = f"mailed_{name}"
        (lab.folder / f"{copy}.ipynb").write_bytes((tmp_path / "case" / "notebooks" / f"{name}.ipynb").read_bytes())
        page.goto(lab.address.format(copy))
        page.wait_for_function(OPENED, arg=copy, timeout=60_000)
        trusted = page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.trusted)")
        assert not any(trusted), "nobody signed it"
        if name == "03_lifecycles":
            timeline = shown(page, "img[alt^=Timeline]")
            assert timeline.evaluate("async e => { await e.decode(); return e.naturalWidth; }") > 100
        else:
            verdict = shown(page, "strong:has-text('Not deployable')")
            assert background(verdict.locator("..")) == "rgba(218, 54, 51, 0.18)"
            assert background(shown(page, "span:has-text('✗ start')")) == "rgba(218, 54, 51, 0.18)"
            assert background(shown(page, "span:has-text('✓ parse')")) == "rgba(46, 160, 67, 0.18)"
