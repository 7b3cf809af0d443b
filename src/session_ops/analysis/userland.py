"""What differs between GNU, BSD (macOS) and busybox commands, and between versions of bash: data for the portability rules."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

from session_ops.model import Confidence
from session_ops.patterns import regex

Test = Callable[[tuple[str, ...]], bool]


@dataclass(frozen=True)
class Difference:
    """A way to call a command that some platforms do not have. `lacking` names them; `seen` shows it to people; `instead` what works on all."""

    command: str
    seen: str
    when: Test
    lacking: tuple[str, ...]
    impact: str
    instead: str
    confidence: Confidence = "likely"


def short(letter: str) -> Test:
    """Is this one-letter option given, alone, in a cluster, or with its value attached?"""
    pattern = re.compile(rf"-[a-zA-Z]*{letter}")
    return lambda words: any(pattern.match(w) for w in words[1:])


def word(pattern: str) -> Test:
    """Does a word match?"""
    compiled = re.compile(pattern)
    return lambda words: any(compiled.match(w) for w in words[1:])


def either(*tests: Test) -> Test:
    """Does one of the tests hold?"""
    return lambda words: any(test(words) for test in tests)


def both(*tests: Test) -> Test:
    """Do all tests hold?"""
    return lambda words: all(test(words) for test in tests)


def counts_from_the_end(words: tuple[str, ...]) -> bool:
    """`head -n -5`: a negative count as a word of its own."""
    return any(one == "-n" and two.startswith("-") for one, two in itertools.pairwise(words))


def formats_with_f(words: tuple[str, ...]) -> bool:
    """`stat -f FORMAT` as BSD has it; with -c beside it GNU's stat asks for the file system."""
    given = any(re.match(r"-[Lnq]*f(?:$|[\"'%])", w) for w in words[1:]) and any("%" in w for w in words[1:])
    return given and not any(re.match(r"-[a-zA-Z]*c|--(?:format|printf)", w) for w in words[1:])


def always(_: tuple[str, ...]) -> bool:
    """The command itself is missing."""
    return True


def sed_in_place(words: tuple[str, ...]) -> str:
    """Which form of `sed -i` this is: `gnu` (no suffix word), `bsd` (an empty suffix word), `mixed` (options follow), or empty."""
    for place, text in enumerate(words[1:], 1):
        if text == "--in-place":
            return "gnu"
        if re.fullmatch(r"-[nErsuz]*i", text):
            following = words[place + 1 : place + 2]
            if following == ("",):
                return "bsd"
            if not following or following[0].startswith("$") or re.match(r"\.\w+$", following[0]):
                return ""
            return "mixed" if following[0].startswith("-") else "gnu"
        if not text.startswith("-"):
            return ""
    return ""


MAC, LINUX, BUSYBOX = "macos", "linux-gnu", "busybox"
DATE_OF = r"-u?d(?![a-z])|-ud|--date"
RELATIVE = r".*\b(?:ago|yesterday|tomorrow|days?|hours?|minutes?|weeks?|months?|next|last)\b"
OPTION = "It answers `illegal option` and ends with an error; what it should have printed is empty."
ABSENT = "The shell answers `command not found` (127)."

