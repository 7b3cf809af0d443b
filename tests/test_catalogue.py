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
