"""Every place where a script waits for a person, or needs a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ast_grep_py import SgNode

from session_ops.discovery.commands import Invocation, invocations, peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import Flow, errexit, tolerated
from session_ops.discovery.scripts import Script, Scripts
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.model import Evidence
from session_ops.patterns import regex
from session_ops.registry import fact

Effect = Literal["dies", "loops", "empty", "goes on"]
"""What end of file (or no terminal) does: the script ends, asks for ever, goes on with an empty answer that is used, or nothing much."""


@dataclass(frozen=True)
class Prompt:
    """A question to a person.

    `how` is what asks (`read`, `select`, `input`, `sudo` …), `text` the question, `variable` takes the answer. `guarded` says what
    keeps it from being asked without a terminal (empty: nothing). `branch` holds the words of which one must have been given
    to the script for it to get here; empty where any will do.
    """

    script: str
    line: int
    how: str
    evidence: Evidence
    text: str = ""
    variable: str = ""
    guarded: str = ""
    effect: Effect = "dies"
    branch: frozenset[str] = frozenset()
    source: str = ""
    """The statement as written."""
    from_terminal: bool = False
    """It reads /dev/tty, not stdin."""


@dataclass(frozen=True)
class TerminalUse:
    """A command that needs a terminal: `why` says what it does without one."""

    script: str
    line: int
    command: str
    evidence: Evidence
    why: str
    guarded: str = ""
    effect: Effect = "dies"
    branch: frozenset[str] = frozenset()
    needs: Literal["terminal", "TERM"] = "terminal"


Prompts = tuple[Prompt, ...]
TerminalUses = tuple[TerminalUse, ...]

GUARD = regex(
    r"-t\s+[012]\b|\btty\s+-s|isatty|isTTY|\btty\?|/dev/tty|\$-|\bTERM\b"
    r"|\b\w*(?:non_?-?interactive|interactive|unattended|headless|batch|assume_?yes|auto_?(?:yes|confirm|approve|accept)|skip_?\w*"
    r"|no_?(?:prompt|input|confirm)|force|quiet|silent|dry_?run|yes|confirmed?|GITHUB_ACTIONS|DEBIAN_FRONTEND)\b|\bCI\b",
    re.IGNORECASE,
)
"""What a condition looks like that keeps a question from being asked when nobody is there."""
LOOP = regex(r"(?:while|until)\s+(?:true|:|\[\s*1\s*\]|false|\(\(\s*1\s*\)\))")
READ_WITH_VALUE = frozenset("aditpuNn")


@fact
def prompts(scripts: Scripts, syntax: Syntax, tree: Tree) -> Prompts:
    """Every place where a script waits for a person, guarded or not; sorted by path and line."""
    found: list[Prompt] = []
    for script in scripts:
        text = tree.text(script.path)
        for languages, hints, read in READERS:
            if (
                script.language in languages
                and any(word in text for word in hints)
                and (root := syntax.root(script.path)) is not None
            ):
                found += read(script, root, tree)
    return tuple(sorted(found, key=lambda p: (p.script, p.line, p.how, p.text)))


@fact
def terminal_uses(scripts: Scripts, syntax: Syntax, tree: Tree) -> TerminalUses:
    """Every command of a shell script that needs a terminal; sorted by path and line."""
    found: list[TerminalUse] = []
    for script in scripts:
        if script.language != "shell" or not TERMINAL_HINT.search(tree.text(script.path)):
            continue
        root = syntax.root(script.path)
        if root is not None:
            found += _terminal_uses(script, root, tree)
    return tuple(sorted(found, key=lambda t: (t.script, t.line, t.command)))


# --- shell -----------------------------------------------------------------------------------------------------------


def _shell(script: Script, root: SgNode, tree: Tree) -> Iterator[Prompt]:
    found = list(invocations(root))
    flow = Flow(_calls(found))
    lines = tree.lines(script.path)
    text = tree.text(script.path)
    for one in found:
        if one.words[0] == "read":
            prompt = _read(script, one, flow, lines, tree)
            if prompt is not None:
                yield prompt
            continue
        for words in peeled(one.words):
            asks = next((question for question in ASKING if question.matches(words)), None)
            if asks is None or _fed(one.node):
                continue
            guarded = _guard(one.node, flow, "") or (
                "an answer in the environment" if asks.settled and asks.settled.search(text) else ""
            )
            dies = errexit(lines, one.line) and not tolerated(one.node)
            yield Prompt(
                script.path,
                one.line,
                " ".join(words[:2]) if asks.name != "sudo" else "sudo",
                tree.evidence(script.path, one.line),
                text=asks.why,
                guarded=guarded,
                effect="dies" if dies else "empty",
                branch=flow.branch(one.node),
                source=one.node.text(),
            )
            break
    for node in root.find_all(kind="for_statement"):
        if node.text().startswith("select") and not _fed(node):
            name = node.field("variable")
            yield Prompt(
                script.path,
                line_of(node),
                "select",
                tree.evidence(script.path, line_of(node)),
                variable=name.text() if name else "",
                guarded=_guard(node, flow, ""),
                effect="empty",
                branch=flow.branch(node),
                source=node.text().splitlines()[0],
            )


def _calls(found: list[Invocation]) -> dict[str, list[SgNode]]:
    calls: dict[str, list[SgNode]] = {}
    for one in found:
        calls.setdefault(one.words[0], []).append(one.node)
    return calls


def _read(script: Script, one: Invocation, flow: Flow, lines: list[str], tree: Tree) -> Prompt | None:
    """A `read` that takes its line from a person, or None: from a file, a pipe, a here-document, another descriptor, or with a time limit."""
    options, names, question = _read_options(one.words[1:])
    if "t" in options or "u" in options:
        return None
    fed = _fed(one.node)
    if fed and fed != "/dev/tty":
        return None
    asks = "p" in options or fed == "/dev/tty" or "s" in options
    loop = next((a for a in one.node.ancestors() if a.kind() == "while_statement"), None)
    head = loop.field("condition") if loop is not None else None
    in_head = head is not None and _inside(head, one.node)
    # without a question, a `read` that nobody introduces may well take what a caller pipes in
    if not asks and (in_head or not _announced(lines, one.line)):
        return None
    variable = names[0] if names else "REPLY"
    return Prompt(
        script.path,
        one.line,
        "read",
        tree.evidence(script.path, one.line),
        text=question,
        variable=variable,
        guarded=_guard(one.node, flow, variable),
        effect=_effect(one, loop if not in_head else None, lines, variable),
        branch=flow.branch(one.node),
        source=one.node.text(),
        from_terminal=fed == "/dev/tty",
    )


def _read_options(words: tuple[str, ...]) -> tuple[str, list[str], str]:
    options, question = "", ""
    names: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word.startswith("-") and len(word) > 1 and not names:
            for place, letter in enumerate(word[1:], 1):
                options += letter
                if letter in READ_WITH_VALUE:
                    rest = word[place + 1 :]
                    if not rest:
                        at += 1
                        rest = words[at] if at < len(words) else ""
                    question = rest if letter == "p" else question
                    break
        else:
            names.append(word)
        at += 1
    return options, names, question


def _announced(lines: list[str], line: int) -> bool:
    """Does the line before print a question or an invitation without an answer of its own?"""
    before = "\n".join(lines[max(0, line - 3) : line - 1]) + "\n" + lines[line - 1].split("read")[0]
    return bool(
        re.search(
            r"(?:echo|printf)\b[^\n]*(?:\?|\bpress\b|\benter\b|\[y/n\]|\(y/n\)|:\s*[\"']\s*;?\s*$|\bchoose\b|\bchoice\b)",
            before,
            re.IGNORECASE,
        )
    )


def _fed(node: SgNode) -> str:
    """From where a command's stdin comes when it is not the script's own; empty when it is."""
    below = node
    for above in node.ancestors():
        kind = above.kind()
        if kind == "redirected_statement":
            found = _redirect(above)
            if found:
                return found
        if kind == "pipeline":
            first = above.child(0)
            if first is not None and first.range() != below.range() and not _inside(first, node):
                return "pipe"
        if kind in ("function_definition", "command_substitution"):
            return _redirect(above)
        below = above
    return _redirect(node)


def _redirect(node: SgNode) -> str:
    for child in node.children():
        kind = child.kind()
        if kind in ("herestring_redirect", "heredoc_redirect"):
            return kind
        if kind == "file_redirect":
            text = child.text().lstrip("0").lstrip()
            if text.startswith("<"):
                return text.lstrip("<& ").strip("\"' ") or "file"
    return ""


def _inside(outer: SgNode, inner: SgNode) -> bool:
    whole, part = outer.range(), inner.range()
    return whole.start.index <= part.start.index and part.end.index <= whole.end.index


def _guard(node: SgNode, flow: Flow, variable: str) -> str:
    for text in flow.conditions(node):
        match = GUARD.search(text)
        if match:
            return match[0].strip()
        if variable and variable != "REPLY" and re.search(rf"-z\s+\"?\$\{{?{re.escape(variable)}\b", text):
            return f"{variable} may be given"
        given = re.search(r"-z\s+\"?\$\{?([A-Z][A-Z0-9_]*|[1-9])\b|\$#\s*(?:\)|\]|-|=|<|\})|\(\(\s*\$?#", text)
        if given:
            return "an argument or a variable gives the answer"
    return ""


def _effect(one: Invocation, loop: SgNode | None, lines: list[str], variable: str) -> Effect:
    if errexit(lines, one.line) and not tolerated(one.node):
        return "dies"
    if loop is not None and LOOP.match(loop.text()):
        return "loops"
    if tolerated(one.node) and re.search(r"\|\|\s*(?:exit|return|die|break)\b", lines[one.line - 1]):
        return "empty"
    later = "\n".join(lines[one.line - 1 :])
    used = len(re.findall(rf"\$\{{?{re.escape(variable)}\b", later))
    pause = re.search(r"\b(?:press|hit|drücke|tecla)\b|\benter\b.*\bcontinue\b", lines[one.line - 1], re.IGNORECASE)
    return "empty" if used and not pause else "goes on"


@dataclass(frozen=True)
class Question:
    """A command that asks: when it does, and what settles the answer for the whole script."""

    name: str
    matches: Callable[[tuple[str, ...]], bool]
    why: str
    settled: re.Pattern[str] | None = None


def _short(words: tuple[str, ...], letters: str) -> bool:
    """Is one of these one-letter options given, alone or in a cluster?"""
    return any(re.match(rf"-[a-zA-Z]*[{letters}]", w) for w in words)


def _any(words: tuple[str, ...], *options: str) -> bool:
    return any(w == o or w.startswith(o + "=") for w in words for o in options)


def _dynamic(words: tuple[str, ...]) -> bool:
    """Are some words decided at run time, so that an option may hide in them?"""
    return any(w.startswith("$") and not w.startswith("$(") for w in words[1:])


def _git_commit(words: tuple[str, ...]) -> bool:
    if words[:1] != ("git",) or "commit" not in words[1:4] or _dynamic(words[: words.index("commit") + 2]):
        return False
    rest = words[words.index("commit") + 1 :]
    return (
        not _short(rest, "mFCch")
        and not _any(rest, "--message", "--file", "--no-edit", "--reuse-message", "--dry-run", "--fixup")
        and (not any("$" in w for w in rest))
    )


SIMULATED = (
    "--simulate",
    "--just-print",
    "--recon",
    "--no-act",
    "--download-only",
    "--print-uris",
    "--assumeno",
    "--assume-no",
)


def _apt(words: tuple[str, ...]) -> bool:
    if words[0] not in ("apt", "apt-get", "aptitude", "yum", "dnf", "zypper") or _dynamic(words[:2]):
        return False
    acts = ("install", "upgrade", "dist-upgrade", "remove", "purge", "autoremove", "full-upgrade")
    rest = words[1:]
    if not any(w in acts for w in rest[:4]):
        return False
    return not _short(rest, "yqnsd") and not _any(
        rest, "--yes", "--assume-yes", "--assumeyes", "--non-interactive", "--noconfirm", "--dry-run", *SIMULATED
    )


def _ssh_keygen(words: tuple[str, ...]) -> bool:
    if words[0] != "ssh-keygen" or _dynamic(words) or _short(words[1:], "lRyFHiepLsDAkQYMrBcKUZ"):
        return False
    return not ("-f" in words and ("-N" in words or "-P" in words))


def _prune(words: tuple[str, ...]) -> bool:
    return (
        words[0] in ("docker", "podman")
        and "prune" in words[1:3]
        and not _short(words, "f")
        and not _any(words, "--force", "--help")
    )


def _npm_init(words: tuple[str, ...]) -> bool:
    return (
        words[:2] in (("npm", "init"), ("yarn", "init"))
        and not _short(words, "y")
        and not _any(words, "--yes")
        and len(words) == 2
    )


ASKING = (
    Question("git", _git_commit, "opens an editor for the message", regex(r"GIT_EDITOR=|\bEDITOR=(?:true|:|cat)|core\.editor")),
    Question(
        "git",
        lambda w: w[:2] == ("git", "rebase") and (_short(w[2:], "i") or "--interactive" in w),
        "opens an editor for the list of commits",
        regex(r"GIT_SEQUENCE_EDITOR=|sequence\.editor|GIT_EDITOR="),
    ),
    Question(
        "git",
        lambda w: (
            w[0] == "git"
            and w[1:2] in (("add",), ("checkout",), ("stash",))
            and (_any(w, "-p", "--patch", "-i", "--interactive"))
        ),
        "asks for each change",
    ),
    Question("apt", _apt, "asks before it installs", regex(r"APT::Get::Assume-Yes|assumeyes=1")),
    Question("ssh-keygen", _ssh_keygen, "asks for a file and a passphrase"),
    Question("docker", _prune, "asks before it removes"),
    Question("npm", _npm_init, "asks for each field"),
    Question(
        "pip",
        lambda w: (
            w[0] in ("pip", "pip3")
            and w[1:2] == ("uninstall",)
            and not _short(w[2:], "y")
            and not _any(w, "--yes")
            and not _dynamic(w)
        ),
        "asks before it removes",
    ),
    Question("passwd", lambda w: w[0] == "passwd" and not _any(w, "-d", "-l", "-u", "--stdin", "-S"), "asks for a password"),
    Question(
        "sudo",
        lambda w: (
            w[0] == "sudo" and len(w) > 1 and not _short(w[1:2], "nSAhkKVv") and not _any(w, "--non-interactive", "--stdin")
        ),
        "may ask for a password",
        regex(r"NOPASSWD|SUDO_ASKPASS|sudo\s+-n\b|EUID|id\s+-u"),
    ),
)
"""Sources: the commands' manual pages: git-commit(1), git-rebase(1), apt-get(8), ssh-keygen(1), docker, npm, pip, passwd(1), sudo(8)."""


