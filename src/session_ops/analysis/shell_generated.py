"""Scripts that a script writes: what the here-document expands too early or too late, and wrappers that call themselves."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import SOURCES
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.cargo import load
from session_ops.discovery.shell_flow import Heredoc, ShellText, ShellTexts, heredocs
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SCRIPT = regex(r"#!\s*\S*(?:/|\s)(?:ba|da|z|k)?sh\b")
OWN = regex(r"(?<!\\)\$(?:\{([@*#?!0-9])\}|([@*#?!1-9]))")
ASSIGNED = regex(r"^\s*(?:local\s+|export\s+|readonly\s+|declare\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)=")
LOOPED = regex(r"\bfor\s+(\w+)\s+in\b|\bread\s+(?:-\w+\s+)*([A-Za-z_]\w*)")
SETS = (
    r"(?:^|[\s;(&|]){name}=|\b(?:for|read(?:\s+-\w+)*|local|declare|export|readonly|getopts\s+\S+)\s+(?:[\w=\"$-]+\s+)*{name}\b"
)
USED = regex(r"(?<!\\)\$\{?([A-Za-z_]\w*)")
FROM_OUTSIDE = frozenset(
    (
        "HOME",
        "PATH",
        "USER",
        "PWD",
        "SHELL",
        "TMPDIR",
        "LANG",
        "TERM",
        "EDITOR",
        "HOSTNAME",
        "LOGNAME",
        "UID",
        "EUID",
        "RANDOM",
        "SECONDS",
    )
    + (
        "OSTYPE",
        "BASH_SOURCE",
        "FUNCNAME",
        "LINENO",
        "IFS",
        "OLDPWD",
        "PPID",
        "BASHPID",
        "REPLY",
        "OPTARG",
        "OPTIND",
        "DISPLAY",
    )
    + (
        "PIPESTATUS",
        "BASH_VERSION",
        "CI",
        "CLAUDE_PROJECT_DIR",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
    )
)


@rule("SHELL-HEREDOC", gate="start", category="shell")
def expanded_at_the_wrong_time(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A script that a script writes has its variables filled in at the wrong time.

    Why: `<< EOF` expands the text now: `"$@"`, `$?` and a variable that the text itself sets are already empty in the file.
    `<< 'EOF'` expands nothing: a variable of the writing script is a variable that nobody sets in the file.
    Passes: `\$name`, variables that the writing script sets (unquoted) or the text sets itself (quoted), those of the environment.
    Do: In `<< EOF` put a backslash before each `$` that the written file has to expand itself; where the writer's value belongs
    into the file, leave EOF without quotes.
    Source: POSIX.1-2024, Shell & Utilities 2.7.4 here-document.
    """
    texts = [text for text in shell_texts if "<<" in text.text]
    if not texts:
        raise NotApplicable("no here-document")
    yield from told(found for text in texts for doc in heredocs(text.lines, text.first) for found in _mistimed(tree, text, doc))


def _is_script(doc: Heredoc) -> bool:
    return bool(doc.to) and bool(doc.body) and bool(SCRIPT.match(doc.body[0]))


def _mistimed(tree: Tree, text: ShellText, doc: Heredoc) -> Iterator[Finding]:
    if not _is_script(doc):
        return
    outside = "\n".join(line for at, line in enumerate(text.lines, text.first) if not doc.line <= at <= doc.end)
    name = PurePosixPath(doc.to).name or doc.to
    inner = _literal_lines(doc)
    if doc.literal:
        if text.aside:
            return  # tests hand their settings on in the environment
        found = _too_late(doc, outside, inner)
        if found:
            variable, line = found
            yield place(
                tree,
                text,
                line,
                f"${variable} stands in a quoted here-document, so {name} gets the name and not the value, and nobody sets it there",
                f"Where {name} runs, ${variable} is empty (or ends it under `set -u`).",
            )
        return
    row = doc.line - text.first
    within = any(r.start.line <= row <= r.end.line for r in (f.range() for f in text.functions.values()))
    found = _too_early(doc, outside, inner, within)
    if found:
        variable, line = found
        yield place(
            tree,
            text,
            line,
            f"${variable} is filled in while {name} is written, not when it runs: the here-document is not quoted",
            f"{name} holds an empty text in place of ${variable}.",
            "possible" if re.match(r"\s*(?:echo|printf)\b[^>|;&]*$", doc.body[line - doc.line]) else "likely",
        )


