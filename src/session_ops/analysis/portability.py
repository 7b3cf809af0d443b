"""What works only for one person, in one folder, or on one operating system."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from ast_grep_py import SgNode

from session_ops.analysis.audience import MAINTAINERS, of_makers
from session_ops.analysis.headless import folded
from session_ops.analysis.home_words import home_words
from session_ops.analysis.portable_words import ask_for_bash, both_forms
from session_ops.analysis.userland import DIFFERENCES, NEWER_BASH, NOT_SH, SYSTEM_NAMES, Difference, Feature, always
from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.callers import Callers
from session_ops.discovery.commands import Invocation, functions_of, invocations, peeled
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.flow import Flow
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.platforms import Platform, Platforms
from session_ops.discovery.references import References
from session_ops.discovery.scripts import Script, Scripts
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

KEPT = regex(
    r"(?:^|/)(?:old|legacy|backups?|snapshots|integration(?:[-_]tests?)?|coverage|dist|build|target\d*|out|vendor|notebooks?|node_modules|site-packages|stories|\.github/ISSUE_TEMPLATE)/"
    r"|(?:^|/)(?:[^/]*[._-])?(?:mocks?|fixtures?|samples?|examples?|demo|seed|bench|stories|template|dist|test|tests|spec)(?:[._-][^/]*)?$",
    re.IGNORECASE,
)


TRIALS = regex(r"debug|scratch|experiment|playground|prototype|(?:^|[/_-])poc(?:[/_.-])|one-?off|ad-?hoc", re.IGNORECASE)
"""Paths of what somebody tried once."""
INVENTED = regex(r"(?:^|/)[^/]*(?:[mM]ock|[fF]ixture|[sS]ample|[dD]ummy|[fF]ake)[^/]*$|(?:^|/)(?:testing|storybook)/")


def beside_the_point(path: str) -> bool:
    """Does this path hold what shows, checks, documents or keeps something, and is not what a user runs?"""
    return is_aside(path) or is_document(path) or bool(KEPT.search(path) or INVENTED.search(path))


# --- one person's folder -------------------------------------------------------------------------------------------------

HOME = regex(
    r"(?<![\w.$}/~*%])(?<!(?<!:)-)(?<!(?<!<string)>)(?:/mnt/[a-z]/Users/|/var/home/|/home/|/Users/|[A-Za-z]:(?:\\\\?|/)Users(?:\\\\?|/))([A-Za-z][\w.-]*)(?=[/\\\"'\s;:,)<]|$)"
)
MEDIA = regex(r"(?<![\w.$}/~*%])(?:/run)?/media/([A-Za-z][\w.-]*)(?=/[\w.-])")
"""Where the disks of one person are mounted. Source: udisks(8), "/run/media/$USER" and "/media/$USER"."""
NOBODY = frozenset((
    "user", "username", "users", "you", "yourname", "your-user", "your_user", "youruser", "your-name", "your_name", "name",
    "me", "myuser", "my-user", "example", "someone", "someuser", "somebody", "test", "tester", "testuser", "test-user",
    "foo", "bar", "baz", "alice", "bob", "carol", "jane", "john", "johndoe", "jdoe", "janedoe", "xxx", "xyz", "user1",
    "user-name", "person", "runner", "runneradmin", "node", "vscode", "ubuntu", "ec2-user", "app", "appuser", "circleci",
    "travis", "vagrant", "pi", "debian", "fedora", "centos", "linuxbrew", "git", "jovyan", "coder", "gitpod", "codespace",
    "shared", "public", "default", "admin", "administrator", "root", "guest", "nonroot", "container", "devcontainer",
    "sandbox", "opc", "azureuser", "user_name", "my_user", "yourusername", "your-username", "your_username", "developer",
    "nobody", "placeholder", "demo", "build", "builder", "jenkins", "gitlab-runner", "buildkite-agent",
    "claude", "codex", "agent", "agents",
))  # fmt: skip
"""Names that stand for anybody, and users that images, runners and clouds come with."""
READ = (
    "shell",
    "zsh",
    "python",
    "javascript",
    "typescript",
    "tsx",
    "ruby",
    "perl",
    "go",
    "rust",
    "json",
    "yaml",
    "toml",
    "ini",
    "conf",
)
ALSO_READ = ("systemd", "makefile", "env", "cron", "xml")
CONFIG_JSON = regex(
    r"(?:^|/)(?:\.vscode|\.claude|\.cursor|\.codex|\.gemini|\.zed|\.idea|\.claude-plugin|hooks?|config|conf|configs|settings)/[^/]*\.jsonc?$"
    r"|(?:^|/)(?:package|\.?mcp[\w.-]*|settings[\w.-]*|config[\w.-]*|[\w.-]*\.?config|hooks|plugin|claude_desktop_config|ecosystem[\w.-]*)\.jsonc?$"
)
RECORDS = regex(
    r"(?:^|/)\.?(?:artifacts?|data|state|logs?|sessions?|reports?|summar\w+|checkpoints?|memory|memories|history|plans?|transcripts?|cache|records?|runs?"
    r"|results?|playwright-(?:mcp|cli))/|(?:^|/)\.claude/[\w-]*(?:context|cache|state|progress|snapshot|history)\.json$",
    re.IGNORECASE,
)
"""Folders in which data files say what once happened; a path in them is not a setting."""
SHOWN = regex(
    r"\be\.g\.|\bexamples?\b|\bfor instance\b|\bplaceholder|\busage\b|\bhelp\s*=|description|\bsample\b|such as|>>> |\btitle\b|\bmock"
    r"|\bconsole\.\w+\(|\bprint\w*\(|\blog(?:ger|ging)?\.\w+\(|\b(?:typer|click)\.echo|\braise\b|\bthrow\b|\bassert|\bexpect\(|"
    r"\"(?:Bash|Read|Edit|Write|Glob|Grep|WebFetch)\(|additionalDirectories",
    re.IGNORECASE,
)
FOLDER = regex(r"\b(?:\w*Path|join|resolve|open|chdir|isdir|exists|makedirs)\(|home|_?dir\b|folder|\bcwd\b", re.IGNORECASE)
"""What shows that a text which is nothing but somebody's home is used as a folder, not as a route or a label."""
ECHOED = regex(r"^\s*(?:echo|printf|log\w*|info|warn\w*|err\w*|print\w*|say|die|usage|note|success|debug)\b")
HASH_COMMENTS = frozenset(
    ("shell", "zsh", "python", "ruby", "perl", "yaml", "toml", "ini", "conf", "systemd", "makefile", "env", "cron")
)
TRIED = regex(r"\|\||\bexists?\b|-[fdex]\s|\bisfile|\bcandidates?\b|existsSync|\bglob\b|\bwhich\b", re.IGNORECASE)
CREATES = regex(
    r"(?:useradd|adduser)\s+[^\n|;&]*?([a-z_][\w-]*)\s*(?:$|&|\||;|\\|\"|\d?>)|^\s*USER\s+([a-z][\w-]*)|\bdscl\s+\.\s+-(?:create|read)\s+[\"']?/Users/([\w.-]+)|\bsysadminctl\b[^\n]*-addUser\s+[\"']?([\w.-]+)",
    re.MULTILINE,
)
MOUNTED = regex(r"(?:^|[\s\"'`=,])(?:[A-Za-z][\w.-]*|(?:\.{1,2}|~)?/[^\s\"'`:]*|(?:\$|\$\{|#\{|\{)[^\s\"'`:]*):$")
"""What stands before a path inside a container: the name of a volume, or a folder of the host, and a colon."""
VOLUMES = regex(r"(?:^|[\s\"'\[])-v\b|--(?:volume|mount|bind)\b|\bvolumes?\b|\bmounts?\b|\bbinds?\b", re.IGNORECASE)
INSIDE = regex(r"\b(?:docker|podman|nerdctl)\s+(?:compose\s+)?exec\s|\bkubectl\s[^|;&]*\bexec\s|\bdocker\s+cp\s")
ALLOWED = regex(r"\"(?:additionalDirectories|(?:allow|deny)(?:Write|Read))\"\s*:")
"""Lists of folders that an agent may or may not touch: one that is not there does no harm."""
PROSE = regex(r":\s*\"[A-Z][a-z]+ (?:[a-z]+ )+[^\"]*$")
FAR = regex(r"\bssh(?:-action)?\b|\brsync\b|\bscp\b")


