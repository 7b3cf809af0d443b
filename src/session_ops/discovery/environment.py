"""Environment variables: used where, with a default or without, and documented where."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from ast_grep_py import SgNode

from session_ops.discovery.commands import SOURCES
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.syntax import Syntax
from session_ops.patterns import regex
from session_ops.registry import fact


@dataclass(frozen=True)
class Use:
    """One place that reads a variable from the environment. `default` is its text, None where there is none and the code fails or goes on empty.

    `required`: the code stops when it is not set (`${X:?}`, `os.environ["X"]`, `$X` under `set -u`).
    """

    name: str
    path: str
    line: int
    default: str | None
    required: bool


@dataclass(frozen=True)
class Mention:
    """A place that documents or sets a variable.

    `kind`: template (.env.example), env (a real .env), docs, comment (in code), compose, unit, dockerfile, ci, config, or set (by a script).
    """

    name: str
    path: str
    line: int
    kind: str


@dataclass(frozen=True)
class Environment:
    """All uses and mentions, sorted by name, path and line. Variables that every system sets (HOME, PATH, USER …) are left out."""

    uses: tuple[Use, ...]
    mentions: tuple[Mention, ...]

    def undocumented(self) -> tuple[str, ...]:
        """Names that are used and mentioned nowhere."""
        return tuple(sorted({u.name for u in self.uses} - {m.name for m in self.mentions}))


GIVEN = frozenset(
    re.findall(
        r"\w+",
        """
        HOME PATH USER LOGNAME PWD OLDPWD SHELL SHLVL TERM LANG LANGUAGE TMPDIR TEMP TMP HOSTNAME HOST EDITOR VISUAL PAGER BROWSER DISPLAY
        MAIL TZ COLUMNS LINES IFS REPLY OPTARG OPTIND OPTERR RANDOM SRANDOM SECONDS LINENO PIPESTATUS FUNCNAME EPOCHSECONDS EPOCHREALTIME
        UID EUID GID PPID GROUPS OSTYPE MACHTYPE HOSTTYPE DIRSTACK COMP_WORDS COMP_CWORD COMPREPLY COPROC MAPFILE PROMPT_COMMAND
        CI DEBUG VERBOSE NO_COLOR FORCE_COLOR CLICOLOR COLORTERM TERM_PROGRAM TERM_PROGRAM_VERSION TMUX TMUX_PANE STY NODE_ENV MODE DEV PROD
        SSR BASE_URL PYTHONPATH PYTHONUNBUFFERED VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV GOPATH GOROOT GOBIN GOOS GOARCH CARGO_HOME
        RUST_LOG RUST_BACKTRACE OUT_DIR APPDATA LOCALAPPDATA USERPROFILE USERNAME HOMEDRIVE HOMEPATH PROGRAMDATA PROGRAMFILES SYSTEMROOT
        COMSPEC WINDIR PATHEXT OS COMPUTERNAME MSYSTEM WSLENV DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY NOTIFY_SOCKET INVOCATION_ID
        JOURNAL_STREAM LISTEN_FDS LISTEN_PID MAINPID WATCHDOG_USEC STATE_DIRECTORY RUNTIME_DIRECTORY LOGS_DIRECTORY CACHE_DIRECTORY
        CONFIGURATION_DIRECTORY CREDENTIALS_DIRECTORY HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY CLAUDECODE INIT_CWD MAKEFLAGS MAKELEVEL
        ZSH_NAME ZSH_VERSION ZDOTDIR WORDCHARS FPATH KUBECONFIG DOCKER_HOST DOCKER_CONFIG DESTDIR PREFIX GNUPGHOME NODE_PATH NVM_DIR
        """,
    )
)
"""Set by the system, the shell, the service manager, the build tool or the agent that starts a hook; nobody has to document them."""
_GIVEN_PREFIXES = tuple(
    re.findall(
        r"\w+",
        """
        XDG_ LC_ BASH SSH_ SUDO_ TAURI_ GITHUB_ RUNNER_ GITLAB_ CLAUDE_PLUGIN_ CLAUDE_PROJECT_ CLAUDE_CODE_ CLAUDE_SESSION_ID KUBERNETES_ WSL_
        GIT_ CARGO_ VSCODE_ NPM_CONFIG_ CODEX_SANDBOX CURSOR_ PYTEST_ JEST_ VITEST
        """,
    )
)
_N = r"(?P<name>[A-Z][A-Z0-9_]{1,60})"
_Q = r"[\"'`]"

_READS: dict[str, tuple[tuple[re.Pattern[str], bool], ...]] = {
    "python": (
        (regex(rf"\benviron\s*\[\s*{_Q}{_N}{_Q}\s*\](?!\s*=[^=])"), True),
        (regex(rf"\b(?:environ\s*\.\s*get|getenv)\s*\(\s*{_Q}{_N}{_Q}\s*(?P<rest>,|\))"), False),
    ),
    "javascript": (
        (regex(rf"\b(?:process\.env|import\.meta\.env|Bun\.env)(?:\.|\?\.|\[{_Q}){_N}\b(?:{_Q}\])?(?!\s*=[^=])"), False),
        (regex(rf"\bDeno\.env\.get\({_Q}{_N}{_Q}\)"), False),
    ),
    "ruby": (
        (regex(rf"\bENV\[{_Q}{_N}{_Q}\](?!\s*=[^=~])"), False),
        (regex(rf"\bENV\.fetch[ (]\s*{_Q}{_N}{_Q}\s*(?P<rest>,|\)\s*\{{|\)|\n)"), True),
    ),
    "go": ((regex(rf"\bos\.(?:Getenv|LookupEnv)\(\"{_N}\"\)"), False),),
    "rust": (
        (regex(rf"\benv::var(?:_os)?\(\"{_N}\"\)(?=\s*(?:\?|\.(?:unwrap|expect)\())"), True),
        (regex(rf"\benv::var(?:_os)?\(\"{_N}\"\)(?!\s*(?:\?|\.(?:unwrap|expect)\())"), False),
    ),
}
_READS["typescript"] = _READS["tsx"] = _READS["javascript"]
_OR = regex(r"\s*\)*\s*(?:\|\||\?\?|\bor\b|\.unwrap_or(?:_else|_default)?)\s*(?P<default>[^\n;]*)")
_TESTED = regex(r"\s*(?:\)\s*)?(?:===?|!==?|&&|\?[^?.]|\))")
_PREFILTER = (
    "environ",
    "getenv",
    "process.env",
    "import.meta.env",
    "Bun.env",
    "Deno.env",
    "ENV",
    "os.Getenv",
    "os.LookupEnv",
    "env::var",
    "with_prefix",
)
_EXPANSION = regex(r"\$\{(?P<bang>!?)" + _N + r"(?P<op>:?[-=?+]|[#%/^,@:\[]|\})(?P<rest>[^}]*)")
_SHELL_SETS = regex(
    r"(?:\b(?:read|mapfile|readarray)\s[^\n;|&<]*|\bgetopts\s+\S+\s+|\bprintf\s+-v\s+|\bfor\s+|\bselect\s+|\b(?:local|declare|typeset|readonly|export)\s[^\n;=]*?)"
    r"\b(?P<name>[A-Z][A-Z0-9_]+)\b"
)
_COMPOSE_NAME = regex(r"(?:docker-|podman-)?compose[\w.-]*\.ya?ml$")
_COMPOSE_USE = regex(r"(?<!\$)\$(?:\{" + _N + r"(?P<op>:?[-?+]|\})(?P<rest>[^}]*)|" + _N.replace("name", "plain") + ")")
_TOKEN = regex(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{1,60}(?![A-Za-z0-9_])")
_COMMENT = regex(r"^\s*(?:#|//|\*|/\*|<!--)|\s#\s|\s//\s")
_SETS_BEFORE = regex(
    r"(?:environ\s*\[\s*|environ\.setdefault\(\s*|ENV\[|env\[|Setenv\(|set_var\(|\.env\()[\"']$|process\.env\.$"
)
_SETS_AFTER = regex(r"[\"']?\s*(?:\]\s*(?:\|\|)?=(?!=)|,|=(?!=))")
_SETS_KEY = regex(r"[\"']\s*(?::|=>)")
"""A key of a table that becomes a child's environment."""
_DOCSTRING = regex(r"(\"{3}|'{3}).*?\1", re.DOTALL)
"""Docstrings, where code is only talked about."""
_PICKED = regex(r"\{(?P<names>[^{}]*)\}\s*=\s*(?:process\.env|import\.meta\.env)\b")
_TELLS = frozenset(
    (
        "env",
        "markdown",
        "rst",
        "text",
        "yaml",
        "json",
        "toml",
        "ini",
        "conf",
        "systemd",
        "dockerfile",
        "makefile",
        "xml",
        "gitignore",
        "",
    )
)
TELLING_SIZE = 500_000
"""Characters; a longer file is data or a lock file, and documents no variable."""


