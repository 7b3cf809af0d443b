"""Text from outside that becomes a command: messages, arguments, requests spliced into a shell or another interpreter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.closing_ways import read_as_values
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.commands import peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

MESSAGE = (
    r"(?:message|msg|note|text|prompt|body|content|title|subject|comment|reason|summary|description|task|instruction|briefing"
    r"|question|answer|reply|payload|input)"
)
MESSAGES = regex(rf"(?:^|_){MESSAGE}s?(?:$|_)", re.IGNORECASE)
MAILBOX = regex(r"inbox|outbox|mailbox|message|\.msg\b|hand-?(?:over|off)|queue|signal|request|event|\bnotes?\b", re.IGNORECASE)
VARIABLE = regex(r"\$\{?(?P<name>[A-Za-z_]\w*|[1-9@*])(?P<rest>[^}\"'\s]*\})?")
ASSIGNED = regex(
    r"(?m)^[ \t]*(?:local[ \t]+|export[ \t]+|readonly[ \t]+|declare[ \t]+(?:-\w+[ \t]+)?)?(?P<name>[A-Za-z_]\w*)=(?P<value>[^\n]*)"
)
DECLARES = regex(r"[ \t]*(?:local|export|readonly|declare)\b")
NEXT = regex(r"(?<=[\"'}\w)])[ \t]+(?P<name>[A-Za-z_]\w*)=(?P<value>\"[^\"$]*\$\{?\w+[^\"]*\"|[^\s\"'$()]+|\$\w+)(?=\s|$)")
"""A further variable of the same declaration, with a value of one word."""
FROM_CALLER = regex(r"^[\"']?\$(?:\{[1-9@*][^}]*\}|[1-9@*])")
FROM_FILE = regex(r"^[\"']?\$\((?:\s*<|\s*cat\b|\s*(?:head|tail|jq|grep|sed|awk)\b[^|]*\S/|\s*curl\b|[^)]*\|\s*jq\b)")
INTERPRETERS: dict[str, tuple[str, ...]] = {
    "python": ("-c",), "python3": ("-c",), "node": ("-e", "--eval"), "perl": ("-e",), "ruby": ("-e",), "osascript": ("-e",),
}  # fmt: skip
SHELLS = frozenset(("bash", "sh", "zsh", "dash"))
QUOTED = regex(r"printf\s+[\"']?-?v?\s*\S*\s*[\"']?%q|@Q\}|\bshell_?quote|\bprintf '%q'|jq\s+(?:-\w+\s+)*-?-?\w*@sh")


class Taint:
    """Where the variables of a script come from."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for match in ASSIGNED.finditer(text):
            self._values.setdefault(match["name"], []).append(match["value"].strip())
            if "=" in match["value"] and DECLARES.match(match[0]):
                for more in NEXT.finditer(match["value"]):
                    self._values.setdefault(more["name"], []).append(more["value"])

    def of(self, name: str) -> str:
        """`caller` (an argument), `file` (read from a file or the network) or the empty string."""
        if name in "@*" or name.isdigit():
            return "caller"
        for value in self._values.get(name, ()):
            if FROM_CALLER.match(value) or re.match(r"^[\"']?\$\*", value):
                return "caller"
            if FROM_FILE.match(value):
                return "file"
        return ""

    def values(self, name: str) -> list[str]:
        """The texts that are assigned to a variable."""
        return self._values.get(name, [])

    def quoted(self, name: str) -> bool:
        """Is the value made safe for a shell before it is used?"""
        return any(QUOTED.search(v) for v in self._values.get(name, ()))


def _spliced(word: str) -> list[str]:
    """The variables that a double-quoted or bare word hands to the inner interpreter, already expanded."""
    return [m["name"] for m in VARIABLE.finditer(re.sub(r"\\\$", "", word)) if "@Q" not in m[0]]


@rule("SEC-INJECT", gate="guard", category="security", fix=read_as_values)
def text_becomes_a_command(tree: Tree, shell_texts: ShellTexts, bodies: Bodies) -> Iterator[Finding]:
    """A message, an argument or a request is spliced into a command line, so that whoever writes it runs commands.

    Why: the shell parses the text a second time (eval, `bash -c "… $text …"`, a message file that is sourced, shell=True, exec). An
    agent that quotes a line of code in its message is enough to break it; one that means harm gets a shell. Passes: text given as an
    argument of its own (`bash -c '… "$1"' _ "$text"`), numbers, text quoted by printf %q or shlex.quote, commands that are the very
    purpose of the tool (`run "$@"`).
    Do: Hand the text over as an argument of its own: a list without a shell in code (execFile, subprocess.run([…])),
    `bash -c '… "$1"' _ "$text"` in shell; read data with read or jq, not with eval or source.
    Source: CWE-78; bash's manual, eval and -c; Python, subprocess, "Security Considerations".
    """
    scripts = [s for s in shell_texts if s.kind == "script" and not s.aside and not not_deployed(s.path)]
    code = [e for e in tree.files("python", "javascript", "typescript", "go") if not not_deployed(e.path)]
    if not scripts and not code:
        raise NotApplicable("no code")
    for script in scripts:
        yield from _in_shell(tree, script)
    for entry in code:
        text = tree.text(entry.path)
        if entry.language == "python" and ("shell=True" in text or "os.system" in text or "os.popen" in text):
            yield from _in_code(tree, entry.path, bodies, PYTHON_CALL, PYTHON_TEXT)
        elif entry.language in ("javascript", "typescript") and "child_process" in text:
            yield from _in_code(tree, entry.path, bodies, JS_CALL, JS_TEXT)


