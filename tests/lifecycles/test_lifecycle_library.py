"""A user's own formats: read from a folder, checked, and refused with file, line and reason."""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_ops.lifecycles.detection import detect
from session_ops.lifecycles.library import formats, load
from session_ops.lifecycles.readers import READERS, Record
from session_ops.lifecycles.spec import Mapper
from session_ops.model import UsageError

OWN = """\
id: mine
title: Our own lines
version: 1
role: log
detect:
  any_of: [[session, time]]
  weight: 1.0
reader:
  kind: regex_lines
  patterns:
    - '^(?P<time>\\S+) <(?P<who>\\w+)> (?P<what>\\w+)$'
time:
  field: [time]
  zone: Europe/Berlin
  formats: ["%d.%m.%Y/%H:%M:%S"]
key:
  session: [who]
values:
  kind: [what]
states: {busy: ACTIVE}
rules:
  - {when: {kind: "^up$"}, emit: session.start}
  - {use: ndjson}
samples: []
"""


def test_a_format_of_the_user_is_used(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(OWN)
    (tmp_path / "notes.txt").write_text("no format")
    log = tmp_path / "a.log"
    log.write_text("05.01.2026/11:00:00 <a1> up\n05.07.2026/12:00:00 <a1> heartbeat\n")
    known = formats([tmp_path])
    assert {form.id for form in known} == {"mine", *(form.id for form in formats())}
    found = detect(log, known)
    assert found.format is not None
    assert found.format.id == "mine"
    mapper = Mapper(found.format, "s", found.session_fields)
    rows = [row for piece in found.format.pieces(log) if isinstance(piece, Record) for row in mapper.events(piece)]
    assert [(row["kind"], row["ts_ns"] // 10**9, row["ts_quality"]) for row in rows] == [
        ("session.start", 1767607200, "zone_assumed"),
        ("session.heartbeat", 1783245600, "zone_assumed"),
    ]


def test_a_format_of_the_user_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(OWN.replace("id: mine", "id: ndjson"))
    assert next(form.title for form in formats([tmp_path]) if form.id == "ndjson") == "Our own lines"
    assert next(form.title for form in formats() if form.id == "ndjson") != "Our own lines"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("role: log", "role: logg", 4, "no role 'logg'"),
        ("kind: regex_lines", "kind: regexlines", 9, "did you mean 'regex_lines'"),
        ("patterns:", "pattern:", 8, "needs 'patterns'"),
        ("(?P<what>\\w+)$", "(?P<what>\\w+)(?=x)$", 11, "not in the common subset"),
        ("(?P<what>\\w+)$", "(?P<what>\\w+$", 11, "not a regular expression"),
        ('formats: ["%d.%m.%Y/%H:%M:%S"]', "formats: 0", 15, "a shape as in strptime"),
        ("zone: Europe/Berlin", "zone: Europe/Berlim", 14, "no zone 'Europe/Berlim'"),
        ("emit: session.start", "emit: session.begin", 22, "no kind 'session.begin'"),
        ('when: {kind: "^up$"}', 'when: {knid: "^up$"}', 22, "did you mean 'kind'"),
        ("use: ndjson", "use: ndjsn", 23, "did you mean 'ndjson'"),
        ("use: ndjson", "use: ndjson, set: {colour: red}", 23, "no column 'colour'"),
        ("weight: 1.0", "weight: 7", 7, "up to 1"),
        ("any_of: [[session, time]]", "any_of: session", 6, "a list of lists"),
        ("title: Our own lines\n", "", 1, "lacks 'title'"),
        ("samples: []", "samples: [{name: x}]", 24, "a sample has a name"),
        ("states:", "stats:", 20, "did you mean 'states'"),
        ("version: 1", "version: one", 3, "is text, not a whole number"),
        ("role: log", "role: [log", 5, "not YAML"),
        ("role: log", "role: log\nextends: nothing", 5, "no format 'nothing'"),
        ("rules:", "rules: [x]\nold:", 22, "nothing is called 'old'"),
        ("states:", "header: {when: {kind: x}}\nstates:", 20, "a mapping of a name to a text"),
        ("states:", 'header: {when: {kind: "("}, fields: {session: id}}\nstates:', 20, "not a regular expression"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_reason(old: str, new: str, line: int, said: str, tmp_path: Path) -> None:
    assert old in OWN
    path = tmp_path / "mine.yaml"
    path.write_text(OWN.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        formats([tmp_path])
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "- a\n- b\n",
        "\0",
        "a: !!python/object:os.system x",
        "a: &x [*x]",
        pytest.param("- " * 60_000, id="deep"),
    ],
)
def test_what_is_no_format_at_all(text: str) -> None:
    with pytest.raises(UsageError, match=r"^f\.yaml:1: "):
        load(text, "f.yaml")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder of formats"):
        formats([tmp_path / "nothing"])


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(OWN.splitlines()),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=4)), lambda inner: st.lists(inner, max_size=2), max_leaves=3
    ),
)
def test_any_value_anywhere_is_a_format_or_a_usage_error(line: str, value: object) -> None:
    name = line.split(":")[0]
    with contextlib.suppress(UsageError):
        assert load(OWN.replace(line, f"{name}: {value!r}", 1), "f.yaml").rules


def test_patterns_mean_the_same_in_re2() -> None:
    """DuckDB's regular expressions are RE2: it refuses what is not of the common subset."""
    with duckdb.connect() as database:
        for form in formats():
            texts = [pattern.pattern for rule in form.rules for _, pattern in rule.when]
            if form.reader["kind"] in ("regex_lines", "git_log"):
                words = form.reader.get("words", {})
                own = [*form.reader.get("patterns", ()), *form.reader.get("drop", {}).values()]
                own += [text for several in form.reader.get("then", {}).values() for text in several]
                for name, body in words.items():
                    own = [text.replace("{" + name + "}", body) for text in own]
                texts += own
            for text in texts:
                database.execute("SELECT regexp_matches('x', ?)", [text]).fetchone()


def test_every_reader_has_a_format() -> None:
    assert {form.reader["kind"] for form in formats()} == set(READERS)