# --- other languages ---------------------------------------------------------------------------------------------------

PYTHON_ASKS = regex(
    r"(?:builtins\.)?(?:input|raw_input)$|(?:getpass\.)?getpass$|(?:click|typer)\.(?:prompt|confirm|pause)$|(?:Prompt|Confirm|IntPrompt)\.ask$"
    r"|questionary\.\w+$|inquirer\.prompt$|pdb\.set_trace$|breakpoint$"
)
JS_ASKS = regex(
    r"(?:\brl|\breadline\w*|\w*[iI]nterface|\w*[rR]l)\.question$|inquirer\.prompt$|(?:readlineSync|readline)\.(?:question|keyIn\w*|prompt)$"
    r"|enquirer\.prompt$|prompts$"
)
FUNCTIONS = frozenset(
    (
        "function_definition",
        "function_declaration",
        "method_definition",
        "arrow_function",
        "function_expression",
        "method",
        "lambda",
    )
)


def _python(script: Script, root: SgNode, tree: Tree) -> Iterator[Prompt]:
    if re.search(r"^\s*(?:def input\(|input\s*=)|import .*\binput\b", tree.text(script.path), re.MULTILINE):
        return
    yield from _asked(script, root, tree, "call", PYTHON_ASKS)


def _javascript(script: Script, root: SgNode, tree: Tree) -> Iterator[Prompt]:
    named = re.search(
        r"""(?:require\(|from\s+)['"](?:node:)?(?:readline|inquirer|@inquirer|prompts|enquirer|readline-sync)""",
        tree.text(script.path),
    )
    if named:
        yield from _asked(script, root, tree, "call_expression", JS_ASKS)


