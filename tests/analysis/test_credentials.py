"""Committed secrets: values are made here, so that no scanner takes this file for a leak."""

import random
import string
import subprocess
from pathlib import Path

import pytest

from session_ops.analysis.credentials import secret_in_the_code
from session_ops.discovery.files import read_tree
from session_ops.model import Finding

LETTERS = string.ascii_letters + string.digits


def value(head: str, length: int) -> str:
    return head + "".join(random.Random(7).choices(LETTERS, k=length))


def found(root: Path, path: str, text: str) -> list[Finding]:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    subprocess.run(["git", "-C", str(root), "init", "-q"], check=True)
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
    return list(secret_in_the_code(read_tree(root)))


@pytest.mark.parametrize(("head", "length"), [("ghp_", 36), ("glpat-", 20), ("npm_", 36), ("sk-ant-" + "api03-", 90)])
def test_a_token_in_code_is_found_and_not_repeated(tmp_path: Path, head: str, length: int) -> None:
    token = value(head, length)
    (finding,) = found(tmp_path, "ops/client.py", f'import os\n\nKEY = "{token}"\n')
    assert (finding.at.path, finding.at.line) == ("ops/client.py", 3)
    assert finding.confidence == "likely"
    assert token not in finding.message + finding.impact


def test_in_a_document_it_is_only_possible(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "README.md", f"Use {value('ghp_', 36)}.\n")
    assert finding.confidence == "possible"


@pytest.mark.parametrize("path", ["tests/test_client.py", "examples/client.py", ".env.example"])
def test_tests_examples_and_env_files_pass(tmp_path: Path, path: str) -> None:
    assert found(tmp_path, path, f'KEY = "{value("ghp_", 36)}"\n') == []


def test_a_key_file_is_a_secret_and_a_heading_alone_is_not(tmp_path: Path) -> None:
    begin = "-----BEGIN " + "PRIVATE KEY-----"
    body = "\n".join(value("", 64) for _ in range(3))
    (finding,) = found(tmp_path, "deploy/id", f"{begin}\n{body}\n")
    assert finding.at.line == 1
    (tmp_path / "deploy/id").write_text(f"{begin}\nnothing here\n")
    assert list(secret_in_the_code(read_tree(tmp_path))) == []


@pytest.mark.parametrize(
    ("path", "readme"),
    [
        ("apptest/app.key", ""),
        ("internal/testkey.pem", ""),
        ("keys/box", "# Keys\n\nThese are the insecure key pairs of the boxes.\n"),
    ],
)
def test_a_key_for_tests_or_published_on_purpose_is_only_possible(tmp_path: Path, path: str, readme: str) -> None:
    if readme:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).with_name("README.md").write_text(readme)
    begin = "-----BEGIN " + "PRIVATE KEY-----"
    body = "\n".join(value("", 64) for _ in range(3))
    (finding,) = found(tmp_path, path, f"{begin}\n{body}\n")
    assert (finding.at.path, finding.confidence) == (path, "possible")


def test_a_readme_about_keys_excuses_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Box\n\nThe insecure key pair lies in another place.\n")
    begin = "-----BEGIN " + "PRIVATE KEY-----"
    (finding,) = found(tmp_path, "deploy/id", f"{begin}\n" + "\n".join(value("", 64) for _ in range(3)) + "\n")
    assert finding.confidence == "likely"