TRIED_OUT = regex(
    r"(?!tests?/|fixtures?/|templates?/)(?:[\w.-]+/)?(?:examples?|demos?|samples?)/(?!.*(?:test|fixture|template|data|mock))[^/]+(?:/[^/]+)?$"
)
"""Scripts that a document sends people to; they start nothing else, so that a home in them is never sure to block."""


COMPILED_BESIDE = regex(r"(?:^|/)(?:scripts?|tools?|hack|dev|internal/cmd)/")
"""Programs that are run from their source by those who make the product: no build installs them."""
VALUE_OF_TEST = regex(r"\b(?:test|example|sample|mock|fake)_\w*\(")
FUNCTION = regex(r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:async\s+)?(?:fn|def|func|function)\s+(?:\([^)]*\)\s*)?(\w+)")


def to_home_variable(finding: Finding, tree: Tree) -> Fix | None:
    """Say `$HOME`, or the project's folder, in place of one person's folder; only where the file's own language has a word for it."""
    path, line, home = finding.at.path, finding.at.line, finding.data.get("home", "")
    lines = tree.lines(path)
    if finding.also or not home or not 0 < line <= len(lines):
        return None
    text = lines[line - 1]
    entry = tree.entries[path]
    if text.count(home) != 1:
        return None
    checkout = _checkout(text[text.index(home) :], tree)
    besides: tuple[Edit, ...] = ()
    if entry.language == "json" and checkout and re.search(r"(?:^|/)\.claude/settings[\w.]*\.json$|hooks\.json$", path):
        old, new = checkout, '\\"$CLAUDE_PROJECT_DIR\\"'
    elif entry.language == "json" and checkout and re.search(r"(?:^|/)\.vscode/", path):
        old, new = checkout, "${workspaceFolder}"
    elif entry.language == "shell" and (
        bare := re.fullmatch(rf"(\s*(?:export\s+)?\w+=){re.escape(home)}([\w./-]*)(\s*)", text)
    ):
        old, new = home + bare[2], f'"$HOME{bare[2]}"'
    elif entry.language == "shell" and text[: text.index(home)].count('"') % 2 == 1 and "'" not in text[: text.index(home)]:
        old, new = home, "$HOME"
    elif entry.language == "systemd" and re.search(r"^WantedBy=default\.target", tree.text(path), re.MULTILINE):
        old, new = home, "%h"
    elif words := home_words(tree, path, line, home):
        old, new, besides = words
    else:
        return None
    if text.count(old) != 1:
        return None
    return Fix(
        title=f"Replace {old} by {new.replace(chr(92), '')}",
        findings=(finding.id,),
        safety="review",
        edits=(*besides, Edit(path, old, new, line)),
        why="The path then belongs to whoever runs it.",
    )


