"""Scripts that say success after a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.callers import Callers
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import (
    STATEMENTS,
    ShellText,
    ShellTexts,
    body_of,
    name_of,
    operator,
    statements,
    words_of,
)
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

WORK: dict[str, frozenset[str]] = {
    "git": frozenset(("clone", "push", "pull", "commit", "merge", "worktree", "checkout", "tag", "rebase", "switch", "fetch", "init")),
    "npm": frozenset(("install", "ci", "run", "publish", "test", "i", "link")),
    "pnpm": frozenset(("install", "run", "build", "publish", "test", "i")),
    "yarn": frozenset(("install", "run", "build", "publish", "test", "add")),
    "bun": frozenset(("install", "run", "build", "test", "add")),
    "pip": frozenset(("install",)),
    "pip3": frozenset(("install",)),
    "uv": frozenset(("sync", "pip", "run", "build", "tool", "venv", "publish")),
    "poetry": frozenset(("install", "build", "publish", "run")),
    "cargo": frozenset(("build", "install", "test", "publish", "run")),
    "go": frozenset(("build", "install", "test", "run", "mod")),
    "docker": frozenset(("build", "push", "compose", "run", "start", "pull", "exec", "cp", "tag")),
    "docker-compose": frozenset(("up", "build", "run", "pull", "start")),
    "kubectl": frozenset(("apply", "create", "rollout", "exec", "delete")),
    "gh": frozenset(("pr", "release", "repo", "issue", "api")),
    "systemctl": frozenset(("start", "restart", "enable")),
    "launchctl": frozenset(("load", "bootstrap", "kickstart")),
    "crontab": frozenset(),
}  # fmt: skip
"""Commands that do the work of a script and can fail, with the words after them that do; none given: any."""
ALWAYS_WORK = frozenset(
    ("cp", "mv", "make", "curl", "wget", "tar", "unzip", "rsync", "scp", "ssh", "pytest", "tsc", "mvn", "gradle", "terraform")
)
SAYS = regex(r"^(?:echo|printf|log\w*|info|ok|success|print_\w+|say|msg\w*|notify)$")
SUCCESS = regex(
    r"✅|✓|✔|🎉|\b(?:success(?:ful(?:ly)?)?|installed|complete[d]?|created|deployed|pushed|published|copied|merged|built|finished|is ready|started|updated"
    r"|all set|passed)\b",
    re.IGNORECASE,
)
UNSURE = regex(
    r"\b(?:not|if|failed|error|warning|should|will|to be|next|please|run|would|installing|when)\b|❌|⚠|\?", re.IGNORECASE
)
INSTALLS = regex(
    r"(?:^|/)(?!uninstall)[\w.-]*(?:(?<!un)install|setup|deploy|build|release|publish|bootstrap|upgrade|update|provision)[\w.-]*$",
    re.IGNORECASE,
)


def works(node: SgNode) -> str:
    """The command of a statement, if it is one that does the script's work and can fail; else empty."""
    words = words_of(node)
    name = words[0].rsplit("/", 1)[-1] if words else ""
    if name in ALWAYS_WORK:
        return name
    if name in WORK and (not WORK[name] or any(w in WORK[name] for w in words[1:3])):
        return " ".join((name, *(w for w in words[1:3] if w in WORK[name])))
    return ""


def says_success(node: SgNode) -> bool:
    """Is a statement a message of success?"""
    text = node.text()
    return (
        bool(SAYS.match(name_of(node)))
        and (bool(SUCCESS.search(text)) or name_of(node) in ("ok", "success", "print_success", "log_success"))
        and not UNSURE.search(text)
        and ">&2" not in text
    )


@rule("SHELL-SUCCESS", gate="start", category="error-handling")
def success_unasked(shell_texts: ShellTexts, tree: Tree, callers: Callers) -> Iterator[Finding]:
    """A script says that something is done without having looked whether it was.

    Why: without `set -e` a script goes on after a command that failed, prints that it is installed, pushed or built, and ends with the
    status 0: who started it (a hook, CI, an agent) believes it. Passes: `set -e`, `&&`, `||`, `if`, a look at `$?`.
    Do: Say it only where the command worked (`if command; then echo …; else exit 1; fi`), or put `set -e` at the top of the
    script.
    Source: POSIX.1-2024, Shell & Utilities 2.8.2 exit status of commands; 2.15 `set -e`.
    """
    texts = [t for t in shell_texts if t.kind == "script" and not t.ever("errexit") and t.text.startswith("#!")]
    if not texts:
        raise NotApplicable("every script sets -e, or there is none")
    yield from told((found for text in texts if SUCCESS.search(text.text) for found in _unasked(tree, text, callers)), 2, 10)


