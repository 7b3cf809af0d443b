"""The views of the section Explore: they follow their controls, carry a static twin and print what repeats them."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from session_ops import explore, show
from session_ops.case import Case
from session_ops.model import UsageError

ROWS = [
    {"severity": "critical", "place": "a.sh:1", "message": "<script>alert(1)</script>"},
    {"severity": "gap", "place": "README.md:3", "message": "names nothing"},
]
LOG = """{"ts": "2026-01-01T10:00:00Z", "event": "session_start", "session_id": "s1", "agent": "builder"}
{"ts": "2026-01-01T10:05:00Z", "event": "session_end", "session_id": "s1", "agent": "builder"}
{"ts": "2026-01-01T10:04:00Z", "event": "session_start", "session_id": "<b>s2</b>", "agent": "tester"}
{"ts": "2026-01-01T10:06:00Z", "event": "heartbeat", "session_id": "<b>s2</b>", "agent": "tester"}
{"ts": "2026-01-01T12:30:00Z", "event": "session_start", "session_id": "s3", "agent": "builder"}
{"ts": "2026-01-01T12:31:00Z", "event": "session_end", "session_id": "s3", "agent": "builder"}
"""


def every(widget: Any) -> list[Any]:
    return [widget, *(w for child in getattr(widget, "children", ()) for w in every(child))]


def control(panel: Any, kind: type[Any], name: str = "") -> Any:
    return next(w for w in every(panel) if type(w) is kind and (not name or name in w.description))


def pictures(shown: str) -> list[str]:
    return [base64.b64decode(data).decode() for data in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", shown)]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    base = tmp_path_factory.mktemp("explored")
    target = base / "ops"
    (target / "bin").mkdir(parents=True)
    (target / "README.md").write_text("# ops\n\nRun `./bin/start.sh` and then `./bin/gone.sh`.\n")
    script = target / "bin" / "start.sh"
    script.write_text('#!/bin/bash\nset -e\nread -p "name? " name\necho "$name" > /home/dev/state\n')
    script.chmod(0o644)
    (target / "CLAUDE.md").write_text("Agents: run `./bin/start.sh` first.\n")
    (base / "events.jsonl").write_text(LOG)
    made = Case.open(target=str(target), logs=str(base / "events.jsonl"), case=str(base / "case"))
    made.save("solution", made.compute("solution"))
    return made


def again(line: str, case: Case) -> show.Shown:
    """What the printed call gives: it can be pasted."""
    shown = eval(line, {"explore": explore, "case": case})
    assert isinstance(shown, show.Shown)
    return shown


def printed(panel: Any) -> str:
    return next(line for line in reversed(str(panel.shown.text).splitlines()) if line.startswith("explore."))


# any table


def test_the_view_follows_the_menus_and_prints_the_call_that_repeats_it() -> None:
    box = explore.rows(ROWS, ["severity"], "rows")
    menu, search, view = control(box, ipywidgets.Dropdown), control(box, ipywidgets.Text), box.view
    assert menu.options == (explore.ALL, "critical", "gap")
    assert "a.sh:1" in view.value
    assert "<script>" not in view.value
    menu.value = "gap"
    assert "a.sh:1" not in view.value
    assert "show.table(explore.chosen_rows(rows, {&#x27;severity&#x27;: &#x27;gap&#x27;}), limit=50)" in view.value
    menu.value, search.value = explore.ALL, "SCRIPT"
    assert "a.sh:1" in view.value
    assert "README.md:3" not in view.value


def test_the_printed_call_gives_the_same_rows() -> None:
    call = explore.command("rows", {"severity": "gap"}, "names")
    assert call == "show.table(explore.chosen_rows(rows, {'severity': 'gap'}, 'names'), limit=50)"
    shown = eval(call, {"show": show, "explore": explore, "rows": ROWS})  # the point: it can be pasted
    assert "README.md:3" in shown.html
    assert "a.sh:1" not in shown.html


# all of them


@pytest.mark.parametrize("make", [explore.timeline, explore.findings, explore.fixes, explore.questions])
def test_a_panel_is_its_static_twin_where_no_widget_can_be(case: Case, make: Callable[[Case], Any]) -> None:
    panel = make(case)
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == panel.view.value == panel.shown.html
    assert bundle["text/plain"] == panel.shown.text
    assert "<script" not in panel.shown.html
    assert again(printed(panel), case).html
    # nbclient sometimes waits for ever on output that an Output widget captures: a nightly batch would hang
    assert not [w for w in every(panel) if isinstance(w, ipywidgets.Output)]


# timeline


def test_the_timeline_follows_agent_state_and_time(case: Case) -> None:
    panel = explore.timeline(case)
    (whole,) = pictures(panel.view.value)
    assert all(name in whole for name in ("s1", "s3", "&lt;b&gt;s2&lt;/b&gt;"))
    assert "<b>" not in whole + panel.view.value
    control(panel, ipywidgets.Dropdown, "agent").value = "builder"
    (builder,) = pictures(panel.view.value)
    assert builder != whole
    assert "s2" not in builder
    time = control(panel, ipywidgets.SelectionRangeSlider)
    time.value = (next(at for at in time.options if at > "2026-01-01 11"), time.options[-1])
    (late,) = pictures(panel.view.value)
    assert "s3" in late
    assert "s1" not in late
    assert again(printed(panel), case).html == panel.shown.html
    control(panel, ipywidgets.Dropdown, "agent").value = "tester"
    assert "none of 3 sessions fits" in panel.shown.text


def test_a_session_that_is_chosen_shows_its_events_and_stays_chosen_while_it_fits(case: Case) -> None:
    panel = explore.timeline(case)
    chosen = control(panel, ipywidgets.Select)
    chosen.value = "<b>s2</b>"
    assert "&lt;b&gt;s2&lt;/b&gt;" in panel.view.value
    assert "session.heartbeat" in panel.shown.text
    assert "2026-01-01 10:06:00" in panel.shown.text
    assert again(printed(panel), case).html == panel.shown.html
    control(panel, ipywidgets.Dropdown, "agent").value = "tester"
    assert chosen.value == "<b>s2</b>"
    control(panel, ipywidgets.Dropdown, "agent").value = "builder"
    assert chosen.value == ""
    assert "session.heartbeat" not in panel.shown.text


def test_the_timeline_of_an_anomaly_holds_the_sessions_that_show_it(case: Case) -> None:
    menu = control(explore.timeline(case), ipywidgets.Dropdown, "anomaly")
    names = [value for _, value in menu.options if value]
    assert names
    logged = explore.timeline_view(case).text
    for name in names:
        assert explore.timeline_view(case, anomaly=name).text != logged


def test_more_sessions_than_a_list_holds_are_found_by_the_menus(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["session_ops.explore.timeline"], "LISTED", 1)
    panel = explore.timeline(case)
    chosen, agents = control(panel, ipywidgets.Select), control(panel, ipywidgets.Dropdown, "agent")
    assert chosen.options == (("(none; the first 1 of 3)", ""), ("s1", "s1"))
    assert [value for _, value in agents.options] == ["", "builder"]  # it has the most sessions
    time = control(panel, ipywidgets.SelectionRangeSlider)
    time.value = (next(at for at in time.options if at > "2026-01-01 11"), time.options[-1])
    assert chosen.options == (("(none)", ""), ("s3", "s3"))


def test_what_the_timeline_cannot_use_is_one_clear_line(case: Case) -> None:
    with pytest.raises(UsageError, match=r"'noon' is no time; give one such as"):
        explore.timeline_view(case, since="noon")
    with pytest.raises(UsageError, match="no such session"):
        explore.timeline_view(case, session="nobody")


# findings


def test_the_browser_shows_the_lines_that_a_finding_rests_on(case: Case) -> None:
    panel = explore.findings(case)
    control(panel, ipywidgets.Dropdown, "family").value = "dangling-ref"
    chosen = control(panel, ipywidgets.Select)
    found = {f.id: f for f in case["analysis"].findings}
    assert chosen.options
    assert {found[name].category for _, name in chosen.options} == {"dangling-ref"}
    assert ">     3 Run `./bin/start.sh` and" in panel.shown.text
    assert "      1 # ops" in panel.shown.text
    assert again(printed(panel), case).html == panel.shown.html
    control(panel, ipywidgets.Dropdown, "gate").value = "start"
    assert "0 of" in panel.shown.text


def test_the_browser_can_start_at_a_gate(case: Case) -> None:
    panel = explore.findings(case, gate="start")
    found = {f.id: f for f in case["analysis"].findings}
    assert {found[name].gate for _, name in control(panel, ipywidgets.Select).options} == {"start"}
    with pytest.raises(UsageError, match="no such finding"):
        explore.findings_view(case, finding="X-1")


# fixes


def test_chosen_fixes_are_tried_in_a_copy_when_the_button_is_pressed(case: Case) -> None:
    before = {p: p.read_bytes() for p in case.target.rglob("*") if p.is_file()}
    panel = explore.fixes(case)
    assert "none of" in panel.shown.text
    fix = next(f for f in case["solution"].fixes if any(m.path == "bin/start.sh" for m in f.modes))
    control(panel, ipywidgets.SelectMultiple).value = (fix.id,)
    assert "press" in panel.shown.text
    assert f"git apply {case.folder / fix.patch}" in panel.shown.text
    control(panel, ipywidgets.Button).click()
    assert "1 of 1 applied" in panel.shown.text
    assert "new mode 100755" in panel.shown.text
    assert re.search(r"^start .*fails", panel.shown.text, re.MULTILINE)
    assert {p: p.read_bytes() for p in case.target.rglob("*") if p.is_file()} == before
    with pytest.raises(UsageError, match="no fix 'F99'"):
        explore.fixes_view(case, ["F99"])


def test_all_fixes_together_leave_what_the_solution_says(case: Case) -> None:
    fixes = case["solution"].fixes
    shown = explore.fixes_view(case, [fix.id for fix in fixes]).text
    assert f"{len(fixes)} of {len(fixes)} applied" in shown
    removed = {one for fix in fixes for one in fix.findings} & {f.id for f in case["analysis"].findings}
    gone = re.search(r"; (\d+) findings gone", shown)
    assert gone
    assert int(gone[1]) >= len(removed) > 0


# questions


def test_other_answers_are_solved_again_and_the_case_stays_as_it_is(case: Case) -> None:
    documents = {p.name: p.read_bytes() for p in case.folder.glob("*.json")}
    panel = explore.questions(case)
    control(panel, ipywidgets.Dropdown, "Where").value = "docker"
    assert "Solve again" in panel.shown.text
    control(panel, ipywidgets.Button).click()
    assert "with these answers" in panel.shown.text
    assert f"session-ops run {case.target} --logs {case.logs[0]} --environment docker" in panel.shown.text
    assert {p.name: p.read_bytes() for p in case.folder.glob("*.json")} == documents
    other = Case.open(target=str(case.target), logs=str(case.logs[0]), case=str(case.folder / "answers"), environment="docker")
    assert other.stored("solution") is not None
    assert again(printed(panel), case).html == panel.shown.html


def test_answers_that_are_not_possible_are_said_in_the_view(case: Case) -> None:
    with pytest.raises(UsageError, match="none of the five questions"):
        explore.questions_view(case, colour="red")
    with pytest.raises(UsageError, match="did you mean 'docker'"):
        explore.questions_view(case, environment="dokcer")


def test_a_case_without_sessions_has_a_timeline_too(tmp_path: Path) -> None:
    target = tmp_path / "ops"
    target.mkdir()
    (target / "a.sh").write_text("#!/bin/sh\nls\n")
    case = Case.open(target=str(target), case=str(tmp_path / "case"))
    assert "no sessions" in explore.timeline(case).shown.text
