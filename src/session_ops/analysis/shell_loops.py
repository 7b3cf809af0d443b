"""Loops that lose what they did, or eat what they should read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ast_grep_py import SgNode

from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import tolerated
from session_ops.discovery.shell_flow import ShellText, ShellTexts, members, statements
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule


@rule("SHELL-SUBSHELL", gate="start", category="shell")
def lost_in_a_pipe(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """What a loop behind a pipe counts, collects or decides is lost when it ends.

    Why: bash and sh run every member of a pipeline in a process of its own. After `… | while read x; do n=$((n+1)); done` the script's n
    is still 0, and `exit 1` or `return` in the loop leave only the loop's process, so the script goes on.
    Passes: `done < <(…)`, `done <<< …`, `shopt -s lastpipe`, zsh and ksh, variables that are not used after the loop, an exit whose
    status the pipeline hands on (`set -e`, `||`, the last statement of a function).
    Do: Feed the loop without a pipe: `done < <(command)` in bash, a temporary file or here-document in sh; where the loop has
    to end the script, add `|| exit` behind `done`.
    Source: POSIX.1-2024, Shell & Utilities 2.13; bash's manual, 3.2.3 pipelines.
    """
    texts = [
        t for t in shell_texts if t.dialect in ("bash", "sh", "dash", "ash") and re.search(r"\|\s*(?:\\\n\s*)?while\b", t.text)
    ]
    if not texts:
        raise NotApplicable("no loop stands behind a pipe")
    yield from told(found for text in texts if "lastpipe" not in text.text for found in _piped_loops(tree, text))


def _piped_loops(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for node in text.nodes("pipeline"):
        chain = members(node)
        if len(chain) < 2:
            continue
        loop = chain[-1]
        if loop.kind() == "redirected_statement":
            loop = loop.child(0) or loop
        if loop.kind() != "while_statement":
            continue
        body = next((c for c in loop.children() if c.kind() == "do_group"), None)
        if body is None or any(
            a.kind() in ("command_substitution", "subshell", "process_substitution") for a in node.ancestors()
        ):
            continue
        lost = _lost(text, node, body)
        if lost:
            name, at = lost
            found = place(
                tree,
                text,
                loop,
                f"{name} is set in a loop behind a pipe and used after it, where it still has its value from before the loop",
                f"The pipe runs the loop in a process of its own: what line {text.line(at)} did to {name} is lost.",
            )
            yield replace(found, also=(tree.evidence(text.path, text.line(at)),))
            continue
        left = _left(text, node, body)
        if left is not None:
            goes_on = "function" if left.text().startswith("return") else "script"
            yield place(
                tree,
                text,
                left,
                f"`{left.text()}` leaves only the loop, which the pipe runs in a process of its own: the {goes_on} goes on",
                "What follows the loop runs although it was meant not to.",
            )


def _lost(text: ShellText, pipeline: SgNode, body: SgNode) -> tuple[str, SgNode] | None:
    """A variable that the loop sets, that was set before it, and that is read after it; with the place that sets it."""
    around = text.function_of(pipeline)
    whole = around or text.root
    begin, end = pipeline.range().start.index, pipeline.range().end.index
    base = whole.range().start.index
    before, after = whole.text()[: begin - base], whole.text()[end - base :]
    if around is not None:
        before = text.text[:base] + before
    for node in [*body.find_all(kind="variable_assignment"), *body.find_all(kind="postfix_expression")]:
        name = node.field("name") if node.kind() == "variable_assignment" else node.child(0)
        if name is None or not re.fullmatch(r"[A-Za-z_]\w*", name.text()):
            continue
        word = name.text()
        parent = node.parent()
        if parent is not None and parent.kind() in ("declaration_command", "command"):
            continue
        if any(a.kind() in ("subshell", "command_substitution") for a in _up_to(node, body)):
            continue
        if word in ("IFS", "OLDIFS") or not re.search(rf"(?:^|[\s;(]){word}(?:\+?=|$)|-[aiA]\s+{word}\b", before, re.MULTILINE):
            continue
        read = re.search(rf"\$\{{?[#!]?{word}\b|\(\([^)\n]*\b{word}\b", after)
        again = re.search(rf"(?:^|[\s;(]){word}=|\bread\b[^\n]*\b{word}\b|\bfor\s+{word}\b|\blocal\b[^\n]*\b{word}\b", after)
        if not read or (again and again.start() < read.start()):
            continue
        return word, node
    return None


def _up_to(node: SgNode, top: SgNode) -> Iterator[SgNode]:
    for above in node.ancestors():
        if above.range() == top.range():
            return
        yield above


BRANCHES = frozenset(("if_statement", "else_clause", "elif_clause", "compound_statement", "case_item", "case_statement"))


def _status_of_all(block: SgNode) -> bool:
    """Is the status of a block's last statement that of the function or the script, behind any number of branches?"""
    outer = block.parent()
    if block.kind() == "program" or outer is None:
        return block.kind() == "program"
    if block.kind() not in BRANCHES:
        return False
    if outer.kind() == "function_definition":
        return True
    if block.kind() in ("if_statement", "case_statement", "compound_statement"):
        siblings = statements(outer)
        if not siblings or siblings[-1].range() != block.range():
            return False
    return _status_of_all(outer)


