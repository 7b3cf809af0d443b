"""Scripts that look at the status of another command than the one they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import Fault, place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import tolerated
from session_ops.discovery.shell_flow import (
    STATEMENTS,
    ShellText,
    ShellTexts,
    command_of,
    members,
    name_of,
    operator,
    words_of,
)
from session_ops.model import Confidence, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

PASSIVE = frozenset(
    ("tee", "cat", "head", "tail", "sed", "tr", "cut", "ts", "logger", "fold", "column", "less", "more", "pv", "nl")
)
"""Commands at the end of a pipeline that succeed whatever came before."""
SAYS = frozenset(("echo", "printf", "print", "log", "true", ":"))
ASSIGNED = regex(r"^\s*(?:local\s+|declare\s+|typeset\s+)?\w+=\"?\$\?\"?\s*(?:$|;|#)")
DECIDES = regex(r"\$\?\s*\"?\s*(?:-(?:eq|ne|gt)|={1,2}|!=)|\(\(\s*\$\?|case\s+\"?\$\?|(?:exit|return)\s+\"?\$\?")
WRITES = regex(r"(?<![\d&<>])>\s*(?!/dev/|[^\s;]*log\b)[\"'$\w./~{][^>]*$", re.IGNORECASE)
"""A text that becomes a file: its status tells whether it was written. Lines added to a log are messages."""
ONLY_SAYS = regex(r"\|\|\s*\{\s*(?:(?:echo|printf|log\w*|warn\w*|info|note)\b[^\n;]*[;\n]\s*)+\}$")
RECOVERS = regex(
    r"\b(?:rm|mv|cp|kill|pkill|rmdir|git(?! config| remote)|unlock|release\w*|clean\w*|restore\w*|rollback\w*|revert\w*|notify\w*|retry\w*|sleep|continue|break"
    r"|fallback\w*|record\w*|mark\w*|update\w*|set_\w+|docker|tmux|install\w*|stop\w*|exit 0|return 0)\b"
)


def ask_the_right_one(finding: Finding, tree: Tree) -> Fix | None:
    """Ask for the status that is meant."""
    return rewritten(
        finding,
        tree,
        "Look at the status that is meant",
        "review",
        "A failure that was passed over now counts: what the script does about it has not run before.",
    )


@rule("SHELL-STATUS", gate="start", category="error-handling", fix=ask_the_right_one)
def status_of_another(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """The status that a script looks at is that of another command, so that a failure counts as success.

    Why: `$?` is the status of the last command: of `local` in `local x=$(…)`, of `tee` in `… | tee log` (without pipefail), of `true`
    in `… || true`, of starting a job for `… &`, of `echo`, of the test itself in `if [ $? -ne 0 ]; then exit $?`, of `!` in
    `if ! …; then exit $?`. The same goes for `if … | tee log`, `… | tee log || exit 1` and `x=$(first | cut … || echo default)`.
    Passes: pipelines under pipefail, PIPESTATUS, a last member that judges (grep, jq, test).
    Do: Ask the command itself: `if ! command; then …`, `local x; x=$(command) || …`, `set -o pipefail` for a pipeline,
    `wait "$pid"` for a job in the background.
    Source: POSIX.1-2024, Shell & Utilities 2.5.2 `$?`, 2.9.2 pipelines; bash's manual, 4.2 `local`, 3.2.3.
    """
    if not shell_texts:
        raise NotApplicable("no shell script")
    yield from told(
        place(tree, text, wrong.node, wrong.what, wrong.impact, wrong.confidence, old=wrong.old, new=wrong.new)
        for text in shell_texts
        for wrong in _wrongs(text)
    )


LOST = "A failure goes unnoticed: the script takes it for success."


def _wrongs(text: ShellText) -> Iterator[Fault]:
    if "$?" in text.text:
        for node in text.nodes("special_variable_name"):
            if node.text() == "?":
                yield from _asked(text, node)
    if any(f"| {name}" in text.text or f"|{name}" in text.text for name in ("tee", "tail", "head", "cat", "sed", "tr", "ts")):
        yield from _piped(text)


def _asked(text: ShellText, node: SgNode) -> Iterator[Fault]:
    """What `$?` is the status of, where it is asked for."""
    below, body = node, None
    for above in node.ancestors():
        kind = above.kind()
        if kind in ("command_substitution", "heredoc_body", "arithmetic_expansion") and kind != "arithmetic_expansion":
            return
        if kind in (
            "program",
            "do_group",
            "compound_statement",
            "case_item",
            "else_clause",
            "elif_clause",
            "if_statement",
            "subshell",
        ):
            if kind == "compound_statement" and above.text().startswith("(("):
                below = above
                continue
            if kind in ("if_statement", "elif_clause") and _in_head(above, node):
                if kind == "elif_clause":
                    return
                below = above
                continue
            body = above
            break
        below = above
    if body is None or below.kind() not in STATEMENTS:
        return
    if not DECIDES.search(below.text().split("\n")[0]) and not ASSIGNED.match(below.text()):
        return
    if below.kind() == "list" and not _leftmost(below, node):
        return
    before = None
    background = False
    for child in body.children():
        if child.range().start.index >= below.range().start.index:
            break
        if child.kind() in STATEMENTS and not (body.kind() in ("if_statement", "elif_clause") and _is_head(body, child)):
            before, background = child, False
        elif child.kind() in ("elif_clause", "else_clause"):
            before = None
        elif child.text() == "&":
            background = True
    decides = below.text().split("\n")[0]
    if before is None:
        if body.kind() == "if_statement":
            yield from _first_in_branch(body, node, decides)
        return
    if background:
        below_it = "\n".join(text.lines[node.range().end.line : node.range().end.line + 15])
        if re.search(r"\bwait\b", below_it):
            return  # it asks for the start first, and waits for the end later
        yield Fault(node, "`$?` after `… &` tells that the job was started, never how it ended", LOST, "proven")
        return
    yield from _after(text, before, node, decides)


def _in_head(statement: SgNode, node: SgNode) -> bool:
    then = next((c for c in statement.children() if c.text() == "then"), None)
    return then is not None and node.range().start.index < then.range().start.index


def _is_head(statement: SgNode, child: SgNode) -> bool:
    return _in_head(statement, child)


def _leftmost(whole: SgNode, node: SgNode) -> bool:
    left: SgNode | None = whole
    while left is not None and left.kind() == "list":
        left = left.child(0)
    return left is not None and left.range().start.index <= node.range().start.index < left.range().end.index


def _first_in_branch(branch: SgNode, node: SgNode, decides: str) -> Iterator[Fault]:
    """`$?` as the first thing in a branch: the status of the condition."""
    head = next((c for c in branch.children() if c.kind() in STATEMENTS), None)
    leaves = re.match(r"\s*(?:exit|return)\s+\"?\$\?", decides) is not None
    if head is None:
        return
    if head.kind() == "negated_command":
        if leaves or ASSIGNED.match(decides):
            yield Fault(node, "`$?` in the branch of `if ! …` is the status of `!`, which is 0 there", LOST, "proven")
    elif (
        "$?" in head.text() and leaves and head.kind() == "test_command" and re.search(r"\$\?\"?\s*(?:-ne|!=|-gt)", head.text())
    ):
        yield Fault(
            node,
            "`$?` in this branch is the status of the test before it, which is 0 there, no longer that of the command",
            LOST,
            "proven",
        )


def _after(text: ShellText, before: SgNode, node: SgNode, decides: str) -> Iterator[Fault]:
    """`$?` after a statement that has another status than the command that is meant."""
    kind = before.kind()
    leaves = re.match(r"\s*(?:exit|return)\s+\"?\$\?", decides) is not None
    if kind == "declaration_command" and re.match(
        r"(?:local|declare|typeset|export|readonly)\s[^\n]*?=[\"']?\$\(", before.text()
    ):
        word = before.text().split()[0]
        if not before.text().lstrip().startswith(f"{word} -f"):
            told = f"`$?` is the status of `{word}`, which is 0, not that of the command in `$( )`"
            # a command that fails and says nothing is found out where its words are looked at too
            yield Fault(node, told, LOST, "possible" if _asks_for(text, before) else "proven")
    elif kind == "list" and operator(before) == "||" and re.search(r"\|\|\s*(?:true|:)\s*$", before.text()):
        yield Fault(node, "`$?` after `… || true` is always 0", LOST, "proven")
    elif kind == "variable_assignment" and re.search(r"\|\|\s*(?:true|:|echo\b[^|;&]*)\s*\)\"?$", before.text()):
        yield Fault(node, "`$?` is always 0: the substitution ends with an alternative that never fails", LOST, "proven")
    elif kind == "pipeline" or (kind == "variable_assignment" and "|" in before.text()):
        chain = members(before) if kind == "pipeline" else _substituted(before)
        if len(chain) > 1 and not text.on("pipefail", before) and name_of(chain[-1]) in PASSIVE and _can_fail(chain[0]):
            fix = kind == "pipeline" and text.dialect == "bash"
            last = name_of(chain[-1])
            yield Fault(
                node,
                f"`$?` is the status of `{last}`, not of `{name_of(chain[0]) or 'what stands before it'}`: pipefail is off",
                LOST,
                "possible" if _looked_at(text, before) else "likely",
                old="$?" if fix else "",
                new="${PIPESTATUS[0]}" if fix else "",
            )
    elif words_of(before) == ("wait",):
        yield Fault(node, "`wait` without a pid has the status 0 however the jobs ended", LOST, "proven")
    elif (
        name_of(before) in SAYS
        and name_of(before) not in ("true", ":")
        and not (before.kind() == "redirected_statement" and WRITES.search(before.text()))
        and (leaves or ASSIGNED.match(decides) or DECIDES.search(decides))
    ):
        if name_of(before) in ("log", "print"):
            return
        sure: Confidence = "likely" if not leaves or _in_failure(before) else "possible"
        yield Fault(node, f"`$?` is the status of `{name_of(before)}`, which is 0, not of the command before it", LOST, sure)


def _looked_at(text: ShellText, assignment: SgNode) -> bool:
    """Is the text that a pipeline gave compared or tested a few lines below, so that a failure shows there?"""
    name = assignment.field("name") if assignment.kind() == "variable_assignment" else None
    if name is None:
        return False
    row = assignment.range().end.line
    below = "\n".join(text.lines[row + 1 : row + 12])
    return re.search(rf"(?:-[zn]\s+|\[\[?\s+)\"?\$\{{?{re.escape(name.text())}\b", below) is not None


def _asks_for(text: ShellText, declaration: SgNode) -> bool:
    """Does the statement that asks for the status of a declaration ask whether its variable is empty, too?"""
    declared = re.match(r"\w+(?:\s+-\w+)*\s+(\w+)=", declaration.text())
    row = declaration.range().end.line
    line = next((line for line in text.lines[row + 1 : row + 4] if "$?" in line), "")
    return declared is not None and re.search(rf"-[zn]\s+\"?\$\{{?{declared[1]}\b", line) is not None


def _in_failure(node: SgNode) -> bool:
    """Does a statement stand in `… || { … }` or in the branch of a failure?"""
    for above in node.ancestors():
        if above.kind() == "list" and operator(above) == "||":
            return True
        if above.kind() == "if_statement":
            head = next((c for c in above.children() if c.kind() in STATEMENTS), None)
            return head is not None and (head.kind() == "negated_command" or "$?" in head.text())
        if above.kind() == "function_definition":
            return False
    return False


def _substituted(assignment: SgNode) -> list[SgNode]:
    value = assignment.field("value")
    if value is None:
        return []
    inner = value if value.kind() == "command_substitution" else next(iter(value.find_all(kind="command_substitution")), None)
    body = [c for c in inner.children() if c.is_named()] if inner is not None else []
    return members(body[0]) if len(body) == 1 and body[0].kind() == "pipeline" else []


def _can_fail(node: SgNode) -> bool:
    return name_of(node) not in (*SAYS, *PASSIVE, "", "date", "pwd", "cat", "ls", "sort", "ps", "env")


def _piped(text: ShellText) -> Iterator[Fault]:
    """A pipeline as a condition whose last member never fails."""
    for node in text.nodes("pipeline"):
        above = node.parent()
        inner: SgNode = node
        if above is not None and above.kind() == "redirected_statement":
            inner, above = above, above.parent()
        if above is None or text.on("pipefail", node):
            continue
        chain = members(node)
        last = name_of(chain[-1]) if chain else ""
        if len(chain) < 2 or last not in PASSIVE or not _can_fail(chain[0]):
            continue
        if (instead := _never_instead(above, inner, chain)) is not None:
            yield instead
            continue
        if any(name_of(c) in ("grep", "jq", "wc", "sort") for c in chain):
            continue
        if last not in ("tee", "ts", "logger", "cat", "tail", "head", "sed"):
            continue
        asked = ""
        if above.kind() == "list" and (first := above.child(0)) is not None and first.range() == inner.range():
            right = above.text()[len(first.text()) :].replace("\\\n", " ").strip()
            if right.startswith("&&"):
                asked = "&&"
            elif not re.match(r"\|\|\s*(?:true|:|echo\b[^{;]*$)", right) and not ONLY_SAYS.match(right):
                asked = "||"
        elif above.kind() in ("if_statement", "elif_clause", "while_statement") and _in_head(above, node):
            asked = "if"
        elif above.kind() == "negated_command":
            asked = "if !"
        if not asked:
            continue
        what = name_of(chain[0])
        yield Fault(
            node,
            f"`{asked}` asks for the status of `{last}`, which is 0 whatever `{what}` did: pipefail is off",
            "What should happen after a failure never happens." if asked in ("||", "if !") else LOST,
            "likely" if last in ("tee", "ts", "logger") else "possible" if asked == "&&" else "likely",
        )


def _never_instead(above: SgNode, inner: SgNode, chain: list[SgNode]) -> Fault | None:
    """`x=$(first | sed … || echo default)`: the default never comes, since sed is content with nothing."""
    first = above.child(0)
    if above.kind() != "list" or operator(above) != "||" or first is None or first.range() != inner.range():
        return None
    right = above.text()[len(first.text()) :].replace("\\\n", " ").strip()
    default = re.fullmatch(r"\|\|\s*(?:echo|printf)\s+(?:-n\s+)?([\"']?)([\w./@:-]+)\1", right)
    if default is None or not _variable(above) or any(name_of(c) in ("wc", "tee") for c in chain):
        return None
    return Fault(
        above,
        f"the default `{default[2]}` never comes: `{name_of(chain[-1])}` at the end of the pipeline succeeds with nothing",
        f"Where `{name_of(chain[0])}` fails the value is empty, not `{default[2]}`.",
        "possible",
    )


@rule("SHELL-COUNT", gate="start", category="shell", fix=ask_the_right_one)
def counted_twice(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A count of none comes out as two lines, `0` and `0`, or as 1.

    Why: `grep -c` prints 0 and has the status 1 where nothing matches; `$(grep -c … || echo 0)` then holds "0", a line end and "0".
    `[ "$n" -eq 0 ]` answers "integer expression expected" and is false, `$(( ))` is a syntax error, JSON with it is broken. The same
    with `… | wc -l || echo 0` under pipefail. And `echo "$list" | wc -l` is 1 for an empty list, because echo ends its line.
    Passes: `|| true`, a count whose first line alone is used, lists that are asked for emptiness first.
    Do: Write `|| true` in place of `|| echo 0`: grep -c and wc -l print the 0 themselves. Use the count as `${n:-0}` where the
    file may be missing, and count a list with `grep -c .`.
    Source: POSIX.1-2024, grep: `-c` writes the count; exit status 1 where no lines were selected.
    """
    if not any("grep" in text.text or "wc -l" in text.text for text in shell_texts):
        raise NotApplicable("no script counts lines")
    yield from told(
        place(tree, text, wrong.node, wrong.what, wrong.impact, wrong.confidence, old=wrong.old, new=wrong.new)
        for text in shell_texts
        for wrong in (*_doubled(text), *_lines_of_nothing(text))
    )