SAID = regex(r"\s*(?:echo|printf|log\w*|info|ok|success|print_\w+|say|msg\w*|notify)\b")


def _may_say(text: ShellText) -> bool:
    """A cheap look: is there any message of success?"""
    return any(SAID.match(line) and SUCCESS.search(line) for line in text.lines)


def _unasked(tree: Tree, text: ShellText, callers: Callers) -> Iterator[Finding]:
    for body in _bodies(text):
        found = statements(body)
        for place_of, (one, two) in enumerate(pairwise(found)):
            if body.kind() == "if_statement" and place_of == 0:
                continue
            what = works(one)
            if not what or not says_success(two) or _background(one):
                continue
            who = callers.headless(text.path)
            sure: Confidence = "likely" if who or INSTALLS.search(text.path) else "possible"
            if name_of(one) in ("cp", "mv") or (not who and name_of(one) in ("ssh", "scp", "git", "gh", "curl", "wget")):
                sure = "possible"
            yield place(
                tree,
                text,
                one,
                f"where `{what}` fails the script goes on and says success all the same",
                f"Line {text.line(two)} tells of a success that nobody looked for, and the status is 0"
                + (f" for {who}." if who else "."),
                sure,
            )


def _background(node: SgNode) -> bool:
    following = node.next()
    return following is not None and following.text() == "&"


def _bodies(text: ShellText) -> Iterator[SgNode]:
    yield text.root
    for kind in ("compound_statement", "do_group", "if_statement", "else_clause", "elif_clause", "case_item"):
        yield from text.nodes(kind)


