"""The row of the report: how large the example's is, and how soon a browser shows it."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Any

from rows import row, say

from session_ops.case import PHASES, Case

TIMES = 7


@row
def report(scratch: Path) -> None:
    """report.html of the bundled example: its size, and seconds until a new page of Chromium has loaded and drawn it."""
    case = Case.open(case=str(scratch / "case"))
    for phase in PHASES:
        case.save(phase, case.compute(phase))
    page = case.folder / "report.html"
    size = page.stat().st_size
    say("report-size", size / 1e6, "MB", 2.0)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no Chromium on this machine: how soon it opens was not measured")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        asked: list[str] = []
        times = [_opened(browser, page.as_uri(), asked) for _ in range(TIMES)]
        browser.close()
    print(f"report.html of {size / 1e6:.2f} MB: loaded and drawn after {', '.join(f'{t:.2f}' for t in times)} s")
    say("report-opens", statistics.median(times), "s", 1.0)
    say("report-requests", len([url for url in asked if not url.startswith(("file:", "data:"))]), "requests", 0)


def _opened(browser: Any, address: str, asked: list[str]) -> float:
    """Seconds from the start of the navigation to the load event and the first drawing, whichever is later; `asked` takes all addresses."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="load")
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    ms = page.evaluate(
        "() => Math.max(performance.getEntriesByType('navigation')[0].loadEventEnd, "
        "performance.getEntriesByName('first-contentful-paint')[0].startTime)"
    )
    page.close()
    return float(ms) / 1000
