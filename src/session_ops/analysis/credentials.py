"""Secrets: committed ones, printed ones, ones that every process list shows, and connections whose other end nobody checks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from session_ops.analysis.closing_ways import check_again, last_characters
from session_ops.analysis.headless import folded
from session_ops.analysis.imported import with_import
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.commands import peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHAPES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("AKIA", "an AWS access key", regex(r"(?<![A-Za-z0-9])AKIA[0-9A-Z]{16}(?![A-Za-z0-9])")),
    *((f"gh{kind}_", "a GitHub token", regex(r"(?<![A-Za-z0-9_])gh[pousr]_[A-Za-z0-9]{36,}")) for kind in "pousr"),
    ("github_pat_", "a GitHub token", regex(r"github_pat_[A-Za-z0-9_]{60,}")),
    ("glpat-", "a GitLab token", regex(r"(?<![\w-])glpat-[\w-]{20,}")),
    ("sk-ant-", "an Anthropic key", regex(r"(?<![\w-])sk-ant-[a-z]+\d*-[\w-]{40,}")),
    ("sk-", "an OpenAI key", regex(r"(?<![\w-])sk-(?:proj-|svcacct-)?(?=[\w-]*\d)[A-Za-z0-9_-]{40,}")),
    ("xox", "a Slack token", regex(r"(?<![\w-])xox[abprs]-\d{8,}-[\w-]{16,}")),
    (
        "hooks.slack.com",
        "a Slack webhook",
        regex(r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}"),
    ),
    ("/api/webhooks/", "a Discord webhook", regex(r"discord(?:app)?\.com/api/webhooks/\d{16,}/[\w-]{50,}")),
    ("AIza", "a Google API key", regex(r"(?<![\w-])AIza[0-9A-Za-z_-]{35}(?![\w-])")),
    ("sbp_", "a Supabase access token", regex(r"(?<![\w-])sbp_[0-9a-f]{40}(?![0-9a-f])")),
    ("gsk_", "a Groq key", regex(r"(?<![\w-])gsk_[A-Za-z0-9]{52}(?![A-Za-z0-9])")),
    ("npm_", "an npm token", regex(r"(?<![\w-])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])")),
    ("pypi-", "a PyPI token", regex(r"(?<![\w-])pypi-AgE[\w-]{50,}")),
    ("hf_", "a Hugging Face token", regex(r"(?<![\w-])hf_[A-Za-z]{34}(?![A-Za-z])")),
    ("_live_", "a Stripe key", regex(r"(?<![\w-])[sr]k_live_[A-Za-z0-9]{20,}")),
    ("SG.", "a SendGrid key", regex(r"(?<![\w.-])SG\.[\w-]{22}\.[\w-]{43}")),
    ("PRIVATE KEY-----", "a private key", regex(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
)
"""What has to stand in the text, what it is, and its published shape."""
ALLOWED = regex(r"gitleaks:allow|pragma: allowlist|trufflehog:ignore|ggignore|noqa: S10[567]")
"""Marks by which an author tells scanners that a value is meant to stand there."""
PATTERNS = regex(r"\[[^\]\n]{2,30}\]\{\d+[,}]|\bGenerate\w*Regex\(")
"""An expression for so many characters of a kind: the file describes the shapes of tokens, and shows some to try them on."""
LONGEST = 4000
"""Characters of a line that are looked at; more is data."""
SAMPLE = regex(
    r"EXAMPLE|example|sample|dummy|fake|test|placeholder|redacted|your|xxxx|XXXX|0000|1234567|abcdef|ABCDEF|deadbeef|\.\.\.|\*\*\*",
    re.IGNORECASE,
)
BASE64 = regex(r"^[A-Za-z0-9+/=]{40,}$")


def from_the_environment(finding: Finding, tree: Tree) -> Fix | None:
    """Read the value from a variable in place of the literal."""
    path, line = finding.at.path, finding.at.line
    if finding.also:
        return None
    text = tree.lines(path)[line - 1]
    secret = next((m[0] for _, _, shape in SHAPES if (m := shape.search(text))), "")
    language = tree.entries[path].language
    quoted = re.search(rf"(?P<quote>[\"'`]){re.escape(secret)}(?P=quote)", text) if secret else None
    if quoted is None or secret.startswith("-----"):
        return None
    named = re.findall(r"[A-Za-z_]\w*", text[: quoted.start()])
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", named[-1]).upper() if named else "TOKEN"
    edits: tuple[Edit, ...] = ()
    if language == "python":
        added = with_import(tree, path, "os")
        if added is None:
            return None
        edits, new = added, f'os.environ.get("{name}", "")'
    elif language in ("javascript", "typescript", "tsx"):
        new = f"process.env.{name}"
    elif language in ("shell", "zsh") and re.search(r"\b\w+=$", text[: quoted.start()]):
        new = f'"${{{name}:-}}"'
    else:
        return None
    why = f"Whoever runs it sets {name}. The secret stays in git's history: revoke it."
    return Fix(
        f"Read {name} from the environment in {path}",
        (finding.id,),
        "review",
        (*edits, Edit(path, quoted[0], new, line)),
        why=why,
    )


@rule("SECRET-COMMITTED", gate="guard", category="security", fix=from_the_environment)
def secret_in_the_code(tree: Tree) -> Iterator[Finding]:
    """A token or a private key stands in a file that git tracks: one of a known shape, or the generated value of a variable such as API_TOKEN.

    Why: it is in every clone and in the history; whoever has it acts in the owner's name until it is revoked. Passes: published example
    values, invented ones (sequences, few different characters), tests and fixtures, lines marked for scanners (`gitleaks:allow`); in
    documents, patches and files that describe the shapes of tokens, and for private keys that are named or told to be for tests or published, it
    is only possible. .env files have a rule of their own. The value is never repeated here.
    Do: Revoke the secret and issue a new one, take it out of the file, and read it from the environment or from a secret store.
    Source: GitHub, "Supported secret scanning patterns"; CWE-798.
    """
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for entry in tree.files():
        if (
            entry.tracked is False
            or entry.language == "env"
            or not_deployed(entry.path)
            or entry.path.endswith((".lock", "-lock.json", ".min.js"))
        ):
            continue
        text = tree.text(entry.path)
        for mark, what, shape in SHAPES:
            at = text.find(mark)
            while at >= 0:
                start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
                end = len(text) if end < 0 else end
                match = shape.search(text[start : min(end, start + LONGEST)])
                line = text.count("\n", 0, start) + 1 if match else 0
                if match and ALLOWED.search(text, start, end):
                    match = None
                if match and _real(match[0], tree.lines(entry.path), line) and "#[cfg(test)]" not in text[:start]:
                    found[entry.path].append((line, what))
                at = text.find(mark, end)
        if entry.path not in found and (line := _assigned(text, entry.language)):
            found[entry.path].append((line, "a token or password without a known shape"))
    for path, places in sorted(found.items()):
        places.sort()
        line, what = places[0]
        # a key in code may be made for a test beside it; a key file is a key
        unsure = (
            path.endswith((".patch", ".diff"))
            or PATTERNS.search(tree.text(path)) is not None
            or tree.entries[path].language == "markdown"
            or (
                what.endswith("shape")
                and tree.entries[path].language != "json"
                and not re.search(r"Authorization|Bearer|_TOKEN</key>", tree.text(path))
            )
            or (what == "a private key" and (bool(tree.entries[path].language) or _for_tests(tree, path)))
        )
        yield Finding(
            f"{what} is committed in {path}" + (f", and {len(places) - 1} more" if len(places) > 1 else ""),
            tree.evidence(path, line),
            tuple(tree.evidence(path, n) for n, _ in places[1:8] if n != line),
            "Revoke it, take it out of the code, and read it from the environment; removing the line leaves it in the history.",
            "possible" if unsure else "likely",
        )


_GIVEN = regex(
    r"^\s*(?:export\s+|readonly\s+|Environment=)?(?P<name>[A-Z][A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|API_?KEY))=[\"']?(?P<value>[A-Za-z0-9_-]{32,80})[\"']?\s*$"
    r"|<key>(?P<key>[A-Z][A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|API_?KEY))</key>\s*<string>(?P<text>[A-Za-z0-9_-]{32,80})</string>",
    re.MULTILINE,
)
_PUBLIC = regex(r"PUBLIC|PUBLISHABLE|ANON|SITE|CLIENT|POSTHOG|ALGOLIA|SEGMENT|SENTRY|MIXPANEL|AMPLITUDE|RECAPTCHA")


def _assigned(text: str, language: str) -> int:
    """The line on which a script, unit, property list or record of tokens gives a secret a value that only a generator makes; 0 where none does."""
    if language == "json":
        return _recorded(text)
    if language not in ("shell", "zsh", "systemd", "xml"):
        return 0
    for match in _GIVEN.finditer(text):
        name, value = match["name"] or match["key"], match["value"] or match["text"]
        mixed = re.search(r"\d.*\d.*\d", value) and re.search(r"[A-Za-z].*[A-Za-z].*[A-Za-z]", value)
        if (
            mixed
            and len(set(value)) >= 12
            and not _PUBLIC.search(name)
            and not SAMPLE.search(value)
            and not ALLOWED.search(text)
        ):
            return text.count("\n", 0, match.start("name") if match["name"] else match.start("text")) + 1
    return 0


_TOKEN = regex(
    r"\"(?P<name>(?:access_?|refresh_?|auth_?|bearer_?|session_?|bot_?|client_?)?token|(?:client_?)?secret|api_?key|password)\"\s*:\s*\"(?P<value>[A-Za-z0-9_.~+/=-]{32,})\"",
    re.IGNORECASE,
)
_GRANTED = regex(
    r"\"(?:permissions?|scopes?|expir\w*|refresh_?token|token_type|client_(?:id|name|secret))\"\s*:", re.IGNORECASE
)
"""What a record of issued tokens holds beside the token."""


def _recorded(text: str) -> int:
    """The line of a token that stands in JSON beside what it permits or when it expires; 0 where there is none."""
    if len(text) > 200_000 or not _GRANTED.search(text) or ALLOWED.search(text):
        return 0
    for match in _TOKEN.finditer(text):
        value = match["value"]
        if re.search(r"\d.*\d", value) and len(set(value)) >= 16 and not SAMPLE.search(value):
            return text.count("\n", 0, match.start()) + 1
    return 0


_OF_TESTS = regex(
    r"test|example|sample|dummy|fixture|mock|snake-?oil|insecure|localhost|self-?signed|demo|dev[-_.]", re.IGNORECASE
)
_PUBLISHED = regex(
    r"\binsecure\b[^.\n]{0,40}\bkey|\bkeys?\b[^.\n]{0,60}\b(?:insecure|not (?:a )?secret|public(?:ly)? known|well[- ]known|for test)"
    r"|test(?:ing)? (?:only|keys?|certificates?)",
    re.IGNORECASE,
)


def _for_tests(tree: Tree, path: str) -> bool:
    """Is a private key made for tests, or published on purpose: by the name of its file or folders, or by the README beside it?"""
    folder = path.rpartition("/")[0]
    beside = f"{folder}/README" if folder else ""
    told = [e for e in tree.entries if beside and e.startswith(beside) and "/" not in e[len(folder) + 1 :]]
    return _OF_TESTS.search(path) is not None or any(_PUBLISHED.search(tree.text(e)) for e in told)


def _real(value: str, lines: list[str], line: int) -> bool:
    """Is this more than the shape of a secret: a value that nobody would invent?"""
    if value.startswith("-----BEGIN"):
        before = " ".join(lines[max(0, line - 3) : line])
        if re.search(r"test|example|fixture|dummy|mock|sample", before, re.IGNORECASE):
            return False
        following = [part.strip().strip("\"',\\n") for part in lines[line : line + 3]]
        return any(BASE64.match(part) and len(set(part)) > 20 for part in following)
    tail = re.split(r"[-_/.]", value)[-1] if len(value) > 45 else value
    code = lines[line - 1] if line <= len(lines) else ""
    near = code[max(0, code.find(value) - 60) : code.find(value)]
    return (
        not SAMPLE.search(value)
        and not re.search(r"example|e\.g\.|placeholder|fake|dummy|regex|pattern|re\.compile", near, re.IGNORECASE)
        and len(set(tail)) >= 10
    )


# --- printed --------------------------------------------------------------------------------------------------------------------

NAME = (
    r"(?:api_?key|secret(?:_?key)?|password|passwd|passphrase|"
    r"(?:access|auth|bearer|api|bot|refresh|session|github|gh)_?token|token|private_?key|credentials)"
)
PY_PRINT = regex(
    rf"\b(?:print|log(?:ger|ging)?\.\w+|console\.print)\s*\([^\n]*?\{{\s*(?P<name>(?:\w+\.)*\w*?{NAME})\s*(?:!r)?\}}",
    re.IGNORECASE,
)
JS_PRINT = regex(
    rf"\b(?:console\.\w+|log(?:ger)?\.\w+)\s*\([^\n]*?\$\{{\s*(?P<name>(?:[\w$]+\.)*\w*?{NAME})\s*\}}", re.IGNORECASE
)
SH_PRINT = regex(
    rf"^\s*(?:echo|printf)\b(?P<text>[^|>\n]*?)\$\{{?(?P<name>\w*{NAME})(?:\}}|\b(?![\w]))(?P<after>[^\n]*)$", re.IGNORECASE
)
NAMED = ("token", "secret", "passw", "passphrase", "api_key", "apikey", "private_key", "credential")
OUTPUTS = ("print", "log", "echo", "console")
BEARER = regex(r"\btoken\s*[:=][^=\n]*(?:environ|getenv|process\.env|_TOKEN)")
MAKES = regex(r"generat|creat|new |token_(?:hex|urlsafe)|randomBytes|openssl rand|your |save|copy", re.IGNORECASE)
COUNTS = regex(
    r"(?:max|total|num|n|count|input|output|prompt|completion|per|next|page|continuation|cancellation)_?token$|_token_?count",
    re.IGNORECASE,
)


@rule("SEC-PRINTED", gate="guard", category="security", fix=last_characters)
def secret_in_the_output(tree: Tree) -> Iterator[Finding]:
    """A password or token is printed or logged as it is.

    Why: output goes to CI logs, terminals that are recorded, transcripts of agents; from there it is as good as published. Passes: parts
    of it, lengths, "is it set", what was made this moment for the user to keep, output that goes into a file or a pipe.
    Do: Print whether it is set, or its last four characters, in place of the value; replace the secret if a log that others can
    read already has it.
    Source: CWE-532; OWASP, Logging Cheat Sheet, "Data to exclude".
    """
    looked = False
    for entry in tree.files("python", "javascript", "typescript", "shell"):
        text = tree.text(entry.path)
        low = text.lower()
        if not_deployed(entry.path) or not any(word in low for word in NAMED):
            continue
        looked = True
        pattern = {"python": PY_PRINT, "shell": SH_PRINT}.get(entry.language, JS_PRINT)
        hits = []
        for number, line in enumerate(tree.lines(entry.path), start=1):
            if ("$" not in line and "{" not in line) or not any(word in line for word in OUTPUTS) or len(line) > 1000:
                continue
            match = None if line.lstrip().startswith(("#", "//")) else pattern.search(line)
            if match is None or MAKES.search(line) or COUNTS.search(match["name"]):
                continue
            if match["name"].lower() == "token" and not BEARER.search(text):
                continue  # a word of a text or a pattern is called so too
            if entry.language == "shell" and not _seen(tree.lines(entry.path), number, line, match):
                continue
            hits.append((number, match["name"]))
        if hits:
            yield Finding(
                f"The value of {hits[0][1]} is printed",
                tree.evidence(entry.path, hits[0][0]),
                tuple(tree.evidence(entry.path, n) for n, _ in hits[1:8]),
                "It ends up in logs and transcripts that others read; print whether it is set, or its last characters.",
                "possible",
            )
    if not looked:
        raise NotApplicable("no code that holds a secret")


def _seen(lines: list[str], number: int, line: str, match: re.Match[str]) -> bool:
    """Does a printed shell text reach the terminal: not the value of a substitution, a pipe, a file, a function that returns by echo?"""
    if (
        "$(" in line[: match.start("text")]
        or re.search(r"[|>]|>&2", match["after"].split("#")[0])
        or re.search(r"::add-mask::|\\\$", line)
    ):
        return False
    words = match["text"].strip(" \"'-ne")
    if not re.search(r"[A-Za-z]{3}", words):  # `echo "$token"` is how a function gives it back
        return False
    following = " ".join(lines[number : number + 12])
    return not re.match(r"\s*\}?\s*>", following) and "EOF" not in line and not re.search(r"\w=\s*[\"']?$", match["text"])


# --- shown to everybody ---------------------------------------------------------------------------------------------------------

IN_PLAIN = regex(rf"\$\{{?\w*{NAME}\w*\}}?", re.IGNORECASE)


KEY_HEADER = regex(r"(?:authorization|private-token|x-api-key|api-key|x-auth-token)\s*:", re.IGNORECASE)


@rule("SEC-ARGV", gate="guard", category="security")
def secret_on_the_command_line(tree: Tree, shell_texts: ShellTexts) -> Iterator[Finding]:
    """A password is given to a program on its command line, which every user of the machine can list.

    Why: `ps` shows it while the program runs, and shells and audit logs keep it. Only options that are known to take a password are looked
    at: mysql -p, redis-cli -a, sshpass -p, docker login -p, openssl -pass pass:…, curl -u, and headers of curl that hold a key.
    Do: Hand it over unseen: `docker login --password-stdin`, `curl --netrc-file`, `curl -H @-` with the header on standard input, REDISCLI_AUTH, `sshpass -e`,
    `mysql --defaults-extra-file`, each file with mode 600.
    Source: the manual pages of these programs, which warn of it; CWE-214.
    """
    if not any(s.kind == "script" for s in shell_texts):
        raise NotApplicable("no shell script")
    told: list[Finding] = []
    for script in shell_texts:
        if script.kind != "script" or script.aside or not_deployed(script.path) or "$" not in script.text:
            continue
        found = []
        for one in script.commands:
            for words in peeled(one.words):
                name = words[0].rsplit("/", 1)[-1]
                if (word := _password(name, words)) and (IN_PLAIN.search(word) or re.match(r"pass:.*\$", word)):
                    found.append((script.line(one.node), name))
                    break
        if found:
            told.append(
                Finding(
                    f"{found[0][1]} gets a password as an argument, which `ps` shows to everybody",
                    tree.evidence(script.path, found[0][0]),
                    tuple(tree.evidence(script.path, n) for n, _ in found[1:8]),
                    "Give it by standard input, a file that only the owner reads, or the variable that the program knows for it.",
                    "possible",
                )
            )
    yield from folded(told, 1, 5)


def _password(name: str, words: tuple[str, ...]) -> str:
    pairs = list(pairwise(words))
    if name in ("mysql", "mysqldump", "mysqladmin", "mariadb"):
        return next((w for w in words[1:] if re.match(r"-p.|--password=", w)), "")
    if name == "openssl":
        return next(
            (b for a, b in pairs if a in ("-k", "-K") or (a in ("-pass", "-passin", "-passout") and b.startswith("pass:"))), ""
        )
    if name == "curl":
        return next((b for a, b in pairs if a in ("-u", "--user") or (a in ("-H", "--header") and KEY_HEADER.match(b))), "")
    option = {"redis-cli": "-a", "sshpass": "-p"}.get(name)
    if name in ("docker", "podman") and "login" in words[1:3]:
        return next(
            (b for a, b in pairs if a in ("-p", "--password")), next((w for w in words if w.startswith("--password=")), "")
        )
    if name == "sshpass":
        return next((w for w in words[1:] if re.match(r"-p.", w)), "") or next((b for a, b in pairs if a == "-p"), "")
    return next((b for a, b in pairs if a == option), "") if option else ""


# --- the other end --------------------------------------------------------------------------------------------------------------

UNCHECKED = regex(
    r"\bverify\s*=\s*False\b|rejectUnauthorized\s*:\s*false|InsecureSkipVerify\s*:\s*true|_create_unverified_context|NODE_TLS_REJECT_UNAUTHORIZED[\"'\]]*\s*=\s*[\"']?0"
    r"|CERT_NONE\b|\bcurl\b[^|;\n]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)\s|http\.sslVerify[= ]+[\"']?false|danger_accept_invalid_certs\(true\)|VERIFY_NONE"
)
MARKS = (
    "=False", "= False", "rejectUnauthorized", "InsecureSkipVerify", "_unverified_", "REJECT_UNAUTHORIZED", "CERT_NONE", "curl", "sslVerify",
    "danger_accept", "VERIFY_NONE",
)  # fmt: skip
LOCAL = regex(r"localhost|127\.0\.0\.1|\[?::1\]?|0\.0\.0\.0|\.local\b|self-?signed", re.IGNORECASE)
GIVES = regex(r"Authorization|Bearer|token|api_?key|password|secret|auth\s*=", re.IGNORECASE)
CLIENT = regex(
    r"requests|httpx|aiohttp|urllib|session|client|\bssl\b|https|tls|fetch|axios|curl|git\b|reqwest|openssl|connect|pool|database",
    re.IGNORECASE,
)


@rule("SEC-TLS", gate="guard", category="security", fix=check_again)
def nobody_checks_the_other_end(tree: Tree) -> Iterator[Finding]:
    """A connection is made without checking the certificate of the other end.

    Why: whoever sits between reads and changes everything, the token in the header too. Passes: connections to this machine, tests.
    Do: Leave the check on, and name the authority of a private server: `curl --cacert`, `verify` or `cafile` in Python, the
    option `ca` of tls in Node, RootCAs in Go.
    Source: CWE-295; requests, "SSL Cert Verification"; Node.js, tls.connect, rejectUnauthorized.
    """
    for entry in tree.files("python", "javascript", "typescript", "tsx", "go", "ruby", "rust", "shell"):
        text = tree.text(entry.path)
        if not_deployed(entry.path) or not any(mark in text for mark in MARKS):
            continue
        lines = tree.lines(entry.path)
        hits: list[tuple[int, Confidence]] = []
        for number, line in enumerate(lines, start=1):
            match = UNCHECKED.search(line) if any(mark in line for mark in MARKS) and len(line) < 1000 else None
            if (
                match is None
                or line.lstrip().startswith(("#", "//", "*", "echo"))
                or re.search(r"[\"'`r]\s*\\b|regex|pattern|\bif\b.*[=!]=", line)
            ):
                continue
            around = "\n".join(lines[max(0, number - 9) : number + 4])
            if LOCAL.search(around) or not CLIENT.search(around):
                continue
            sure = (
                entry.language == "python"
                and "verify" in match[0]
                and re.search(r"requests|httpx|session", around)
                and GIVES.search(around)
            )
            hits.append((number, "likely" if sure else "possible"))
        if hits:
            hits.sort(key=lambda h: (h[1] == "possible", h[0]))
            yield Finding(
                "The certificate of the other end is not checked",
                tree.evidence(entry.path, hits[0][0]),
                tuple(tree.evidence(entry.path, n) for n, _ in hits[1:8]),
                "Whoever sits in between reads and changes what is sent"
                + (", the token included." if hits[0][1] == "likely" else "."),
                hits[0][1],
            )