def _checkout(text: str, tree: Tree) -> str:
    """The leading part of an absolute path that stands for the target's own folder: what remains is a file of the target."""
    whole = re.match(r"[\w./\\:-]+", text)
    parts = whole[0].split("/") if whole else []
    for cut in range(3, len(parts)):
        rest = "/".join(parts[cut:])
        if rest and tree.exists(rest):
            return "/".join(parts[:cut])
    return ""


@rule("PORT-HOME", gate="relocate", category="portability", fix=to_home_variable)
def one_persons_folder(tree: Tree, docs: Docs) -> Iterator[Finding]:
    """Code or configuration that others get names the home folder of one person, or a disk that is mounted for one person.

    Why: nobody else has that folder, so the file, interpreter or project it names is not there. Passes: documents, tests, data of examples,
    comments, texts that are only printed, names that stand for anybody (/home/user), users that images and runners come with,
    users that a Dockerfile or a script of the target creates, and paths inside a container. A path that is only tried among others,
    that lies on the server to which a workflow connects, or in a folder of records is `possible`; so are scripts of examples, steps of commands, agents and
    skills (`Read /Users/…`), which an agent carries out, and lines of shell blocks in documents (`cd /Users/…`).
    Do: In place of the personal folder write `$HOME` (homedir() or expanduser in code, `%h` in a user unit), a path relative to
    the file, or a setting that each user makes.
    Source: the file hierarchy of Linux (FHS 3.0, /home) and macOS; systemd.unit(5) on specifiers.
    """
    made = _made_users(tree)
    found: list[Finding] = []
    shown: list[Finding] = []
    read = [
        entry
        for entry in tree.files(*READ, *ALSO_READ)
        if not entry.ignored
        and ("/home/" in tree.text(entry.path) or "Users" in tree.text(entry.path))
        and HOME.search(tree.text(entry.path))
    ]
    owners = {match[1] for entry in read for match in HOME.finditer(tree.text(entry.path))}
    known = {entry.path for entry in read}
    read += [
        entry
        for entry in (tree.files(*READ, *ALSO_READ) if owners else ())
        if entry.path not in known
        and not entry.ignored
        and "/media/" in tree.text(entry.path)
        and owners.intersection(MEDIA.findall(tree.text(entry.path)))
    ]
    made |= {name for entry in read for line in tree.lines(entry.path) for name in _in_container(line)}
    for entry in read:
        if entry.language in ("json", "yaml", "toml", "xml") and RECORDS.search(entry.path):
            continue
        if entry.language == "xml" and not entry.path.endswith(".plist"):
            continue
        if entry.path.endswith("package.json") and re.search(
            r"^\s*\"_(?:where|resolved|id|args)\"\s*:", tree.text(entry.path), re.MULTILINE
        ):
            continue  # what an old npm wrote into an installed package
        if beside_the_point(entry.path) or (entry.language == "json" and not CONFIG_JSON.search(entry.path)):
            if entry.language in ("shell", "python", "javascript") and TRIED_OUT.match(entry.path):
                shown += [replace(one, confidence="possible") for one in _homes(entry, tree, made, owners)]
            continue
        found += _homes(entry, tree, made, owners)
    found += folded(shown, 1, 3)
    told = sorted(_told(tree, docs, made), key=lambda one: "commands/" not in one.at.path)  # what people start comes first
    found += folded(told, 1, 6)
    yield from folded(_each_person_first(found))


_HELPERS = regex(r"(?:^|/)(?:scripts?|tools?|utils?|dev|hack|misc|contrib|old|legacy|check|debug|backup)s?/")


def _each_person_first(found: list[Finding]) -> list[Finding]:
    """The first place of every person before all others, and the product before its helpers, so that folding hides what matters less."""
    found = sorted(found, key=lambda one: bool(_HELPERS.search(one.at.path)))
    first: dict[str, Finding] = {}
    for one in found:
        first.setdefault(one.data["name"], one)
    return [*first.values(), *(one for one in found if one != first[one.data["name"]])]


def _told(tree: Tree, docs: Docs, made: frozenset[str]) -> Iterator[Finding]:
    """Instructions that agents carry out, and shell blocks of documents that people copy, with one person's folder in them."""
    for doc in docs:
        if doc.role == "changelog" or RECORDS.search(doc.path) or is_aside(doc.path) or KEPT.search(doc.path):
            continue
        text = tree.text(doc.path)
        if "/home/" not in text and "/Users/" not in text:
            continue
        lines = tree.lines(doc.path)
        here = made | {name for match in CREATES.finditer(text) for name in match.groups() if name}
        blocks = [b for b in doc.blocks if b.language in ("bash", "sh", "shell", "zsh", "console", "")]
        copied = {n for b in blocks for n in range(b.line, b.line + b.text.count("\n") + 1)}
        for number, line in enumerate(lines, 1):
            if len(line) > 4000 or ("/home/" not in line and "/Users/" not in line) or line.lstrip().startswith("#"):
                continue
            done = _TO_DO.search(line) if doc.role == "agent" else None
            ran = _GOES.search(line) if number in copied else None
            if done is None and ran is None:
                continue
            match = HOME.search(line)
            if (
                match is None
                or _anybody(match[1].rstrip("."), here)
                or SHOWN.search(line)
                or not re.match(r"/[\w.-]", line[match.end() :])
            ):
                continue
            yield Finding(
                f"{match[0]} is the home folder of one person ({match[1]})",
                at=tree.evidence(doc.path, number),
                impact="For every other user the path is not there.",
                confidence="possible",
                data={"home": match[0], "name": match[1]},
            )
            break


