"""Under `set -e` something that is no failure ends the script: counting from zero, finding nothing, a test as the last word."""

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
    body_of,
    members,
    name_of,
    operator,
    statements,
    words_of,
)
from session_ops.model import Confidence, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

COUNT_UP = regex(r"\(\(\s*(\w+)\s*\+\+\s*\)\)$|let\s+[\"']?(\w+)\+\+[\"']?$")
ANSWERS = frozenset(
    (
        "grep",
        "egrep",
        "fgrep",
        "rg",
        "pgrep",
        "pidof",
        "which",
        "lsof",
        "cmp",
        "diff",
        "ls",
        "find",
        "stat",
        "readlink",
        "cat",
        "head",
    )
    + ("tail", "jq", "git", "tmux", "docker", "kubectl", "systemctl", "curl", "command", "type", "sed", "awk", "realpath", "gh")
)
"""Commands whose status says no as often as it says broken."""
ANSWERED = frozenset(("ls", "find", "git", "gh", "tmux", "docker", "kubectl", "systemctl", "curl", "stat", "cmp", "diff"))
LISTS = frozenset(("branch", "tag", "status", "log", "ls-files", "for-each-ref", "worktree", "stash", "remote", "diff"))
"""What git answers with an empty list and the status 0; it fails only outside of a repository. Source: git(1), the pages of these commands."""
QUIET = regex(r"2>\s*/dev/null|&>\s*/dev/null")
SEARCHES = frozenset(("grep", "egrep", "fgrep", "rg", "pgrep", "pidof", "which", "lsof"))
ENDLESS = regex(r"/dev/u?random|/dev/zero")
OTHERWISE = regex(r"\|\|\s*(?:true\b|:|echo\b|printf\b|\{|cat\b)")
EMPTY = regex(r"-[zn]\s|!\s|==?\s*\"\"")
NEAR = 12
"""Lines below an assignment in which a test for emptiness belongs to it."""


BRACED = regex(r"\$\{(\w+)\}")


def go_on(finding: Finding, tree: Tree) -> Fix | None:
    """Write the same so that its ordinary outcome is no failure."""
    return rewritten(
        finding,
        tree,
        "Let the ordinary outcome pass under `set -e`",
        "safe",
        "What the statement does is the same; only its status no longer ends the script.",
    )


