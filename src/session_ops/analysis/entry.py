"""Scripts that something starts directly: their first line and their x bit."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from session_ops.analysis.code_starts import started_in_code
from session_ops.analysis.headless import folded
from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.languages import shebang
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.platforms import Platforms
from session_ops.discovery.references import References
from session_ops.discovery.scripts import Script, Scripts
from session_ops.model import Confidence, Edit, Finding, Fix, ModeChange
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, fact, rule

How = Literal["shell", "exec"]
"""`shell`: a shell starts it and falls back to sh where there is no `#!`. `exec`: the kernel does, and refuses (ENOEXEC)."""


@dataclass(frozen=True)
class Start:
    """One place that starts a script by its own path, without an interpreter before it."""

    script: str
    source: str
    line: int
    how: How
    who: str


Starts = tuple[Start, ...]

INTERPRETER = regex(
    r"(?:.*/)?(?:(?:ba|da|z|k|a)?sh|python[\d.]*|pypy3?|node|nodejs|ruby|perl|php|bun|deno|tsx|ts-node|source|\.|npx|uv|poetry|pipenv|osascript"
    r"|\$\{?(?:PYTHON|SHELL|BASH|NODE|PYTHON_BIN|PYTHON_CMD)\}?)$"
)
BEFORE = regex(
    r"(?:.*[;|&({!`]|then|do|else|elif|if|while|until|exec|sudo|nohup|time|env|command|eval|@|-@|&&|\|\||\$|ENTRYPOINT|CMD|RUN)$"
)
KEY = regex(
    r"(?:command|run|entrypoint|exec|cmd|test|script|ExecStart\w*|ExecStop\w*|ExecReload|[\w:.-]*(?:start|build|setup|install|lint|post\w+|pre\w+))\s*[:=]$"
)
FOLDERS = regex(r"^(?:\$\{?\w+\}?|\$\(.*\)|~|\.|\.\.)(?:/|$)")
PROMPT = regex(r"^\s*(?:[\w@~:./-]*[$%]|\([\w.-]+\)\s*\$)\s+\S")
PROMPT_SIGN = regex(r"^\s*(?:[$%>#]\s+)?")
SHELL_BLOCKS = frozenset(("", "bash", "sh", "shell", "console", "zsh", "shell-session", "terminal", "shellsession"))
CHMOD = regex(
    r"chmod\s+(-R\s+)?(?:[ugoa]*\+[rwX]*x[rwst]*|[ugoa]*=r?w?x|0?[75][0-7][0-7])\s+([^\n;&|`\"')]*(?:[\"'][^\n;&|`]*)?)"
)
INVITES = regex(
    r"\b(?:run|runs|running|execute|executes|start|starts|use|call|calls|invoke|via|with|launch|then)\b[^.]{0,40}$",
    re.IGNORECASE,
)


@fact
def starts(tree: Tree, references: References, docs: Docs, deployment: Deployment, scripts: Scripts) -> Starts:
    """Every place that starts a script directly (./x.sh, a hook, ExecStart=, a documented command); sorted by script and place."""
    known = {s.path: s for s in scripts}
    units = {u.path for u in deployment.units}
    hooks = {(h.path, h.line) for h in deployment.hooks}
    found: set[Start] = set()
    for reference in references:
        if reference.act != "run" or reference.target not in known or reference.verdict not in ("resolves", "ambiguous"):
            continue
        if reference.place == "markdown" or not 0 < reference.line <= len(tree.lines(reference.source)):
            continue
        line = tree.lines(reference.source)[reference.line - 1]
        if len(line) < 4000 and started_directly(line, reference.target.rsplit("/", 1)[-1]):
            how: How = "exec" if reference.source in units or re.search(r"ENTRYPOINT\s*\[|CMD\s*\[", line) else "shell"
            kind = (
                "the unit"
                if reference.source in units
                else "the hook in"
                if (reference.source, reference.line) in hooks
                else ""
            )
            who = f"{kind} {reference.source}:{reference.line}".strip()
            found.add(Start(reference.target, reference.source, reference.line, how, who))
    found |= set(_documented(tree, docs, known))
    found |= {Start(script, source, line, "exec", f"{source}:{line}") for script, source, line in started_in_code(tree, known)}
    return tuple(sorted(found, key=lambda s: (s.script, s.source, s.line)))


INNERMOST = regex(r"\$\(([^()]*)\)")


def started_directly(line: str, name: str) -> bool:
    """Is a file of this name the first word of a command in this line, with no interpreter before it?"""
    while inner := INNERMOST.search(line):  # a substitution is a command line of its own, and one word of the line around it
        if name in inner[1] and started_directly(inner[1], name):
            return True
        line = f"{line[: inner.start()]}-{line[inner.end() :]}"
    line = re.sub(r"([\"'])\s*,\s*([\"'])", r"\1 \2", line)  # ["python","x.py"] are two words
    tokens = re.sub(r"\\?[\"']", "", line).split()
    for place, token in enumerate(tokens):
        bare = token.rstrip(",;)]}&|`")
        if bare.rsplit("/", 1)[-1] != name or "/" not in bare:
            continue
        key = re.match(r"(?:Exec\w+=)?[\[@!+:-]*(?:\$\(|\(|`|\[)*", bare)
        rest = bare[key.end() :] if key else bare
        if re.match(r"[A-Za-z_]\w*=", rest):
            continue
        at = place - 1
        while at >= 0 and re.match(r"[A-Za-z_]\w*=\S*$", tokens[at]) and not tokens[at].startswith("Exec"):
            at -= 1
        if at < 0:
            return True
        before = tokens[at].strip(",[]")
        if INTERPRETER.match(before):
            continue
        if before.startswith("-") and any(INTERPRETER.match(t.strip(",[]")) for t in tokens[max(0, at - 3) : at]):
            continue
        if (
            before == ""
            or BEFORE.match(before)
            or KEY.match(before)
            or (before == "timeout" or tokens[max(0, at - 1)] == "timeout")
        ):
            return True
        if at == 0 and before in ("-", "*"):
            return True
    return False


CLONED = regex(r"\bgit\s+clone\s+(?:-\S+\s+)*\S*?[/:]([\w.-]+?)(?:\.git)?/?[ \t]*(?:$|&&|;|#)", re.MULTILINE)
"""The folder that a documented clone makes: to enter it is to enter the target's root, whatever it is called here."""