@rule("SHELL-EXITZERO", gate="start", category="error-handling")
def error_ends_with_zero(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script ends with the status 0 after an error, or whatever its commands did.

    Why: who starts it (a hook, CI, cron, an agent) sees only the status. `echo "ERROR …"; exit 0` says success; a final `exit 0`
    where nothing was looked at says it always. Passes: hooks, which may let go on purpose; messages that are no errors; scripts
    with `set -e`; scripts whose commands are all looked at.
    Do: End with a status other than 0 after an error (`exit 1`), and where the work may fail keep its status:
    `rc=0; work || rc=$?; …; exit "$rc"`.
    Source: POSIX.1-2024, Shell & Utilities, exit.
    """
    texts = [t for t in shell_texts if t.kind == "script" and re.search(r"\bexit\s+0\b", t.text) and not HOOK.search(t.path)]
    runners = [t for t in shell_texts if t.kind == "script" and _RUNNER.search(t.path)]
    if not texts and not runners:
        raise NotApplicable("no script ends with exit 0")
    found = [one for text in texts for one in (*_after_error(tree, text), *_whatever(tree, text))]
    yield from told((*found, *(one for text in runners for one in _after_tests(tree, text))), 2, 8)


_RUNNER = regex(
    r"(?:^|/)(?:run[-_])?(?:all[-_])?(?:tests?|checks?|ci|verify|lint)(?:[-_][\w-]+)?(?:\.(?:sh|bash))?$", re.IGNORECASE
)
_TESTS = regex(
    r"^(?:\S*/)?(?:python3?\s+-m\s+(?:pytest|unittest)|pytest|npm\s+(?:run\s+)?test|cargo\s+test|go\s+test|bats|npx\s+(?:jest|vitest))\b(?!.*--(?:version|help))"
)


def _after_tests(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """A last message of a script that runs the tests and keeps their status nowhere."""
    found = statements(text.root)
    if (
        len(found) < 2
        or text.ever("errexit")
        or not SAYS_ANY.match(name_of(found[-1]))
        or re.search(r"\$\?|PIPESTATUS|\btrap\b", text.text)
    ):
        return
    run = [one.node for one in text.commands if _TESTS.match(" ".join(one.words))]
    if run and not any(_looked(node) for node in run):
        yield place(
            tree,
            text,
            found[-1],
            f"the script ends with a message, and with 0, whatever `{_short(run[0].text())}` said",
            "Who starts it (CI, a hook, an agent) takes failed tests for passed ones.",
            "possible",
        )


def _looked(node: SgNode) -> bool:
    """Does anything depend on the status of a command: a condition, a list, an assignment?"""
    child = node
    for above in node.ancestors():
        if above.kind() in ("list", "negated_command", "command_substitution", "subshell", "function_definition"):
            return True
        if above.kind() in ("if_statement", "while_statement", "elif_clause"):
            condition = above.field("condition")
            if condition is not None and condition.range().start.line == child.range().start.line:
                return True
        child = above
    return False


HOOK = regex(r"hook|statusline|(?:^|/)\.git/|notif", re.IGNORECASE)


def _after_error(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if not any(SAYS_ANY.match(line.strip().split(" ")[0]) and ERROR.search(line) for line in text.lines):
        return
    for body in _bodies(text):
        if "exit 0" not in body.text() or body.kind() not in (
            "compound_statement",
            "if_statement",
            "else_clause",
            "elif_clause",
        ):
            continue
        found = statements(body)
        for one, two in pairwise(found):
            message = one.text()
            if (
                words_of(two) == ("exit", "0")
                and SAYS_ANY.match(name_of(one))
                and ERROR.search(message)
                and not SOFT.search(message)
            ):
                yield place(
                    tree,
                    text,
                    two,
                    "the script tells of an error and ends with the status 0",
                    "Who started it takes the error for success.",
                    "possible",
                )


SAYS_ANY = regex(r"^(?:echo|printf|err|error|log_error|print_error|fail|log)$")
ERROR = regex(r"(?:❌|\b(?:ERROR|FATAL|FAILED)\b|[\"'\s](?:Error|Fatal|Failed to|Cannot|Could not|Unable to)\b)")
SOFT = regex(r"skip|no errors?\b|0 (?:errors?|failed)|ignor|warn|continu", re.IGNORECASE)


def _whatever(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """A final `exit 0` of a script whose commands nobody looks at."""
    found = statements(text.root)
    if text.ever("errexit") or len(found) < 3 or words_of(found[-1]) != ("exit", "0") or text.aside:
        return
    unlooked = [s for s in found[:-1] if _own_or_work(text, s)]
    if unlooked and not re.search(r"\$\?|\|\|\s*(?:exit|\{|die|return)|trap\s", text.text):
        yield place(
            tree,
            text,
            found[-1],
            f"the script ends with `exit 0` whatever its commands did (`{_short(unlooked[0].text())}` …)",
            "A start that did not work looks like one that did.",
            "possible",
        )


def _own_or_work(text: ShellText, node: SgNode) -> bool:
    words = words_of(node)
    if not words or _background(node):
        return False
    name = words[0]
    return (
        bool(works(node))
        or name in text.functions
        or name.endswith(".sh")
        or (name.rsplit("/", 1)[-1] in ("python3", "python", "node", "ruby", "tmux", "claude"))
    )


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


@rule("SHELL-NEVERFAILS", gate="start", category="error-handling")
def asked_what_never_fails(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A function is asked whether it worked, and always says yes.

    Why: the status of a function is that of its last command; where that is a message or `return 0`, a failure before it is lost. In
    a condition (`if f`, `f || exit`) `set -e` is off inside the function as well, so it does not even stop there.
    Passes: a function with `return 1`, `|| return`, `exit`, or whose last command is the work itself.
    Do: Hand each failure on inside the function (`command || return 1`), so that its status is that of its work and not that of
    the last message.
    Source: POSIX.1-2024, Shell & Utilities 2.9.5 function definition; 2.15 `set -e`, what ignores it.
    """
    texts = [text for text in shell_texts if text.functions]
    if not texts:
        raise NotApplicable("no script defines functions")
    yield from told((found for text in texts for found in _never_fails(tree, text)), 2, 8)


def _never_fails(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for name, function in text.functions.items():
        body = body_of(function)
        inside = body.text() if body is not None else ""
        if body is None or not re.search(r"(?:echo|printf|return 0|true|:)[^\n]*\s*\}$", inside):
            continue
        if re.search(
            r"\breturn\s+(?:[1-9]|\"?\$)|\breturn\s*(?:;|$|\})|\bexit\b|\bdie\b|\|\|\s*return|\bfatal\b|\bfail\b",
            inside,
            re.MULTILINE,
        ):
            continue
        places = text.calls.get(name, ())
        found = statements(body)
        if not places or len(found) < 2 or not _always_zero(found[-1]):
            continue
        work = [s for s in found[:-1] if works(s) and not _background(s)]
        if not work:
            continue
        asked = next((p for p in places if _asked(p)), None)
        if asked is None:
            continue
        yield place(
            tree,
            text,
            asked,
            f"{name}() is asked whether it worked, but ends with `{_short(found[-1].text(), 30)}`, so it always says yes",
            f"`{works(work[0])}` in line {text.line(work[0])} may fail, and what should happen then never happens.",
        )


def _always_zero(node: SgNode) -> bool:
    words = words_of(node)
    return words == ("return", "0") or (bool(words) and bool(re.match(r"(?:echo|printf|true|:)$", words[0])))


def _asked(call: SgNode) -> bool:
    """Is a call's status asked for?"""
    below = call
    for above in call.ancestors():
        kind = above.kind()
        if kind == "negated_command":
            return True
        if kind in ("if_statement", "elif_clause"):
            head = next((c for c in above.children() if c.kind() in STATEMENTS), None)
            return head is not None and head.range() == below.range()
        if kind == "list":
            left = above.child(0)
            if left is not None and left.range() == below.range():
                return operator(above) == "||" and not re.search(r"\|\|\s*(?:true|:)\s*$", above.text())
            return False
        if kind != "redirected_statement":
            return False
        below = above
    return False


@rule("SHELL-SWALLOW", gate="start", category="error-handling")
def failure_thrown_away(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A failure is thrown away together with its reason.

    Why: `cmd > /dev/null 2>&1 || true` leaves nothing: no status, no message, no line in a log. Where cmd pushes, sends or records,
    nobody learns that it did not. `npm ci || true` goes on without what the next lines need. Looked at are a script's own programs,
    installations and commands that do its work; one place stands for a script.
    Passes: a reason that is kept (2>> log), an alternative that does something, commands that clean up, what the text calls optional.
    Do: Keep the reason and say it: `command 2>>"$log" || echo "command failed" >&2`, or let the script end there; leave
    `|| true` to what may fail without harm.
    Source: POSIX.1-2024, Shell & Utilities 2.8.2 exit status of commands.
    """
    texts = [t for t in shell_texts if t.kind == "script" and not t.aside and re.search(r"\|\|\s*(?:true|:)", t.text)]
    if not texts:
        raise NotApplicable("no script throws a failure away")
    yield from told((found for text in texts for found in _thrown_away(tree, text)), 1, 5)


GONE = regex(r">\s*/dev/null\s+2>&1|&>\s*/dev/null|2>\s*/dev/null\s+1?>\s*/dev/null|>\s*/dev/null\s+2>\s*/dev/null")
SENDS = regex(
    r"^git (?:push|commit|pull|merge)|^gh |^docker(?:-compose)? (?:compose|up|push)|^rsync|^scp|^npm (?:publish|run|ci)"
)


INSTALLS = regex(
    r"^(?:npm (?:ci|install|i)$|npm (?:ci|install|i) (?!-g|--global|[\w@])|(?:python3? -m )?pip3? install (?:-r|-e|\.)|poetry install|uv sync"
    r"|pnpm install|yarn install|bundle install|cargo build|go (?:build|mod download)|make install|composer install)"
)


def _optional(text: ShellText, node: SgNode) -> bool:
    """Does the text say that the script can do without it, or look afterwards whether it worked?"""
    row = node.range().start.line
    said = "\n".join(text.lines[max(0, row - 2) : row + 1])
    after = "\n".join(text.lines[row + 1 : row + 4])
    return re.search(
        r"optional|best.effort|if available|may fail|ignore|not critical|audit|fund", said, re.IGNORECASE
    ) is not None or (re.search(r"\bif\b|\[\s|command -v", after) is not None)


def _thrown_away(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for node in text.nodes("list"):
        left = node.child(0)
        if left is None or operator(node) != "||" or not re.search(r"\|\|\s*(?:true|:)\s*$", node.text()):
            continue
        if INSTALLS.search(" ".join(words_of(left))) and not _optional(text, node):
            yield place(
                tree,
                text,
                node,
                f"`{_short(' '.join(words_of(left)[:3]))}` may fail, and the script goes on as if all were installed",
                "What comes next misses it, and fails far from the cause.",
                "possible",
            )
            continue
        if not GONE.search(left.text()):
            continue
        words = words_of(left)
        own = words[:2] in (("python3", "-m"), ("python", "-m")) and len(words) > 2 and _has_module(tree, words[2])
        own = own or (bool(words) and words[0].endswith((".sh", ".py")))
        if not own and not SENDS.search(works(left)):
            continue
        yield place(
            tree,
            text,
            node,
            f"a failure of `{_short(' '.join(words[:3]))}` is thrown away together with its reason",
            "What it should have sent or recorded is missing, and nothing tells so.",
            "possible",
        )


def _has_module(tree: Tree, name: str) -> bool:
    path = name.replace(".", "/")
    return any(p in tree.entries for p in (f"{path}.py", f"{path}/__main__.py", f"src/{path}.py", f"src/{path}/__main__.py"))