def _literal_lines(doc: Heredoc) -> frozenset[int]:
    """Lines of a here-document inside the text that are data there."""
    return frozenset(n for one in heredocs(list(doc.body), doc.line) for n in range(one.line, one.end) if one.literal)


def _too_early(doc: Heredoc, outside: str, inner: frozenset[int], within: bool) -> tuple[str, int] | None:
    own: set[str] = set()
    for at, line in enumerate(doc.body, doc.line):
        if line.lstrip().startswith("#"):
            continue
        special = OWN.search(line)
        if special and at not in inner and not re.search(r"\bawk\b|\$\(", line[: special.start()]):
            mark = special[1] or special[2]
            if mark in ("@", "*", "?", "!", "#") or (not within and not re.search(rf"\$\{{?{mark}\b", outside)):
                return mark, at
        for used in USED.finditer(line):
            if used[1] in own and not re.search(rf"\b{used[1]}\b", outside):
                return used[1], at
        assigned = ASSIGNED.match(line)
        if assigned:
            own.add(assigned[1])
        own.update(filter(None, (n for m in LOOPED.finditer(line) for n in m.groups())))
    return None


def _too_late(doc: Heredoc, outside: str, inner: frozenset[int]) -> tuple[str, int] | None:
    body = "\n".join(doc.body)
    if SOURCES.search(body) or re.search(r"\beval\b", body):
        return None
    for at, line in enumerate(doc.body, doc.line):
        if line.lstrip().startswith("#") or at in inner:
            continue
        code = re.sub(r"'[^']*'", "''", line)
        for used in USED.finditer(code):
            word = used[1]
            if word in FROM_OUTSIDE or word.startswith(("BASH_", "CLAUDE_", "GIT_", "GITHUB_")):
                continue
            if re.match(rf"\$\{{{word}(?::?[-=?+])", code[used.start() :]):
                continue
            if re.search(SETS.format(name=word), body, re.MULTILINE) or re.search(
                rf"\bread\b[^\n]*\b{word}\b|\b{word}\b\s*\(\)", body
            ):
                continue
            if re.search(rf"-v\s+{word}\b|mapfile[^\n]*\b{word}\b|\(\(\s*{word}\b", body):
                continue
            if re.search(rf"^\s*(?:local\s+|export\s+|readonly\s+|declare\s+(?:-\w+\s+)*)?{word}=", outside, re.MULTILINE):
                handed = rf"\b(?:export|env|sed|envsubst|perl|sudo)\b[^\n]*\b{word}\b|-e\s+{word}\b|(?:^|[;&|]\s*|\s){word}=\S+[ \t]+[\w./\"$-]"
                if re.search(handed, outside, re.MULTILINE):
                    continue
                return word, at
    return None


