"""report.html: one file, no script, no network, every anchor there, hostile text as text."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.report.documents import CONTENTS, FINDINGS, HOSTILE, SECRET, START, hostile

from session_ops import report
from session_ops.report.html import OPEN_FINDINGS, html
from session_ops.report.markdown import HEADINGS
from session_ops.report.patch_lines import line_kinds
from session_ops.report.redact import Redactor

VOID = frozenset(("meta", "img", "br", "link", "input", "hr"))
ALLOWED = frozenset(
    (
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "code",
        "a",
        "div",
        "main",
        "section",
    )
    + (
        "span",
        "ol",
        "ul",
        "li",
        "b",
        "i",
        "small",
        "pre",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "article",
        "dl",
    )
    + ("dt", "dd", "details", "summary", "figure", "figcaption", "img", "nav", "footer", "br")
)


class Page(HTMLParser):
    """Tags, ids, links, headings and text of a page; fails on a tag that is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.headings: list[str] = []
        self.text = ""
        self.attributes: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        self.attributes |= set(given)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given["href"]))
        if tag == "img":
            self.images.append(given)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open and self._open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)


def test_the_headings_are_those_of_the_design() -> None:
    titles = [h.lstrip("# ") for h in HEADINGS]
    assert [h for h in Page(html(CONTENTS)).headings if h in titles] == titles


@pytest.mark.parametrize("contents", [CONTENTS, hostile()], ids=["plain", "hostile"])
def test_ids_are_unique_and_every_link_leads_somewhere(contents: object) -> None:
    page = Page(html(contents))  # type: ignore[arg-type]
    assert [name for name, many in Counter(page.ids).items() if many > 1] == []
    assert {f.id.lower() for f in FINDINGS} <= set(page.ids)
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_nothing_is_loaded_and_nothing_runs() -> None:
    text = html(CONTENTS)
    page = Page(text)
    assert set(page.tags) <= ALLOWED
    assert "http://" not in text
    assert "https://" not in text
    assert not any(name.startswith("on") for name in page.attributes)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in text


def test_pictures_are_embedded_with_text_and_size() -> None:
    causes, image = Page(html(CONTENTS)).images
    assert str(causes["src"]).startswith("data:image/svg+xml;base64,")
    assert str(causes["alt"]).startswith("Causes and the gates that they keep shut: cause 1 keeps")
    assert causes["width"] == "900"
    assert str(image["src"]).startswith("data:image/png;base64,")
    assert image["alt"] == "Three sessions, one of which never ended"
    assert (image["width"], image["height"]) == ("3", "2")


def test_hostile_text_is_text() -> None:
    text = html(hostile())
    page = Page(text)
    assert set(page.tags) <= ALLOWED
    assert "<script>alert(1)</script>" in page.text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "A" * 1000 not in text


def test_the_quoted_line_is_marked_and_the_diff_is_coloured() -> None:
    text = html(CONTENTS)
    assert '<span class="hit"><i>3</i>source bin/gone.sh' in text
    assert '<span class="del">-source bin/gone.sh</span>' in text
    assert '<span class="add">+source lib/here.sh</span>' in text


def test_only_lines_of_a_hunk_are_coloured() -> None:
    """A message may hold a list, and a removed line may begin with two signs more."""
    patch = "Subject: a\n\n- ENTRY-XBIT at a:1\n---\n\ndiff --git a/q b/q\n--- a/q\n+++ b/q\n@@ -1,2 +1,1 @@\n--- a comment\n same\n"
    assert list(line_kinds(patch.splitlines())) == [*["meta"] * 8, "hunk", "del", "same"]


def test_gates_speak_without_colour() -> None:
    text = html(CONTENTS)
    assert "<b>start</b><span>✗ fails</span>" in text
    assert "<b>parse</b><span>✓ clear</span>" in text
    assert "<b>ship</b><span>? open</span>" in text


def test_a_thousand_findings_stay_below_two_megabytes_and_are_folded() -> None:
    many = tuple(replace(START, id=f"REF-RUN-{n:06x}", at=replace(START.at, path=f"bin/{n}.sh")) for n in range(1000))
    text = html(replace(CONTENTS, findings=many))
    assert len(text.encode()) < 2_000_000
    assert f"{1000 - OPEN_FINDINGS} more" in text
    assert sum(i.startswith("ref-run-") for i in Page(text).ids) == 1000


def test_a_secret_is_masked() -> None:
    text = html(CONTENTS.masked(Redactor()))
    assert "correct-horse-9" not in text
    assert SECRET.id in text


def test_equal_input_gives_equal_bytes() -> None:
    assert html(CONTENTS) == html(replace(CONTENTS))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium, to see what a browser makes of the page")
def test_a_browser_finds_no_script_and_fits_a_narrow_window(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(html(hostile()))
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        f"--user-data-dir={tmp_path}/profile",
    ]
    done = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    assert Page(done.stdout).tags["script"] == 0
    assert HOSTILE.split("<")[1].split(">")[0] in done.stdout


def palette(scheme: str) -> dict[str, str]:
    css = (Path(report.__file__).parent / "templates" / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", blocks[0 if scheme == "light" else 1]))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "pair",
    [f"{front} {back}" for front in ("fg", "dim", "link") for back in ("bg", "soft")]
    + [
        "fail fail-bg",
        "open open-bg",
        "pass pass-bg",
        "fg fail-bg",
        "fg open-bg",
        "fg pass-bg",
        "fg hit",
        "fg add",
        "fg del",
        "fg hunk",
    ],
)
def test_text_has_contrast(scheme: str, pair: str) -> None:
    front, back = (luminance(palette(scheme)[name]) for name in pair.split())
    assert (max(front, back) + 0.05) / (min(front, back) + 0.05) >= 4.5
