"""Programs for sed, grep and awk that never match, or break on the text that is put into them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, heredocs
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

GREP = regex(r"(?<![\w/.-])(grep)((?:\s+-{1,2}[\w=.-]+)*)\s+(?:--\s+)?('[^'\n]*'|\"[^\"\n$`]*\")")
OTHER_KIND = regex(r"\s-(?:[a-zA-Z]*[EPF]|-(?:extended|perl|fixed)-\w+)")
DOUBLED = regex(r"(?<!\\)\b(?:g|m)?awk\s+(?:-\w\s*\S+\s+)*'[^']*?(?<!\\)\$([1-9])[^']*'")
SED = regex(r"^(['\"]?)s(/)(.*)$", re.DOTALL)
PATHS = regex(
    r"\$\(\s*(?:pwd|dirname|realpath|readlink|mktemp|cd)\b|^[\"']?(?:/|~/|\$\{?(?:HOME|PWD|TMPDIR)\b|https?://)|BASH_SOURCE"
)
BRANCHES = regex(r"git\s+(?:-C\s+\S+\s+)?(?:branch\s+--show-current|rev-parse\s+--abbrev-ref|symbolic-ref)")
NAMED_PATH = regex(r"(?:^|_)(?:path|dir|directory|folder|file|url|root|home|worktree)$", re.IGNORECASE)
FREE = regex(
    r"^(?:message|msg|text|note|notes|task|description|desc|prompt|title|content|body|comment|reason|summary|details?|goal|\w+_(?:message|text|description"
    r"|note|title|content|prompt|summary|reason|comment))$",
    re.IGNORECASE,
)


def write_it_extended(finding: Finding, tree: Tree) -> Fix | None:
    """Let grep read the pattern as it was meant."""
    return rewritten(
        finding,
        tree,
        "Write the program so that it means what it should",
        "review",
        "What did not match before matches now, so what follows it runs for the first time.",
    )


@rule("SHELL-MATCH", gate="start", category="shell", fix=write_it_extended)
def never_matches(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A grep or awk program means something else than it seems, so that it never matches or prints the whole line.

    Why: without -E grep takes `|`, `+`, `?`, `(` and `{` literally, so `grep "ERROR|FAIL"` looks for that text with its bar; `\d` and
    `(?:` are of Perl and need -P. In a double-quoted text the shell fills in `$1` of an awk program before awk sees it: `{print }`
    prints the line.
    Passes: -E, -P and -F, `\|`, a pattern with a blank beside the bar (a table), `\$1`, single quotes.
    Do: Write the pattern for `grep -E`, with `[0-9]` for a digit and without `(?:`; put awk programs in single quotes and hand
    values over by `awk -v name="$value"`.
    Source: POSIX.1-2024, Base Definitions 9.3 basic regular expressions; Shell & Utilities 2.2.3 double quotes.
    """
    texts = [text for text in shell_texts if "grep" in text.text or "awk" in text.text]
    if not texts:
        raise NotApplicable("no script uses grep or awk")
    yield from told(found for text in texts for found in (*_patterns(tree, text), *_filled_in(tree, text)))