def _documented(tree: Tree, docs: Docs, known: dict[str, Script]) -> Iterator[Start]:
    """Commands in shell blocks and code spans of the documents that name a script by its path."""
    for doc in docs:
        clones = {m[1] for m in CLONED.finditer(tree.text(doc.path))}
        if (
            doc.role == "changelog"
            or is_aside(doc.path)
            or re.search(r"(?:^|/)(?:history|plans?|reports?)(?:/|$)", doc.path, re.IGNORECASE)
        ):
            continue
        for block in doc.blocks:
            if block.language not in SHELL_BLOCKS:
                continue
            folder = ""
            lines = block.text.splitlines()
            prompted = any(PROMPT.match(text) for text in lines)
            for offset, text in enumerate(lines):
                if prompted and not PROMPT.match(text):
                    continue  # what the command prints
                if offset and lines[offset - 1].rstrip().endswith("\\"):
                    continue
                command = PROMPT_SIGN.sub("", text)
                if not command.startswith("./") and not block.language:
                    continue
                moved = re.match(r"cd\s+([\w./-]+)\s*(?:&&|;|$)\s*(.*)", command)
                if moved:
                    into = moved[1].strip("./")
                    clone = not folder and into in clones and not tree.is_folder(into)
                    folder, command = "" if clone else normal(f"{folder}/{moved[1]}".lstrip("/")), moved[2]
                script = _script(command, doc.path, folder, known)
                if script:
                    yield Start(script, doc.path, block.line + offset, "shell", f"{doc.path}:{block.line + offset}")
        for span in doc.spans:
            if span.kind != "code" or not re.match(r"(?:\./)?[\w.-]+/|\./", span.text):
                continue
            lines = tree.lines(doc.path)
            before = lines[span.line - 1].split(span.text)[0] if 0 < span.line <= len(lines) else ""
            if not (span.text.startswith("./") and INVITES.search(before)) and not re.match(r"\S+\s+\S", span.text):
                continue
            script = _script(span.text, doc.path, "", known)
            if script:
                yield Start(script, doc.path, span.line, "shell", f"{doc.path}:{span.line}")


