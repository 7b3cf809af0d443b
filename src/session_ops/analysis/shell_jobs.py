"""Jobs in the background that nobody waits for: what they write is read, or their end is told, while they still run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, command_of, statements, words_of
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_WAITS = regex(
    r"wait|\bfg\b|\bjobs\b|\bpgrep\b|\bkill\b|\bcoproc\b|\bmkfifo\b|\bparallel\b|\$!|\bdisown\b|\bnohup\b|\bsetsid\b|\bSIGCHLD\b|\bread\s+-t"
)
"""Signs that a script looks after its jobs, or means them to stay."""
_PAUSES = frozenset(
    (
        "sleep",
        "until",
        "while",
        "tail",
        "timeout",
        "inotifywait",
        "read",
        "curl",
        "nc",
        "tmux",
        "exit",
        "return",
        "exec",
        "pause",
    )
)
_BODIES = ("program", "do_group", "compound_statement", "subshell")
_LOOPS = ("for_statement", "while_statement", "c_style_for_statement")
_OVER = regex(
    r"\b(?:(?:all|everything)\b.*\b(?:done|complete[d]?|finished|processed|downloaded|uploaded|built|generated|converted|passed|installed|updated|copied|saved|exported)"
    r"|(?:done|completed?|finished|succeeded|successfully)\b)",
    re.IGNORECASE,
)
_BEGUN = regex(
    r"\b(?:start|launch|spawn|running|background|daemon|scheduled|queued|fired|kick|press|stop|watch|listen|open|server)",
    re.IGNORECASE,
)
_STAYS = regex(
    r"\b(?:serve|server|daemon|watch|listen|loop|forever|proxy|dashboard|monitor|agent|worker|tail\s+-[fF]|port-forward|open|xdg-open|notify-send|say|afplay|paplay|aplay|mpg123"
    r"|play|ssh\s+-[a-zA-Z]*[NL]|claude|tmux|code|uvicorn|gunicorn|flask|node|npm|npx|yarn|pnpm|docker|redis|postgres|chrom\w*|firefox|nginx|caddy|socat|nc)\b|\bsleep\b.*;|\bexit\s*$",
    re.IGNORECASE,
)
"""Commands that are started to stay, or whose end nobody cares for."""
_KEEPS = regex(
    r"\bwait\b|\bexec\b|\btail\s+-[fF]|\bsleep\s+(?:inf|[\d$])|\bfg\b|\bwhile\b|\buntil\b|\bread\b|\bcat\b\s*$|\btrap\b",
    re.MULTILINE,
)


def wait_for_it(finding: Finding, tree: Tree) -> Fix | None:
    """Put `wait` before the line that needs the jobs' end, or at the end of the script."""
    row = int(finding.data.get("before", "0"))
    if not row:
        return None
    line = tree.lines(finding.at.path)[row - 1]
    indent = line[: len(line) - len(line.lstrip())]
    new = f"{line}\n{indent}wait" if finding.data.get("after") else f"{indent}wait\n{line}"
    why = "`wait` without a job takes their ends but not their statuses; collect `$!` and wait for each where a failure has to count."
    return Fix(
        "Wait for the jobs in the background", (finding.id,), "review", (Edit(finding.at.path, line, new, row),), why=why
    )