@fact
def environment(tree: Tree, syntax: Syntax) -> Environment:
    """Variables that scripts, code and compose files read from their environment, and every place that names or sets one."""
    uses: list[Use] = []
    sets: list[Mention] = []
    for entry in tree.files():
        if entry.language in ("shell", "zsh"):
            found, own = _shell(tree, syntax, entry)
            uses += found
            sets += own
        elif entry.language in _READS:
            uses += _code(tree, entry)
        elif entry.language == "yaml" and _COMPOSE_NAME.search(entry.path):
            uses += _compose(tree, entry)
    uses = [u for u in uses if not given(u.name)]
    names = {u.name for u in uses}
    mentions = [m for m in sets if m.name in names]
    for entry in tree.files():
        mentions += _mentions(tree, entry, names)
    key = {(m.name, m.path, m.line): m for m in mentions}
    return Environment(tuple(sorted(set(uses), key=lambda u: (u.name, u.path, u.line))), tuple(key[k] for k in sorted(key)))


def given(name: str) -> bool:
    """Does every system, shell or build tool set this variable?"""
    return name in GIVEN or name.startswith(_GIVEN_PREFIXES)


class _Lines:
    def __init__(self, text: str) -> None:
        self._ends = [m.start() for m in re.finditer("\n", text)]

    def at(self, offset: int) -> int:
        return bisect_right(self._ends, offset - 1) + 1


