"""What a shell text knows of itself: options at a line, what a failure ends, where here-documents go."""

from session_ops.discovery.shell_flow import ShellText, heredocs, words_of


def text(code: str) -> ShellText:
    return ShellText("bin/x.sh", code, "script", "bash", 1, False)


def dies(code: str) -> dict[str, bool]:
    """Which of the commands that are called fail… end the script."""
    one = text(code)
    return {c.words[0]: one.dies(c.node) for c in one.commands if c.words[0].startswith("fail")}


def test_options_count_from_their_line_and_inside_their_function() -> None:
    one = text("a\nset -euo pipefail\nb\nf() {\n  set +e\n  c\n}\nd\n( set +e; e )\ng\n")
    state = {c.words[0]: one.on("errexit", c.node) for c in one.commands if len(c.words[0]) == 1}
    assert state == {"a": False, "b": True, "c": False, "d": True, "e": True, "g": True}
    assert one.ever("pipefail")
    assert text("#!/bin/bash -e\na\n").ever("errexit")


def test_a_condition_an_alternative_and_not_end_nothing() -> None:
    found = dies(
        "set -e\nif fail_if; then :; fi\nfail_or || true\n! fail_not\nfail_and && true\ntrue && fail_last\nfail_plain\n"
    )
    assert found == {
        "fail_if": False, "fail_or": False, "fail_not": False, "fail_and": False, "fail_last": True, "fail_plain": True,
    }  # fmt: skip


def test_a_function_is_judged_by_its_calls() -> None:
    found = dies("set -e\nasked() { fail_asked; }\nplain() { fail_plain; }\nnever() { fail_never; }\nasked || true\nplain\n")
    assert found == {"fail_asked": False, "fail_plain": True, "fail_never": False}


def test_functions_that_call_each_other_end_the_search() -> None:
    assert dies("set -e\na() { b; fail_a; }\nb() { a; }\na\n") == {"fail_a": True}


def test_only_the_last_status_leaves_a_substitution() -> None:
    assert dies("set -e\nx=$(fail_first; fail_last)\necho $(fail_word)\n") == {
        "fail_first": False, "fail_last": True, "fail_word": False,
    }  # fmt: skip


def test_here_documents_with_their_targets() -> None:
    code = "cat > \"$bin/ops\" << 'EOF'\n#!/bin/sh\nx\nEOF\ncat <<-END | sudo tee /etc/unit >/dev/null\n\tu\n\tEND\nn=$((1 << 2))\ncat <<< word\n"
    first, second = heredocs(code.split("\n"), 1)
    assert (first.to, first.literal, first.line, first.body) == ("$bin/ops", True, 2, ("#!/bin/sh", "x"))
    assert (second.to, second.literal, second.body) == ("/etc/unit", False, ("\tu",))


def test_words_are_looked_for_through_wrappers_and_redirections() -> None:
    one = text("sudo -u ops timeout 5 git push > log 2>&1\n")
    assert words_of(one.root.children()[0]) == ("git", "push")