def _left(text: ShellText, pipeline: SgNode, body: SgNode) -> SgNode | None:
    """An `exit` or `return` in the loop whose effect ends with the loop; None where its status is heeded."""
    above = pipeline.parent()
    if above is None or tolerated(pipeline) or text.on("errexit", pipeline):
        return None
    if above.kind() in ("list", "negated_command", "redirected_statement"):
        return None
    siblings = statements(above)
    place_of = next((i for i, s in enumerate(siblings) if s.range() == pipeline.range()), -1)
    following = siblings[place_of + 1 : place_of + 2]
    if not following and _status_of_all(above):
        return None  # the last statement: its status is the function's or the script's
    if following and following[0].text().strip() == "return":
        return None  # `return` without a number hands on the status of the pipeline
    if following and re.match(r"[^\n]*\$\?|[^\n]*PIPESTATUS", following[0].text()):
        return None
    for one in body.find_all(kind="command"):
        words = one.text().split()
        if words[0] not in ("exit", "return"):
            continue
        inner = [a.kind() for a in _up_to(one, body)]
        if "subshell" in inner or "function_definition" in inner or "command_substitution" in inner:
            continue
        if words[0] == "return" and text.function_of(pipeline) is None:
            continue
        if words[0] == "exit" and words[1:2] in ([], ["0"]):
            continue
        if len(words) > 2:
            continue
        return one
    return None


EATERS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (regex(r"(?:sudo\s+)?ssh\s+(?!(?:[^\n]*\s)?-\w*[nfNV]\b|[^\n]*StdinNull)"), "ssh", "-n"),
    (regex(r"claude\s+(?:[^\n]*\s)?(?:-p|--print)\b"), "claude -p", ""),
    (regex(r"codex\s+exec\b"), "codex exec", ""),
    (regex(r"gemini\s+(?:[^\n]*\s)?(?:-p|--prompt)\b"), "gemini -p", ""),
    (regex(r"(?:docker|podman)\s+(?:exec|run)\s+(?:[^\n]*\s)?(?:-i|-it|-ti|--interactive)\b"), "docker … -i", ""),
    (regex(r"kubectl\s+exec\s+(?:[^\n]*\s)?(?:-i|-it|-ti|--stdin)\b"), "kubectl exec -i", ""),
    (regex(r"ffmpeg\s+(?![^\n]*-nostdin)"), "ffmpeg", "-nostdin"),
    (regex(r"adb\s+(?:-s\s+\S+\s+)?shell\b(?![^\n]*\s-n\b)"), "adb shell", ""),
)


def leave_stdin_alone(finding: Finding, tree: Tree) -> Fix | None:
    """Give the command an empty stdin of its own."""
    return rewritten(
        finding, tree, "Give the command an empty stdin of its own", "safe", "The list that the loop reads is left to the loop."
    )


