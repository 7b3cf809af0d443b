"""What notebooks show: static, escaped, with a plain text beside it."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest
from tests.report.documents import DIAGNOSIS, FINDINGS, FIXES, HOSTILE, PATCH, PNG, SECRET, START

from session_ops import show
from session_ops.model import Edit

BAD = replace(START, message=HOSTILE, impact=HOSTILE, at=replace(START.at, path=HOSTILE, quote=HOSTILE))
CAUSE = replace(DIAGNOSIS.causes[0], title=HOSTILE, why=HOSTILE, basis=HOSTILE)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}


@pytest.mark.parametrize(
    "html",
    [
        show.facts_table(HOSTILE, {HOSTILE: HOSTILE}),
        show.table([{HOSTILE: HOSTILE}]).html,
        show.findings([BAD]).html,
        show.gates([replace(DIAGNOSIS.gates[0], reason=HOSTILE, how=HOSTILE)]).html,
        show.causes([CAUSE]).html,
        show.fixes([replace(FIXES[0], title=HOSTILE, why=HOSTILE)], {FIXES[0].id: HOSTILE}).html,
        show.verdict(replace(DIAGNOSIS, headline=HOSTILE)).html,
        show.figure(PNG, HOSTILE)._repr_html_(),
        BAD._repr_html_(),
        CAUSE._repr_html_(),
        replace(FIXES[0], title=HOSTILE, why=HOSTILE, edits=(Edit(HOSTILE, "a", "b"),))._repr_html_(),
    ],
    ids=["facts", "table", "findings", "gates", "causes", "fixes", "verdict", "figure", "one finding", "one cause", "one fix"],
)
def test_untrusted_text_is_text(html: str) -> None:
    seen = Tags(html)
    assert not seen.tags & {"script", "style", "iframe", "a"}
    assert seen.names <= {"style", "open", "alt", "src"}
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_one_thing_alone_is_shown_unfolded() -> None:
    for html, said in (
        (START._repr_html_(), START.at.quote),
        (FIXES[0]._repr_html_(), FIXES[0].paths[0]),
        (DIAGNOSIS.gates[0]._repr_html_(), DIAGNOSIS.gates[0].gate.value),
        (DIAGNOSIS.causes[0]._repr_html_(), DIAGNOSIS.causes[0].why),
    ):
        assert escape(said) in html
        assert html.count("<details") == html.count("<details open")


def test_findings_come_worst_first_and_say_how_many_are_left_out() -> None:
    shown = show.findings(FINDINGS, limit=2)
    assert [line.split()[0] for line in repr(shown).splitlines()] == ["critical", "critical", "showing"]
    assert "showing 2 of 5" in shown.html


def test_a_secret_is_not_quoted() -> None:
    assert "correct-horse-9" not in show.findings([SECRET]).html


def test_a_table_says_what_it_leaves_out() -> None:
    rows = [{"name": n, "value": None} for n in range(30)]
    assert "showing 20 of 30" in show.table(rows).html
    assert "30 in all" in show.table(rows, limit=30).html
    assert show.table([]).html == "<p>nothing</p>"


def test_columns_can_be_chosen_and_named() -> None:
    text = repr(show.table([{"a": 1, "b": 2.5}], {"b": "what b is"}))
    assert text.splitlines()[:2] == ["what b is", "2.5"]


def test_a_diff_keeps_every_line() -> None:
    assert show.diff(PATCH).text == PATCH
    assert show.diff(PATCH).html.count("<span") == len(PATCH.split("\n"))


def test_gates_and_verdict_speak_without_colour() -> None:
    assert "✗ fails" in show.gates(DIAGNOSIS.gates).html
    assert repr(show.verdict(DIAGNOSIS)).startswith("✗ Not deployable")


def test_a_figure_has_its_alternative_text() -> None:
    picture = show.figure(PNG, "three sessions")
    assert 'alt="three sessions"' in picture._repr_html_()
    assert repr(picture) == "[picture: three sessions]"