def _patterns(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for row, line in enumerate(text.lines):
        if "grep" not in line or len(line) > 2000 or line.lstrip().startswith("#"):
            continue
        for match in GREP.finditer(line):
            if re.search(r"\bgit(?:\s+-C\s+\S+)?\s+$|(?:e|f|rip)$", line[: match.start()]):
                continue
            options, pattern = match[2], match[3][1:-1]
            basic = not OTHER_KIND.search(options)
            if pattern.count("(") != pattern.count(")"):
                continue  # looks for a piece of code as it is written
            extended = re.search(r"\s-[a-zA-Z]*E|--extended", options)
            what, confidence, new = "", "likely", ""
            if (
                basic
                and re.search(r"\w\|\w", pattern)
                and "\\|" not in pattern
                and not re.search(r"\||\s\|", pattern[:1] + pattern[-1:])
            ):
                what = f"grep without -E looks for `{pattern}` with its bar: nothing has it"
                new = match[0].replace("grep", "grep -E", 1)
            elif (basic or extended) and re.search(r"(?<!\\)\\d", pattern):
                what = "grep without -P takes `\\d` for the letter d (or refuses it), not for a digit"
                new = match[0].replace("\\d", "[0-9]")
            elif (basic or extended) and re.search(r"\(\?[:=!<]", pattern):
                what = "grep without -P knows no `(?:` and no look-ahead"
            if what:
                yield place(
                    tree,
                    text,
                    text.first + row,
                    what,
                    "It never matches, so what depends on it is never done.",
                    "likely" if confidence == "likely" else "possible",
                    old=match[0] if new else "",
                    new=new,
                )


def _filled_in(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """Programs for awk inside a double-quoted string: `ssh host "… awk '{print $2}'"`, `awk "{print $1}"`."""
    if "awk" not in text.text:
        return
    for node in text.nodes("string"):
        inside = node.text()
        if "$" not in inside or any(a.kind() == "heredoc_body" for a in node.ancestors()):
            continue
        above = node.parent()
        direct = above is not None and above.kind() == "command" and re.match(r"[gm]?awk\b", above.text()) is not None
        whole = _without_substitutions(node)
        hit = (
            re.search(r"(?<!\\)(?:print|printf)\s+(?:[^\"'{}]*,\s*)?(?<!\\)\$([1-9])", whole)
            if direct
            else DOUBLED.search(whole)
        )
        if hit is None:
            continue
        first = node.range().start.line + inside.count("\n", 0, hit.start())
        yield place(
            tree,
            text,
            text.first + first,
            f"`${hit[1]}` of the awk program stands in double quotes, so the shell fills it in before awk sees it",
            "awk prints the whole line (or fails) where one field was meant.",
        )


def _without_substitutions(node: SgNode) -> str:
    """The text of a string with blanks in place of the commands in it: those have quotes of their own."""
    base, text = node.range().start.index, node.text()
    for child in node.children():
        if child.kind() in ("command_substitution", "expansion", "arithmetic_expansion"):
            begin, end = child.range().start.index - base, child.range().end.index - base
            text = text[:begin] + re.sub(r"[^\n]", " ", text[begin:end]) + text[end:]
    return text


@rule("SHELL-SPLICE", gate="start", category="shell")
def breaks_the_program(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A value that is put into a sed program breaks it.

    Why: in `s/a/$value/` a slash in the value ends the text early: sed answers "unknown option to `s'" and changes nothing; `&` and `\`
    in it are not taken literally, and a line end is an error. Paths, addresses and branch names have slashes; what people and agents
    write has everything.
    Passes: another delimiter that the value cannot have, a value that is escaped first, numbers, fixed words.
    Do: Escape backslash, `&` and the delimiter in the value first, or replace without sed: `${text//"$old"/"$new"}` in bash,
    awk with ENVIRON, or python3.
    Source: POSIX.1-2024, sed, the `s` function.
    """
    texts = [text for text in shell_texts if "sed" in text.text and "s/" in text.text]
    if not texts:
        raise NotApplicable("no script puts a value into a sed program")
    yield from told(found for text in texts for found in _spliced(tree, text))


def _spliced(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for one in text.commands:
        if one.words[0] not in ("sed", "gsed"):
            continue
        for word in one.words[1:]:
            parts = SED.match(word)
            if parts is None or "$" not in word or "basename" in word:
                continue
            for used in re.finditer(r"(?<!\\)\$(?:\{(\w+)\}|(\w+)|\((pwd|dirname|realpath|mktemp|git)\b)", parts[3]):
                name = used[1] or used[2] or ""
                verdict = _has_slash(text, one.node, name) if name else ("a path", "likely" if used[3] != "git" else "possible")
                if verdict is None:
                    continue
                what, confidence = verdict
                shown = f"${name}" if name else f"$({used[3]} …)"
                at = next((c for c in one.node.children() if word in c.text()), one.node)
                yield place(
                    tree,
                    text,
                    at,
                    f"{shown} is {what} and stands in `s/…/…/`, where its first slash ends the text",
                    "sed answers an error and changes nothing."
                    if confidence == "likely"
                    else "A `/`, `&` or line end in it breaks the command.",
                    "likely" if confidence == "likely" else "possible",
                )
                break
            else:
                continue
            break


def _has_slash(text: ShellText, node: SgNode, name: str) -> tuple[str, str] | None:
    """What a variable holds that breaks a sed program, and how sure that is."""
    head = text.text[: node.range().start.index]
    if re.search(rf"\b{name}=[^\n]*(?:sed|//|printf\s+'?%q|tr\b|basename|wc\b|date\b|jq)", head):
        return None
    values = [m[1] for m in re.finditer(rf"(?:^|[\s;(]){name}=([^\n]*)", head, re.MULTILINE)]
    if values and any(PATHS.search(v.strip("\"'")) for v in values):
        if all(re.match(r"[\"']?\$\{?\w+:-", v) for v in values):
            return ("a path", "possible")
        return ("a path", "likely")
    if values and any(re.search(r"\$\{\w+:?-[^}$]*/", v) for v in values):
        return ("a text whose default has a slash", "likely")
    if values and any(BRANCHES.search(v) for v in values):
        return ("a branch's name", "possible")
    if values and all(re.fullmatch(r"[\"']?[\w.: -]*[\"']?(?:\s*#.*)?;?", v.strip()) for v in values):
        return None
    if NAMED_PATH.search(name) and not re.search(r"(?:name|ext)$", name, re.IGNORECASE):
        return ("a path", "possible")
    if FREE.match(name):
        return ("free text", "possible")
    return None


JSON_PIECE = regex(r"\\?\"\s*[\w-]+\\?\"\s*:\s*\\?\"[^\"\n]*?(?<!\\)\$(?:\{(\w+)\}|(\w+)|\((cat|git|tail|head|tmux|jq|echo)\b)")


@rule("SHELL-JSON", gate="start", category="ipc")
def json_by_hand(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """An answer or a request in JSON is put together from text that is not escaped.

    Why: one quotation mark, backslash or line end in a message, a title or the output of a command makes it unreadable: the hook's
    decision does not count, the server refuses the request. Records that are written to files belong to STATE-QUOTE.
    Passes: `jq -n --arg`, `python3 -c json.dumps`, times, numbers, ids and fixed words, values that were escaped before.
    Do: Build it with `jq -n --arg text "$text" '{text: $text}'`, or with json.dumps of Python, and paste no value between
    quotation marks.
    Source: RFC 8259, section 7: quotation mark, backslash and control characters must be escaped.
    """
    texts = [text for text in shell_texts if '":' in text.text.replace(" ", "") or '\\":' in text.text]
    if not texts:
        raise NotApplicable("no script writes JSON")
    yield from told((found for text in texts for found in _by_hand(tree, text)), 2)


def _by_hand(tree: Tree, text: ShellText) -> Iterator[Finding]:
    filed: frozenset[int] = frozenset()
    if "<<" in text.text:
        filed = frozenset(n for doc in heredocs(text.lines, 0) if doc.to for n in range(doc.line, doc.end))
    for row, line in enumerate(text.lines):
        if '"' not in line or ":" not in line or "$" not in line or len(line) > 2000 or line.lstrip().startswith("#"):
            continue
        if row in filed or re.search(r"\bjq\b|json\.dumps|>>|>\s*\"?\$", line):
            continue
        for match in JSON_PIECE.finditer(line):
            name = match[1] or match[2] or ""
            if name and not FREE.match(name):
                continue
            if name and re.search(
                rf"\b{name}=[^\n]*(?:jq\b|sed\b|//|json|escape|tr\b|printf '%q|python|basename|date\b|wc\b)", text.text
            ):
                continue
            if not name and match[3] in ("jq", "echo"):
                continue
            yield _unescaped(tree, text, row, f"${name}" if name else f"$({match[3]} …)")
            break


def _unescaped(tree: Tree, text: ShellText, row: int, shown: str) -> Finding:
    return place(
        tree,
        text,
        text.first + row,
        f"{shown} is put into JSON without being escaped",
        "A quotation mark, a backslash or a line end in it makes it unreadable.",
        "possible",
    )