def _in_shell(tree: Tree, script: ShellText) -> Iterator[Finding]:
    text = script.text
    if not re.search(r"\beval\b|-c\b|-e\b|\bsource\b|(?m:^\s*\.\s)|<<", text):
        return
    taint = Taint(text)
    found: list[tuple[int, str, Confidence]] = []
    for one in script.commands:
        for words in peeled(one.words):
            name = words[0].rsplit("/", 1)[-1]
            raw = one.node.text()
            if name == "eval":
                found += _evaluated(script.line(one.node), words, taint, raw)
            elif name in SHELLS and "-c" in words[1:3]:
                inner = words[words.index("-c") + 1 : words.index("-c") + 2]
                if inner and not _single(raw, inner[0]):
                    found += _inner(script.line(one.node), inner[0], taint, f"{name} -c")
            elif name in ("source", ".") and len(words) > 1:
                found += _sourced(script, script.line(one.node), words[1])
    if not found:
        return
    found.sort(key=lambda f: (f[2] == "possible", f[0]))
    line, message, confidence = found[0]
    also = [n for n, _, _ in found[1:9] if n != line]
    yield Finding(
        message,
        tree.evidence(script.path, line),
        tuple(tree.evidence(script.path, n) for n in dict.fromkeys(also)),
        "Whoever writes that text runs commands as this user; even a harmless quotation mark breaks the script.",
        confidence,
    )


def _single(raw: str, word: str) -> bool:
    """Was a word written in single quotes, so that nothing in it is expanded here?"""
    at = raw.find(word)
    return at > 0 and raw[at - 1] == "'"


def _evaluated(line: int, words: tuple[str, ...], taint: Taint, raw: str) -> Iterator[tuple[int, str, Confidence]]:
    for word in words[1:] if not re.match(r"[\"']?\w+=", words[1] if len(words) > 1 else "") else ():
        if _single(raw, word) or "\\$$" in raw:
            continue
        for name in _spliced(word):
            own = name.isupper() and not taint.values(name) and f"read -r {name}" not in raw  # of the environment
            if not (MESSAGES.search(name) and (own or taint.of(name))) or taint.quoted(name):
                continue
            if re.search(
                rf"eval\s.*[\w}}\"'].*[\s\"'=]\$\{{?{name}\b", raw, re.DOTALL
            ):  # behind the command, a word of its own
                yield line, f"eval parses ${name} a second time, as a part of the command line", "likely"
                return
    for word in words[1:]:
        if "$(" in word or "`" in word:
            continue  # what is run is the output of that command
        for name in _spliced(word):
            if taint.of(name) == "file" and not taint.quoted(name):
                yield line, f"eval runs ${name}, which was read from a file or the network", "possible"
                return


def _inner(line: int, word: str, taint: Taint, how: str) -> Iterator[tuple[int, str, Confidence]]:
    if re.fullmatch(r"\"?\$\{?(?:\w+|@|\*)\}?\"?", word.strip()):
        return  # the command as a whole is what the caller asked for
    for name in _spliced(word):
        if MESSAGES.search(name) and not taint.quoted(name) and taint.of(name):
            yield line, f"${name} is spliced into the command line of `{how}`", "likely"
            return


WRITES = r"(?:printf|echo|cat)\b(?P<text>[^\n]*?)>>?\s*[\"']?"


def _sourced(script: ShellText, line: int, word: str) -> Iterator[tuple[int, str, Confidence]]:
    """A file that this script fills with variables and runs as shell code."""
    match = re.fullmatch(r"\"?\$\{?(\w+)\}?\"?", word)
    value = ""
    if match:
        value = next((m["value"] for m in ASSIGNED.finditer(script.text) if m["name"] == match[1]), "")
    target = re.escape(word)
    if match:
        target = rf"\$\{{?{match[1]}\b\}}?"
    for written in re.finditer(WRITES + target, script.text):
        if re.search(r"[\"'=]\s*\$|=\S*%s", written["text"]) and "%q" not in written["text"] and "@Q" not in written["text"]:
            names = " ".join((word, value))
            if re.search(r"rc\b|conf|config|\benv\b|\.env|cache|settings|completion|profile|version", names, re.IGNORECASE):
                return
            mail = bool(MAILBOX.search(names))
            yield (
                line,
                f"`{word}` is sourced, and what other sessions write into it is run as shell code",
                "likely" if mail else "possible",
            )
            return