def not_this_one(finding: Finding, tree: Tree) -> Fix | None:
    """Take the wrapper's own folder out of the PATH before the command is looked up; where the text is written by a script, as it is read."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1]
    opened = next((e.line for e in finding.also if e.path == path), 0)
    doc = next((d for d in heredocs(tree.lines(path), 1) if d.line == opened + 1), None) if opened else None
    if doc is not None and (built := _built_instead(finding, tree, doc)) is not None:
        return built
    if opened and (doc is None or not doc.literal):
        return None
    lead = text[: len(text) - len(text.lstrip())]
    own = f'{lead}own="$(cd "$(dirname "$0")" && pwd)"'
    without = f'{lead}PATH="$(printf \'%s\' ":$PATH:" | sed "s|:$own:|:|g")"'
    why = "The command is then looked for behind the wrapper; where there is none, the shell says so and ends."
    edit = Edit(path, text, f"{own}\n{without}\n{text}", line)
    return Fix(f"Look for the command behind the wrapper in {path}", (finding.id,), "review", (edit,), why=why)


_OWN_FOLDER = regex(
    r"(?m)^\s*(?P<name>\w+)=\"\$\(cd \"\$\(dirname \"\$\{?(?:BASH_SOURCE\[0\]|BASH_SOURCE|0)\}?\"\)\"[^\n]*&& pwd\)\""
)


def _built_instead(finding: Finding, tree: Tree, doc: Heredoc) -> Fix | None:
    """Where the crate beside the installer has a program of the wrapper's name, that is meant: build and install it in the wrapper's place."""
    path, text = finding.at.path, tree.text(finding.at.path)
    folder, name = posixpath.dirname(path), PurePosixPath(doc.to).name
    crate = load(tree, f"{folder}/Cargo.toml".lstrip("/"))[0]
    listed = crate.get("bin")
    bins = {one.get("name"): one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)}
    own, place = _OWN_FOLDER.search(text), re.fullmatch(r"\$\{?(\w+)\}?/[\w.-]+", doc.to)
    if name not in bins or own is None or place is None or not re.search(rf"(?m)^\s*{place[1]}=[^\n]*/bin[\"']?\s*$", text):
        return None
    needs = bins[name].get("required-features")
    features = f" --features {','.join(map(str, needs))}" if isinstance(needs, list) and needs else ""
    lines = tree.lines(path)
    old = "\n".join(lines[doc.line - 2 : doc.end])
    root = f'"$(dirname "${place[1]}")"'
    new = f'cargo install --path "${own["name"]}" --bin {name}{features} --root {root} --force'
    edit = Edit(path, old, new, doc.line - 1)
    why = f"The crate has a program {name}; the wrapper stood in its place and started itself."
    return Fix(f"Install the program {name} instead of a wrapper in {path}", (finding.id,), "review", (edit,), why=why)


@rule("SHELL-SELF", gate="start", category="shell", fix=not_this_one)
def calls_itself(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A wrapper starts a command of its own name, which is the wrapper itself.

    Why: a file that is installed as `tool` into a folder of the PATH and says `exec tool …` finds itself again, for ever; the process
    never ends and never does anything. Passes: a call by path, `command -p`, a PATH that is changed first, another name, and a file
    that looks on the PATH for another installation first (`command -v tool`).
    Do: Start the real command by its full path, or take the wrapper's own folder out of PATH before.
    Source: POSIX.1-2024, Shell & Utilities 2.9.1.4 command search.
    """
    if not shell_texts:
        raise NotApplicable("no shell script")
    yield from told(found for text in shell_texts for found in _own_calls(tree, text))


def _own_calls(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if "exec " not in text.text:
        return
    if text.kind == "script":
        name = PurePosixPath(text.path).name
        at = _exec_of(name, text.lines)
        asked = re.search(rf"\b(?:command -v|which|type -P|hash)\s+[\"']?{re.escape(name)}\b", text.text)
        if at is not None and "." not in name and not asked:
            yield _itself(tree, text, name, text.first + at, text.first + at)
    if "<<" not in text.text:
        return
    for doc in heredocs(text.lines, text.first):
        name = PurePosixPath(doc.to).name
        if not name or not doc.body or not SCRIPT.match(doc.body[0]) or not re.fullmatch(r"[\w.-]+", name):
            continue
        at = _exec_of(name, list(doc.body))
        if at is not None:
            yield _itself(tree, text, name, doc.line + at, doc.line - 1)


def _exec_of(name: str, lines: list[str]) -> int | None:
    if not re.fullmatch(r"[\w.-]+", name) or any(re.match(r"\s*(?:export\s+)?PATH=", line) for line in lines):
        return None
    pattern = re.compile(rf"\s*exec\s+(?:env\s+)?{re.escape(name)}(?:\s|$)")
    return next((at for at, line in enumerate(lines) if pattern.match(line)), None)


def _itself(tree: Tree, text: ShellText, name: str, line: int, opened: int) -> Finding:
    found = place(
        tree,
        text,
        line,
        f"{name} starts `{name}`, which the PATH resolves to {name} itself, for ever",
        f"Whoever starts {name} waits for ever: it starts itself again and again and does nothing else.",
    )
    return found if opened == line else replace(found, also=(tree.evidence(text.path, opened),))
