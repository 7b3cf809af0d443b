"""report.md: the headings, anchors and links; hostile text stays text, read back by a Markdown parser."""

from __future__ import annotations

import re
from dataclasses import replace

from markdown_it import MarkdownIt
from tests.report.documents import CONTENTS, DIAGNOSIS, FINDINGS, HOME, SOLUTION, START, hostile

from session_ops.model import Gate, Outcome
from session_ops.report.contents import Contents
from session_ops.report.markdown import HEADINGS, markdown

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def test_exactly_the_headings_in_their_order() -> None:
    found = re.findall(r"^#{1,6} .*$", markdown(CONTENTS), re.MULTILINE)
    assert tuple(found) == HEADINGS


def test_every_finding_is_anchored_once_and_every_link_has_its_anchor() -> None:
    text = markdown(CONTENTS)
    anchors = re.findall(r'<a id="([^"]+)">', text)
    assert sorted(anchors) == sorted(f.id.lower() for f in FINDINGS)
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(anchors)


def test_the_first_screen_says_verdict_causes_and_first_steps() -> None:
    first = markdown(CONTENTS).split("## Current State")[0]
    assert "**Not deployable**" in first
    assert "bin/gone.sh is not there" in first
    assert 'git apply "$CASE/fixes/01-repoint.patch"' in first
    assert len(first.splitlines()) < 40


def test_an_issue_says_impact_place_quote_fix_and_proof() -> None:
    text = markdown(CONTENTS)
    entry = text.split(f'<a id="{START.id.lower()}">')[1].split("<a id=")[0]
    assert "`bin/start.sh:3`" in entry
    assert "source bin/gone.sh" in entry
    assert "Impact: The start ends there." in entry
    assert "`fixes/01-repoint.patch`" in entry
    assert (
        "Proof: the patch applies in a copy; read again with it, the rule finds this no more; nothing was run with it" in entry
    )
    by_hand = text.split(f'<a id="{HOME.id.lower()}">')[1].split("<a id=")[0]
    assert "by hand, step 2 of the plan: Use %h." in by_hand


def test_a_patch_that_does_not_apply_is_not_praised() -> None:
    assert "Proof: none: the patch does not apply (error: LICENSE exists)" in markdown(CONTENTS)


def test_what_ran_with_a_fix_and_what_the_gates_are_then_is_said() -> None:
    check = replace(SOLUTION.checks[0], proof="3 commands ran in a sandboxed copy", opens=(Gate.START,))
    after = tuple(
        replace(gate, outcome=Outcome.PASS, reason="") if gate.gate is Gate.START else gate for gate in DIAGNOSIS.gates
    )
    done = replace(SOLUTION, checks=(check, *SOLUTION.checks[1:]), gates_before=DIAGNOSIS.gates, gates_after=after)
    text = markdown(replace(CONTENTS, solution=done))
    assert "3 commands ran in a sandboxed copy; it opens start" in text
    assert "| **start** | ✗ fails | ✓ clear |" in text
    assert "**Gates before and after.** With the " in text
    assert f"1 finding without a fix that was kept: {HOME.id}" in text
    assert "as the rules read it, nothing was run" in text
    assert "Gates before and after" not in markdown(CONTENTS)


def test_equal_input_gives_equal_bytes() -> None:
    assert markdown(CONTENTS) == markdown(replace(CONTENTS))


def test_hostile_text_makes_no_markup() -> None:
    text = markdown(hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert tuple(re.findall(r"^#{1,6} .*$", text, re.MULTILINE)) == HEADINGS
    for token in PARSER.parse(text):
        for child in (token, *(token.children or ())):
            if child.type in ("html_block", "html_inline"):
                assert "script" not in child.content, child.content
            if child.type == "link_open":
                assert str(child.attrs["href"]).startswith("#"), child.attrs
            if child.type == "image":
                assert str(child.attrs["src"]).startswith("figures/"), child.attrs


def test_long_quotes_are_cut_and_say_so() -> None:
    text = markdown(hostile())
    assert max(len(line) for line in text.splitlines()) < 3000
    assert "more characters)" in text


def test_a_healthy_target_reads_well() -> None:
    empty: Contents = replace(
        CONTENTS, findings=(), diagnosis=replace(CONTENTS.diagnosis, verdict="deployable", causes=(), security=()),
        solution=replace(CONTENTS.solution, fixes=(), checks=(), immediate=(), structural=(), by_hand=(), plan=(), files=(), refused={}),
    )  # fmt: skip
    text = markdown(empty)
    assert "**Deployable**" in text
    assert "Nothing was found that prevents a deployment." in text