ZERO = regex(r"^(?:echo|printf)\s+(?:-n\s+)?[\"']?0(?:\\n)?[\"']?$")


def _lines_of_nothing(text: ShellText) -> Iterator[Fault]:
    """`n=$(echo "$list" | wc -l)`, which is 1 for an empty list, where somebody asks afterwards whether it is 0."""
    if "wc -l" not in text.text and not re.search(r"grep\s+-c\s", text.text):
        return
    for node in text.nodes("pipeline"):
        chain = members(node)
        first, last = words_of(chain[0]) if chain else (), words_of(chain[-1]) if chain else ()
        counts = last == ("wc", "-l") or (last[:2] == ("grep", "-c") and last[2:3] in (("^",), ("",), ("$",)))
        given = re.fullmatch(r"\$\{?(\w+)\}?", first[1]) if first[:1] == ("echo",) and len(first) == 2 else None
        name = _variable(node)
        if len(chain) != 2 or not counts or given is None or not name or not _emptied(text, given[1]):
            continue
        asked = re.search(
            rf"\$\{{?{name}\b[^\n\]]{{0,6}}\s(?:-eq|-ne|-gt|-le|==?|!=)\s+[\"']?0\b|\$\{{?{name}\b\S*\s-(?:lt|ge)\s+[\"']?1\b"
            rf"|\(\(\s*\$?{name}\s*(?:==|!=|>|<=)\s*0",
            text.text,
        )
        if asked:
            yield Fault(
                node,
                f"`echo` prints a line even where ${given[1]} is empty, so the count is 1 where there is none",
                "What should happen where there is nothing never happens, or happens for one that is not there.",
            )