DIFFERENCES = (
    Difference(
        "sed",
        "sed -i",
        lambda w: sed_in_place(w) == "gnu",
        (MAC,),
        "The script is taken for the suffix of a backup: `invalid command code`.",
        "sed -i.bak … && rm …",
    ),
    Difference(
        "sed",
        "sed -i -e",
        lambda w: sed_in_place(w) == "mixed",
        (MAC,),
        "The next option is taken for the suffix of a backup file.",
        "sed -i.bak …",
        "possible",
    ),
    Difference(
        "sed",
        "sed -i ''",
        lambda w: sed_in_place(w) == "bsd",
        (LINUX, BUSYBOX),
        "The empty word is taken for the script, and the script for a file: `No such file or directory`.",
        "sed -i.bak …",
    ),
    Difference("date", "date -d", word(DATE_OF), (MAC,), OPTION, "python3 -c, or date -j -f beside it"),
    Difference(
        "date",
        "date -d with words",
        both(word(DATE_OF), word(RELATIVE)),
        (BUSYBOX,),
        "It answers `invalid date`.",
        "date -d @SECONDS",
    ),
    Difference("date", "date -v", word(r"-[uj]*v"), (LINUX, BUSYBOX), "It answers `invalid option -- v`.", "date -d beside it"),
    Difference("date", "date -j", word(r"-u?j"), (LINUX, BUSYBOX), "It answers `invalid option -- j`.", "date -d beside it"),
    Difference(
        "date",
        "date -r SECONDS",
        both(word(r"-u?r$"), word(r"\d{9,}$")),
        (LINUX, BUSYBOX),
        "The number is taken for a file: `No such file or directory`.",
        "date -d @SECONDS beside it",
    ),
    Difference(
        "date",
        "date +%N",
        word(r"\+.*%\d?N"),
        (MAC, BUSYBOX),
        "It prints the letter N, and arithmetic on it fails.",
        "date +%s, or python3 -c",
        "possible",
    ),
    Difference(
        "stat",
        "stat -c",
        either(short("c"), word(r"--(?:format|printf)")),
        (MAC,),
        OPTION,
        "stat -f beside it, or wc -c, or python3 -c",
    ),
    Difference(
        "stat",
        "stat -f",
        formats_with_f,
        (LINUX, BUSYBOX),
        "`-f` asks for the file system there, and the format is taken for a file.",
        "stat -c beside it",
    ),
    Difference(
        "readlink",
        "readlink -f",
        either(short("[fem]"), word(r"--canonicalize")),
        (MAC,),
        "macOS before 12.3 answers `illegal option -- f`.",
        'cd "$(dirname …)" && pwd -P',
        "possible",
    ),
    Difference(
        "realpath",
        "realpath",
        always,
        (MAC,),
        "macOS before 13 has no such command.",
        'cd "$(dirname …)" && pwd -P',
        "possible",
    ),
    Difference(
        "grep",
        "grep -P",
        either(word(r"-[a-zA-DF-Zoq]*P[a-zA-Z]*$"), word(r"--perl-regexp")),
        (MAC, BUSYBOX),
        "It answers `invalid option -- P`.",
        "grep -E, sed or perl",
    ),
    Difference(
        "sort",
        "sort -V",
        either(short("V"), word(r"--version-sort")),
        (MAC,),
        "Older macOS answers `invalid option -- V`.",
        "sort -t. -k1,1n -k2,2n -k3,3n",
        "possible",
    ),
    Difference(
        "xargs",
        "xargs -r",
        either(lambda w: word(r"-[0pt]*r")(w[:3]), word(r"--no-run-if-empty")),
        (MAC,),
        "Older macOS answers `illegal option -- r`.",
        "test for an empty list first",
        "possible",
    ),
    Difference("xargs", "xargs -d", word(r"-d|--delimiter"), (MAC,), OPTION, "tr '\\n' '\\0' | xargs -0"),
    Difference(
        "find",
        "find -printf",
        word(r"-printf$"),
        (MAC, BUSYBOX),
        "It answers `-printf: unknown primary or operator`.",
        "find -exec stat, or ls",
    ),
    Difference(
        "base64",
        "base64 -w",
        word(r"-w\d*$|--wrap"),
        (MAC,),
        "Older macOS answers `invalid option -- w`.",
        "base64 | tr -d '\\n'",
        "possible",
    ),
    Difference(
        "mktemp",
        "mktemp --suffix",
        word(r"--(?:suffix|tmpdir)"),
        (MAC, BUSYBOX),
        OPTION,
        'mktemp "${TMPDIR:-/tmp}/name.XXXXXX"',
    ),
    Difference("cp", "cp --parents", word(r"--parents|-t$|--target-directory|--reflink"), (MAC,), OPTION, "mkdir -p first"),
    Difference("mv", "mv -t", word(r"-t$|--target-directory"), (MAC,), OPTION, "the folder as the last word"),
    Difference(
        "ln", "ln -r", word(r"-[sfnv]*r[sfnv]*$|--relative|-T$|-[sfn]*T[sfn]*$"), (MAC,), OPTION, "a relative path written out"
    ),
    Difference(
        "head",
        "head -n -N",
        either(word(r"-n-\d|--lines=-|-c-\d"), counts_from_the_end),
        (MAC,),
        "It answers `illegal line count`.",
        "sed '$d', or awk",
    ),
    Difference("du", "du -b", word(r"-[shac]*b[shac]*$|--bytes|--apparent-size|--max-depth"), (MAC,), OPTION, "du -k"),
    Difference(
        "ps", "ps --…", word(r"--(?:ppid|no-headers?|sort|forest|pid)\b"), (MAC, BUSYBOX), OPTION, "ps -o … -p, or pgrep"
    ),
    Difference(
        "ps", "ps -o etimes", word(r".*\betimes\b"), (MAC, BUSYBOX), "It answers `etimes: keyword not found`.", "ps -o etime"
    ),
    Difference("hostname", "hostname -I", word(r"-I$|--all-ip-addresses"), (MAC, BUSYBOX), OPTION, "ifconfig or python3 -c"),
    Difference("timeout", "timeout", always, (MAC,), ABSENT, "a background process and kill, or perl -e alarm"),
    Difference("flock", "flock", always, (MAC,), ABSENT, "mkdir as a lock"),
    Difference("setsid", "setsid", always, (MAC,), ABSENT, "nohup … &"),
    Difference("nproc", "nproc", always, (MAC,), ABSENT, "getconf _NPROCESSORS_ONLN"),
    Difference("tac", "tac", always, (MAC,), ABSENT, "tail -r beside it, or awk"),
    Difference("shuf", "shuf", always, (MAC,), ABSENT, "sort -R, or awk"),
    Difference("free", "free", always, (MAC,), ABSENT, "vm_stat beside it"),
    Difference(
        "md5sum", "md5sum", always, (MAC,), "Older macOS has no such command.", "cksum, or openssl dgst -md5", "possible"
    ),
    Difference("sha256sum", "sha256sum", always, (MAC,), "Older macOS has no such command.", "shasum -a 256", "possible"),
    Difference(
        "pgrep",
        "pgrep -q",
        short("q"),
        (LINUX, BUSYBOX),
        "It answers `invalid option -- q`: nothing is ever found.",
        "pgrep … >/dev/null",
    ),
    Difference("pidof", "pidof", always, (MAC,), ABSENT, "pgrep -x"),
    Difference("inotifywait", "inotifywait", always, (MAC,), ABSENT, "a loop over the time of change"),
    Difference("notify-send", "notify-send", always, (MAC,), ABSENT, "osascript beside it"),
    Difference("md5", "md5", always, (LINUX, BUSYBOX), ABSENT, "md5sum beside it, or cksum"),
    Difference("pbcopy", "pbcopy", always, (LINUX, BUSYBOX), ABSENT, "xclip or wl-copy beside it"),
    Difference("pbpaste", "pbpaste", always, (LINUX, BUSYBOX), ABSENT, "xclip or wl-paste beside it"),
    Difference("osascript", "osascript", always, (LINUX, BUSYBOX), ABSENT, "notify-send beside it"),
    Difference("launchctl", "launchctl", always, (LINUX, BUSYBOX), ABSENT, "systemctl beside it"),
    Difference("sw_vers", "sw_vers", always, (LINUX, BUSYBOX), ABSENT, "uname beside it"),
    Difference("terminal-notifier", "terminal-notifier", always, (LINUX, BUSYBOX), ABSENT, "notify-send beside it"),
    Difference("caffeinate", "caffeinate", always, (LINUX, BUSYBOX), ABSENT, "systemd-inhibit beside it"),
)
"""Sources: the manual pages of GNU coreutils 9, findutils 4.10, sed 4.9, grep 3.11, procps 4; of macOS 14 (FreeBSD's userland); busybox 1.36."""

