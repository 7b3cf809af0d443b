"""Patches: what git makes of them is exactly what was meant."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import Make

from session_ops.discovery.files import read_tree
from session_ops.model import Edit, Fix, ModeChange, NewFile
from session_ops.proof.patches import Refused, State, applied, patch, quoted

LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=8), max_size=12)
TEXTS = st.builds(
    lambda lines, end, last: (end.join(lines) + (end if last and lines else "")).encode(),
    LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(),
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(
        ["a", "a b.sh", "Ünï/ö ß.py", 'quo"te', "back\\slash", "tab\tname", "-dash", "日本/語", "a/b c/d", "x\x7f", "e\r"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=12).filter(
        lambda name: name not in (".", "..") and name.lower() != ".git" and len(name.encode()) < 100
    ),
)


def git_apply(root: Path, text: bytes) -> None:
    done = subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=root, input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace") + text.decode(errors="replace")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=NAMES, old=st.none() | TEXTS, new=TEXTS, was=st.booleans(), now=st.booleans())
def test_git_reads_every_patch_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, name: str, old: bytes | None, new: bytes, was: bool, now: bool
) -> None:
    root = tmp_path_factory.mktemp("patch")
    if old is not None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(old)
        (root / name).chmod(0o755 if was else 0o644)
    before = None if old is None else State(old, was)
    if before == State(new, now):
        return
    git_apply(root, patch({name: before}, {name: State(new, now)}))
    assert (root / name).read_bytes() == new
    assert bool((root / name).stat().st_mode & 0o100) == now


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_changes_of_long_files_keep_their_place(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    root = tmp_path_factory.mktemp("long")
    lines = [f"{n % 7}\n".encode() for n in range(data.draw(st.integers(1, 60)))]
    after = list(lines)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(after)))
        after[at : at + data.draw(st.integers(0, 3))] = [b"new\n"] * data.draw(st.integers(0, 3))
    if after == lines:
        return
    (root / "f").write_bytes(b"".join(lines))
    git_apply(root, patch({"f": State(b"".join(lines))}, {"f": State(b"".join(after))}))
    assert (root / "f").read_bytes() == b"".join(after)


@pytest.mark.parametrize("name", ["plain", "with space", "Ünï", 'quo"te', "back\\slash", "tab\t", "\x01", "日本"])
def test_names_are_quoted_as_git_quotes_them(tmp_path: Path, name: str) -> None:
    for args in (["init", "-q"], ["add", "-A"]):
        (tmp_path / name).write_text("x")
        subprocess.run(["git", *args], cwd=tmp_path, check=True)
    said = subprocess.run(["git", "ls-files"], cwd=tmp_path, capture_output=True, check=True).stdout.decode().rstrip("\n")
    assert quoted(name) == said


def test_paths_get_the_prefix_of_the_target() -> None:
    text = patch({"a.sh": State(b"old\n")}, {"a.sh": State(b"new\n", executable=True)}, "tools/agent ops/")
    assert text.decode().split("\n")[:5] == [
        "diff --git a/tools/agent ops/a.sh b/tools/agent ops/a.sh", "old mode 100644", "new mode 100755",
        "--- a/tools/agent ops/a.sh\t", "+++ b/tools/agent ops/a.sh\t",
    ]  # fmt: skip


def test_a_binary_file_is_refused() -> None:
    with pytest.raises(Refused, match=r"x\.bin is binary"):
        patch({"x.bin": State(b"a\0")}, {"x.bin": State(b"b\0")})


def fix(*edits: Edit, creates: tuple[NewFile, ...] = (), modes: tuple[ModeChange, ...] = ()) -> Fix:
    return Fix("a fix", ("X-1",), "safe", edits, creates, modes)


def test_edits_keep_line_ends_and_count_lines_in_the_file_as_it_is(make: Make) -> None:
    tree = read_tree(make({"a.sh": b"one\r\ntwo\r\nthree\r\n"}))
    after = applied(fix(Edit("a.sh", "one", "one\nand a half", 1), Edit("a.sh", "three", "3", 3)), tree, {})
    assert after["a.sh"].data == b"one\r\nand a half\r\ntwo\r\n3\r\n"


def test_bytes_that_are_no_text_survive_an_edit(make: Make) -> None:
    tree = read_tree(make({"a.sh": b"\xef\xbb\xbfx \xff\ny\n"}))
    assert applied(fix(Edit("a.sh", "y", "z", 2)), tree, {})["a.sh"].data == b"\xef\xbb\xbfx \xff\nz\n"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (fix(Edit("a.sh", "x", "y")), "2 times, not once"),
        (fix(Edit("a.sh", "none", "y")), "0 times, not once"),
        (fix(Edit("a.sh", "echo", "y", 9)), "a.sh:9 holds the text that the edit replaces 0 times"),
        (fix(Edit("a.sh", "", "y")), "replaces nothing"),
        (fix(Edit("a.sh", "one", "one")), "changes nothing"),
        (fix(Edit("gone.sh", "x", "y")), "not a file that can be edited"),
        (fix(Edit("link", "x", "y")), "not a file that can be edited"),
        (fix(Edit("pic.bin", "x", "y")), "not a file that can be edited"),
        (fix(creates=(NewFile("a.sh", ""),)), "exists already"),
        (fix(creates=(NewFile("sub", ""),)), "exists already"),
        (fix(creates=(NewFile("../out", ""),)), "not a path inside"),
        (fix(creates=(NewFile("/etc/x", ""),)), "not a path inside"),
        (fix(creates=(NewFile(".git/hooks/pre-commit", ""),)), "not a path inside"),
        (fix(creates=(NewFile("linked/x", ""),)), "lies behind linked"),
        (fix(creates=(NewFile("a.sh/x", ""),)), "lies behind a.sh"),
        (fix(modes=(ModeChange("gone.sh"),)), "not a file whose mode"),
    ],
)
def test_what_is_not_exact_or_leaves_the_target_is_refused(make: Make, one: Fix, why: str) -> None:
    root = make({"a.sh": "x\nx\none\n", "sub/b": "b\n", "pic.bin": b"x\0"})
    (root / "link").symlink_to("a.sh")
    (root / "linked").symlink_to("sub")
    with pytest.raises(Refused, match=why.replace(".", r"\.")):
        applied(one, read_tree(root), {})