def _script(command: str, doc: str, folder: str, known: dict[str, Script]) -> str:
    """The script that a documented command starts: from the target's root, or from the document's folder."""
    first = re.match(r"(?:[A-Z_]\w*=[^\s()`]*\s+)*(?:sudo\s+)?([\w./-]+)(?:\s|$)", command)
    if first is None or "/" not in first[1] or first[1].startswith("/"):
        return ""
    if command.rstrip().endswith(("/", ":")):
        return ""
    own = doc.rsplit("/", 1)[0] if "/" in doc else ""
    tried = [folder] if folder else ["", own]
    found = next((p for base in tried if (p := normal(f"{base}/{first[1]}".lstrip("/"))) in known), "")
    if found.endswith(".py") and not first[1].startswith("./") and f"{found.rpartition('/')[0]}/__init__.py" in known:
        return ""  # a module of a package, which is imported or given to Python
    return found


def made_executable(tree: Tree) -> list[tuple[str, bool]]:
    """What some file of the target makes executable with chmod: (pattern, whole folder)."""
    found: list[tuple[str, bool]] = []
    for entry in tree.files():
        text = tree.text(entry.path)
        if "chmod" not in text or entry.language in ("jsonl", "log"):
            continue
        for match in CHMOD.finditer(text):
            for word in re.sub(r"[\"'\\]", "", match[2]).split():
                bare = re.sub(r"^(?:\$\{?\w+\}?/|\./|/\w+/)+", "", word)
                found.append((bare or word, bool(match[1])))
    if any(
        "chmod" in tree.text(e.path) and re.search(r"os\.chmod\(|fs\.chmod", tree.text(e.path))
        for e in tree.files("python", "javascript", "typescript")
    ):
        found.append(("", False))
    return found


LOOPED = regex(r"\{\}|\$\{?(?:f|file|script|s|hook|h|i|p|path|x|tool|cmd)\}?$")
"""Words that stand for each file of a list in a loop over chmod, or in find -exec."""


def _covered(script: str, patterns: list[tuple[str, bool]]) -> bool:
    name = script.rsplit("/", 1)[-1]
    for pattern, whole in patterns:
        if pattern and (fnmatch.fnmatch(script, pattern) or fnmatch.fnmatch(name, pattern.rsplit("/", 1)[-1] or "\0")):
            return True
        if LOOPED.match(pattern) or (whole and script.startswith(pattern.rstrip("/") + "/")):
            return True
    return False


GIT_HOOKS = frozenset((
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-commit",
    "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-receive", "update", "post-receive", "post-rewrite", "reference-transaction",
))  # fmt: skip
HOOKS_PATH = regex(r"core\.hooksPath[\s=:\"',]+(?:\$\{?\w+\}?/|\./)?(?P<folder>[\w.-]+(?:/[\w.-]+)*)")


def _hooks_of_git(tree: Tree) -> Iterator[tuple[str, tuple[str, int]]]:
    """Scripts that git takes for its hooks, since something sets core.hooksPath to their folder, with the place that says so."""
    folders: dict[str, tuple[str, int]] = {}
    for entry in tree.files("shell", "markdown", "makefile", "json", "javascript", "python", "yaml", "toml"):
        text = tree.text(entry.path)
        if "core.hooksPath" in text and not is_aside(entry.path):
            for match in HOOKS_PATH.finditer(text):
                folders.setdefault(match["folder"].rstrip("/"), (entry.path, text.count("\n", 0, match.start()) + 1))
    for folder, said in folders.items():
        for name in sorted(GIT_HOOKS):
            if f"{folder}/{name}" in tree.entries:
                yield f"{folder}/{name}", said


def make_executable(finding: Finding) -> Fix:
    """Set the x bit."""
    path = finding.data["path"]
    return Fix(
        title=f"Make {path} executable",
        findings=(finding.id,),
        safety="review" if finding.confidence == "possible" else "safe",
        modes=(ModeChange(path, executable=True),),
        why="It is started by its path.",
    )