def _ruby(script: Script, root: SgNode, tree: Tree) -> Iterator[Prompt]:
    seen: set[int] = set()
    for node in root.find_all(kind="identifier"):
        if node.text() != "gets" or line_of(node) in seen:
            continue
        parent = node.parent()
        receiver = parent.field("receiver") if parent is not None and parent.kind() == "call" else None
        if receiver is not None and receiver.range() != node.range() and receiver.text() not in ("STDIN", "$stdin", "Kernel"):
            continue
        if parent is not None and parent.kind() in ("method", "argument_list", "method_parameters"):
            continue
        seen.add(line_of(node))
        yield _prompt_at(script, node, "gets", tree)


def _asked(script: Script, root: SgNode, tree: Tree, kind: str, asks: re.Pattern[str]) -> Iterator[Prompt]:
    for call in root.find_all(kind=kind):
        callee = call.field("function")
        if callee is None or len(callee.text()) > 60 or not asks.search(callee.text()) or "\n" in callee.text():
            continue
        if not asks.match(callee.text()) and not re.search(r"\.question$", callee.text()):
            continue
        yield _prompt_at(script, call, callee.text(), tree)


def _prompt_at(script: Script, node: SgNode, how: str, tree: Tree) -> Prompt:
    line = line_of(node)
    arguments = node.field("arguments")
    given = [c for c in arguments.children() if c.is_named()] if arguments is not None else []
    question = given[0].text().strip("\"'`f") if given and given[0].kind() in ("string", "template_string") else ""
    return Prompt(
        script.path,
        line,
        how,
        tree.evidence(script.path, line),
        text=question,
        variable=_assigned(node),
        guarded=_code_guard(node),
        source=node.text(),
    )