_PREFIX = regex(r"\bEnvironment::with_prefix\(\s*\"(?P<prefix>[A-Z][A-Z0-9]*)\"")
_FIELD = regex(
    r"(?:#\[serde\(default(?:\s*=\s*\"(?P<function>\w+)\")?(?P<serde>)\)\]\s*)?^\s*pub(?:\([^)]*\))?\s+(?P<field>[a-z]\w*)\s*:\s*(?P<type>[^,\n]+),?\s*$",
    re.MULTILINE,
)
_GIVES = regex(
    r"\bfn\s+(?P<function>\w+)\(\)\s*->\s*[^{;]+\{\s*(?P<value>\"[^\"\n]*\"|[\w.]+)(?:\.into\(\)|\.to_string\(\)|\.to_owned\(\))?\s*\}"
)


def _settings(text: str, path: str, lines: _Lines) -> Iterator[Use]:
    """The fields of a settings struct of Rust that the crate `config` fills from variables with a prefix.

    Source: docs.rs, config, Environment::with_prefix; serde.rs, field attributes (default).
    """
    prefix = _PREFIX.search(text)
    if prefix is None:
        return
    gives = {m["function"]: m["value"].strip('"') for m in _GIVES.finditer(text)}
    for match in _FIELD.finditer(text):
        default = gives.get(match["function"]) if match["function"] else "" if match["serde"] is not None else None
        optional = match["type"].strip().startswith("Option<")
        name = f"{prefix['prefix']}_{match['field'].upper()}"
        yield Use(
            name,
            path,
            lines.at(match.start("field")),
            "" if default is None and optional else default,
            default is None and not optional,
        )


