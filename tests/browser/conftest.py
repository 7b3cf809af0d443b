"""Debian's Chromium driven by Playwright, with every request to the outside refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_ops.case import PHASES, Case

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")  # closed before other tests: its event loop stays in the thread while it is open
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra [browser] is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the bundled example; its case lies around it."""
    case = Case.open(case=str(tmp_path_factory.mktemp("report") / "case"))
    for phase in PHASES:
        case.save(phase, case.compute(phase))
    return case.folder / "report.html"