def _assigned(node: SgNode) -> str:
    for above in node.ancestors():
        if above.kind() in ("assignment", "variable_declarator"):
            name = above.field("left") or above.field("name")
            return name.text() if name is not None and re.fullmatch(r"\w+", name.text()) else ""
        if above.kind() in ("block", "statement_block", "module", "program"):
            break
    return ""


def _code_guard(node: SgNode) -> str:
    """What is asked before the call, in its own function: a condition around it, an earlier exit, or a handler of end of file."""
    below = node
    for above in node.ancestors():
        kind = above.kind()
        if kind in (
            "if_statement",
            "elif_clause",
            "while_statement",
            "if",
            "unless",
            "conditional_expression",
            "ternary_expression",
            "if_modifier",
            "unless_modifier",
        ):
            head = above.field("condition")
            text = head.text() if head is not None else above.text().split("\n")[0] if kind.endswith("expression") else ""
            if GUARD.search(text):
                return text.strip()[:60]
        if kind == "try_statement":
            heads = [c.text() for c in above.children() if c.kind() == "except_clause"]
            caught = next((h for h in heads if re.match(r"except\s*:|except[^\n]*(?:EOFError|\bException)", h)), None)
            if caught:
                return caught.split(":")[0]
        if kind in ("boolean_operator", "binary_expression", "binary") and not _inside(above.child(0) or above, node):
            left = (above.child(0) or above).text()
            if GUARD.search(left):
                return left.strip()[:60]
        if kind in ("block", "statement_block", "module", "program", "body_statement"):
            for child in above.children():
                if child.range().start.index >= below.range().start.index:
                    break
                text = child.text() if child.kind() in ("if_statement", "if", "unless") else ""
                if (
                    text
                    and GUARD.search(text)
                    and re.search(r"\b(?:return|exit|raise|throw|sys\.exit|process\.exit|abort)\b", text)
                ):
                    return text.split("\n")[0].strip()[:60]
        if kind in FUNCTIONS and kind != "arrow_function":
            return ""
        below = above
    return ""