def _code(tree: Tree, entry: FileEntry) -> Iterator[Use]:
    text = tree.text(entry.path)
    if not any(word in text for word in _PREFILTER):
        return
    lines = _Lines(text)
    if entry.language == "rust" and "with_prefix" in text:
        yield from _settings(text, entry.path, lines)
    if entry.language in ("javascript", "typescript", "tsx"):
        yield from _picked(text, entry.path, lines)
    quoted = [m.span() for m in _DOCSTRING.finditer(text)] if entry.language == "python" else []
    for pattern, strict in _READS[entry.language]:
        for match in pattern.finditer(text):
            line = lines.at(match.start())
            if any(first < match.start() < last for first, last in quoted):
                continue
            if tree.lines(entry.path)[line - 1].lstrip().startswith(("#", "//", "*", "/*")):
                continue
            default: str | None = None
            rest = match.groupdict().get("rest") or ""
            end = match.end()
            if rest.startswith(",") or rest.endswith("{"):
                default = _until_close(text, end)
            elif after := _OR.match(text, end):
                default = after["default"].strip(" ,()")
            elif entry.language != "python" and _TESTED.match(text, end) and not strict:
                default = ""  # only asked whether it is set
            yield Use(match["name"], entry.path, line, default, strict and default is None)


def _picked(text: str, path: str, lines: _Lines) -> Iterator[Use]:
    """`const { NAME, OTHER = "x" } = process.env`."""
    for match in _PICKED.finditer(text):
        for part in re.finditer(r"([A-Z][A-Z0-9_]+)\s*(?::\s*\w+\s*)?(?:=\s*([^,]+))?", match["names"]):
            yield Use(part[1], path, lines.at(match.start("names") + part.start()), part[2].strip() if part[2] else None, False)


def _until_close(text: str, start: int) -> str:
    """The text up to the bracket that closes the call, at most one hundred characters."""
    depth = 0
    for offset, char in enumerate(text[start : start + 100]):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return text[start : start + offset].strip().strip("\"'")
            depth -= 1
    return text[start : start + 100].strip()


_DEMANDED = regex(r"\$\{([A-Z][A-Z0-9_]+):?\?")


def _shell(tree: Tree, syntax: Syntax, entry: FileEntry) -> tuple[list[Use], list[Mention]]:
    """Expansions of variables that this script never sets itself, and what it exports or puts before a command."""
    text = tree.text(entry.path)
    root = syntax.root(entry.path) if re.search(r"[A-Z][A-Z0-9_]", text) else None
    if root is None:  # a script of zsh, of which only what it demands is plain without a parser
        demanded = (m for m in _DEMANDED.finditer(text) if "#" not in text[text.rfind("\n", 0, m.start()) + 1 : m.start()])
        return [Use(m[1], entry.path, text.count("\n", 0, m.start()) + 1, None, True) for m in demanded], []
    sets: list[Mention] = []
    own: set[str] = set()
    for node in root.find_all(kind="variable_assignment"):
        name = node.text().split("=")[0].rstrip("+").split("[")[0]
        value = node.text().partition("=")[2]
        # X="${X:-default}" takes the caller's value: it is a use with a default, not a variable of its own
        if not re.match(rf"[\"']?\$\{{?{re.escape(name)}\b", value):
            own.add(name)
            sets.append(Mention(name, entry.path, node.range().start.line + 1, "set"))
        elif re.match(rf"[\"']?\$\{{{re.escape(name)}:?[-=]", value):
            own.add(name)  # later plain uses are safe
    for match in _SHELL_SETS.finditer(text):
        own.update(_TOKEN.findall(match[0]))
    sourcing = bool(SOURCES.search(text))
    strict = bool(re.search(r"(?m)^\s*set\s+-\w*u|^\s*set\s+.*nounset", text))
    tested = set(re.findall(r"-[nzv]\s+[\"']?\$?\{?([A-Z][A-Z0-9_]+)", text))
    uses: list[Use] = []
    for node in root.find_all(kind="expansion"):
        text_here, line = _bare(node)
        parts = _EXPANSION.match(text_here)
        if parts is None or parts["bang"]:
            continue
        name, op = parts["name"], parts["op"]
        if op in (":-", "-", ":=", "=", ":+", "+"):
            uses.append(Use(name, entry.path, line, parts["rest"] if op[-1] != "+" else "", False))
            own.add(name) if op in (":=", "=") else None
        elif op in (":?", "?"):
            uses.append(Use(name, entry.path, line, None, True))
        else:
            uses.append(Use(name, entry.path, line, "" if name in tested else None, strict and name not in tested))
    for node in root.find_all(kind="simple_expansion"):
        text_here, line = _bare(node)
        name = text_here[1:]
        if re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
            uses.append(Use(name, entry.path, line, "" if name in tested else None, strict and name not in tested))
    with_default = {u.name for u in uses if u.default is not None}
    kept = []
    for use in uses:
        plain = use.default is None and not use.required
        if use.name in own and (use.default is None or not _own_default(text, use)):
            continue
        must = re.search(rf"\$\{{{use.name}:?\?", text) is not None
        if sourcing and use.default is None and not must:  # the sourced file may set it
            continue
        if plain and use.name in with_default:  # tested or defaulted elsewhere in the script
            continue
        kept.append(use)
    return kept, sets