@rule("ENTRY-XBIT", gate="start", category="entry-point", fix=make_executable)
def not_executable(starts: Starts, tree: Tree) -> Iterator[Finding]:
    """A script is started by its own path, but is not executable.

    Why: the kernel refuses to start a file without the x bit, so the shell answers `Permission denied` and ends with 126. For
    tracked files git's index counts too (100644), since a clone gets that. Passes: `bash x.sh` and the like, and scripts that the
    documents, an installer or a Dockerfile make executable first. Said too where a commit took the bit, and scripts beside it have it.
    Do: Run `chmod +x FILE`, and where git tracks it `git update-index --chmod=+x FILE`; or start it through its interpreter, as
    in `bash FILE`.
    Source: execve(2), EACCES; POSIX.1-2024, Shell & Utilities, 2.8.2.
    """
    hooks = dict(_hooks_of_git(tree))
    patterns = made_executable(tree)
    taken = list(_taken_bits(tree, patterns))
    if not starts and not hooks and not taken:
        raise NotApplicable("nothing starts a script by its path")
    bits_count = any(not e.executable for e in tree.files())  # some file systems show the x bit everywhere
    found: list[Finding] = []
    for script, said in hooks.items():
        here = tree.entries[script].executable and bits_count
        if tree.git.mode(script).endswith("644") and not here and not _covered(script, patterns) and not is_aside(script):
            found.append(
                Finding(
                    "git starts the hook by its path, but the file is not executable in git (mode 100644)",
                    at=tree.evidence(script, 1),
                    also=(tree.evidence(*said),),
                    impact="git passes the hook over with a hint, and what it should stop goes through.",
                    data={"path": script},
                )
            )
    for script in sorted({s.script for s in starts} - hooks.keys()):
        entry = tree.entries[script]
        mode = tree.git.mode(script)
        if mode.endswith("755") or (entry.executable and (bits_count or not mode)):
            continue
        places = [s for s in starts if s.script == script]
        # a job of CI starts from a clone: what documents and installers make executable is not so there
        of_ci = [s for s in places if ".github/workflows/" in s.source and "chmod" not in tree.text(s.source)] if mode else []
        if (_covered(script, patterns) and not of_ci) or entry.vendored or is_aside(script):
            continue
        first = next((s for s in of_ci or places if s.source not in _guides(places)), places[0])
        message = f"{first.who} starts the script by its path, but the file is not executable" + (
            " in git (mode 100644)" if mode else ""
        )
        if not tree.text(script).startswith("#!") and all(s.source in _guides(places) for s in places):
            continue  # no first line says how to run it: the document names a file, it starts none
        windows = OF_WINDOWS.search(script) is not None or all(
            "/workflows/" in s.source and re.search(r"windows", tree.text(s.source), re.IGNORECASE) for s in places
        )
        found.append(
            Finding(
                message,
                at=tree.evidence(script, 1),
                also=tuple(tree.evidence(s.source, s.line) for s in places[:5]),
                impact="The start ends with 126, Permission denied.",
                confidence="possible" if windows else "likely",  # Windows has no x bit
                data={"path": script},
            )
        )
    yield from folded(found)
    started = {finding.data["path"] for finding in found}
    yield from (finding for finding in taken if finding.data["path"] not in started)


def _taken_bits(tree: Tree, patterns: list[tuple[str, bool]]) -> Iterator[Finding]:
    """Scripts that a commit made unexecutable, while other scripts beside them are executable."""
    beside: dict[str, list[str]] = defaultdict(list)
    for entry in tree.files("shell", "zsh", "python", "javascript", "ruby", "perl"):
        if entry.tracked and not is_aside(entry.path) and tree.text(entry.path).startswith("#!"):
            beside[entry.path.rpartition("/")[0]].append(entry.path)
    for scripts in beside.values():
        bits = {path: tree.git.mode(path).endswith("755") for path in scripts}
        without = [path for path, bit in bits.items() if not bit and not _covered(path, patterns)]
        if len(without) > MOST_WITHOUT or not any(bits.values()):
            continue
        for path in without:
            where = f"{tree.prefix}{path}"
            log = tree.git.run("log", "-3", "--raw", "--no-abbrev", "--no-renames", "--format=%H", "--", where, may_fail=True)
            taken = re.search(rb"(?m)^([0-9a-f]{40,64})\n\n:100755 100644 ", log)
            if taken is not None:
                yield Finding(
                    f"commit {taken[1].decode()[:8]} took the x bit from the script, which has a first line to be started by",
                    at=tree.evidence(path, 1),
                    impact="Whoever starts it by its path gets: Permission denied.",
                    confidence="possible",
                    data={"path": path},
                )


MOST_WITHOUT = 8
"""Scripts of a folder without an x bit of which git is asked; where there are more, they are meant to be loaded."""
OF_WINDOWS = regex(r"msys|mingw|cygwin|windows|win32", re.IGNORECASE)