ASKS_IN_PYTHON = ("input(", "getpass", "click", "typer", ".ask(", "questionary", "inquirer", "breakpoint(", "set_trace")
READERS: tuple[tuple[frozenset[str], tuple[str, ...], Callable[[Script, SgNode, Tree], Iterator[Prompt]]], ...] = (
    (frozenset(("shell",)), ("",), _shell),
    (frozenset(("python",)), ASKS_IN_PYTHON, _python),
    (frozenset(("javascript", "typescript", "tsx")), ("readline", "inquirer", "prompts", "enquirer"), _javascript),
    (frozenset(("ruby",)), ("gets",), _ruby),
)
"""Languages, words of which one has to be in the text, and who reads it."""


# --- commands that need a terminal ---------------------------------------------------------------------------------------

EDITORS = frozenset("vi vim nvim nano emacs pico micro joe ed".split())  # noqa: SIM905
SCREENS = {
    "dialog": "draws on a terminal",
    "whiptail": "draws on a terminal",
    "htop": "draws on a terminal",
    "btop": "draws on a terminal",
    "lazygit": "draws on a terminal",
    "ranger": "draws on a terminal",
    "gum": "draws on a terminal",
}
TERMINAL_HINT = regex(
    r"\b(?:vi|vim|nvim|nano|emacs|pico|micro|joe|EDITOR|VISUAL|dialog|whiptail|htop|btop|lazygit|ranger|gum|fzf|tmux|screen|top|watch|tput|stty|clear|docker|podman|kubectl|reset)\b"
)