def _bare(node: SgNode) -> tuple[str, int]:
    """A node's text and line without the blanks before it, which the grammar counts in inside of double quotes."""
    text = node.text()
    bare = text.lstrip()
    return bare, node.range().start.line + 1 + text[: len(text) - len(bare)].count("\n")


def _own_default(text: str, use: Use) -> bool:
    """Is this the `X="${X:-d}"` form that takes the caller's value?"""
    return bool(re.search(rf"(?m)(?:^|[\s;]){use.name}=[\"']?\$\{{{use.name}:?[-=]|^\s*:\s+[\"']?\$\{{{use.name}:?=", text))


def _compose(tree: Tree, entry: FileEntry) -> Iterator[Use]:
    for number, line in enumerate(tree.lines(entry.path), start=1):
        if "$" not in line or line.lstrip().startswith("#"):
            continue
        for match in _COMPOSE_USE.finditer(line):
            op = match["op"] or "}"
            default = match["rest"] if op in (":-", "-") else "" if "+" in op else None
            yield Use(match["name"] or match["plain"], entry.path, number, default, "?" in op)


def _mentions(tree: Tree, entry: FileEntry, names: set[str]) -> Iterator[Mention]:
    """The first place of each used variable in a file that documents or sets it."""
    text = tree.text(entry.path)
    telling = entry.language in _TELLS
    if (
        not names
        or len(text) > TELLING_SIZE
        or (not telling and entry.language not in _READS and entry.language not in ("shell", "zsh"))
    ):
        return
    if not any(name in names for name in _TOKEN.findall(text)):
        return
    seen: set[str] = set()
    kind = _kind(entry) if telling else "comment"
    for number, line in enumerate(tree.lines(entry.path), start=1):
        for match in _TOKEN.finditer(line):
            name = match[0]
            if name not in names or name in seen:
                continue
            before = line[: match.start()]
            if telling:
                if kind not in ("docs", "template") and before.endswith(("$", "${")):
                    continue
                value = line[match.end() :]
                if kind == "compose" and re.match(rf"\s*[:=]\s*[\"']?\$\{{?{name}\b", value):
                    continue
                seen.add(name)
                yield Mention(name, entry.path, number, kind)
            elif _COMMENT.search(before):
                seen.add(name)
                yield Mention(name, entry.path, number, "comment")
            elif (_SETS_BEFORE.search(before) and _SETS_AFTER.match(line[match.end() :])) or (
                before.endswith(('"', "'")) and _SETS_KEY.match(line[match.end() :])
            ):
                seen.add(name)
                yield Mention(name, entry.path, number, "set")


def _kind(entry: FileEntry) -> str:
    name = entry.path.rpartition("/")[2].lower()
    if entry.language == "env":
        return "template" if re.search(r"example|sample|template|dist|default", name) else "env"
    if entry.language in ("markdown", "rst", "text"):
        return "docs"
    if entry.language == "yaml":
        if _COMPOSE_NAME.search(name):
            return "compose"
        return "ci" if ".github/" in entry.path or "gitlab-ci" in name else "config"
    return {"systemd": "unit", "dockerfile": "dockerfile"}.get(entry.language, "config")