_TO_DO = regex(r"^\s*(?:\d+\.|[-*])?\s*(?:\*\*)?(?:Read|Open|Load|Write|Append|Update|Check|Run|Execute|Create|Save)\b")
"""What an instruction to an agent begins with."""
_GOES = regex(r"^\s*(?:\$ )?(?:cd|source|\.|bash|sh|python3?|node|cp|mv|ln|export|git)\s")
"""What a line of a shell block begins with that fails where the folder is not there."""


def _anybody(name: str, made: frozenset[str]) -> bool:
    """Does a name stand for anybody, or for a user that the target's own machines have?"""
    return (
        name.lower() in NOBODY or name in made or bool(re.match(r"(?:your|my|some|test|user|example|xxx)", name, re.IGNORECASE))
    )


def _made_users(tree: Tree) -> frozenset[str]:
    """Users that exist in the target's own containers and machines."""
    names: set[str] = set()
    for entry in tree.files("dockerfile", "shell", "yaml"):
        text = tree.text(entry.path)
        if "user" not in text.lower() and "/home/" not in text:
            continue
        for match in CREATES.finditer(text):
            names.update(name for name in match.groups() if name)
        if entry.language == "dockerfile":
            names.update(HOME.findall(text))
    return frozenset(names)


def _in_container(line: str) -> Iterator[str]:
    """Users whose home a line mounts something into: `name:/home/USER/…`."""
    if ":/home/" in line and len(line) < 4000:
        for match in HOME.finditer(line):
            before = line[: match.start()]
            if MOUNTED.search(before) and (VOLUMES.search(line) or re.search(r"(?:^|[\s\"'`=])[a-z][\w.-]*:$", before)):
                yield match[1]


def _homes(entry: FileEntry, tree: Tree, made: frozenset[str], owners: set[str]) -> Iterator[Finding]:
    printed = _only_printed(tree.lines(entry.path), entry.language)
    tests_from = (
        next((n for n, t in enumerate(tree.lines(entry.path), 1) if "#[cfg(test)]" in t), 0) if entry.language == "rust" else 0
    )
    for number, line in enumerate(tree.lines(entry.path), 1):
        mounted = [m for m in MEDIA.finditer(line) if m[1] in owners] if "/media/" in line else []
        if len(line) > 4000 or ("/home/" not in line and "Users" not in line and not mounted) or number in printed:
            continue
        if tests_from and number > tests_from:
            return
        for match in (*HOME.finditer(line), *mounted):
            name = match[1].rstrip(".")
            if _anybody(name, made):
                continue
            before = line[: match.start()]
            rest = line[match.end() :]
            if _comment(before, line, entry.language) or SHOWN.search(line) or re.search(r"https?:[^\s\"']*$", before):
                continue
            above = "" if entry.language != "json" else "".join(tree.lines(entry.path)[max(0, number - 12) : number - 1])
            if (allowed := list(ALLOWED.finditer(above))) and "]" not in above[allowed[-1].end() :]:
                continue
            if INSIDE.search(before) or (entry.language == "json" and PROSE.search(before)):
                continue
            if entry.language in ("shell", "zsh") and ECHOED.match(line) and not re.search(r">>?\s*[\"$/\w]", rest):
                continue
            code = (
                entry.language in ("python", "javascript", "typescript", "tsx", "ruby", "perl", "go", "rust") and before != "#!"
            )
            if code and (
                (not re.match(r"[/\\]+[\w.-]", rest) and not (rest[:1] in ("'", '"') and FOLDER.search(line)))
                or re.search(r"(?:href|route\w*|navigate|redirect|url\w*|Link|router\.\w+|app\.\w+)\W*$", before)
            ):
                continue
            if code and not re.search(r"[\"'`]$|[\"'`][^\"'`]*[\s:=(]$", before):
                continue
            far = entry.path.startswith(".github/") and FAR.search(tree.text(entry.path)) is not None
            once = RECORDS.search(entry.path) is not None
            shown = code and _in_example(tree.lines(entry.path), number)
            from_source = entry.language in ("go", "rust") and COMPILED_BESIDE.search(entry.path) is not None
            default = re.search(r"\$\{\w+:?[-=]$", before) is not None
            tried = bool(
                default or far or once or shown or from_source or TRIED.search(line) or TRIALS.search(entry.path)
            ) and not line.lstrip().startswith(("ExecStart", '"command"'))
            found = Finding(
                f"{match[0]} is the home folder of one person ({name})"
                if match not in mounted
                else f"{match[0]} is where the disks of one person are mounted ({name})",
                at=tree.evidence(entry.path, number),
                impact="For every other user and machine the path is not there."
                if not tried
                else "Elsewhere the path is not there; this place looks first.",
                confidence="possible" if tried else "likely",
                data={"home": match[0], "name": name},
            )
            yield found
            break


def _in_example(lines: list[str], number: int) -> bool:
    """Does a line give a value to a function or a test that shows or tries something (`fn examples()`, `test_string(…)`)?"""
    if VALUE_OF_TEST.search(lines[number - 1]):
        return True
    named = (match for line in reversed(lines[max(number - 120, 0) : number]) if (match := FUNCTION.match(line)))
    inside = next(named, None)
    return inside is not None and re.search(r"example|help|usage|sample|demo", inside[1], re.IGNORECASE) is not None