def _emptied(text: ShellText, name: str) -> bool:
    """May a variable be empty where its lines are counted: it comes from a command, and nobody asks whether it is empty?"""
    return re.search(rf"(?:^|[\s;]){name}=\"?\$\(", text.text, re.MULTILINE) is not None and not re.search(
        rf"-[nz]\s+\"?\$\{{?{name}\b|\"\$\{{?{name}\}}?\"\s*!?==?\s*\"\"|\[\[\s+!?\s*\"?\$\{{?{name}\}}?\"?\s+(?:\]\]|&&)",
        text.text,
    )


def _where_it_lives(text: ShellText, node: SgNode, variable: str) -> str:
    """The text in which a variable has the value that it gets at a node: a function that has it as its own, or the whole script."""
    function = text.function_of(node)
    own = function is not None and re.search(rf"\b(?:local|declare|typeset)\s[^\n;=]*\b{variable}\b", function.text())
    return function.text() if function is not None and own else text.text


def _doubled(text: ShellText) -> Iterator[Fault]:
    if not re.search(r"\|\|\s*(?:echo|printf)", text.text):
        return
    for node in text.nodes("list"):
        if operator(node) != "||":
            continue
        above = node.parent()
        if above is None or (above.kind() != "command_substitution" and not _last_of_captured(text, node)):
            continue
        left, right = node.child(0), node.child(2)
        if left is None or right is None or not ZERO.match(right.text().strip()):
            continue
        inner = left.child(0) if left.kind() == "redirected_statement" else left
        chain = members(inner) if inner is not None and inner.kind() == "pipeline" else [left]
        words = words_of(chain[-1])
        name = words[0].rsplit("/", 1)[-1] if words else ""
        if name in ("grep", "egrep", "fgrep", "pgrep"):
            options = [w for w in words[1:] if w.startswith("-")]
            counts = any(re.match(r"-[a-zA-Z]*c", o) or o == "--count" for o in options)
            if not counts or any(re.match(r"-[a-zA-Z]*[rRq]", o) for o in options) or {"^", "$", ""} & set(words[1:]):
                continue  # a pattern that every line meets: what is counted has a line, or is a file
            what = f"`{name} -c` prints 0 and fails where nothing matches, so the value is `0`, a line end and `0`"
            piped = len(chain) > 1
        elif name == "wc" and text.on("pipefail", node) and any(name_of(c) in ("grep", "ls", "egrep") for c in chain[:-1]):
            what = "`wc -l` prints 0 and pipefail lets the pipeline fail, so the value is `0`, a line end and `0`"
            piped = True
        elif (
            name == "jq"
            and text.on("pipefail", node)
            and re.search(r"\blength\b|\badd\b", chain[-1].text())
            and name_of(chain[0]) in ("grep", "egrep")
            and re.search(r"\s-\w*[sn]", chain[-1].text())
        ):
            what = (
                "`jq` has printed its 0 when pipefail lets the pipeline fail for grep, so the value is `0`, a line end and `0`"
            )
            piped = True
        else:
            continue
        variable = _variable(node)
        used = bool(variable) and bool(
            re.search(
                rf"\$\{{?{variable}\}}?\"?\s*-(?:eq|ne|gt|lt|ge|le)|-(?:eq|ne|gt|lt|ge|le)\s+\"?\$\{{?{variable}\b"
                rf"|\(\([^)\n]*\b{variable}\b|%d[^\n]*\${variable}\b",
                _where_it_lives(text, node, variable),
            )
        )
        yield Fault(
            right,
            what,
            "Tests and sums with it end in an error." if used else "What is printed or stored with it has a line too many.",
            "likely" if used else "possible",
            old=_tail(left, node) if piped else "",
            new="|| true" if piped else "",
        )


