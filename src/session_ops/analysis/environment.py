"""Environment variables that nobody names, and defaults that cannot work or should not be there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from session_ops.analysis.ignore import SECRET_NAME, looks_secret, may_be_secret
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.environment import Environment, Use, given
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix, NewFile
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_TEMPLATES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example")
_NEEDED = regex(
    r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|URL|URI|HOST|ENDPOINT|DSN|REGION|ACCOUNT|BUCKET|USER|USERNAME|EMAIL|WEBHOOK|DATABASE)(?:_ID)?$"
)
"""What has to be told where the code asks for it, even if it goes on without; other names are taken for options."""
MOST_ALSO = 12
OWN_FAMILY = 3
"""So many variables of one prefix in the code make the prefix the project's own, and not another program's."""


def _missing(environment: Environment) -> dict[str, list[Use]]:
    """Variables without a default that nothing documents or sets (a real .env does not count), with their uses."""
    named = {m.name for m in environment.mentions if m.kind != "env"}
    found: dict[str, list[Use]] = {}
    safe = {u.name for u in environment.uses if u.default is not None and not not_deployed(u.path)}
    for use in environment.uses:
        if use.default is not None or use.name in named or not_deployed(use.path):
            continue
        shell = use.path.rpartition(".")[2] in ("sh", "bash", "zsh") or "." not in use.path.rpartition("/")[2]
        if use.required or (use.name not in safe and (shell or _NEEDED.search(use.name))):
            found.setdefault(use.name, []).append(use)
    return found


def _template(tree: Tree) -> str:
    return next((path for path in _TEMPLATES if path in tree.entries), "")


def _name_them(finding: Finding, tree: Tree, environment: Environment) -> Fix | None:
    """A template that lists the variables with the places that use them, or their lines in the one that is there."""
    lines = []
    for name, uses in _missing(environment).items():
        places = ", ".join(dict.fromkeys(use.path for use in uses[:3]))
        lines += [f"# {'required' if any(u.required for u in uses) else 'read'} by {places}", f"{name}="]
    path = _template(tree)
    why = "The values stay with whoever deploys; their names belong to the sources."
    if not path:
        return Fix(
            "Add .env.example", (finding.id,), "review", creates=(NewFile(".env.example", "\n".join(lines) + "\n"),), why=why
        )
    last = max((n for n, text in enumerate(tree.lines(path), start=1) if text.strip()), default=0)
    if not last or tree.entries[path].status != "read" or "\r\n" in tree.text(path):
        return None
    old = tree.lines(path)[last - 1]
    return Fix(
        f"Name the variables in {path}", (finding.id,), "review", (Edit(path, old, "\n".join([old, *lines]), last),), why=why
    )


@rule("GAP-ENV", gate=None, category="gap", fix=_name_them)
def variables_nobody_names(tree: Tree, environment: Environment) -> Iterator[Finding]:
    """Variables without a default are read from the environment, and no template or document names them.

    Why: who installs the tracker learns of them one crash at a time. Variables with a default, those of the system, and those
    that a document, compose file, unit, workflow or script names or sets pass. A filled .env is no template: it is not shipped.
    Do: List the variables in `.env.example` or the README, each with a line that says what it is for; give those that can have
    one a default in the code.
    Source: The Twelve-Factor App, III.
    """
    if not environment.uses:
        raise NotApplicable("no code reads a variable of its own from the environment")
    missing = _missing(environment)
    if not missing:
        return
    uses = [use for found in missing.values() for use in found]
    names = list(missing)
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    template = _template(tree)
    first = next((u for u in uses if u.required), uses[0])
    places = tuple(tree.evidence(u.path, u.line) for u in uses[:MOST_ALSO])
    have, them = ("has", "it") if len(names) == 1 else ("have", "them")
    nobody = f"no line of {template}" if template else "no template"
    yield Finding(
        f"{shown} {have} no default, and {nobody} or document names {them}",
        tree.evidence(first.path, first.line) if template else tree.evidence(".env.example"),
        places,
        "Whoever deploys this has to read the code to learn what to set.",
        "likely",
    )


SAYS = regex(
    r"^\s*(?:echo|printf|cat|log\w*|info|warn\w*|note|usage|print\w*|console\.\w+|raise|throw|sys\.std\w+\.write)\b|\bquoted\b|_(?:hint|help|msg|message|quoted|usage|text)="
)
"""Lines that show a text to people."""
_PLACEHOLDER = regex(
    r"^<[A-Za-z][\w .-]{2,40}>$|^(?:YOUR|MY|REPLACE|CHANGE|INSERT|ENTER|FILL)(?:[_-][A-Z0-9]+){1,6}$"
    r"|^your[-_](?:[a-z0-9]+[-_])*(?:host|hostname|server|url|endpoint|domain|ip|address|token|key|bucket|project|org|account)(?:[-_.][a-z]+)*$"
)


def _ask_for(finding: Finding, tree: Tree, environment: Environment) -> Fix | None:
    """Take the default that the rest of the code gives the variable; in shell, where none does, end with its name."""
    name = finding.data["name"]
    others = {
        use.default.strip("\"'") for use in environment.uses if use.name == name and use.default and "<" not in use.default
    }
    default = next(iter(others)) if len(others) == 1 else ""
    edits = []
    for at in (finding.at, *finding.also):
        line = tree.lines(at.path)[at.line - 1]
        shell = re.search(rf"\$\{{{name}:-<[^<>}}]*>\}}", line)
        old = re.search(r"([\"'])<[A-Za-z][\w .-]*>\1", line)
        if shell and not default:
            edits.append(Edit(at.path, shell[0], f"${{{name}:?}}", at.line))
        elif default and old and not shell and re.fullmatch(r"[\w.:/-]+", default) and line.count(old[0]) == 1:
            edits.append(Edit(at.path, old[0], f"{old[1]}{default}{old[1]}", at.line))
        else:
            return None
    why = f"Elsewhere the code takes {default} where {name} is not set." if default else f"Nothing else can be meant by {name}."
    title = f"Let {name} default to {default}, as elsewhere" if default else f"End where {name} is not set"
    return Fix(title, (finding.id,), "review", tuple(edits), why=why)


@rule("CFG-PLACEHOLDER", gate="start", category="config", fix=_ask_for)
def placeholder_as_default(tree: Tree, environment: Environment) -> Iterator[Finding]:
    """The default of a variable is a placeholder such as `<node-ip>`, so the code runs with a value that cannot work.

    Why: nothing says that the value is missing; the first connection fails with an error about a strange host name. Tests,
    examples and documents pass, and so does code that compares the value with the placeholder before it uses it.
    Do: Remove the default and end at the start with a message that names the variable (`${NAME:?}` in shell,
    `os.environ["NAME"]` in Python), or give a default that works.
    Source: The Twelve-Factor App, III; POSIX.1-2024, Shell & Utilities 2.6.2 `${parameter:?}`.
    """
    if not environment.uses:
        raise NotApplicable("no code reads a variable of its own from the environment")
    by_name: dict[str, list[Use]] = {}
    for use in environment.uses:
        text = (use.default or "").strip().strip("\"'")
        if _PLACEHOLDER.match(text) and not not_deployed(use.path):
            code = tree.text(use.path)
            if SAYS.search(tree.lines(use.path)[use.line - 1]):
                continue  # it is shown to people, not used
            if any(text in path.split("/") for path in tree.entries):
                continue  # a template that has a folder of this name
            if f"== {use.default}" not in code and not re.search(rf"startswith\(\s*[\"']<|==\s*[\"']{re.escape(text)}", code):
                by_name.setdefault(use.name, []).append(use)
    for uses in by_name.values():
        uses.sort(key=lambda u: (u.path, u.line))
        first = uses[0]
        yield Finding(
            f"{first.name} defaults to the placeholder {(first.default or '').strip(chr(34) + chr(39))}, which no machine resolves",
            tree.evidence(first.path, first.line),
            tuple(tree.evidence(use.path, use.line) for use in uses[1:MOST_ALSO]),
            f"Without {first.name} in the environment it starts and then fails at its first connection.",
            "likely",
            data={"name": first.name},
        )


@rule("SECRET-DEFAULT", gate="guard", category="security")
def secret_as_default(tree: Tree, environment: Environment) -> Iterator[Finding]:
    """A password or token stands in the code as the default of a variable.

    Why: it is in every clone and in the history, and it works wherever nobody set the variable. Placeholders, short defaults
    of local databases, tests and examples pass; one that is short, but no word, is only possible. The value is not repeated here;
    whoever reads the line sees it.
    Do: Replace the secret where it is accepted, take the default out of the code, and end at the start with a message where the
    variable is not set.
    Source: CWE-798.
    """
    if not environment.uses:
        raise NotApplicable("no code reads a variable of its own from the environment")
    seen: set[str] = set()
    for use in environment.uses:
        if not use.default or not SECRET_NAME.search(use.name) or not_deployed(use.path) or use.path in seen:
            continue
        sure = looks_secret(use.name, use.default)
        if sure or may_be_secret(use.name, use.default):
            seen.add(use.path)
            yield Finding(
                f"{use.name} has a real-looking secret as its default",
                tree.evidence(use.path, use.line),
                impact="Everyone with the repository, and its history, has it. Replace it where it is used, then remove the default.",
                confidence="likely" if sure else "possible",
            )


_TOKEN = regex(r"[A-Za-z][A-Za-z0-9_]+")
_SAYS_NOTHING = frozenset(("markdown", "rst", "text", "env"))


@rule("CFG-UNREAD", gate="start", category="config")
def setting_that_nothing_reads(tree: Tree, environment: Environment, deployment: Deployment) -> Iterator[Finding]:
    """A compose file, unit, image or template (.env.example) sets a variable of the project's own that nothing in the project reads.

    Why: the setting looks as if it worked, and the code goes on with its default; mostly the name is a little wrong. Only variables
    whose prefix the code uses for several others are looked at (APP_… where it reads APP_…), in a template all but those of libraries; a name
    that occurs in any spelling anywhere in code or configuration passes (settings classes drop the prefix and the case).
    Do: Write the name that the code reads, remove the setting, or let the code read it where it is meant to count.
    Source: Compose Specification, environment; systemd.exec(5), Environment=; Dockerfile reference, ENV.
    """
    read = {use.name for use in environment.uses}
    in_code = {u.name for u in environment.uses if not u.path.endswith((".yml", ".yaml"))}
    families = Counter(name.partition("_")[0] for name in in_code if "_" in name)
    prefixes = {prefix for prefix, names in families.items() if names >= OWN_FAMILY}
    own = [
        (n, p, line)
        for n, p, line in _set_by(deployment)
        if n not in read and n.partition("_")[0] in prefixes and not given(n) and not not_deployed(p)
    ]
    templates = _templates(tree, deployment, read)
    if not read or (not deployment.services and not deployment.units and not deployment.dockerfiles and not templates):
        raise NotApplicable("no deployment file and no template beside code that reads variables")
    if not own and not templates:
        return
    settings = {p for _, p, _ in _set_by(deployment)}
    words: set[str] = set()
    for entry in tree.files(vendored=True):
        if entry.path not in settings and entry.language not in _SAYS_NOTHING:
            words.update(word.lower() for word in _TOKEN.findall(tree.text(entry.path)))
    for path in settings:  # a command line or another value may name it
        words.update(m[1].lower() for m in re.finditer(r"\$\{?(\w+)", tree.text(path)))
    unread = [(n, p, line) for n, p, line in templates if n.lower() not in words and n.partition("_")[2].lower() not in words]
    offered = sum(
        bool(_OFFERED.match(line) or _HINTED.match(line)) for path in {p for _, p, _ in unread} for line in tree.lines(path)
    )
    if len(unread) * 2 < offered:  # else the variables are read in a way that no text shows
        for name, path, line in unread[:3]:
            yield Finding(
                f"the template offers {name}, but nothing reads it",
                tree.evidence(path, line),
                impact="Who sets it changes nothing.",
                confidence="possible",
            )
    for name, path, line in own:
        short = name.partition("_")[2].lower()
        if name.lower() in words or short in words or short.replace("_", "") in words:
            continue
        family = "_".join(name.split("_")[:2]) + "_"
        near = min(
            (u for u in environment.uses if u.name in in_code and u.name.startswith(family)), key=lambda u: u.name, default=None
        )
        yield Finding(
            f"{name} is set here, but nothing reads it" + (f"; the code reads {near.name}" if near else ""),
            tree.evidence(path, line),
            (tree.evidence(near.path, near.line),) if near else (),
            "The setting has no effect; the code goes on with its default.",
            "possible",
        )


_OFFERED = regex(r"\s*(?:export\s+)?(?P<name>[A-Z][A-Z0-9_]+)=")
_HINTED = regex(r"#\s?(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)=")
"""A variable that the template offers as a comment; it counts where the code reads several of its prefix."""
_OF_LIBRARIES = regex(
    r"^(?:OPENAI|ANTHROPIC|AWS|AZURE|GOOGLE|GCP|GEMINI|LANGCHAIN|LANGSMITH|HF|HUGGING|OTEL|SENTRY|POSTGRES|PG|MYSQL|REDIS|MONGO|NEXT|VITE|REACT_APP"
    r"|NODE|NPM|PIP|UV|DOCKER|COMPOSE|FLASK|DJANGO|UVICORN|GUNICORN|LOG|CLAUDE|GITHUB|GITLAB|SLACK|DISCORD|TELEGRAM|SMTP|DATABASE|SUPABASE|STRIPE|GRAFANA)_"
    r"|_API_KEY$|^(?:PORT|DEBUG|TZ|PUID|PGID|UMASK)$"
)


def _templates(tree: Tree, deployment: Deployment, read: set[str]) -> list[tuple[str, str, int]]:
    """(name, path, line) of each variable of a template at the root that no code reads by this name.

    Empty where a compose file hands whole files of variables to an image that is not built here.
    """
    if not read or any("env_file" in key and "build" not in s.places for s in deployment.services for key in s.places):
        return []
    found = []
    families = Counter(name.partition("_")[0] for name in read if "_" in name)
    for path in (".env.example", ".env.sample", ".env.template", "env.example"):
        for number, line in enumerate(tree.lines(path) if path in tree.entries else (), start=1):
            match = _OFFERED.match(line)
            if match is None and (said := _HINTED.match(line)) and families[said["name"].partition("_")[0]] >= OWN_FAMILY:
                match = said
            if match and match["name"] not in read and not given(match["name"]) and not _OF_LIBRARIES.search(match["name"]):
                found.append((match["name"], path, number))
    return found


def _set_by(deployment: Deployment) -> Iterator[tuple[str, str, int]]:
    """(name, path, line) of each variable that compose, a unit or an image sets."""
    for service in deployment.services:
        if "build" not in service.places:  # somebody else's program
            continue
        for key, line in service.places.items():
            if key.startswith("environment."):
                name = key.removeprefix("environment.")
                text = service.values.get(key, "").partition("=")[0] if name.isdigit() else name
                if re.fullmatch(r"[A-Z][A-Z0-9_]+", text):
                    yield text, service.path, line
    for unit in deployment.units:
        for key, value, line in unit.entries:
            if key == "Service.Environment":
                for match in re.finditer(r"(?:^|[\s\"'])([A-Z][A-Z0-9_]+)=", value):
                    yield match[1], unit.path, line
    for dockerfile in deployment.dockerfiles:
        for step in dockerfile.instructions:
            if step.name == "ENV":
                for match in re.finditer(r"(?:^|\s)([A-Z][A-Z0-9_]+)[= ]", step.value):
                    yield match[1], dockerfile.path, step.line
