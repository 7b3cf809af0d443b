"""Fixes that close a way from outside: a check that was switched off, a value in the open, a file that is run."""

from __future__ import annotations

import re

from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix


def check_again(finding: Finding, tree: Tree) -> Fix | None:
    """Leave the check of the certificate on."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    if finding.also:
        return None
    if re.match(r"\s*verify\s*=\s*False,?\s*$", text):
        edit = Edit(path, f"{text}\n", "", line)
    else:
        found = re.search(r",\s*verify\s*=\s*False\b|\bverify\s*=\s*False,\s*|rejectUnauthorized:\s*false", text)
        if found is None or text.count(found[0]) != 1:
            return None
        edit = Edit(path, found[0], "rejectUnauthorized: true" if "reject" in found[0] else "", line)
    why = "For a private authority set REQUESTS_CA_BUNDLE or NODE_EXTRA_CA_CERTS."
    return Fix(f"Check the certificate in {path}", (finding.id,), "review", (edit,), why=why)


def last_characters(finding: Finding, tree: Tree) -> Fix | None:
    """Print the last four characters of a secret in place of all of it."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    named = re.match(r"The value of ([\w.]+) is printed", finding.message)
    if named is None or finding.also:
        return None
    name, language = named[1], tree.entries[path].language
    if language == "python":
        old, new = f"{{{name}}}", f"{{{name}[-4:]}}"
    elif language in ("javascript", "typescript"):
        old, new = f"${{{name}}}", f"${{String({name}).slice(-4)}}"
    else:
        return None
    if text.count(old) != 1:
        return None
    why = "Enough to tell which one it is, too little to use it."
    return Fix(
        f"Print the last characters of {name} only in {path}", (finding.id,), "review", (Edit(path, old, new, line),), why=why
    )


def read_as_values(finding: Finding, tree: Tree) -> Fix | None:
    """Read `KEY="value"` lines as values, where the same script writes them by printf."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    run = re.match(r"(?P<lead>\s*)(?:source|\.)\s+(?P<file>\"\$\w+\")\s*$", text)
    written = run and re.search(
        rf"printf '(?P<form>(?:[A-Z_]+=\"?%s\"?\\n)+)'[^\n]*> {re.escape(run['file'])}", tree.text(path)
    )
    if run is None or not written:
        return None
    keys = re.findall(r"([A-Z_]+)=", written["form"])
    lead = run["lead"]
    cases = "\n".join(f'{lead}    {key}) {key}="$value" ;;' for key in keys)
    new = (
        f'{lead}while IFS=\'=\' read -r key value; do\n{lead}  value="${{value#\\"}}"\n{lead}  value="${{value%\\"}}"\n'
        f'{lead}  case "$key" in\n{cases}\n{lead}  esac\n{lead}done < {run["file"]}'
    )
    why = "What another session writes is then text and never a command."
    return Fix(f"Read {run['file']} as values in {path}", (finding.id,), "review", (Edit(path, text, new, line),), why=why)


def empty_values(finding: Finding, tree: Tree) -> Fix | None:
    """Leave the names in a tracked .env and take the values out."""
    path = finding.at.path
    if "is tracked by git" not in finding.message or tree.entries[path].language != "env":
        return None
    edits = [
        Edit(path, line, f"{m[1]}=", n)
        for n, line in enumerate(tree.lines(path), 1)
        if (m := re.match(r"((?:export )?\w+)=\S", line))
    ]
    if not edits:
        return None
    why = "Whoever deploys sets them. Revoke what stood there: it stays in git's history."
    return Fix(f"Take the values out of {path}", (finding.id,), "review", tuple(edits), why=why)


def say_the_interval(finding: Finding, tree: Tree) -> Fix | None:
    """Tell agents to beat three times within the limit."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1] if 0 < line <= len(tree.lines(path)) else ""
    limit = re.search(r"after (\d+) seconds", finding.message)
    said = re.search(r"\bevery (?:\d+ (?:minutes|seconds|min|s)\b|(?:few )?minutes\b|hour\b)", text)
    if limit is None or said is None or int(limit[1]) < 3:
        return None
    seconds = int(limit[1]) // 3
    words = (
        "every minute"
        if seconds == 60
        else f"every {seconds // 60} minutes"
        if seconds % 60 == 0
        else f"every {seconds} seconds"
    )
    why = f"A session is given up after {limit[1]} seconds; one beat may be lost."
    return Fix(f"Ask for a heartbeat {words} in {path}", (finding.id,), "review", (Edit(path, said[0], words, line),), why=why)


def below_home(finding: Finding, tree: Tree) -> Fix | None:
    """Keep a file that several runs of one user share in a folder of that user's own; where one script alone names it."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1]
    given = re.match(
        r"(?P<lead>\s*)(?P<to>(?:(?:readonly|export|declare(?: -\w+)?) )?\w+=)(?P<q>[\"']?)/(?:var/)?tmp/(?P<name>[\w.-]+)(?P=q)\s*(?:#.*)?$",
        text,
    )
    if given is None or finding.also:
        return None
    variable = given["to"].split()[-1].rstrip("=")
    shared = r"exec\s+\d+>>?|\bflock\b|\btouch\s|\[\s+-[a-z]\s"
    if not re.search(rf"(?m)(?:{shared})[^\n]*\$\{{?{variable}\b", tree.text(path)):
        return None  # nobody asks for what an earlier run left: a file of mktemp does
    if sum(tree.text(e.path).count(f"tmp/{given['name']}") for e in tree.files() if e.status == "read") != 1:
        return None  # others, or readers of the documents, look for it where it is
    folder = "$HOME/.local/state"
    old = text[len(given["lead"]) :].split("#")[0].rstrip()
    new = f'mkdir -p "{folder}"\n{given["lead"]}{given["to"]}"{folder}/{given["name"].lstrip(".")}"'
    why = "Nobody else can put a file or a link there first; each user has one of their own."
    return Fix(
        f"Keep {given['name']} below the user's home in {path}", (finding.id,), "review", (Edit(path, old, new, line),), why=why
    )