def _needs_terminal(words: tuple[str, ...]) -> tuple[str, Literal["terminal", "TERM"]] | None:
    """What a command does without a terminal (its reason, and whether a terminal or only TERM is missing), or None."""
    name, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if re.fullmatch(r"\$\{?(?:EDITOR|VISUAL)\b.*", words[0]):
        return "opens an editor", "terminal"
    if name in EDITORS and not _any(rest, "--version", "-es", "-Es", "--headless", "--batch", "-batch", "-s", "-e", "--help"):
        return "opens an editor", "terminal"
    if (
        name in SCREENS
        and not (name == "gum" and rest[:1] in (("style",), ("format",), ("log",), ("join",)))
        and not _any(rest, "--version", "--help")
    ):
        return SCREENS[name], "terminal"
    if name == "fzf" and not _short(rest, "f") and not _any(rest, "--filter", "--version"):
        return "draws its list on a terminal", "terminal"
    if name == "tmux" and next((w for w in rest if not w.startswith("-")), "") in ("attach", "attach-session", "a", "at"):
        return "answers 'open terminal failed: not a terminal' and ends with 1", "terminal"
    if name == "tmux" and rest[:1] in (("new",), ("new-session",)) and not _short(rest[1:], "d") and not _dynamic(words[:2]):
        return "answers 'open terminal failed: not a terminal' and ends with 1", "terminal"
    if name == "screen" and (_any(rest, "-r", "-x", "-R", "-RR") or (not rest)):
        return "answers 'Must be connected to a terminal' and ends with 1", "terminal"
    if name == "top" and not _short(rest, "blh"):
        return "fails to read the terminal's settings and ends with 1", "terminal"
    if name == "watch" and not _any(rest, "--version", "--help"):
        return "fails to open the terminal, or never ends", "terminal"
    if name in ("docker", "podman", "docker-compose", "kubectl") and "$" not in "".join(rest[:2]):
        act = next((w for w in rest[:3] if w in ("run", "exec")), "")
        options = rest[rest.index(act) + 1 :] if act else ()
        for word in options:
            if not word.startswith("-"):
                break
            if re.fullmatch(r"-[a-z]*t[a-z]*|--tty", word) and name in ("docker", "podman") and "compose" not in rest[:1]:
                return "answers 'the input device is not a TTY' and ends with 1", "terminal"
    if name == "stty" and rest[:1] != ("--version",):
        return "answers 'Inappropriate ioctl for device' and ends with 1", "terminal"
    if name in ("tput", "clear", "reset") and not _any(rest, "-T"):
        return "ends with an error where TERM is not set", "TERM"
    return None


def _terminal_uses(script: Script, root: SgNode, tree: Tree) -> Iterator[TerminalUse]:
    found = list(invocations(root))
    flow = Flow(_calls(found))
    lines = tree.lines(script.path)
    own = {n.text() for d in root.find_all(kind="function_definition") if (n := d.field("name")) is not None}
    for one in found:
        for words in peeled(one.words):
            need = _needs_terminal(words) if words[0] not in own else None
            if need is None:
                continue
            why, what = need
            if what == "terminal" and words[0] == "stty" and _fed(one.node):
                continue
            quiet = tolerated(one.node)
            dies = errexit(lines, one.line) and not quiet
            yield TerminalUse(
                script.path,
                one.line,
                " ".join(words[:2]),
                tree.evidence(script.path, one.line),
                why,
                guarded=_guard(one.node, flow, "")
                or ("its failure is allowed for" if quiet and _alternative(one.node) else ""),
                effect="dies" if dies else "goes on",
                branch=flow.branch(one.node),
                needs=what,
            )
            break


def _alternative(node: SgNode) -> bool:
    """Is the command followed by `|| …`?"""
    for above in node.ancestors():
        if above.kind() == "list":
            mark = above.child(1)
            return mark is not None and mark.text() == "||"
        if above.kind() not in ("redirected_statement", "pipeline", "negated_command"):
            return False
    return False
