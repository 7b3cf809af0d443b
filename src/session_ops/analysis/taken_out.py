"""Fixes that take out what names something that is not there, and nobody knows how to bring back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix

Span = tuple[int, int]


def without_json_entry(text: str, at: int) -> Span | None:
    """The span of the innermost object around a place of a JSON text, grown while what holds it would be left empty, with its comma."""
    spans = list(_brackets(text))
    around = sorted((s for s in spans if s[0] < at < s[1]), key=lambda s: s[1] - s[0])
    objects = [s for s in around if text[s[0]] == "{"]
    if len(around) < 2 or not objects:
        return None
    span = _with_key(text, objects[0])
    for outer in around[around.index(objects[0]) + 1 :]:
        rest = text[outer[0] + 1 : span[0]] + text[span[1] : outer[1]]
        if rest.strip() or outer == around[-1]:
            break
        span = _with_key(text, outer)
    return _with_comma(text, span)


def _brackets(text: str) -> Iterator[Span]:
    opened: list[int] = []
    for match in re.finditer(r'"(?:[^"\\\n]|\\.)*"|[\[\]{}]', text):
        if match[0] in "[{":
            opened.append(match.start())
        elif match[0] in "]}" and opened:
            yield opened.pop(), match.start()


def _with_key(text: str, span: Span) -> Span:
    key = re.search(r'"(?:[^"\\\n]|\\.)*"\s*:\s*$', text[: span[0]])
    return (key.start() if key else span[0]), span[1] + (text[span[1] : span[1] + 1] in ("]", "}"))


def _with_comma(text: str, span: Span) -> Span:
    after = re.match(r"\s*,", text[span[1] :])
    before = re.search(r",\s*$", text[: span[0]])
    if after:
        lead = re.search(r"\n[ \t]*$", text[: span[0]])
        return (lead.start() if lead else span[0]), span[1] + after.end()
    return (before.start() if before else span[0]), span[1]


def drop_hook(finding: Finding, tree: Tree) -> Fix | None:
    """Take the hook out whose script is not there."""
    path = finding.at.path
    text = tree.text(path)
    if finding.also or not path.endswith(".json") or not finding.at.line:
        return None
    start = sum(len(line) + 1 for line in text.split("\n")[: finding.at.line - 1])
    inside = re.search(r'"command"\s*:', text[start : start + len(text.split("\n")[finding.at.line - 1])])
    span = without_json_entry(text, start + (inside.start() if inside else 1))
    if span is None:
        return None
    edit = _cut(path, text, span)
    why = "The agent would report an error at each such event; put it back together with its script."
    return Fix(f"Take the hook without a script out of {path}", (finding.id,), "review", (edit,), why=why)


def _cut(path: str, text: str, span: Span) -> Edit:
    """The edit that removes a span, written with whole lines so that it matches once."""
    start = text.rfind("\n", 0, span[0]) + 1
    end = text.find("\n", span[1])
    end = len(text) if end < 0 else end
    old = text[start:end]
    return Edit(path, old, text[start : span[0]] + text[span[1] : end], text.count("\n", 0, start) + 1)


def drop_branch(finding: Finding, tree: Tree) -> Fix | None:
    """Take a one-line branch of a `case` out that starts a script which is not there, and the lines of the usage that name it."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    text = lines[finding.at.line - 1] if 0 < finding.at.line <= len(lines) else ""
    branch = re.match(r"\s*\(?(?P<word>[a-z][\w-]*)\)\s.*;;\s*$", text)
    if branch is None or finding.also:
        return None
    word = branch["word"]
    gone = [finding.at.line] + [
        n for n, line in enumerate(lines, 1) if re.match(rf"\s{{1,8}}{re.escape(word)}(?:\s[A-Z<\[][\w>\]]*)*\s{{2,}}\S", line)
    ]
    edits = [Edit(path, f"{lines[n - 1]}\n", "", n) for n in gone]
    edits += [
        Edit(path, line, line.replace(f"|{word}|", "|").replace(f"|{word}", ""), n)
        for n, line in enumerate(lines, 1)
        if re.match(r"\s*#.*\|", line) and re.search(rf"\|{re.escape(word)}\b", line)
    ]
    why = "The command ended with `No such file`; it is no longer offered."
    return Fix(f"Take the command {word} out of {path}", (finding.id,), "review", tuple(edits), why=why)