def _last_of_captured(text: ShellText, node: SgNode) -> bool:
    """Is a statement the last one of a function whose output somebody takes?"""
    function = text.function_of(node)
    body = function.field("body") if function is not None else None
    name = function.field("name") if function is not None else None
    if body is None or name is None or node.parent() != body:
        return False
    behind = [c for c in body.children() if c.kind() in STATEMENTS and c.range().start.index > node.range().start.index]
    return not behind and any(
        call.parent() is not None and call.parent().kind() == "command_substitution"  # type: ignore[union-attr]
        for call in text.calls.get(name.text(), ())
    )


def _tail(left: SgNode, node: SgNode) -> str:
    text = node.text()[len(left.text()) :].strip()
    return text if "\n" not in text else ""


def _variable(node: SgNode) -> str:
    for above in node.ancestors():
        if above.kind() == "variable_assignment":
            name = above.field("name")
            return re.escape(name.text()) if name is not None else ""
        if above.kind() not in ("command_substitution", "string", "list", "redirected_statement"):
            return ""
    return ""


def go_on_to_the_check(finding: Finding, tree: Tree) -> Fix | None:
    """Let the check decide what a failed download means."""
    why = "The script then comes to what it does where nothing was fetched."
    return rewritten(finding, tree, "Go on to the check of what was fetched", "review", why)


