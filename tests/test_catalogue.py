"""The page of all rules."""

import re

import pytest

from session_ops import catalogue
from session_ops.cli import main
from session_ops.registry import Registry


def test_page_is_in_step_with_the_rules() -> None:
    assert catalogue.PAGE.read_text() == catalogue.page(Registry.load()), "run python -m session_ops.catalogue"


def test_every_rule_is_explained() -> None:
    assert not [rule.id for rule in Registry.load().rules.values() if len(rule.explanation) < 80]


def test_page_names_every_rule_once() -> None:
    assert re.findall(r"^### (\S+)$", catalogue.PAGE.read_text(), re.MULTILINE) == sorted(Registry.load().rules)


def test_help_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "rules"]) == 0
    assert capsys.readouterr().out.startswith("# Rules\n")


def test_rule_of_a_linter_names_its_codes_and_shows_an_example() -> None:
    entry = catalogue.PAGE.read_text().partition("### LINT-HADOLINT\n")[2].partition("### ")[0]
    assert "`DL1000|DL3011|DL3023|DL3061` breaks gate `ship`" in entry
    assert "Example: `Dockerfile:" in entry