def drop_icon(finding: Finding, tree: Tree) -> Fix | None:
    """Take the link to an icon out of a page: browsers go on without one."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    text = lines[finding.at.line - 1] if 0 < finding.at.line <= len(lines) else ""
    if finding.also or not re.fullmatch(r"\s*<link\s[^<>]*\brel=[\"'](?:shortcut )?(?:apple-touch-)?icon[\"'][^<>]*>\s*", text):
        return None
    edit = Edit(path, f"{text}\n", "", finding.at.line)
    return Fix(
        f"Take the icon that is not there out of {path}", (finding.id,), "review", (edit,), why="The browser gets 404 for it."
    )


def drop_sentence(finding: Finding, tree: Tree) -> Fix | None:
    """Take the list item, the paragraph or the sentence out that sends people to a file which is not there."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    text = lines[finding.at.line - 1] if 0 < finding.at.line <= len(lines) else ""
    named = re.search(r"(?:Names|Links to|Runs|Tells to run|Shows)\s+(\S+?)(?:,|\s|$)", finding.message)
    name = named[1].split("#")[0] if named else ""
    if finding.also or not name or text.count(name) != 1:
        return None
    link = re.fullmatch(r"\s*[-*+] (?:\[[^\]]*\]\([^)]*\)\.?|(?:`[^`]*`[\s:,()\u2013\u2014-]*)+)\s*", text)
    alone = (
        not (lines[finding.at.line - 2 : finding.at.line - 1] or [""])[0].strip()
        and not (lines[finding.at.line : finding.at.line + 1] or [""])[0].strip()
    )
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z`\[])", text.strip())
    hit = [s for s in sentences if name in s]
    if link or (alone and len(hit) == len(sentences)):
        following = "\n" if alone and finding.at.line < len(lines) else ""
        edit = Edit(path, f"{text}\n{following}", "", finding.at.line)
    elif len(hit) == 1 and len(sentences) > 1 and text.count(hit[0]) == 1:
        old = hit[0] if text.rstrip().endswith(hit[0]) is False else " " + hit[0]
        edit = Edit(path, old if old in text else hit[0], "", finding.at.line)
    else:
        return None
    return Fix(f"Take {name} out of {path}", (finding.id,), "review", (edit,), why="It is not there, and git does not know it.")


def drop_step(finding: Finding, tree: Tree) -> Fix | None:
    """Take a CI step out, or let compose go on without an env file."""
    path, lines = finding.at.path, tree.lines(finding.at.path)
    number = finding.at.line
    text = lines[number - 1] if 0 < number <= len(lines) else ""
    if finding.also:
        return None
    file = re.match(r"(?P<lead>\s*)env_file:\s*(?P<name>[\w./-]+)\s*$", text)
    if file is not None:
        lead = file["lead"]
        new = f"{lead}env_file:\n{lead}  - path: {file['name']}\n{lead}    required: false"
        return Fix(
            f"Start without {file['name']} where it is not there",
            (finding.id,),
            "review",
            (Edit(path, text, new, number),),
            why="Compose stops at a missing env file.",
        )
    if "/workflows/" not in path:
        return None
    first = next((n for n in range(number, 0, -1) if re.match(r"\s*- ", lines[n - 1])), 0)
    if not first:
        return None
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    last = first
    while last < len(lines) and (not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > indent):
        last += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    siblings = [n for n, line in enumerate(lines, 1) if re.match(rf"\s{{{indent}}}- ", line)]
    if len(siblings) < 2:
        return None
    old = "\n".join(lines[first - 1 : last])
    if tree.text(path).count(old + "\n") == 1:
        old += "\n"
    return Fix(
        f"Take the step out of {path} that runs what is not there",
        (finding.id,),
        "review",
        (Edit(path, old, "", first),),
        why="It failed every run.",
    )