SYSTEM_NAMES = {"macos": "macOS", "linux-gnu": "Linux", "busybox": "busybox (Alpine)"}


@dataclass(frozen=True)
class Feature:
    """Something that bash learnt in a version after 3.2, which is what macOS ships: a kind of syntax node and a pattern in its text."""

    kind: str
    pattern: re.Pattern[str]
    seen: str
    version: str
    impact: str


SUBSTITUTION = "bash 3.2 answers `bad substitution` and the script ends there."
INVALID = "bash 3.2 answers `invalid option`, and what follows works on something else."
SHELL_OPTION = "bash 3.2 answers `invalid shell option name`."
MISSING = "bash 3.2 answers `command not found`."
SYNTAX = "bash 3.2 does not parse it: the script ends there with a syntax error."

NEWER_BASH = tuple(
    Feature(kind, regex(pattern), seen, version, impact)
    for kind, pattern, seen, version, impact in (
        ("expansion", r"\s*\$\{[^}]*@[QEPAKaULuk]\}$", "${x@Q}", "4.4", SUBSTITUTION),
        ("expansion", r"\s*\$\{[!#]?\w+(?:\[[^\]]*\])?(?:\^\^?|,,?)", "${x^} and ${x,,}", "4.0", SUBSTITUTION),
        ("expansion", r"\s*\$\{\w+\[-\d+\]", "${x[-1]}", "4.3", "bash 3.2 answers `bad array subscript`."),
        ("expansion", r"\s*\$\{\w+:[^:}?+=-][^:}]*:\s*-\d", "${x:0:-1}", "4.2", "bash 3.2 answers `substring expression < 0`."),
        ("simple_expansion", r"\$(?:EPOCHSECONDS|EPOCHREALTIME|SRANDOM)$", "$EPOCHSECONDS", "5.0", "It is empty in bash 3.2."),
        ("expansion", r"\s*\$\{(?:EPOCHSECONDS|EPOCHREALTIME|SRANDOM)\b", "$EPOCHSECONDS", "5.0", "It is empty in bash 3.2."),
        ("declaration_command", r"(?:declare|local|typeset|readonly|export)\s+(?:-\w+\s+)*-\w*A", "declare -A", "4.0", INVALID),
        ("declaration_command", r"(?:declare|local|typeset)\s+(?:-\w+\s+)*-\w*n\w*\s", "local -n", "4.3", INVALID),
        ("declaration_command", r"(?:declare|local|typeset)\s+(?:-\w+\s+)*-\w*[gul]\w*\s", "declare -g, -u, -l", "4.2", INVALID),
        ("command", r"(?:mapfile|readarray)\b", "mapfile", "4.0", MISSING),
        ("command", r"coproc\b", "coproc", "4.0", SYNTAX),
        ("command", r"wait\s+(?:-\w+\s+)*-\w*n", "wait -n", "4.3", INVALID),
        ("command", r"shopt\s+-s\s+(?:\w+\s+)*(?:globstar|autocd|lastpipe|inherit_errexit)\b", "shopt -s globstar", "4.0", SHELL_OPTION),
        ("command", r"printf\s+(?:-v\s+\w+\s+)?[\"']?[^\n]*%\(", "printf '%(…)T'", "4.2", "bash 3.2 answers `invalid format character`."),
        ("command", r"read\s+(?:-\w+\s+)*-\w*t\s*0?\.\d", "read -t 0.5", "4.0", "bash 3.2 answers `invalid timeout specification`."),
        ("command", r"read\s+(?:-\w+\s+)*-\w*[Ni]\b", "read -N, -i", "4.1", INVALID),
        ("file_redirect", r"&>>", "&>>", "4.0", SYNTAX),
        ("pipeline", r"(?s).*\|&", "|&", "4.0", SYNTAX),
        ("unary_expression", r"-v\s", "[[ -v x ]]", "4.2", "bash 3.2 answers `conditional unary operator expected`."),
    )
)  # fmt: skip
"""Source: bash's CHANGES and NEWS files, versions 4.0 to 5.1."""