# --- Python and JavaScript ------------------------------------------------------------------------------------------------------

PYTHON_CALL = regex(
    r"(?:os\.(?:system|popen)|(?:subprocess|sp)\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|create_subprocess_shell)\s*\("
)
PYTHON_TEXT = regex(
    r"\(\s*[fF](?P<quote>\"\"\"|'''|\"|')(?P<text>(?:(?!(?P=quote))[\s\S])*)(?P=quote)|\(\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*(?:\+|%|\.format\()\s*(?P<tail>[^,\n)]+)"
)
JS_CALL = regex(r"(?<![\w.])(?:(?:child_process|cp)\.)?(?:exec|execSync|execAsync|execPromise)\s*\(")
JS_TEXT = regex(r"\(\s*`(?P<text>[^`]*)`|\(\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*\+\s*(?P<tail>[^,\n)]+)")
PARTS = regex(r"\$?\{(?P<part>[^{}]+)\}")
REQUEST = regex(
    r"\breq(?:uest)?\.(?:body|query|params|json|args|form|get_json|data)\b|@(?:app|router|bp|blueprint|api)\.(?:route|post|put|get|delete|patch|websocket)\b"
    r"|\b(?:app|router|server)\.(?:post|put|get|delete|patch)\s*\("
)
SAFE_PART = regex(
    r"shlex\.quote|shellescape|escape|quote|\bint\(|parseInt|Number\(|(?-i:^[A-Z][A-Z0-9_]*$)|\bpid\b|\bport\b|^process\.(?:pid|platform|execPath)|__dirname|__file__"
    r"|sys\.executable|\blen\(|timeout|seconds|interval|count|index|^i$|version",
    re.IGNORECASE,
)


def _in_code(tree: Tree, path: str, bodies: Bodies, calls: re.Pattern[str], shape: re.Pattern[str]) -> Iterator[Finding]:
    source = bodies.source(path)
    found: list[tuple[int, str, Confidence]] = []
    for call in calls.finditer(source.text):
        rest = source.text[call.end() - 1 : call.end() + 1500]
        match = shape.match(rest)
        if match is None:
            continue
        always = source.language != "python" or re.search(r"os\.|_shell|getoutput", call[0])
        if not always and "shell=True" not in rest[: _close(rest)]:
            continue
        if re.match(r"\s*(?:which|command -v|type)\b", match["text"] or ""):
            continue
        parts = [m["part"].strip() for m in PARTS.finditer(match["text"] or "")] or [match.group("tail") or ""]
        risky = [p for p in parts if p and not re.search(r"shlex\.quote|escape|quote", p) and _free(p)]
        if not risky:
            continue
        line = source.line(call.start())
        body = source.body_at(line)
        around = "\n".join(source.lines[max(0, body.first - 4) : body.last]) if body else ""
        asked = (
            any(re.search(r"\breq(?:uest)?\b", p) for p in risky)
            or bool(REQUEST.search(around))
            or _of_a_tool(source.text, risky)
        )
        found.append((line, f"`{risky[0]}` is spliced into a shell command", "likely" if asked and body else "possible"))
    if not found:
        return
    found.sort(key=lambda f: (f[2] == "possible", f[0]))
    line, message, confidence = found[0]
    yield Finding(
        message,
        tree.evidence(path, line),
        tuple(tree.evidence(path, n) for n in dict.fromkeys(n for n, _, _ in found[1:9]) if n != line),
        "Text with shell characters in it runs as a command; give the arguments as a list, without a shell.",
        confidence,
    )


def _of_a_tool(text: str, parts: list[str]) -> bool:
    """Is this a hook, and a part the file that an agent's tool named? Its name is the agent's, or that of whoever made the file."""
    return "tool_input" in text and any(re.search(r"(?i)file_?(?:path|name)$", p) for p in parts)


def _free(part: str) -> bool:
    """May a spliced part hold any text: a message, a name, a branch, a request?"""
    if SAFE_PART.search(part):
        return False
    last = re.split(r"[.\[\]\"'()]+", part.strip(".[]\"'()"))[-1]
    return bool(
        re.search(
            rf"(?:^|_|\b){MESSAGE}s?$|(?:name|branch|session|command|cmd|url|query|target|window|pattern)$", last, re.IGNORECASE
        )
        or re.search(r"[a-z](?:Name|Branch|Message|Text|Prompt|Title|Command|Query|Input)$", last)
        or re.search(r"^(?:file_?path|file_?name|filePath|fileName)$", last)
        or re.search(r"\breq(?:uest)?\.", part)
    )


def _close(text: str) -> int:
    """The end of a call's parentheses."""
    deep = 0
    for match in re.finditer(r"[()]", text):
        deep += 1 if match[0] == "(" else -1
        if deep == 0:
            return match.end()
    return len(text)
