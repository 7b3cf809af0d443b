"""Ten secrets and paths of this machine, planted in a case, appear in none of the four files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import Make
from tests.report.documents import SECRET, START

from session_ops.case import Case
from session_ops.report.redact import Redactor, settings

RULES = '''
from session_ops.model import Evidence, Finding
from session_ops.registry import rule

@rule("TEST-LINE", gate="start", category="config")
def every_line(tree):
    """Every line is wrong."""
    for n, line in enumerate(tree.lines("run.sh"), start=1):
        yield Finding(f"line {n} says {line}", tree.evidence("run.sh", n), impact=f"because of {tree.root}/run.sh")

@rule("TEST-SECRET", gate="guard", category="security")
def every_value(tree):
    """A .env is there."""
    yield Finding(".env has a value", tree.evidence(".env", 1))
'''
PLANTED = (
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "glpat-abcdefghij0123456789",
    "sk-ant-api03-abcdefghijklmnop",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdef",
    "swordfish99",
    "s3cr3t-in-a-url",
    "jane.roe@corp-mail.org",
    "/home/janeroe/",
    "winter-is-near-7",
)


@pytest.fixture
def exported(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The four files of a case whose one script and .env hold what is planted."""
    key, hub, lab, ant, jwt, password, address, mail, home, setting = PLANTED
    target = make(
        {
            "run.sh": f"#!/bin/sh\naws configure set x {key}\ngit clone https://{hub}@github.com/x/y\ncurl -H 'PRIVATE-TOKEN: {lab}'\n"
            f"ANTHROPIC_API_KEY={ant}\ncurl -H 'Authorization: Bearer {jwt}'\nexport DB_PASSWORD={password}\n"
            f"psql postgres://ops:{address}@db/ops\nmail {mail}\ncd {home}agent-ops\necho {setting}\n",
            ".env": f"WHATEVER=first-value-1\nSEASON={setting}\n",
        }
    )
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "planted.py").write_text(RULES)
    case = Case.open(target=str(target), case=str(tmp_path / "case"), rules=str(rules))
    case.save("report", case["report"])
    names = ("report.md", "report.html", "findings.sarif", "findings.json", "report.json")
    return {name: (case.folder / name).read_text() for name in names} | {"root": str(target), "case": str(case.folder)}


def test_nothing_planted_is_exported(exported: dict[str, str]) -> None:
    for name in ("report.md", "report.html", "findings.sarif", "findings.json", "report.json"):
        text = exported[name]
        assert [p for p in (*PLANTED, "first-value-1", exported["root"], exported["case"]) if p in text] == [], name


def test_what_is_left_is_still_readable(exported: dict[str, str]) -> None:
    text = exported["findings.json"]
    assert "export DB_PASSWORD=***" in text
    assert "postgres://ops:***@db/ops" in text
    assert "cd /home/$USER/agent-ops" in text
    assert "mail $EMAIL" in text
    assert "because of $TARGET/run.sh" in text


@pytest.mark.parametrize(
    "text",
    [
        "uses: actions/checkout@v4",
        "git clone git@github.com:owner/name.git",
        "systemctl start ops@main.service",
        "token=$TOKEN",
        'PASSWORD="${PASSWORD:?}"',
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "password = os.environ['PASSWORD']",
        "cd /home/dev/agent-ops",
        "0123456789abcdef" * 4,
        "tokens: 12",
        "https://host:8080/x",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_places_become_their_names_longest_first(tmp_path: Path) -> None:
    hide = Redactor.here(case=tmp_path / "t" / "case", target=tmp_path / "t")
    assert (
        hide.text(f"{tmp_path}/t/case/fixes and {tmp_path}/t/run.sh and {tmp_path}/tx")
        == f"$CASE/fixes and $TARGET/run.sh and {tmp_path}/tx"
    )


def test_a_name_is_masked_as_a_word_only() -> None:
    hide = Redactor(words=(("janeroe", "$USER"),))
    assert hide.text("janeroe ran janeroes-tool as janeroe.") == "$USER ran janeroes-tool as $USER."


def test_the_value_of_a_secret_is_masked_wherever_it_stands() -> None:
    hide = Redactor().knowing((SECRET,))
    assert hide.text("the log says correct-horse-9 too") == "the log says *** too"
    assert hide.finding(SECRET).at.quote == "PASSWORD = '***"
    assert hide.finding(START) == START


def test_plain_settings_are_no_secrets() -> None:
    assert settings(
        "MODE=production\nPORT=8080\nURL=https://x.example/y\nDIR=/var/lib/ops\nKEY=a1b2c3d4e5\n# OLD=z9y8x7w6v5\n"
    ) == {"a1b2c3d4e5"}


def test_a_person_is_masked_where_the_same_text_names_their_home() -> None:
    text = "/Users/janeroe is the home folder of one person (janeroe), janeroe-tool is not"
    assert Redactor().text(text) == "/Users/$USER is the home folder of one person ($USER), janeroe-tool is not"
    assert Redactor(personal=False).text(text) == text