@rule("SHELL-STDIN", gate="start", category="shell", fix=leave_stdin_alone)
def eats_the_list(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A command in a `while read` loop reads the rest of the list as its own input, so the loop ends after one round.

    Why: the loop and its commands share one stdin. ssh, `claude -p`, `codex exec`, `docker exec -i` and ffmpeg read theirs to the end,
    and so may a command that the loop was given to run (`eval "$hook"`).
    Passes: `< /dev/null`, `-n`, a command that gets its input from a pipe or a here-document, a loop over another descriptor (read -u 3).
    Do: Give the command an input of its own, `< /dev/null` (or `ssh -n`, `ffmpeg -nostdin`), or let the loop read another
    descriptor: `while read -r x <&3; do …; done 3< list`.
    Source: POSIX.1-2024, read; ssh(1) `-n`; Claude Code's documentation, `claude -p` takes piped input.
    """
    texts = [t for t in shell_texts if "while" in t.text and "read" in t.text]
    if not texts:
        raise NotApplicable("no while-read loop")
    hint = re.compile(r"\b(?:ssh|claude|codex|gemini|docker|podman|kubectl|ffmpeg|adb|eval|sh -c|bash -c)\b")
    yield from told(found for text in texts if hint.search(text.text) for found in _eaten(tree, text))


def _eaten(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for loop in text.nodes("while_statement"):
        head = loop.text().split("\n")[0]
        if not re.match(r"while\b[^\n]*\bread\b", head) or re.search(r"\bread\s[^\n;]*-u\s*\d|<&\s*\d", head):
            continue
        above = loop.parent()
        fed = above is not None and (
            (above.kind() == "pipeline" and members(above)[0].range() != loop.range())
            or (above.kind() == "redirected_statement" and re.match(r"\s*<", above.text()[len(loop.text()) :]))
        )
        body = next((c for c in loop.children() if c.kind() == "do_group"), None)
        if not fed or body is None:
            continue
        given = re.search(r"\bread\s+(?:-r\s+|-\w+\s+)*(\w+)\s*(?:;|$|\|)", head)  # one variable takes the whole line
        for one in body.find_all(kind="command"):
            line = one.text()
            eater = next(((name, option) for pattern, name, option in EATERS if pattern.match(line)), None)
            told_to_run = False
            if eater is None and given and re.fullmatch(rf"(?:eval|(?:ba|z|da)?sh\s+-c)\s+\"\$\{{?{given[1]}\}}?\"", line):
                eater, told_to_run = (line, ""), True
            if eater is None or _own_input(one, body):
                continue
            plain = "\n" not in line and "<<" not in line
            name, option = eater
            new = line.replace(name, f"{name} {option}", 1) if option and line.startswith(name) else f"{line} < /dev/null"
            yield place(
                tree,
                text,
                one,
                f"`{name}` reads the rest of the list that the loop should read",
                "The loop ends after its first round, without an error.",
                "possible" if told_to_run else "likely",  # the list may hold assignments
                old=line if plain else "",
                new=new if plain else "",
            )
            break


def _own_input(node: SgNode, body: SgNode) -> bool:
    """Has a command an input of its own: a redirection, a here-document, a pipe, or does it run in the background (then stdin is /dev/null)?"""
    if "<" in re.sub(r"\$\(|\"[^\"]*\"|'[^']*'", "", node.text()):
        return True
    below = node
    for above in node.ancestors():
        if above.range() == body.range():
            break
        if above.kind() == "redirected_statement" and re.search(r"(?<![<\d])<(?!\()", above.text()[len(below.text()) :]):
            return True
        if above.kind() == "pipeline" and members(above)[0].range() != below.range():
            return True
        if above.kind() in ("while_statement", "function_definition"):
            return True
        below = above
    following = below.next()
    return following is not None and following.text() == "&"


@rule("SHELL-LISTLOOP", gate="relocate", category="shell")
def loops_over_words(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A loop over the output of `ls` or `find` takes names apart at their spaces.

    Why: the shell splits the output at blanks, so "my notes.md" comes as two names; and `ls` of a pattern that matches nothing fails
    or hands on the pattern. Passes: a loop over the pattern itself, `while read`, loops over numbers or words that a command prints.
    Do: Loop over the pattern itself (`for f in ./*.md; do [ -e "$f" ] || continue; …`), or in bash over `find … -print0` with
    `while IFS= read -r -d '' f`.
    Source: POSIX.1-2024, Shell & Utilities 2.6.5 field splitting.
    """
    if not shell_texts:
        raise NotApplicable("no shell script")
    yield from told(
        (found for text in shell_texts if any(start in text.text for start in STARTS) for found in _split_names(tree, text)),
        2,
    )


STARTS = tuple(f"in {opening}{name} " for opening in ("$(", "`", "$( ") for name in ("ls", "find"))


def _split_names(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if re.search(r"^\s*IFS=(?:\$'\\n'|\"?\n)", text.text, re.MULTILINE):
        return
    for row, line in enumerate(text.lines):
        match = re.match(r"\s*for\s+(\w+)\s+in\s+(?:\$\(|`)\s*(ls|find)\s+([^)`]*)", line) if len(line) < 2000 else None
        if match and not re.search(r"\|\s*(?:wc|cut|awk|grep -o|sed|xargs)", match[3]):
            yield place(
                tree,
                text,
                text.first + row,
                f"the loop over `{match[2]}` takes a name with a space for two",
                "Files with a space in their path are passed over or mistaken for others.",
                "possible",
            )
