"""The pages that people share, held against axe-core: contrast in both colour schemes, headings, names, tables, landmarks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from session_ops.batch import index
from session_ops.batch.work import Result
from session_ops.compare import compare, views

TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}, "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def pages(report: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("batch")
    for name in ("one", "two"):
        shutil.copytree(report.parent, out / "cases" / name, ignore=shutil.ignore_patterns("target", "notebooks"))
    results = [Result(name, "done", 1.0, 0, source=f"/srv/{name}") for name in ("one", "two")]
    index.write([*results, Result("three", "timeout", 9.0, None, "ended: it took longer than 9 s")], out)
    comparison = out / "comparison.html"
    comparison.write_text(views.page(compare(out / "cases/one", out / "cases/two")))
    return {"report": report, "index": out / "index.html", "comparison": comparison}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "index", "comparison"])
def test_axe_finds_nothing(browser: Any, pages: dict[str, Path], name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra [browser] is not installed").Axe()
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    try:
        page.goto(pages[name].as_uri())
        found = axe.run(page, options=TAGS).response["violations"]
    finally:
        page.close()
    assert [(one["id"], one["help"], [node["target"] for node in one["nodes"]][:3]) for one in found] == []


def test_the_index_sorts_by_its_headings_and_fits(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.goto(pages["index"].as_uri())
        names = "() => [...document.querySelectorAll('#targets tbody tr td:first-child')].map(cell => cell.textContent.trim())"
        before = page.evaluate(names)
        page.get_by_role("button", name="target").click()
        down = page.evaluate(names)
        page.get_by_role("button", name="target").click()
        assert page.evaluate(names) == down[::-1]
        assert sorted(before) == sorted(down)
        assert page.locator("#targets th[aria-sort=ascending]").count() == 1
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    finally:
        page.close()