@rule("SHELL-DEADCHECK", gate="start", category="error-handling", fix=go_on_to_the_check)
def check_never_reached(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """Under `set -e` what a script does about a failure stands after the command that already ended it.

    Why: `cmd; if [ $? -ne 0 ]; then recover; fi` and `cmd; rc=$?; clean up` never come to the second statement where cmd fails. Where
    that is only a message, little is lost; where it cleans up, records or goes on, it does not happen. The same goes for a download and
    `if [ ! -s file ]; then` another way to have the file.
    Passes: `if ! cmd`, `cmd || rc=$?`, `set +e` around it.
    Do: Ask in the same statement: `if ! command; then …; fi`, or `rc=0; command || rc=$?` and look at rc afterwards.
    Source: POSIX.1-2024, Shell & Utilities 2.15, `set -e`.
    """
    under = [text for text in shell_texts if ("$?" in text.text or _ABSENT.search(text.text)) and text.ever("errexit")]
    if not under:
        raise NotApplicable("no script with set -e looks at $? or at what was fetched")
    yield from told(
        place(tree, text, wrong.node, wrong.what, wrong.impact, wrong.confidence, old=wrong.old, new=wrong.new)
        for text in under
        for wrong in _dead(text)
    )


def _dead(text: ShellText) -> Iterator[Fault]:
    for body in _bodies(text):
        before: SgNode | None = None
        for child in body.children():
            if child.text() == "&":
                before = None
            if child.kind() not in STATEMENTS:
                continue
            first = child.text().split("\n")[0]
            asks = child.kind() == "if_statement" or ASSIGNED.match(first)
            if before is not None and "$?" in first and asks and _plain(before) and text.dies(before):
                branch = _failure_branch(child)
                if branch is None:
                    following = "\n".join(text.lines[child.range().end.line + 1 : child.range().end.line + 9])
                    sure: Confidence = (
                        "likely" if ASSIGNED.match(first) and RECOVERS.search(_said_away(following)) else "possible"
                    )
                else:
                    sure = "likely" if RECOVERS.search(MESSAGE.sub("", branch)) else "possible"
                what = name_of(before) or (name_of(_substituted(before)[-1]) if _substituted(before) else "") or _value(before)
                yield Fault(
                    child,
                    f"`set -e` has already ended the script where `{what}` fails, so this look at its status sees success only",
                    "What should happen after a failure never happens.",
                    sure,
                )
            elif before is not None and child.kind() == "if_statement" and (file := _fetched(before)) and text.dies(before):
                tested = _ABSENT.search(first)
                other = MESSAGE.sub("", child.text().partition("then")[2]).strip().removesuffix("fi").strip()
                if tested is not None and tested["file"] == file and other:
                    yield Fault(
                        before,
                        f"`set -e` ends the script where `{name_of(before)}` fails, before it looks whether {file} is there",
                        "What it would do without the download never happens.",
                        "possible",
                        old=before.text(),
                        new=f"{before.text()} || true",
                    )
            before = child


_ABSENT = regex(r"\bif\s+\[\[?\s+!\s+-[sfe]\s+[\"']?(?P<file>[\w$./{}-]+)[\"']?\s")
_FETCHED = regex(r"(?:>|\s-o|\s-O|\s--output)\s*[\"']?(?P<file>[\w$./{}-]+)[\"']?")


def _fetched(node: SgNode) -> str:
    """The file that a download writes, where that is a statement of one line whose failure counts; else empty."""
    whole = node.text()
    if "\n" in whole or name_of(node) not in ("curl", "wget") or not _plain(node):
        return ""
    found = _FETCHED.search(whole)
    return found["file"] if found else ""


def _value(assignment: SgNode) -> str:
    inner = next(iter(assignment.find_all(kind="command_substitution")), None)
    body = [c for c in inner.children() if c.is_named()] if inner is not None else []
    return (name_of(body[0]) if len(body) == 1 else "") or "the command"


MESSAGE = regex(r"^\s*(?:echo|printf|log\w*|error|warn\w*|err|info|print_\w+|die)\b.*$|\bexit\s+[1-9$]\S*|#.*$", re.MULTILINE)


def _said_away(following: str) -> str:
    """The lines after `rc=$?` up to the end of their block, without what they only say and without strings."""
    kept: list[str] = []
    for line in following.split("\n"):
        if re.match(r"\s*(?:\}|fi\b|done\b|else\b|esac\b)", line) and not kept:
            break
        kept.append(line)
        if re.match(r"\s*(?:esac|fi)\b", line):
            break  # what is decided by the status ends here
    return re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", "", MESSAGE.sub("", "\n".join(kept)))


def _failure_branch(statement: SgNode) -> str | None:
    """What an `if [ $? … ]` does about a failure; None for another statement."""
    if statement.kind() != "if_statement":
        return None
    head = statement.text().split("\n")[0]
    other = next((c for c in statement.children() if c.kind() == "else_clause"), None)
    if re.search(r"-ne|!=|-gt", head):
        whole = statement.text()
        return whole[: whole.find("else")] if other is not None else whole
    return other.text() if other is not None else ""


def _plain(node: SgNode) -> bool:
    """A statement whose failure ends the script and that is a command, a pipeline or an assignment from one."""
    if node.kind() == "variable_assignment":
        return "$(" in node.text() and not re.search(r"\|\|", node.text())
    if node.kind() == "pipeline":
        return True
    name = name_of(node)
    return (
        command_of(node) is not None
        and name not in (*SAYS, "set", "trap", "shift", "return", "exit", "")
        and not tolerated(node)
    )


def _bodies(text: ShellText) -> Iterator[SgNode]:
    yield text.root
    for kind in ("compound_statement", "do_group", "if_statement", "else_clause", "case_item", "subshell"):
        for node in text.nodes(kind):
            if "$?" in node.text() or _ABSENT.search(node.text()):
                yield node