def _only_printed(lines: list[str], language: str) -> frozenset[int]:
    """Lines that are text for people: docstrings in Python, here-documents that go to the screen in shell."""
    found: set[int] = set()
    if language == "python":
        mark = ""
        for number, line in enumerate(lines, 1):
            if mark:
                found.add(number)
                if mark in line:
                    mark = ""
                continue
            for quotes in ('"""', "'''"):
                if line.count(quotes) == 1 and not line.lstrip().startswith("#"):
                    mark = quotes
                    found.add(number)
                    break
    elif language in ("shell", "zsh"):
        end, screen = "", False
        for number, line in enumerate(lines, 1):
            if end:
                if screen:
                    found.add(number)
                if line.strip() == end:
                    end = ""
                continue
            start = re.search(r"(?<!<)<<-?\s*[\"'\\]?(\w+)[\"']?", line)
            if start and not line.lstrip().startswith("#"):
                end = start[1]
                screen = bool(re.match(r"\s*cat\b", line)) and not re.search(r"(?<![<&\d])>>?\s*[^&\s]|\|", line)
    return frozenset(found)


def _comment(before: str, line: str, language: str) -> bool:
    if language in HASH_COMMENTS:
        return bool(re.search(r"(?:^|\s)#(?!!/?$)", before)) or (
            language in ("systemd", "ini") and line.lstrip().startswith(";")
        )
    if language == "xml":
        return "<!--" in before
    return bool(re.search(r"(?:^|\s)//|/\*", before)) or line.lstrip().startswith("*")


# --- operating systems -------------------------------------------------------------------------------------------------------

OS_BRANCH = regex(
    r"\buname\b|OSTYPE|darwin|\bmac\w*|\blinux\w*|\$\{?(?:OS|PLATFORM|os|platform|os_name|OS_NAME|os_type|OS_TYPE)\b|\bgnu\b|\bbsd\b|--version"
    r"|command\s+-v|\bwhich\b|(?:command|cmd|program|binary|tool)_?exists|\b_?(?:has|have)_?(?:cmd|command)\b|\btype\s|\bhash\s|\bgsed\b|\bgdate\b|/proc/|busybox|detect_os|is_wsl|\bwsl",
    re.IGNORECASE,
)
NAMES = frozenset(d.command for d in DIFFERENCES)
USES = regex(r"(?<![\w.$/-])(?:" + "|".join(sorted(map(re.escape, NAMES))) + r")(?![\w-])")


@rule("PORT-GNU", gate="relocate", category="portability", fix=both_forms)
def other_userland(
    scripts: Scripts, syntax: Syntax, platforms: Platforms, tree: Tree, manifests: Manifests
) -> Iterator[Finding]:
    """A script uses a command or an option that one of the declared platforms does not have.

    Why: macOS has the BSD commands, Alpine has busybox; an option that they do not know ends the command with an error. Looked at only
    where the target itself declares the platform (README, CI, a branch on uname, the image). Passes: uses behind a branch on the
    platform or on the command, uses with an alternative (`a || b`), scripts that only run on one platform. Only possible: scripts of those who make
    a package, and GNU options on files that only Linux has.
    Do: Use the form that works everywhere, which the finding names, or choose between the two forms by `uname -s` or
    `command -v`.
    Source: the table in userland.py with its manual pages.
    """
    found: list[Finding] = []
    looked = False
    for script in scripts:
        if script.language != "shell" or beside_the_point(script.path) or ONE_SYSTEM.search(script.path.rsplit("/", 1)[-1]):
            continue
        reach = {name: p for name in SYSTEM_NAMES if (p := platforms.meets(name, script.path)) is not None}
        if not USES.search(tree.text(script.path)) or not reach:
            continue
        root = syntax.root(script.path)
        if root is None:
            continue
        looked = True
        found += _differences(script, root, reach, tree, manifests)
    if not looked:
        raise NotApplicable("no shell script uses a command that differs between platforms")
    yield from folded(found)


def _differences(
    script: Script, root: SgNode, reach: dict[str, Platform], tree: Tree, manifests: Manifests
) -> Iterator[Finding]:
    everything = list(invocations(root))
    calls: dict[str, list[SgNode]] = {}
    for one in everything:
        calls.setdefault(one.words[0], []).append(one.node)
    flow = Flow(calls)
    own = functions_of(root)
    checked = {w for one in everything if one.words[0] in ("command", "which", "type", "hash") for w in one.words[1:]}
    groups: dict[str, tuple[Difference, list[Platform], list[int]]] = {}
    for one in everything:
        for words in _own_words(one.words):
            name = words[0].rsplit("/", 1)[-1]
            if name not in NAMES or name in own:
                continue
            for difference in DIFFERENCES:
                if difference.command != name or not difference.when(words):
                    continue
                lacking = [
                    reach[p]
                    for p in difference.lacking
                    if p in reach and (difference.when is not always or reach[p].at is not None)
                ]
                if not lacking or f"g{name}" in checked or name in checked or _provided(one, flow, name):
                    continue
                if _filled_later(one, tree.text(script.path)) or _beside_its_twin(one, name):
                    continue
                groups.setdefault(difference.seen, (difference, lacking, []))[2].append(one.line)
                break
    for seen, (difference, lacking, lines) in groups.items():
        names = " and ".join(SYSTEM_NAMES[p.name] for p in lacking)
        declared = next((p for p in lacking if p.at is not None), None)
        where = f", which {declared.at.place} declares," if declared is not None and declared.at is not None else ""
        sure = (
            difference.confidence == "likely"
            and not of_makers(script.path, tree, manifests)
            and not all(_of_linux(n, tree.lines(script.path)) for n in lines)
            and not (difference.command == "osascript" and OF_MACOS.search(tree.text(script.path)))
            and any(p.confidence == "likely" and p.at is not None for p in lacking)
        )
        yield Finding(
            f"`{seen}` does not work on {names}{where}".rstrip(","),
            at=tree.evidence(script.path, lines[0]),
            also=tuple(tree.evidence(script.path, n) for n in lines[1:]),
            impact=f"{difference.impact} Works everywhere: {difference.instead}.",
            confidence="likely" if sure else "possible",
            data={"seen": seen},
        )


