"""Readers of lock files and of cron's tables: what they know of made-up locks, and that no text makes them stumble."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_ops.analysis.cron import entries
from session_ops.analysis.lock_files import KINDS, LockKind, gemfile_missing, lock_of, pipfile_missing
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.git import Git
from session_ops.discovery.languages import language_of
from session_ops.discovery.manifests import Dependency, Manifest

POOL = ("zod", "chalk", "left-pad", "a", "a-b", "@scope/x", "@scope/x-y", "@s/left-pad", "js2", "x")
LOCKED = st.dictionaries(st.sampled_from(POOL), st.booleans())
"""Declared names, and whether the lock holds each."""
PLACE = Path("/nowhere")


def tree_of(files: dict[str, str]) -> Tree:
    entries = {
        path: FileEntry(path, "file", len(text), executable=False, status="read", language=language_of(path, text))
        for path, text in files.items()
    }
    return Tree(PLACE, Git(PLACE, None), entries, files)


def declared(names: list[str]) -> Manifest:
    return Manifest("npm", "package.json", "app", dependencies=tuple(Dependency(n, "^1.0.0", "runtime", 1) for n in names))


def kind(name: str) -> LockKind:
    return next(k for k in KINDS if k.name == name)


def pnpm(names: list[str]) -> str:
    lines = [f"      '{n}':\n        specifier: ^1.0.0\n        version: 1.0.0\n" for n in names]
    return (
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n"
        + "".join(lines)
        + "\npackages:\n\n  other@1.0.0:\n    x: 1\n"
    )


def yarn(names: list[str]) -> str:
    return "# yarn lockfile v1\n\n\n" + "".join(
        f'"{n}@^1.0.0", "{n}@~1.0.1":\n  version "1.0.0"\n\n' for n in [*names, "always-there"]
    )


def npm(names: list[str]) -> str:
    return json.dumps({"packages": {"": {"dependencies": dict.fromkeys(names, "^1.0.0")}}})


@pytest.mark.parametrize(("name", "written"), [("pnpm-lock.yaml", pnpm), ("yarn.lock", yarn), ("package-lock.json", npm)])
@settings(deadline=None)
@given(names=LOCKED)
def test_what_the_lock_does_not_hold_is_missing(name: str, written: Callable[[list[str]], str], names: dict[str, bool]) -> None:
    one = declared(list(names))
    tree = tree_of({"package.json": "{}", name: written([n for n, held in names.items() if held])})
    missing = kind(name).missing(tree, lock_of(tree, kind(name), one), one, (one,))
    assert missing is not None
    assert {d.name for d in missing} == {n for n, held in names.items() if not held}


@pytest.mark.parametrize("one", KINDS, ids=lambda k: k.name)
@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from("ab@/:.'\"\\ \n\t{}[]=-_#*%01v\ufeffé"), max_size=200))
def test_no_text_makes_a_reader_stumble(one: LockKind, text: str) -> None:
    manifest = Manifest(one.ecosystem, "pyproject.toml", "app", dependencies=(Dependency("a", "v1", "runtime", 1),))  # type: ignore[arg-type]
    tree = tree_of({"pyproject.toml": "", one.name: text})
    missing = one.missing(tree, one.name, manifest, (manifest,))
    assert missing is None or {d.name for d in missing} <= {"a"}


@settings(deadline=None)
@given(text=st.text(max_size=200), lock=st.text(max_size=200))
def test_no_text_makes_the_lists_stumble(text: str, lock: str) -> None:
    tree = tree_of({"Pipfile": text, "Pipfile.lock": lock, "Gemfile": text, "Gemfile.lock": "DEPENDENCIES\n  " + lock})
    found = [*pipfile_missing(tree, "Pipfile", "Pipfile.lock"), *gemfile_missing(tree, "Gemfile", "Gemfile.lock")]
    assert all(1 <= one.line <= len(tree.lines("Pipfile")) for one in found)


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from("0123*/,- @daily\n\t'\"rot%~$PATH=#\\&;|>"), max_size=200))
def test_no_text_makes_the_reader_of_cron_stumble(text: str) -> None:
    tree = tree_of(
        {"crontab": text, "install.sh": f"#!/bin/sh\ncrontab -l\n{text}", "README.md": f"crontab\n```\n{text}\n```\n"}
    )
    assert all(1 <= one.line <= len(tree.lines(one.path)) for one in entries(tree))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("*/5 * * * * /usr/bin/true", "/usr/bin/true"),
        ("0 4 1,15 * mon-fri x --y", "x --y"),
        ("0 4 1,15 * mon x --y", "x --y"),
        ("@daily backup", "backup"),
        ("# * * * * * x", ""),
        ("1 2 3", ""),
    ],
)
def test_entry_of_a_table(line: str, command: str) -> None:
    assert [one.command for one in entries(tree_of({"crontab": line + "\n"}))] == ([command] if command else [])
