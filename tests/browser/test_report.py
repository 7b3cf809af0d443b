"""The report of the example in a real browser, with all network refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.asked, opened.said = [], []
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on("console", lambda message: opened.said.append(message.text) if message.type == "error" else None)

    def refuse(route: Any) -> None:
        if route.request.url.startswith(("file:", "data:")):
            route.continue_()
        else:
            opened.asked.append(route.request.url)
            route.abort()

    opened.route("**/*", refuse)
    opened.goto(report.as_uri())
    yield opened
    opened.close()


def test_it_asks_for_nothing_and_says_no_error(page: Any) -> None:
    page.wait_for_timeout(300)
    assert page.asked == []
    assert page.said == []


def test_every_image_is_there_with_a_text_and_a_size(page: Any) -> None:
    images = page.evaluate(
        "() => [...document.images].map(i => [i.alt, i.naturalWidth, i.getAttribute('width'), i.getAttribute('height')])"
    )
    assert len(images) >= 3
    for alt, natural, width, height in images:
        assert len(alt) > 20
        assert natural > 0
        assert width
        assert height


def test_every_link_leads_somewhere_in_the_page(page: Any) -> None:
    targets = page.evaluate("() => [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")
    assert len(targets) > 20
    missing = [t for t in targets if t.startswith("#") and not page.evaluate("id => !!document.getElementById(id)", t[1:])]
    assert missing == []
    assert [t for t in targets if not t.startswith("#")] == []


@pytest.mark.parametrize("width", [400, 1280, 1600])
def test_it_fits_the_window(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_the_first_screen_answers_does_it_deploy_what_stops_it_what_first(page: Any) -> None:
    bottoms = page.evaluate(
        """() => Object.fromEntries(['Not deployable', 'What stops it', 'What to do first'].map(text => {
          const found = [...document.querySelectorAll('h1,h2,h3,p,strong,b')].find(e => e.textContent.includes(text) && e.children.length < 2);
          return [text, found ? found.getBoundingClientRect().bottom : null]; }))"""
    )
    assert all(bottom is not None and bottom < 800 for bottom in bottoms.values()), bottoms


def test_it_is_printed_with_everything_unfolded_and_nothing_cut(page: Any, tmp_path: Path) -> None:
    page.emulate_media(media="print")
    page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1280