def _guides(places: list[Start]) -> set[str]:
    return {s.source for s in places if s.source.endswith((".md", ".rst", ".mdx", ".txt"))}


PERSONAL = regex(r"/(?:root|home/[^/]+|Users/[^/]+)/|/opt/homebrew/|/nix/store/|[A-Za-z]:[\\/]")
LOCAL_SHELL = regex(r"/usr/local/bin/(?:ba|z|da|k)?sh$|/opt/local/bin/")
STANDARD_NAMES = {"shell": "bash", "zsh": "zsh", "python": "python3", "javascript": "node", "ruby": "ruby", "perl": "perl"}
NO_BASH = regex(
    r"(?:docker\.io/)?(?:library/)?(?:alpine(?::.*)?|(?:node|python|golang|rust|nginx|redis|caddy):[\w.-]*alpine[\w.-]*)(?:@\S+)?$"
)


def repair_first_line(finding: Finding, tree: Tree) -> Fix | None:
    """Write the first line as it has to be."""
    path, wrong = finding.at.path, finding.data.get("wrong", "")
    text = tree.text(path)
    first = text.split("\n", 1)[0]
    edits: tuple[Edit, ...] = ()
    if wrong == "interpreter":
        options = (first.split(None, 1)[1:] or [""])[0].strip()
        if not options:
            edits = (Edit(path, first, finding.data["new"], 1),)
    elif wrong == "late":
        lead = text[: text.index("#!")]
        if "\n" not in lead:
            edits = (Edit(path, first, first[len(lead) :], 1),)
    elif wrong == "none" and first.strip() and "\r" not in first:
        edits = (Edit(path, first, f"{finding.data['new']}\n{first}", 1),)
    if not edits:
        return None
    return Fix(
        title=f"Repair the first line of {path}",
        findings=(finding.id,),
        safety="safe" if wrong != "none" else "review",
        edits=edits,
        why="The kernel starts what the first line names.",
    )


@rule("ENTRY-SHEBANG", gate="start", category="entry-point", fix=repair_first_line)
def bad_first_line(
    starts: Starts, tree: Tree, scripts: Scripts, manifests: Manifests, deployment: Deployment, platforms: Platforms
) -> Iterator[Finding]:
    """A script is started by its own path, but its first line names no interpreter that is there.

    Why: the kernel reads `#!` only as the first two bytes, takes the rest of the line as it is (a CR becomes part of the name), and
    starts exactly that path. Without it systemd, Docker and other programs answer `Exec format error`; a shell falls back to sh, which
    only helps a script of plain sh. Passes: scripts that are always given to an interpreter.
    Do: Let the file begin with `#!/usr/bin/env NAME` for its interpreter, with no byte before it and a plain LF after it; the
    image that starts it has to hold that interpreter (Alpine: `apk add bash`).
    Source: execve(2); npm's documentation of `bin` for the first line of a command.
    """
    by_path = {s.path: s for s in scripts}
    wanted: dict[str, list[Start]] = {}
    for start in starts:
        wanted.setdefault(start.script, []).append(start)
    for manifest in manifests:
        for entry in manifest.entry_points:
            if manifest.ecosystem == "npm" and entry.kind == "bin":
                folder = manifest.path.rpartition("/")[0]
                path = normal(f"{folder}/{entry.value}".lstrip("/"))
                if path in by_path:
                    wanted.setdefault(path, []).append(
                        Start(path, manifest.path, entry.line, "exec", f"the command {entry.name} of {manifest.path}")
                    )
    if not wanted:
        raise NotApplicable("nothing starts a script by its path")
    found = [
        one
        for path, places in sorted(wanted.items())
        if path in by_path and not tree.entries[path].vendored and not is_aside(path)
        if (one := _first_line(by_path[path], places, tree, platforms)) is not None
    ]
    yield from folded(found)
    yield from _no_bash_inside(deployment, by_path, tree)