@rule("SHELL-ERREXIT", gate="start", category="shell", fix=go_on)
def ends_without_failure(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """Under `set -e` an ordinary outcome ends the script, without a word.

    Why: `((n++))` has the status 1 where n was 0; grep, pgrep and `ls` of nothing have a status other than 0, so an assignment from
    them ends the script before the line that would have handled the empty answer; `read -d ''` always ends with 1; a function
    whose last statement is `[ … ] && …` returns 1 where the test is false, and the call of it ends the script; so does `x=$(f)` of a
    function that returns 1 where there is nothing; with pipefail `… | grep x | while read …` ends it where nothing matches, and a
    source that never ends, or is longer than a pipe and cut by `head`, is killed by SIGPIPE (141). Passes: what stands in a condition,
    before `||`, behind `!`, in a function that is
    only called there, and all of this where `set -e` is off.
    Do: Allow for that status: `n=$((n + 1))` for `((n++))`, `if …; then …; fi` for a last `[ … ] && …`, and `|| true` behind a
    command whose other status is an answer and no failure.
    Source: POSIX.1-2024, Shell & Utilities 2.15 `set -e`; bash's manual, 3.2.5 `((…))`, 4.2 `read`, 4.3.1 `set -o pipefail`.
    """
    under = [text for text in shell_texts if text.ever("errexit")]
    if not under:
        raise NotApplicable("no script sets -e")
    libraries = {text.path.rsplit("/", 1)[-1]: text for text in shell_texts if text.kind == "script"}
    yield from told(
        (
            place(tree, text, death.node, death.what, death.impact, death.confidence, old=death.old, new=death.new)
            for text in under
            for death in (*deaths(text), *_own_words(text, libraries))
        ),
        most=20,
    )


def deaths(text: ShellText) -> Iterator[Fault]:
    """Every statement of a text whose ordinary outcome ends it."""
    if "++" in text.text:
        yield from _counting(text)
    if "$(" in text.text:
        yield from _searching(text)
    if "read " in text.text and "-d" in text.text:
        yield from _reading(text)
    if text.functions:
        yield from _last_word(text)
    if text.ever("pipefail") and "grep" in text.text and re.search(r"grep\b[^\n]*\|", text.text):
        yield from _sifting(text)
    if text.ever("pipefail") and ("random" in text.text or "yes " in text.text or "/dev/zero" in text.text):
        yield from _endless(text)
    if text.ever("pipefail") and not text.aside and re.search(r"\|\s*head\b", text.text):
        yield from _cut_short(text)


SOURCED = regex(r"(?:^|[\s;&])(?:source|\.)\s+[^\n;&|]*?([\w.-]+\.(?:sh|bash))\b")


def _own_words(text: ShellText, libraries: dict[str, ShellText]) -> Iterator[Fault]:
    """`x=$(find_it)` of a function that says no by its status, where the script looks afterwards whether x is empty."""
    if "$(" not in text.text:
        return
    beside = [libraries[name] for name in dict.fromkeys(SOURCED.findall(text.text)) if name in libraries]
    known = {name: (one, function) for one in (*beside, text) for name, function in one.functions.items()}
    for node in text.nodes("variable_assignment") if known else ():
        value, name = node.field("value"), node.field("name")
        if value is None or name is None or not text.on("errexit", node):
            continue
        called = re.fullmatch(r"\"?\$\(\s*([A-Za-z_]\w*)\b[^|;&()]*\)\"?", value.text().strip())
        if called is None or called[1] not in known:
            continue
        parent = node.parent()
        if parent is not None and parent.kind() == "command":
            continue
        owner, function = known[called[1]]
        why = _says_no(owner, function, strict=text.on("pipefail", node))
        if (
            why
            and _handled(text, node, name.text()) == "goes on"
            and text.dies(node)
            and not _ends_by_own_word(text, node, name.text())
        ):
            plain = "\n" not in node.text() and not node.text().rstrip('"').endswith("))")
            yield Fault(
                node,
                f"{called[1]} {why}, and `set -e` ends the script at the assignment to {name.text()}",
                f"The script ends here, silently, before the line that looks whether {name.text()} is empty is reached.",
                old=node.text() if plain else "",
                new=re.sub(r"\s*\)(\"?)$", r" || true)\1", node.text()) if plain else "",
            )


def _says_no(owner: ShellText, function: SgNode, *, strict: bool) -> str:
    """How a function fails in an ordinary way: it returns 1, or its last pipeline finds nothing under pipefail."""
    body = body_of(function)
    found = statements(body) if body is not None else []
    for one in owner.commands:
        if one.words[:2] == ("return", "1") and owner.function_of(one.node) == function:
            row = one.node.range().start.line
            above = "\n".join(owner.lines[max(0, row - 2) : row + 1])
            ordinary = found[-1:] == [one.node] or re.search(r"-[defrs]\s", above)
            if ordinary and not re.search(r">&2|\b(?:err\w*|die|fail|log_error|error)\b", above):
                return "returns 1 where there is nothing"
    if strict and found and found[-1].kind() == "pipeline":
        first = next((c for c in members(found[-1]) if name_of(c) in SEARCHES), None)
        if first is not None and not OTHERWISE.search(found[-1].text()):
            return f"ends with a pipeline in which `{name_of(first)}` finds nothing (pipefail)"
    return ""


def _counting(text: ShellText) -> Iterator[Fault]:
    nodes = [n for n in text.nodes("compound_statement") if n.text().startswith("((")]
    nodes += [one.node for one in text.commands if one.words[0] == "let"]
    for node in nodes:
        count = COUNT_UP.match(node.text().strip())
        if not count:
            continue
        name = count[1] or count[2]
        if not re.search(
            rf"(?<![\w$])\"?{name}=[\"']?0\b(?!\.)|(?:-i|local|declare)\s+(?:-i\s+)?{name}\s*$", text.text, re.MULTILINE
        ):
            continue
        if text.dies(node):
            yield Fault(
                node,
                f"`{node.text()}` has the status 1 where {name} is 0, and `set -e` ends the script at the first one",
                f"The script ends at the first count of {name}, silently and with the status 1.",
                old=node.text(),
                new=f"{name}=$(({name} + 1))",
            )


def _searching(text: ShellText) -> Iterator[Fault]:
    for node in text.nodes("variable_assignment"):
        value, name = node.field("value"), node.field("name")
        if value is None or name is None or "$(" not in value.text():
            continue
        inside = value
        if inside.kind() == "string":
            parts = [c for c in inside.children() if c.is_named()]
            if len(parts) != 1:
                continue
            inside = parts[0]
        if inside.kind() != "command_substitution":
            continue
        body = [c for c in inside.children() if c.is_named() and c.kind() != "comment"]
        if len(body) != 1:
            continue
        parent = node.parent()
        if parent is not None and parent.kind() == "command":
            continue
        death = _search(text, node, name.text(), body[0])
        if death is not None and text.dies(node):
            yield death


def _search(text: ShellText, node: SgNode, name: str, body: SgNode) -> Fault | None:
    """Does an assignment fail where there is nothing to find, although the script means to go on?"""
    chain = [body]
    if body.kind() == "pipeline":
        chain = members(body)
    elif body.kind() == "redirected_statement" and (inner := body.child(0)) is not None and inner.kind() == "pipeline":
        chain = members(inner)
    if not chain:
        return None
    last = name_of(chain[-1])
    heads = chain if text.on("pipefail", node) else chain[-1:]
    may = [(c, sure) for c in heads if (sure := _may_fail(text, c, body)) is not None]
    if not may:
        return None
    first, sure = next((one for one in may if one[1] == "likely"), may[0])
    if OTHERWISE.search(body.text()):
        return None
    counts = "wc" in map(name_of, chain[1:]) or (
        last in ("grep", "egrep") and any(re.match(r"-[a-zA-Z]*c", w) for w in words_of(chain[-1])[1:])
    )
    handled = _handled(text, node, name)
    if (
        not handled
        and not counts
        and sure == "likely"
        and len(chain) > 1
        and first.range() != chain[-1].range()
        and _hushed(first, body)
    ):
        handled = "hushed"
    if not handled and not counts and name_of(first) in ("grep", "egrep") and _starts_empty(text, node, name):
        handled = "ends"  # empty is an answer here, but nothing below shows that it is meant
    if handled == "goes on" and _ends_by_own_word(text, node, name):
        handled = "ends"
    if not counts and not handled:
        return None
    command = " ".join(words_of(first)[:2]) if name_of(first) in ("git", "docker", "tmux") else name_of(first)
    after = (
        "counting none"
        if counts
        else f"the next line, which works with an empty {name} too,"
        if handled == "hushed"
        else f"the line that looks whether {name} is empty"
    )
    piped = " (pipefail)" if first.range() != chain[-1].range() else ""
    fix = ""
    if "\n" not in node.text() and node.text().count(")") and not node.text().rstrip('"').endswith("))"):
        fix = re.sub(r"\s*\)(\"?)$", r" || true)\1", node.text())
    nothing = (
        "its folder is missing"
        if command == "find"
        else "there is nothing"
        if sure == "likely"
        else "its file is missing or broken"
    )
    return Fault(
        node,
        f"`{command}` fails where {nothing}{piped}, and `set -e` ends the script at the assignment to {name}",
        f"The script ends here, silently, before {after} is reached."
        if not counts
        else "Where there is nothing to count the script ends here.",
        "possible" if handled in ("ends", "hushed") and not counts else sure,
        old=node.text() if fix else "",
        new=fix,
    )


def _hushed(first: SgNode, body: SgNode) -> bool:
    """Is the error message of a search for a file that may be missing thrown away, so that the script means to go on without it?"""
    return QUIET.search(first.text()) is not None or QUIET.search(body.text().split("|")[0]) is not None


def _may_fail(text: ShellText, node: SgNode, body: SgNode) -> Confidence | None:
    """Is no answer an ordinary status of a command other than 0, and how sure is that? Commands on files that were looked for are not."""
    name = name_of(node)
    if name not in ANSWERS:
        return None
    words = words_of(node)
    row = node.range().start.line
    asked = "\n".join(text.lines[max(0, row - 4) : row]).replace('"', "")
    if re.search(r"\bgrep\s+(?:-\w+\s+)*-\w*q", asked) or (len(words) > 2 and f"{words[0]} {words[1]} {words[2]}" in asked):
        return None  # the same question was asked just before
    if name in ("which", "command", "type") and re.search(
        rf"\b(?:command\s+-v|which|type(?:\s+-\w+)?)\s+{re.escape(words[-1])}\b", asked
    ):
        return None  # asked just before whether the program is there
    if name in SEARCHES:
        return None if "/proc/" in node.text() else "likely"
    if name in ("command", "type"):
        return "likely" if words[1:2] in (("-v",), ("-p",), ("-P",), ("-t",)) else None
    quiet = QUIET.search(node.text()) or (body.kind() == "redirected_statement" and QUIET.search(body.text()))
    if not quiet or _looked_for(text, node, words):
        return None
    if name == "git" and LISTS.intersection(words[1:4]):
        return "possible"
    return "likely" if name in ANSWERED and "dirname" not in node.text() else "possible"


def _looked_for(text: ShellText, node: SgNode, words: tuple[str, ...]) -> bool:
    """Did the script ask a few lines above whether the file or folder is there?"""
    row = node.range().start.line
    above = BRACED.sub(r"$\1", "\n".join(text.lines[max(0, row - 25) : row + 1]))
    paths = [BRACED.sub(r"$\1", w).strip("\"'").split("*")[0].rstrip("/") for w in words[1:] if "$" in w or "/" in w]
    return any(path and re.search(rf"-[defrsx]\s+[\"']?{re.escape(path)}", above) for path in paths)


def _starts_empty(text: ShellText, node: SgNode, name: str) -> bool:
    """Is the variable set to nothing above, in the same function, as what holds where grep finds nothing?"""
    function = text.function_of(node)
    first = function.range().start.line if function is not None else 0
    above = "\n".join(text.lines[first : node.range().start.line])
    return re.search(rf"(?m)(?:^|\s){name}=(?:\"\"|''|)(?=\s|;|$)", above) is not None


def _handled(text: ShellText, node: SgNode, name: str) -> str:
    """What happens to the empty answer a few lines below: `ends` (the script would end there anyway), `goes on`, or nothing."""
    row = node.range().end.line
    below = text.lines[row : row + NEAR + 1]
    for at, line in enumerate(below):
        if EMPTY.search(line) and re.search(
            rf"(?:-[zn]\s+|!\s+)\"?\$\{{?{name}\b(?!:[-=])|\"\$\{{?{name}\}}?\"\s*={{1,2}}\s*\"\"", line
        ):
            branch = "\n".join(below[at : at + 8]).split("\nfi")[0]
            ends = re.search(r"\b(?:exit|return)(?:\s+[1-9]|\s*(?:;|$))|\b(?:die|fatal|fail|abort)\b", branch, re.MULTILINE)
            filled = re.search(r"-n\s|!=", line) is not None
            return "ends" if ends and (not filled or "||" in line) else "goes on"
    return ""


def _ends_by_own_word(text: ShellText, node: SgNode, name: str) -> bool:
    """Is the first thing that is done about an empty answer a call of a function that ends the script?"""
    row = node.range().end.line
    below = "\n".join(text.lines[row + 1 : row + NEAR + 1])
    asked = re.search(rf"-z\s+\"?\$\{{?{name}\b[^\n]*?(?:then|&&)\s*(\w+)|-n\s+\"?\$\{{?{name}\b[^\n|]*\|\|\s*(\w+)", below)
    called = next(filter(None, asked.groups()), "") if asked else ""
    function = text.functions.get(called)
    if function is None:
        return (
            re.fullmatch(
                r"_*(?:err\w*exit\w*|exit\w*err\w*|bail\w*|panic|croak|fail\w*|fatal\w*|die\w*|abort\w*|\w+_(?:fatal|die|fail|abort|exit))",
                called,
            )
            is not None
        )
    return re.search(r"\bexit\s+[1-9$]", function.text()) is not None


def _reading(text: ShellText) -> Iterator[Fault]:
    for one in text.commands:
        if one.words[0] != "read" or not any(re.match(r"-[a-zA-Z]*d$", w) for w in one.words):
            continue
        at = next(i for i, w in enumerate(one.words) if re.match(r"-[a-zA-Z]*d$", w))
        above = one.node.parent()
        whole = above if above is not None and above.kind() == "redirected_statement" else one.node
        if (
            one.words[at + 1 : at + 2] == ("",)
            and "<<" in whole.text()
            and "||" not in text.lines[whole.range().start.line]
            and text.dies(whole)
        ):
            yield Fault(
                whole,
                "`read -d ''` reads to the end of its text and then has the status 1, which `set -e` takes for a failure",
                "The script ends here, always.",
                "proven",
            )


def _last(body: SgNode | None) -> SgNode | None:
    found = statements(body) if body is not None else []
    return found[-1] if found else None


def _last_word(text: ShellText) -> Iterator[Fault]:
    for name, function in text.functions.items():
        body = body_of(function)
        last = _last(body)
        looped = last is not None and last.kind() != "list"
        while last is not None and last.kind() in ("for_statement", "while_statement", "c_style_for_statement"):
            inner = next((c for c in last.children() if c.kind() == "do_group"), None)
            last = _last(inner)
        if last is None or last.kind() != "list" or operator(last) != "&&":
            continue
        test = last.child(0)
        if (
            test is None
            or test.kind() not in ("test_command", "compound_statement")
            or re.search(r"\breturn\b|\bexit\b", last.text())
        ):
            continue
        if test.kind() == "compound_statement" and not test.text().startswith("(("):
            continue
        call = next((c for c in text.calls.get(name, ()) if text.dies(c)), None)
        if call is None:
            continue
        action = last.text()[len(test.text()) :].strip().removeprefix("&&").strip()
        plain = "\n" not in last.text() and "||" not in last.text()
        yield Fault(
            last,
            f"{name}() ends with `{_short(test.text())} && …`, so it returns 1 where the test is false, and `set -e` ends the script at its call",
            f"Where the test is false the script ends at line {text.line(call)}, silently.",
            "possible" if looped or _leaves_anyway(call) or _is_the_end(call) else "likely",
            old=last.text() if plain else "",
            new=f"if {test.text()}; then {action}; fi" if plain else "",
        )


def _is_the_end(call: SgNode) -> bool:
    """Is a call the last thing that the script does, so that nothing but its status is lost?"""
    return not any(above.kind() == "function_definition" for above in call.ancestors()) and not _follows(call)


def _leaves_anyway(call: SgNode) -> bool:
    """Does the script leave right after this call in any case, be it after the end of the branch in which the call stands?"""
    for below in (call, *call.ancestors()):
        if below.kind() not in (*STATEMENTS, "else_clause", "elif_clause", "case_item"):
            return False
        following = below.next() if below.kind() in STATEMENTS else None
        while following is not None and following.kind() not in STATEMENTS:
            if following.kind() in ("else_clause", "elif_clause"):
                following = None
                break
            following = following.next()
        if following is not None:
            return bool(re.match(r"(?:exit|return|break)\b", following.text()))
        if below.kind() == "function_definition":
            return False
    return False


def _endless(text: ShellText) -> Iterator[Fault]:
    for node in text.nodes("pipeline"):
        if not text.on("pipefail", node):
            continue
        chain = members(node)
        head = name_of(chain[0]) if chain else ""
        closes = any(name_of(c) == "head" for c in chain[1:])
        endless = (head in ("tr", "cat", "base64", "od", "hexdump", "xxd") and ENDLESS.search(chain[0].text())) or head == "yes"
        if not endless or not (closes or head == "yes") or tolerated(node):
            continue
        above = node.parent()
        while above is not None and above.kind() not in ("variable_assignment", *STOPS):
            above = above.parent()
        whole = above if above is not None and above.kind() == "variable_assignment" else node
        if text.dies(whole):
            yield Fault(
                whole,
                f"`{head}` never ends by itself; the pipeline closes it by SIGPIPE, which pipefail and `set -e` take for a failure",
                "The script ends here with the status 141.",
            )


EACH = ("while_statement", "until_statement")
ASKED = 60
"""Lines above a loop in which a search for the same text shows that there is some."""
OWN_TEXT = regex(r"\$0\b|\$\{0\}|BASH_SOURCE")


def _sifting(text: ShellText) -> Iterator[Fault]:
    """`… | grep x | while read …` as a statement of its own: where nothing matches there is nothing to do, and the script ends."""
    for node in text.nodes("pipeline"):
        chain = members(node) if text.on("pipefail", node) else []
        if len(chain) < 2 or not (chain[-1].kind() in EACH or name_of(chain[-1]) == "xargs"):
            continue
        first = next((c for c in chain[:-1] if name_of(c) in SEARCHES and _may_fail(text, c, node)), None)
        if first is None or OWN_TEXT.search(first.text()) or "||" in node.text().split("\n")[0]:
            continue
        parent = node.parent()
        if parent is None or parent.kind() in ("command_substitution", "process_substitution", "variable_assignment"):
            continue
        row = node.range().start.line
        asked = "\n".join(text.lines[max(0, row - ASKED) : row])
        if any(len(w) > 3 and not w.startswith("-") and w in asked for w in words_of(first)[1:3]):
            continue  # the same was counted or looked for above
        if _leaves_anyway(node) or not _follows(node) or not text.dies(node):
            continue
        inverted = any(re.match(r"-[a-zA-Z]*v", w) for w in words_of(first)[1:])
        yield Fault(
            node,
            f"`{name_of(first)}` fails where nothing matches (pipefail), and `set -e` ends the script at this loop",
            "Where there is nothing to do for, the script ends here, silently, and what stands below is not done.",
            "possible" if inverted else "likely",
        )


def _follows(node: SgNode) -> bool:
    """Does another statement come after this one, in its own block or around it?"""
    for below in (node, *node.ancestors()):
        if below.kind() == "function_definition":
            return False
        following = below.next()
        while following is not None:
            if following.kind() in STATEMENTS:
                return True
            if following.kind() in ("else_clause", "elif_clause"):
                break
            following = following.next()
    return False


LONG = regex(
    r"(?:git\s+(?:-\S+\s+\S+\s+)*(?:log|diff|ls-files|ls-tree|rev-list|grep|show)|find|tree|journalctl|docker\s+logs|kubectl\s+logs|grep\s+-\w*[rR]|rg|ls\s+-\w*R)\b"
)
SHORT = regex(
    r"\s-n\s*\d|\s-\d+\b|--max-count|-maxdepth\s+1\b|--tail|--stat\b|--name-only|--lines|\s-l\b|--oneline\s+-|\s-m\s*1|-quit\b"
)


def _cut_short(text: ShellText) -> Iterator[Fault]:
    """What may be longer than a pipe holds, cut by head: the writer dies of SIGPIPE."""
    written = {
        match[1]
        for match in re.finditer(r"(?m)^\s*(?:local\s+)?(\w+)=\"?\$\((?P<command>[^\n|]*)", text.text)
        if LONG.match(match["command"].strip().lstrip("(").strip().removeprefix("cd ").split("&&")[-1].strip())
    }
    for node in text.nodes("pipeline"):
        chain = members(node) if text.on("pipefail", node) else []
        if len(chain) != 2 or name_of(chain[1]) != "head" or re.search(r"-c\b|--bytes", chain[1].text()):
            continue
        said = chain[0].text()
        value = re.match(r"(?:printf|echo)\b.*?\"\$\{?(\w+)\}?\"\s*$", said)
        if not (value and value[1] in written) and not (LONG.match(said) and not SHORT.search(said)):
            continue
        above = node.parent()
        while above is not None and above.kind() not in ("variable_assignment", *STOPS):
            above = above.parent()
        whole = above if above is not None and above.kind() == "variable_assignment" else node
        if text.dies(whole) and not OTHERWISE.search(whole.text()):
            what = f"${value[1]}" if value else " ".join(words_of(chain[0])[:2])
            yield Fault(
                whole,
                f"where {what} is longer than a pipe holds (64 KiB), head closes it early: SIGPIPE, which pipefail and `set -e` take for a failure",
                "In a large enough repository the script ends here with the status 141, silently.",
                "possible",
            )


STOPS = frozenset(("program", "do_group", "compound_statement", "if_statement", "function_definition", "declaration_command"))


def _short(text: str, most: int = 50) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
