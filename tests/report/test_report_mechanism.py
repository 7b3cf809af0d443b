"""The mechanism in the report: a table and a drawing in Markdown and HTML, masked and escaped like the rest."""

from dataclasses import replace

from tests.report.documents import CONTENTS

from session_ops.discovery.mechanism import Mechanism, Use
from session_ops.report.html import html
from session_ops.report.markdown import TRACKED, markdown

ROWS = tuple(
    {
        "state": f"state/{n}<b>.lock",
        "kind": "lock",
        "creates": "",
        "refreshes": "",
        "locks": "bin/lock.sh:4 (in place)",
        "reads": "",
        "deletes": "",
    }
    for n in range(TRACKED + 2)
)
USES = tuple(Use(row["state"], "lock", "locks", "whole", "bin/lock.sh", 4) for row in ROWS)
SHOWN = replace(CONTENTS, mechanism=Mechanism(USES), tracking=ROWS)


def test_markdown_has_a_table_and_a_drawing() -> None:
    text = markdown(SHOWN)
    state = text.split("## Current State")[1].split("\n## ")[0]
    assert "**How sessions are tracked**: 22 states" in state
    assert "| state | kind | creates | refreshes | locks | reads | deletes |" in state
    assert state.count("bin/lock.sh:4 (in place)") == TRACKED
    assert "and 2 more in `discovery.json`" in state
    assert "(figures/mechanism.svg)" in state
    assert state.count("<b>") == state.count("\\<b>")


def test_html_has_the_same_without_markup_from_names() -> None:
    page = html(SHOWN)
    assert "How sessions are tracked: 22 states" in page
    assert page.count("bin/lock.sh:4 (in place)") == TRACKED
    assert "data:image/svg+xml;base64," in page
    assert "<b>.lock" not in page


def test_nothing_is_drawn_where_no_state_is_known() -> None:
    bare = replace(CONTENTS, mechanism=Mechanism(), tracking=())
    assert "figures/mechanism.svg" not in markdown(bare)
    assert "No session state was found in the code" in markdown(bare)
    assert "No session state was found in the code" in html(bare)