def _first_line(script: Script, places: list[Start], tree: Tree, platforms: Platforms) -> Finding | None:
    text = tree.text(script.path)
    if not text.strip():
        return None
    first = text.split("\n", 1)[0]
    who = places[0].who
    also = tuple(tree.evidence(s.source, s.line) for s in places[:5])
    executed = any(s.how == "exec" for s in places)

    def finding(message: str, impact: str, wrong: str, confidence: Confidence = "likely", new: str = "") -> Finding:
        data = {"wrong": wrong, "new": new}
        return Finding(message, at=tree.evidence(script.path, 1), also=also, impact=impact, confidence=confidence, data=data)

    if first.startswith("#!"):
        if first.endswith("\r"):
            # npm mends it where it installs the command (bin-links, fix-bin); other package managers and a checkout do not
            mended = all(s.source.rpartition("/")[2] == "package.json" for s in places)
            return finding(
                f"The #! line ends with a carriage return, and {who} starts the script by its path",
                f"The kernel looks for an interpreter called `{script.interpreter}\\r` and answers `No such file or directory`.",
                "cr",
                "possible" if mended else "likely",
            )
        path, name = shebang(text)
        if PERSONAL.match(path) or (LOCAL_SHELL.match(path) and script.path not in platforms.contained):
            sure = not (path.startswith("/opt/") and platforms.get("linux-gnu") is None)
            return finding(
                f"The #! line names {path}, which is not there on other machines, and {who} starts the script by its path",
                "The start ends with 126 or 127, bad interpreter: No such file or directory.",
                "interpreter",
                "likely" if sure else "possible",
                f"#!/usr/bin/env {name}",
            )
        return None
    late = re.match(r"\ufeff?\s*(#!.*)", text)
    if late is not None and late.start(1) < 200:
        lead = "a byte order mark" if text.startswith("\ufeff") else "a blank"
        return finding(
            f"There is {lead} before the #! line, and {who} starts the script by its path",
            "The kernel does not see the line; the start ends with Exec format error, or sh reads the script.",
            "late",
        )
    name = STANDARD_NAMES.get(script.language, "")
    if not name:
        return None
    fallback = script.language == "shell" and not executed
    return finding(
        f"There is no #! line, and {who} starts the script by its path",
        "Where a program starts it the answer is Exec format error; a shell reads it as a script of sh."
        if script.language == "shell"
        else "A shell reads it as a script of its own and stops at the first line that is none.",
        "none",
        "possible" if fallback else "likely",
        f"#!/usr/bin/env {name}",
    )


def _no_bash_inside(deployment: Deployment, by_path: dict[str, Script], tree: Tree) -> Iterator[Finding]:
    """Scripts of bash that a container starts whose image has no bash."""
    for file in deployment.dockerfiles:
        if is_aside(file.path):
            continue
        stages: dict[str, str] = {}
        last = ""
        for instruction in file.instructions:
            if instruction.name == "FROM":
                base = re.match(r"(?:--\S+\s+)*(\S+)(?:\s+[Aa][Ss]\s+(\S+))?", instruction.value)
                last = stages.get(base[1], base[1]) if base else ""
                if base and base[2]:
                    stages[base[2]] = last
        if not NO_BASH.match(last) or any(re.search(r"\bbash\b", i.value) for i in file.instructions if i.name == "RUN"):
            continue
        copied = [
            normal(f"{context}/{word}".lstrip("/"))
            for context in {file.context, *file.contexts}
            for i in file.instructions
            if i.name in ("COPY", "ADD") and "--from" not in i.value
            for word in re.sub(r"[\"',\[\]]", " ", i.value).split()[:-1]
            if not word.startswith("--")
        ]
        for instruction in file.instructions:
            if instruction.name not in ("ENTRYPOINT", "CMD"):
                continue
            for path, script in by_path.items():
                if script.interpreter != "bash" or is_aside(path) or not _is_copied(path, copied):
                    continue
                if re.search(rf"[\s\"'/\[]{re.escape(path.rsplit('/', 1)[-1])}[\"'\s\],]", instruction.value + " "):
                    yield Finding(
                        f"{file.path} starts this script of bash in an image without bash ({last})",
                        at=tree.evidence(path, 1),
                        also=(tree.evidence(file.path, instruction.line),),
                        impact="The container ends at once: no such file or directory.",
                        data={"wrong": "image"},
                    )


def _is_copied(path: str, copied: list[str]) -> bool:
    """Does one of the sources of COPY, taken from the build context, bring this file into the image?"""
    return any(
        source in ("", ".") or path == source or path.startswith(source.rstrip("/") + "/") or fnmatch.fnmatch(path, source)
        for source in copied
    )