NOT_SH = tuple(
    Feature(kind, regex(pattern), seen, "", impact)
    for kind, pattern, seen, impact in (
        ("test_command", r"\[\[", "[[ ]]", "`[[: not found`, and the test is false"),
        ("test_command", r"(?s)\[\s.*\s==\s", "== in [ ]", "`unexpected operator`, and the test is false"),
        ("compound_statement", r"\(\(", "(( ))", "it is read as a subshell and a command"),
        ("c_style_for_statement", r"for", "for (( ))", "`Bad for loop variable`"),
        ("array", r"\(", "an array", "`Syntax error: \"(\" unexpected`"),
        ("function_definition", r"function\s", "function", "`Syntax error: \"(\" unexpected`, or `function: not found`"),
        ("herestring_redirect", r"<<<", "<<<", "`Syntax error: redirection unexpected`"),
        ("process_substitution", r"[<>]\(", "<( )", "`Syntax error: \"(\" unexpected`"),
        ("expansion", r"\s*\$\{\w+/", "${x/a/b}", "`Bad substitution`"),
        ("expansion", r"\s*\$\{\w+:(?:\d|\s+-\d|\$)", "${x:0:1}", "`Bad substitution`"),
        ("expansion", r"\s*\$\{[!]\w", "${!x}", "`Bad substitution`"),
        ("expansion", r"\s*\$\{#?\w+\[", "${x[0]}", "`Bad substitution`"),
        ("expansion", r"\s*\$\{\w+(?:\^\^?|,,?)", "${x,,}", "`Bad substitution`"),
        ("command", r"source\s", "source", "`source: not found`"),
        ("command", r"(?:mapfile|readarray|shopt|pushd|popd|let|declare)\s", "a builtin of bash", "`not found`"),
        ("declaration_command", r"(?:declare|typeset)\s", "declare", "`declare: not found`"),
        ("command", r"set\s+(?:-\w+\s+)*-\w*o\s+pipefail", "set -o pipefail", "`Illegal option -o pipefail`, and the script ends"),
        ("command", r"trap\s.*\b(?:ERR|DEBUG|RETURN)\b", "trap … ERR", "`bad trap`"),
        ("file_redirect", r"&>", "&>", "the command goes to the background and its output stays"),
        ("for_statement", r"select\s", "select", "`select: not found`"),
    )
)  # fmt: skip
"""What dash, the sh of Debian and Ubuntu, does not know. Sources: POSIX.1-2024, Shell & Utilities, 2; dash(1)."""