@rule("SHELL-WAIT", gate="start", category="shell", fix=wait_for_it)
def nobody_waits(shell_texts: ShellTexts, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A job in the background is not waited for, although its output or its end is needed.

    Why: `command > file &` returns at once: a command that reads the file next sees it empty or half written; a loop of jobs followed by
    "all done" says so while they run, and the script ends with 0 whatever becomes of them; a container whose entry script ends with a job
    stops at once, because the end of process 1 ends them all.
    Passes: scripts that wait, look for the job or keep its pid, nohup, setsid and disown, pauses and loops in between, programs that are
    started to stay, messages of a beginning.
    Do: Put `wait` before what needs the jobs (`wait "$pid" || failed=1` for each where a failure has to count); in a container run the last
    program in the foreground with `exec`.
    Source: POSIX.1-2024, Shell & Utilities 2.9.3.1 Asynchronous Lists, wait; Docker, Dockerfile reference, ENTRYPOINT.
    """
    if not shell_texts:
        raise NotApplicable("no shell script")
    entries = _entry_scripts(deployment)
    yield from told(found for text in shell_texts for found in _of(text, tree, entries))


def _of(text: ShellText, tree: Tree, entries: frozenset[str]) -> Iterator[Finding]:
    if (
        text.kind != "script"
        or "&" not in text.text
        or not re.search(r"(?<![&>|<])&(?![&>\d])\s*(?:$|#|done|\))", text.text, re.MULTILINE)
    ):
        return
    if posixpath.basename(text.path) in entries and not text.aside:
        yield from _ends_at_once(text, tree)
    if _WAITS.search(text.text):
        return
    for kind in _BODIES:
        for body in [text.root] if kind == "program" else text.nodes(kind):
            yield from _of_body(text, tree, body)


def _of_body(text: ShellText, tree: Tree, body: SgNode) -> Iterator[Finding]:
    following = statements(body)
    for at, node in enumerate(following):
        if in_background(node):
            yield from _read_too_early(text, tree, node, following[at + 1 :])
        elif node.kind() in _LOOPS:
            yield from _loop_of_jobs(text, tree, node, following[at + 1 :])


def in_background(node: SgNode) -> bool:
    """Is a statement ended by `&`?"""
    after = node.next()
    return after is not None and after.text() == "&"


def _read_too_early(text: ShellText, tree: Tree, job: SgNode, following: list[SgNode]) -> Iterator[Finding]:
    written = _written(job)
    if not written or _STAYS.search(job.text()):
        return
    for node in following[:6]:
        if node.kind() not in ("command", "redirected_statement", "pipeline", "variable_assignment", "list") or _pauses(node):
            return
        if in_background(node):
            continue
        if any(_reads(node, name) for name in written):
            yield place(
                tree, text, job, f"the job still writes {written[0]} when the script reads it",
                "The script reads an empty or half written file.", before=str(text.line(node)),
            )  # fmt: skip
            return


def _written(job: SgNode) -> list[str]:
    """Files that a job writes by a redirection of its own standard output; those of /dev and logs are none."""
    found = []
    for redirect in [c for c in job.children() if c.kind() == "file_redirect"]:
        match = re.fullmatch(r"1?>\|?\s*(\S+)", redirect.text())
        if match and not match[1].startswith(("/dev/", "&", ">(")) and not re.search(r"log\b|\.pid\b", match[1], re.IGNORECASE):
            found.append(match[1].strip("\"'"))
    return found


def _reads(node: SgNode, name: str) -> bool:
    """Does a statement take a file as input, as a word or by `<`?"""
    for command in [node, *node.find_all(kind="command")]:
        words = words_of(command) if command_of(command) is not None else ()
        if words and words[0] in (
            "rm",
            "touch",
            "echo",
            "printf",
            "mkdir",
            "chmod",
            "export",
            "trap",
            "test",
            "[",
            "log",
            "info",
        ):
            continue
        if any(_same(word, name) for word in words[1:]):
            return True
    return any(
        (match := re.fullmatch(r"<\s*(\S+)", redirect.text())) and _same(match[1].strip("\"'"), name)
        for redirect in node.find_all(kind="file_redirect")
    )


def _same(word: str, name: str) -> bool:
    if word == name:
        return True
    return "*" in word and not word.startswith("*") and "$" not in word and fnmatchcase(re.sub(r"\$\{?\w+\}?", "0", name), word)


def _pauses(node: SgNode) -> bool:
    return any(
        (words := words_of(command)) and words[0].rsplit("/", 1)[-1] in _PAUSES
        for command in [node, *node.find_all(kind="command")]
    )


def _loop_of_jobs(text: ShellText, tree: Tree, loop: SgNode, following: list[SgNode]) -> Iterator[Finding]:
    group = next((c for c in loop.children() if c.kind() == "do_group"), None)
    jobs = [node for node in statements(group) if in_background(node)] if group is not None else []
    if not jobs or any(_STAYS.search(job.text()) or _pauses(job) for job in jobs) or _called_to_stay(text, jobs):
        return
    job = jobs[0]
    for node in following[:8]:
        if node.kind() not in ("command", "redirected_statement", "pipeline", "variable_assignment") or _pauses(node):
            return
        words = words_of(node)
        if any(_reads(node, name) for name in _written(job)):
            what, impact = (
                f"the jobs still write {_written(job)[0]} when the script reads it",
                "The script reads empty or half written files.",
            )
        elif words and words[0] in ("echo", "printf") and _OVER.search(" ".join(words[1:])) and not _BEGUN.search(node.text()):
            what, impact = (
                "the script tells the end of the jobs while they still run",
                "It says so, and ends with 0, whatever becomes of them.",
            )
        else:
            continue
        yield place(tree, text, job, what, impact, before=str(text.line(node)))
        return


def _called_to_stay(text: ShellText, jobs: list[SgNode]) -> bool:
    """Does a job call a function of the script that runs something to stay?"""
    names = {words[0] for job in jobs if (words := words_of(job))}
    return any(_STAYS.search(text.functions[name].text()) for name in names & text.functions.keys())


def _ends_at_once(text: ShellText, tree: Tree) -> Iterator[Finding]:
    """The entry script of a container whose last statement is a job."""
    last = statements(text.root)[-1:]
    if not last or not in_background(last[0]) or _KEEPS.search(text.text):
        return
    yield place(
        tree, text, last[0], "the container's entry script ends with a job in the background, and its end stops the container",
        "The container stops right after it started.", before=str(text.line(last[0])), after="yes",
    )  # fmt: skip


def _entry_scripts(deployment: Deployment) -> frozenset[str]:
    """Base names of the scripts that images start."""
    found: set[str] = set()
    for image in deployment.dockerfiles:
        for instruction in image.instructions:
            if instruction.name in ("CMD", "ENTRYPOINT"):
                found.update(
                    posixpath.basename(word)
                    for word in re.findall(r"[\w./-]+\.sh\b|[\w./-]*entrypoint[\w.-]*", instruction.value)
                )
    return frozenset(found)


_OF_HOOK = regex(r"(?:^|/)hooks?/[^/]+$|(?:^|[/_-])hook[^/]*\.sh$")
_READS_EVENT = regex(
    r"\$\(\s*cat\s*(?:-\s*)?(?:2>/dev/null\s*)?(?:\|\||\))|\$\(\s*</dev/stdin|\bjq\b[^\n]*hook_event|hook_event_name|tool_input|session_id"
)


@rule("HOOK-HELD", gate="start", category="liveness")
def job_that_holds_the_hook(shell_texts: ShellTexts, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A hook starts a job in the background that keeps the hook's output open, so that the agent waits for the job.

    Why: the agent reads the output of a hook until every process has closed it, and a job inherits it: the hook ends at once, and every
    event costs as long as the job takes (an HTTP call that times out, a sound that is played).
    Passes: jobs whose output goes elsewhere (`>/dev/null 2>&1`, a log), jobs that are waited for, nohup with a file.
    Do: Give the job no part of the hook's output: `( … ) </dev/null >/dev/null 2>&1 &`.
    Source: POSIX.1-2024, Shell & Utilities 2.9.3 asynchronous lists; pipe(7), end of file when all write ends are closed.
    """
    started = " ".join(hook.command for hook in deployment.hooks)
    texts = [
        t
        for t in shell_texts
        if t.kind == "script" and not t.aside and (t.path.rsplit("/", 1)[-1] in started or _OF_HOOK.search(t.path))
    ]
    texts = [t for t in texts if "&" in t.text and _READS_EVENT.search(t.text)]
    if not texts:
        raise NotApplicable("no hook of an agent starts a job")
    yield from told((found for text in texts for found in _held(tree, text)), 1, 6)


def _held(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if re.search(r"\bwait\b|^\s*exec\s+(?:\d?>|&>)", text.text, re.MULTILINE):
        return
    for kind in _BODIES:
        for body in [text.root] if kind == "program" else text.nodes(kind):
            for child in body.children():
                following = child.next()
                if (
                    following is None
                    or following.text() != "&"
                    or child.kind() not in ("command", "subshell", "pipeline", "compound_statement", "list")
                ):
                    continue
                last = child.text().rstrip().rsplit("\n", 1)[-1]
                inside = child.kind() in ("subshell", "compound_statement")
                if (
                    (">" in last and not inside)
                    or re.search(r"\)\s*\d?>", child.text()[-30:])
                    or re.match(r"(?:nohup|setsid)\b", child.text())
                ):
                    continue
                if inside and all(
                    ">" in line for line in child.text().split("\n")[1:-1] if line.strip() and not line.strip().startswith("#")
                ):
                    continue
                yield place(
                    tree, text, text.first + child.range().end.line, "this job keeps the output of the hook open, and the agent waits until it ends",
                    "Every event of the agent takes as long as the job.", "possible",
                )  # fmt: skip