OF_LINUX = regex(
    r"(?:^|[\s\"'=:-])/(?:usr/lib(?:exec)?|var/lib|proc|sys|etc/(?:systemd|default|apt|sysconfig|init\.d)|run|lib/systemd)/"
)


def _of_linux(number: int, lines: list[str]) -> bool:
    """Is a command given a path that only Linux has, by itself or in a variable that was set to one?"""
    line = lines[number - 1]
    if OF_LINUX.search(line):
        return True
    names = re.findall(r"\$\{?([A-Za-z_]\w*)", line)
    return any(
        re.match(rf"\s*(?:local\s+|export\s+|readonly\s+)?{re.escape(name)}=", above) and OF_LINUX.search(above)
        for name in names
        for above in lines[: number - 1]
    )


def _own_words(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A command and those that it starts, each with its own words: the options of `xargs git branch -d` are none, and `--` ends them."""
    whole = list(peeled(words))
    for outer, inner in itertools.zip_longest(whole, whole[1:], fillvalue=()):
        own = outer[: len(outer) - len(inner)] if inner else outer
        ends = [i for i, w in enumerate(own) if w == "--" or (own[0] == "find" and w in ("-exec", "-execdir", "-ok"))]
        yield own[: ends[0]] if ends else own


ONE_SYSTEM = regex(
    r"mac_?os|osx|darwin|linux|iterm|launchd|devcontainer|busybox|alpine|bsd|ubuntu|debian|(?:^|[-_.])(?:deb|rpm|snap|mac)(?:[-_.]|$)",
    re.IGNORECASE,
)
"""Names of files and functions that say for which system they are."""


OF_MACOS = regex(r"iTerm|application \\*\"(?:Terminal|Finder|System Events)")
"""A script that steers a program of macOS is for macOS, whatever else the target runs on."""


TWINS = {"md5": "md5sum", "md5sum": "md5", "sha256sum": "shasum", "shasum": "sha256sum", "sha1sum": "shasum"}
"""Commands of the same work on other systems."""


def _beside_its_twin(one: Invocation, name: str) -> bool:
    """Does the statement try the command of the other system as well, with `||` between the two?"""
    twin = TWINS.get(name)
    whole = next((a for a in one.node.ancestors() if a.kind() == "list" and "||" in a.text()), None) if twin else None
    return whole is not None and re.search(rf"\b{twin}\b", whole.text()) is not None


def _filled_later(one: Invocation, text: str) -> bool:
    """Does a line below `x=$(command 2>/dev/null)` fill x in another way where it is empty?"""
    assigned = next((a for a in one.node.ancestors() if a.kind() == "variable_assignment"), None)
    name = assigned.field("name") if assigned is not None else None
    if assigned is None or name is None or "2>" not in assigned.text():
        return False
    below = "\n".join(text.split("\n")[assigned.range().end.line + 1 :][:4])
    word = re.escape(name.text())
    return (
        re.search(
            rf"\$\{{{word}:?=|-z\s+\"?\$\{{?{word}\b|-n\s+\"?\$\{{?{word}\b[^\n]*\|\||\b{word}=[^\n]*\$\{{{word}:?-", below
        )
        is not None
    )


def _provided(one: Invocation, flow: Flow, name: str) -> bool:
    """Is the use behind a branch on the platform, behind the same command in another form, or followed by an alternative?"""
    functions = (a.field("name") for a in one.node.ancestors() if a.kind() == "function_definition")
    if any(function is not None and ONE_SYSTEM.search(function.text()) for function in functions):
        return True
    for text in flow.conditions(one.node):
        if OS_BRANCH.search(text) or re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            return True
    for above in one.node.ancestors():
        kind = above.kind()
        if kind == "list":
            mark, first = above.child(1), above.child(0)
            if mark is not None and mark.text() == "||" and first is not None and _within(first, one.node):
                return True
        elif (
            kind in ("if_statement", "elif_clause")
            and (head := above.field("condition")) is not None
            and _within(head, one.node)
        ):
            return True
        elif kind == "command_substitution" and not _assigns(above):
            return False  # its status is lost in the words of another command
        elif kind == "function_definition":
            return False
    return False


def _assigns(substitution: SgNode) -> bool:
    """Is `$( )` the whole value of an assignment, so that its status is the assignment's?"""
    above = substitution.parent()
    if above is not None and above.kind() == "string":
        above = above.parent()
    return above is not None and above.kind() == "variable_assignment"


def _within(outer: SgNode, inner: SgNode) -> bool:
    whole, part = outer.range(), inner.range()
    return whole.start.index <= part.start.index and part.end.index <= whole.end.index


# --- shells --------------------------------------------------------------------------------------------------------------------

NEW_BASH_HINT = regex(
    r"@[QEPAKaULuk]\}|\^\}|\^\^|,,|,\}|\[-\d|:\s*-\d|EPOCH|SRANDOM|mapfile|readarray|coproc|wait\s+-|shopt|%\(|&>>|\|&|-v\s|(?:declare|local|typeset|readonly|export)\s+-|read\s"
)
KNOWS_ITS_BASH = regex(r"BASH_VERSINFO|BASH_VERSION\b")


@rule("PORT-BASH", gate="relocate", category="portability", fix=ask_for_bash)
def newer_bash(scripts: Scripts, syntax: Syntax, platforms: Platforms, tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A script needs a newer bash than the 3.2 of macOS, which the target declares.

    Why: macOS ships bash 3.2 of 2007 as /bin/bash, and `env bash` finds that one unless the user installed another. Passes: scripts
    that look at BASH_VERSINFO, whose #! names another bash, documents that ask for bash 4 or newer, uses behind a branch on the
    platform, scripts that only run on Linux. Only possible: scripts of those who make a package (no guide, manifest or installer
    names them), completions, and functions that the script leaves to others to call.
    Do: Write it with what bash 3.2 has (`while read` for mapfile, tr for `${x,,}`), or ask for bash 4 or newer in the README
    and end with a message where BASH_VERSINFO says less.
    Source: bash's NEWS for 4.0 to 5.1; macOS ships 3.2.57.
    """
    if platforms.get("macos") is None:
        raise NotApplicable("macOS is not declared")
    if platforms.newer_bash is not None:
        raise NotApplicable(f"{platforms.newer_bash.place} asks for a newer bash")
    found: list[Finding] = []
    for script in scripts:
        platform = platforms.meets("macos", script.path)
        text = tree.text(script.path)
        if platform is None or script.language != "shell" or beside_the_point(script.path) or KNOWS_ITS_BASH.search(text):
            continue
        if (
            re.match(r"#(?:compdef|autoload)|#.*\bzsh\b", text)
            or script.interpreter not in ("bash", "")
            or script.interpreter_path
            not in (
                "/bin/bash",
                "/usr/bin/env",
                "/usr/bin/bash",
                "",
            )
        ):
            continue
        if not NEW_BASH_HINT.search(text) or (root := syntax.root(script.path)) is None:
            continue
        flow = Flow({})
        for feature, nodes in _features(root, NEWER_BASH).items():
            free = [n for n in nodes if not any(OS_BRANCH.search(c) for c in flow.conditions(n)) and not _tried_only(n)]
            if not free:
                continue
            lines = sorted({_line(n) for n in free})
            at = f" ({platform.at.place})" if platform.at is not None else ""
            confidence: Confidence = (
                "likely"
                if platform.confidence == "likely"
                and script.interpreter
                and not all(_left_to_others(n, text) for n in free)
                and not of_makers(script.path, tree, manifests)
                else "possible"
            )
            found.append(
                Finding(
                    f"`{feature.seen}` needs bash {feature.version}, and macOS, which the target declares{at}, has 3.2",
                    at=tree.evidence(script.path, lines[0]),
                    also=tuple(tree.evidence(script.path, n) for n in lines[1:]),
                    impact=feature.impact,
                    confidence=confidence,
                    data={"seen": feature.seen, "version": feature.version},
                )
            )
    yield from folded(found)


def _left_to_others(node: SgNode, text: str) -> bool:
    """Does a node lie in a function that its own script never calls?"""
    functions = [above for above in node.ancestors() if above.kind() == "function_definition"]
    name = functions[-1].field("name") if functions else None
    code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return name is not None and len(re.findall(rf"(?<![\w.-]){re.escape(name.text())}(?![\w.-])", code)) == 1


def _tried_only(node: SgNode) -> bool:
    """Is a builtin only tried: `if shopt -s globstar; then`, `mapfile … 2>/dev/null || …`? Its failure is then an answer."""
    if node.kind() == "expansion":
        return re.match(r"\s*\$\{EPOCH\w+:?[-+]", node.text()) is not None
    if node.kind() not in ("command", "declaration_command"):
        return False
    set_here = re.match(r"\s*printf\s+-v\s+(\w+)", node.text())
    quiet = node.text().lstrip().startswith("shopt")
    for above in node.ancestors():
        kind = above.kind()
        if kind == "redirected_statement":
            quiet = quiet or re.search(r"2>\s*/dev/null|&>\s*/dev/null|2>&-", above.text()) is not None
            following = above.next()
            if (
                quiet
                and set_here
                and following is not None
                and re.search(rf"\b{set_here[1]}\b", following.text().split("\n")[0])
            ):
                return True
        elif kind == "list":
            mark, first = above.child(1), above.child(0)
            if first is not None and mark is not None and _within(first, node):
                return quiet and (mark.text() == "||" or node.text().lstrip().startswith("shopt"))
            return False
        elif kind in ("if_statement", "elif_clause"):
            head = above.field("condition")
            return quiet and (_within(head, node) if head is not None else False)
        elif kind != "negated_command":
            return False
    return False


def _features(root: SgNode, table: tuple[Feature, ...]) -> dict[Feature, list[SgNode]]:
    """Nodes of a script that use a feature of the table, by feature."""
    found: dict[Feature, list[SgNode]] = {}
    for kind in sorted({f.kind for f in table}):
        for node in root.find_all(kind=kind):
            text = node.text()
            feature = next((f for f in table if f.kind == kind and f.pattern.match(text)), None)
            if feature is not None and not (kind == "pipeline" and not any(c.text() == "|&" for c in node.children())):
                found.setdefault(feature, []).append(node)
    return found


def _line(node: SgNode) -> int:
    """The line of a node's first word: its start may lie on blanks before."""
    text = node.text()
    return line_of(node) + text[: len(text) - len(text.lstrip())].count("\n")


def start_with_bash(finding: Finding, tree: Tree, platforms: Platforms) -> Fix | None:
    """Let the first line name the shell that the script is written for."""
    path = finding.at.path
    first = tree.lines(path)[0]
    words = first[2:].split()
    if len(words) > 2 or not words or (words[0].endswith("env") and len(words) != 2):
        return None
    options = words[1:] if not words[0].endswith("env") else []
    new = f"#!/bin/bash {options[0]}" if options else "#!/usr/bin/env bash"
    return Fix(
        title=f"Start {path} with bash",
        findings=(finding.id,),
        safety="review" if path in platforms.contained else "safe",
        edits=(Edit(path, first, new, 1),),
        why="It is written in bash; sh is another shell on Debian, Ubuntu and Alpine.",
    )


@rule("PORT-SH", gate="relocate", category="portability", fix=start_with_bash)
def bash_under_sh(scripts: Scripts, syntax: Syntax, platforms: Platforms, tree: Tree) -> Iterator[Finding]:
    """A script that asks for sh is written in bash.

    Why: sh is dash on Debian and Ubuntu, ash on Alpine: they stop at arrays and `<<<`, and answer `not found` for `[[`, so the test is
    silently false. Passes: scripts that look at BASH_VERSION or start themselves again with bash, and `local`, which all of them know.
    Do: Let the first line name bash (`#!/usr/bin/env bash`) and see that it is installed where the script runs, or write plain
    sh: `[ … ]` for `[[ … ]]`, `.` for source, printf for `<<<`.
    Source: POSIX.1-2024, Shell & Utilities, 2; dash(1).
    """
    asked = [s for s in scripts if s.language == "shell" and s.interpreter in ("sh", "dash", "ash")]
    if not asked:
        raise NotApplicable("no script asks for sh")
    found: list[Finding] = []
    for script in asked:
        text = tree.text(script.path)
        if beside_the_point(script.path) or re.search(r"BASH_VERSION|exec\s+(?:/usr/bin/env\s+|/bin/)?bash|ZSH_VERSION", text):
            continue
        root = syntax.root(script.path)
        if root is None or root.find(kind="ERROR") is not None:
            continue
        used = [
            (f, n)
            for f, nodes in _features(root, NOT_SH).items()
            for n in nodes
            if not (script.path in platforms.contained and f.seen in BUSYBOX_KNOWS)
        ]
        if not used:
            continue
        used.sort(key=lambda pair: (_line(pair[1]), pair[0].seen))
        lines = sorted({_line(n) for _, n in used})
        seen = list(dict.fromkeys(f.seen for f, _ in used))
        shown = ", ".join(f"`{s}`" for s in seen[:4]) + (" …" if len(seen) > 4 else "")
        found.append(
            Finding(
                f"{shown} {'is' if len(seen) == 1 else 'are'} bash, but the #! line asks for {script.interpreter}",
                at=tree.evidence(script.path, lines[0]),
                also=tuple(tree.evidence(script.path, n) for n in lines[1:20]),
                impact=f"In dash: {used[0][0].impact}.",
                confidence="likely"
                if (platforms.get("linux-gnu") is not None or script.path in platforms.contained)
                and not MAINTAINERS.search(script.path)
                else "possible",
            )
        )
    yield from folded(found)


BUSYBOX_KNOWS = frozenset(
    ("[[ ]]", "== in [ ]", "source", "${x/a/b}", "${x:0:1}", "set -o pipefail", "function", "a builtin of bash", "&>", "<<<")
)


# --- the folder somebody stands in ---------------------------------------------------------------------------------------------

MOVES = regex(
    r"^\s*(?:cd|pushd)\s+[^\n]*(?:dirname|BASH_SOURCE|\$0|SCRIPT_?DIR|\$\{?(?:here|HERE|ROOT\w*|root|DIR|BASE\w*|PROJECT\w*))",
    re.MULTILINE,
)


@rule("PORT-CWD", gate="relocate", category="portability")
def callers_folder(references: References, callers: Callers, deployment: Deployment, tree: Tree) -> Iterator[Finding]:
    """A script takes a file that lies beside it from the folder of whoever starts it.

    Why: `./lib.sh` is looked for where the caller stands, so the script works only when it is started from its own folder. Critical
    only where something starts it from elsewhere: cron, or a unit without WorkingDirectory. Passes: scripts that go to their own
    folder first, and paths built from dirname "$0" or BASH_SOURCE.
    Do: Build the path from the script's own folder: `here=$(cd "$(dirname "$0")" && pwd)`, then `"$here/…"`; in a file that is
    sourced take BASH_SOURCE in place of `$0`.
    Source: POSIX.1-2024, Shell & Utilities, 2.9.1.4 and `.`.
    """
    found: list[Finding] = []
    for reference in references:
        if (
            reference.place != "shell"
            or reference.base != "cwd"
            or reference.guarded
            or reference.act not in ("source", "run", "read")
        ):
            continue
        folder = reference.source.rpartition("/")[0]
        text = reference.text.removeprefix("./")
        if not folder or not text or text.startswith(("$", "~", "/")) or beside_the_point(reference.source):
            continue
        beside = f"{folder}/{text}"
        if beside not in tree.entries or text in tree.entries:
            continue
        if MOVES.search("\n".join(tree.lines(reference.source)[: reference.line])):
            continue
        elsewhere = _from_elsewhere(reference.source, callers, deployment)
        ending = f", and {elsewhere} starts it from another" if elsewhere else ""
        found.append(
            Finding(
                f"{reference.text} is looked for in the caller's folder, but lies beside the script{ending}",
                at=tree.evidence(reference.source, reference.line),
                impact="Started from any other folder the file is not found.",
                confidence="likely" if elsewhere else "possible",
                data={"text": reference.text},
            )
        )
    yield from folded(found)


def _from_elsewhere(script: str, callers: Callers, deployment: Deployment) -> str:
    """A place that starts the script from a folder that is not the script's own."""
    units = {u.path: {key for key, _, _ in u.entries} for u in deployment.units}
    for call in callers.of(script):
        if call.source in units and "Service.WorkingDirectory" not in units[call.source]:
            return f"{call.source}:{call.line}"
        if "cron" in call.who.lower() or "crontab" in call.source:
            return f"{call.source}:{call.line}"
    return ""
