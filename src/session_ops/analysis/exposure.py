"""Who can get at it: world-writable state, fixed temporary files, scripts from the network, wide containers, open servers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from session_ops.analysis.closing_ways import below_home
from session_ops.analysis.deployment_fixes import loopback, own_user
from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.commands import peeled
from session_ops.discovery.deployment import Deployment, Service
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHOWN = 8
MOST = 6
"""Findings of one cause in a target; a person who has seen these knows where to look."""
STATE = regex(
    r"state|lock|inbox|outbox|mail|queue|session|\blogs?\b|_log|data|\brun\b|spool|work|share|msg|message|pid|\bdb\b|\.db|token|config|\.claude",
    re.IGNORECASE,
)
OPEN_MODE = regex(
    r"^(?:0?[0-7]?(?:777|666|776|767)|[ugo]*[oa][ugo]*[+=](?=[rwxXst]*w)[rwxXst]+|\+[rx]*w[rwx]*x?|ugo\+[rwx]*w[rwx]*)$"
)


def _scripts(shell_texts: ShellTexts) -> list[ShellText]:
    return [s for s in shell_texts if not s.aside and not not_deployed(s.path)]


# --- files ----------------------------------------------------------------------------------------------------------------------


def _close(finding: Finding, tree: Tree) -> Fix | None:
    """Leave the owner's rights and nobody else's."""
    why = "Only the user who runs the sessions needs to write there; give a group the right where there are several users."
    return rewritten(finding, tree, "Keep the state to its owner", "review", why) if finding.data.get("new") else None


IN_IMAGE = regex(r"\s[\"']?/(?:app|workspace|usr/src/app|code)(?:/|[\"']?$|\s)")
"""Folders at the root that only images have."""


@rule("SEC-WORLD", gate="guard", category="security", fix=_close)
def anybody_may_write(tree: Tree, shell_texts: ShellTexts) -> Iterator[Finding]:
    """State, logs or scripts are made writable by every user of the machine.

    Why: anybody can forge messages, take locks, change the registry or replace what runs next. Passes: modes with the sticky bit (1777),
    images (a container has one user; said only as possible), tests and examples.
    Do: Let only the owner, or one group, write: 700 for folders and programs, 600 for files, 2770 for a folder that a group
    shares, and `umask 077` before they are made.
    Source: chmod(1); CWE-732.
    """
    looked = False
    for script in shell_texts:
        if script.aside or not_deployed(script.path):
            continue
        looked = True
        if (
            "chmod" not in script.text
            and "umask" not in script.text
            and "mkdir" not in script.text
            and "install" not in script.text
        ):
            continue
        found: list[tuple[int, str, bool, str, str]] = []
        for one in script.commands:
            for words in peeled(one.words):
                said = _opens(words)
                if said:
                    rest = " ".join(words[1:])
                    found.append((script.line(one.node), said[0], bool(STATE.search(rest)), said[1], said[2]))
                    break
        if not found:
            continue
        found.sort(key=lambda f: (not f[2], f[0]))
        line, what, state, old, new = found[0]
        yield Finding(
            what,
            tree.evidence(script.path, line),
            tuple(tree.evidence(script.path, f[0]) for f in found[1:SHOWN]),
            "Every account on the machine, a compromised service too, can change it.",
            "likely" if state and script.kind == "script" and not IN_IMAGE.search(what) else "possible",
            data={"old": old, "new": new},
        )
    if not looked:
        raise NotApplicable("no shell script")


def _opens(words: tuple[str, ...]) -> tuple[str, str, str] | None:
    """(message, old text, new text) where a command opens something to everybody."""
    name = words[0].rsplit("/", 1)[-1]
    plain = [w for w in words[1:] if not re.match(r"-[A-Za-z-]+$", w) or re.match(r"-[rwx]+$", w)]
    if name == "chmod" and len(plain) > 1 and OPEN_MODE.match(plain[0]) and not re.match(r"0?[1-7](?:777|666)$", plain[0]):
        mode = plain[0]
        target = plain[1] if len(plain) == 2 else f"{plain[1]} and {len(plain) - 2} more"
        new = {"777": "chmod 700", "0777": "chmod 0700", "666": "chmod 600", "0666": "chmod 0600"}.get(mode, "")
        return f"chmod {mode} lets everybody write to {target}", f"chmod {mode}", new
    if name == "umask" and words[1:2] in (("0",), ("00",), ("000",), ("0000",)):
        return "umask 0: every file made from here on may be written by everybody", f"umask {words[1]}", "umask 077"
    if name in ("mkdir", "install"):
        mode = next((w2 for w1, w2 in pairwise(words) if w1 in ("-m", "--mode")), "")
        mode = mode or next((w.split("=")[1] for w in words if w.startswith("--mode=")), "")
        if re.fullmatch(r"0?(?:777|666)", mode):
            return f"{name} -m {mode} makes {words[-1]} writable by everybody", f"-m {mode}", "-m 700"
    return None


IN_TMP = "/tmp/"  # noqa: S108 - what is looked for
FIXED = regex(
    r"(?<![\w$}/.])/(?:var/)?tmp/(?:\$(?:\{(?P<led>\w+)\}|(?P<leading>\w+)))?(?P<name>[\w.-]*[A-Za-z][\w.-]*)(?P<more>[^\s\"';|&)>]*)"
)
VARIED = regex(
    r"\$\$|\$\{?RANDOM|\$\{?BASHPID|\$\{?(?:E?UID|USER|LOGNAME)\b|\$\(id|\$\(whoami|\$\(uuid|XXX|\$\(mktemp|\$\(date|/dev/urandom"
)


@rule("SEC-TMP", gate="guard", category="security", fix=below_home)
def fixed_name_in_tmp(tree: Tree, shell_texts: ShellTexts) -> Iterator[Finding]:
    """A script writes to a fixed name in /tmp, which any other user may have made before.

    Why: /tmp belongs to everybody: another user puts a symbolic link there, and the script overwrites what it points to; or a file of
    theirs, and the script reads or runs it. Two sessions of one user also share the name. Passes: mktemp, names with a number that nobody
    guesses, sockets and files that are only read or asked for.
    Do: Take the name from `mktemp` or `mktemp -d`; a file that several runs share belongs into a folder of the user's own, such
    as one below `$XDG_RUNTIME_DIR` or `~/.local/state`.
    Source: CWE-377; mktemp(1); systemd, "Using /tmp/ and /var/tmp/ Safely".
    """
    scripts = [s for s in _scripts(shell_texts) if s.kind == "script"]
    if not scripts:
        raise NotApplicable("no shell script")
    by_name: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    more: dict[tuple[str, str], int] = {}
    for script in scripts:
        found = _fixed(script) if IN_TMP in script.text else []
        if found:
            found.sort(key=lambda f: (f[2] != RUN, f[0]))
            key = (found[0][1], found[0][2])
            by_name[key] += [(script.path, line) for line, _, _ in found]
            more[key] = max(more.get(key, 0), len({name for _, name, _ in found}) - 1)
    for (name, done), places in sorted(by_name.items(), key=lambda item: (item[0][1] != RUN, item[1]))[:MOST]:
        others = more[(name, done)]
        rest = f", and {others} other such {'file' if others == 1 else 'files'}" if others else ""
        yield Finding(
            f"{name} has the same name for everybody, and is {done} without asking whose it is{rest}",
            tree.evidence(*places[0]),
            tuple(tree.evidence(*place) for place in places[1:SHOWN]),
            "Another user can put a file or a link there first; two sessions overwrite each other. Use mktemp, or a folder of the user's own.",
            "likely" if done == RUN else "possible",
        )


WRITTEN, RUN, READ = "written", "run after it was written", "run as it is found there,"


def _of_the_folder(variable: str, script: ShellText) -> bool:
    """Is a variable the name of a folder? That is no secret, and two checkouts may share it."""
    return re.search(rf"(?m)^\s*(?:\w+\s+)?{variable}=[\"']?\$\(basename\b", script.text) is not None


def _below(text: str, name: str) -> str:
    """An expression for a variable and those that are put together from it: `REG="$DIR/workers.tsv"`."""
    made = re.findall(rf"(?m)^\s*(?:\w+\s+)?(\w+)=[\"']?\$\{{?{name}\}}?/", text)
    return f"(?:{'|'.join(dict.fromkeys([name, *made]))})"


def _fixed(script: ShellText) -> list[tuple[int, str, str]]:
    """(line, path, what is done with it) of fixed names in /tmp that a script writes, or runs."""
    found: list[tuple[int, str, str]] = []
    for number, line in enumerate(script.lines):
        code = line.strip()
        if IN_TMP not in code or code.startswith("#") or len(code) > 2000:
            continue
        for match in FIXED.finditer(line):
            path = match[0].rstrip("/,.:")
            lead = match["led"] or match["leading"]
            if (
                (lead and not _of_the_folder(lead, script))
                or _printed(line, match.start())
                or VARIED.search(path)
                or "*" in path
                or path.endswith((".sock", ".socket"))
                or match["more"].startswith("/")
            ):
                continue
            before = line[: match.start()].rstrip("\"'")
            assigned = re.fullmatch(
                r"\s*(?:local\s+|readonly\s+|export\s+|declare\s+(?:-\w+\s+)?)?(?P<name>\w+)=[\"']?(?:\$\{\w+:?[-=])?", before
            )
            if assigned:
                path = path.rstrip("}") if path.count("}") > path.count("{") else path
                names = _below(script.text, assigned["name"])
                if re.search(rf"chmod\s+(?:-R\s+)?(?:0?700|go-)[^\n]*\$\{{?{assigned['name']}\b", script.text):
                    continue
                pattern = re.compile(
                    rf">>?\|?\s*[\"']?\$\{{?{names}\b|\b(?:tee|touch|mkdir|cp|mv|curl|wget|git\s+clone)\b[^\n|;]*\$\{{?{names}\b"
                )
                runs = re.search(
                    rf"(?m)^\s*(?:if\s+|\[[^\n]*\]\s*&&\s*)?(?:source|\.|bash|sh|exec)\s+[\"']?\$\{{?{names}\}}?[\"']?(?:\s|$)",
                    script.text,
                )
                if pattern.search(script.text):
                    found.append((number + script.first, path, RUN if runs else WRITTEN))
                elif runs and lead:  # another script of the target writes it
                    found.append((number + script.first, path, READ))
            elif re.search(r">>?\|?\s*$|\btee\s+(?:-a\s+)?$|\btouch\s+$|\bmkdir\s+(?:-p\s+)?$", before):
                runs = re.search(
                    rf"(?m)^\s*(?:nohup\s+|exec\s+|source\s+|\.\s+|bash\s+|sh\s+)[\"']?{re.escape(path)}(?:[\"']?\s|$)",
                    script.text,
                )
                found.append((number + script.first, path, RUN if runs else WRITTEN))
    return found


# --- scripts from the network ---------------------------------------------------------------------------------------------------

PIPED = regex(
    r"\b(?:curl|wget)\b(?P<what>[^|;&\n]*)\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:/(?:usr/)?bin/)?(?:env\s+)?(?P<shell>(?:ba|z|da)?sh|python3?|node|perl)\b(?!\s+-c)"
    r"|(?<![\w-])(?:(?:ba|z|da)?sh|source|\.)\s+(?:-\w+\s+)*(?:<\(|-c\s+[\"']?\$\()\s*(?:curl|wget)\b(?P<what2>[^)\n]*)\)"
)
SAYS = regex(r"^\s*(?:#|echo\b|printf\b|log\w*\b|print_\w+|warn\w*\b|info\b|err\w*\b|die\b|fail\b|say\b|cat\b)|^\s*[A-Z_]+=")
AS_COMMAND = regex(r"(?:^|[;&|({!]|\$\(|\b(?:if|then|do|else|exec|sudo|env|eval|time)|-c\s+[\"'])\s*$")
PLAIN = regex(r"(?<!\w)http://(?!localhost|127\.|0\.0\.0\.0|\[::1\]|\$|<)\S+")


@rule("SEC-PIPE", gate="guard", category="security")
def script_from_the_network(tree: Tree, shell_texts: ShellTexts, deployment: Deployment, docs: Docs) -> Iterator[Finding]:
    """What a download says is run at once, without a look and without a checksum.

    Why: whoever holds the address, or the line when it is plain http, runs commands here; a download that breaks off runs by halves.
    Scripts, images and CI are looked at; of what documents tell people to type only plain http counts. Texts that are printed pass.
    Do: Download it over https to a file, pin the version in its address, compare its checksum (`sha256sum -c`), and only then
    run it.
    Source: CWE-494; OWASP, Software and Data Integrity Failures.
    """
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for script in _scripts(shell_texts):
        if script.kind == "block" or ("curl" not in script.text and "wget" not in script.text):
            continue
        shown = [(n.range().start.line, n.range().end.line) for n in script.root.find_all(kind="heredoc_body")]
        for number, line in enumerate(script.lines, start=script.first):
            if (match := PIPED.search(line)) and not SAYS.match(line) and AS_COMMAND.search(line[: match.start()]):
                if any(a <= number - script.first <= b for a, b in shown):
                    continue
                found[script.path].append((number, match["what"] or match["what2"] or ""))
    for dockerfile in deployment.dockerfiles:
        for step in dockerfile.instructions:
            match = PIPED.search(step.value) if step.name == "RUN" and not not_deployed(dockerfile.path) else None
            if match:
                lines = range(step.line, step.end + 1)
                place = next(
                    (n for n in lines if re.search(r"\b(?:curl|wget)\b.*(?:://|\$)", tree.lines(dockerfile.path)[n - 1])),
                    step.line,
                )
                found[dockerfile.path].append((place, match["what"] or match["what2"] or ""))
    for doc in docs:
        if doc.role == "changelog" or not_deployed(doc.path):
            continue
        for block in doc.blocks:
            for number, line in enumerate(block.text.split("\n"), start=block.line):
                if (match := PIPED.search(line)) and PLAIN.search(match[0]):
                    found[doc.path].append((number, match["what"] or match["what2"] or ""))
    for path, hits in sorted(found.items())[:MOST]:
        places = sorted(hits, key=lambda p: (not PLAIN.search(p[1]), p[0]))
        at, what = places[0]
        address = next((w.strip("\"'") for w in what.split() if "://" in w or w.strip("\"'").startswith("$")), "an address")
        plain = bool(PLAIN.search(what))
        yield Finding(
            f"What {address} answers is run at once{', over plain http' if plain else ''}",
            tree.evidence(path, at),
            tuple(tree.evidence(path, n) for n, _ in places[1:SHOWN]),
            "Download it to a file, compare its checksum or pin its version, then run it.",
            "likely" if plain else "possible",
        )


def _printed(line: str, at: int) -> bool:
    """Does the command stand in a text that is only shown?"""
    before = line[:at]
    return before.count('"') % 2 == 1 and bool(
        re.search(r"\b(?:echo|printf|log\w*|print_?\w*|warn\w*|info|err\w*|die|fail|say)\b", before)
    )


# --- containers -----------------------------------------------------------------------------------------------------------------

WIDE = {
    "privileged": "is privileged: it is root on the host",
    "docker.sock": "gets the Docker socket: it is root on the host",
    "cap_add": "gets the capability {value}",
    "network_mode": "shares the network of the host",
    "pid": "sees and may signal all processes of the host",
    "root": "gets the host's whole file system",
}


def _wide(service: Service) -> Iterator[tuple[int, str]]:
    for key, value in service.values.items():
        line = service.places.get(key, service.line)
        top = key.split(".")[0]
        if key == "privileged" and value.lower() == "true":
            yield line, WIDE["privileged"]
        elif top == "cap_add" and re.sub(r"^CAP_", "", value.upper()) in (
            "ALL",
            "SYS_ADMIN",
            "SYS_PTRACE",
            "SYS_MODULE",
            "DAC_READ_SEARCH",
        ):
            yield line, WIDE["cap_add"].format(value=value)
        elif key == "network_mode" and value == "host":
            yield line, WIDE["network_mode"]
        elif key == "pid" and value == "host":
            yield line, WIDE["pid"]
        elif top == "volumes" and (re.match(r"/(?:var/)?run/docker\.sock(?::|$)", value)):
            yield line, WIDE["docker.sock"]
        elif top == "volumes" and (re.match(r"/:/", value) or (key.endswith(".source") and value == "/")):
            yield line, WIDE["root"]


@rule("SEC-CONTAINER", gate="guard", category="security")
def container_as_host(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A container gets rights that reach the host: privileged, the Docker socket, the root file system, the host's network or processes.

    Why: agents run what they are told; inside such a container that is the whole machine. Monitoring that reads the host needs some of it
    (said as possible, for a person to judge).
    Do: Take the right away, or narrow it: single devices or capabilities for `privileged`, a filtering proxy for docker.sock,
    one folder for `/`, `ports` for the host's network.
    Source: Docker, "Docker security" and "Protect the Docker daemon socket"; Compose Specification, privileged, cap_add, network_mode, pid.
    """
    if not deployment.services:
        raise NotApplicable("no compose file")
    for path in sorted({s.path for s in deployment.services if not not_deployed(s.path)}):
        found = [(s, line, what) for s in deployment.services if s.path == path for line, what in _wide(s)]
        if not found:
            continue
        service, line, what = found[0]
        names = sorted({s.name for s, _, _ in found} - {service.name})
        more = f"; so or otherwise wide: {', '.join(names[:5])}" if names else ""
        yield Finding(
            f"Service {service.name} {what}{more}",
            tree.evidence(path, line),
            tuple(tree.evidence(path, n) for _, n, _ in found[1:SHOWN]),
            "Whatever runs inside, an agent's command too, can take over the machine.",
            "possible",
        )


@rule("SEC-ROOT", gate="guard", category="security", fix=own_user)
def image_runs_as_root(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """An image has no USER, so that what it starts runs as root.

    Why: files in mounted folders come out as root's, and a way out of the container is a way to root. Passes: an image whose base sets a
    user (distroless nonroot, images of the project's own), a start script that changes the user, stages that are not started.
    Do: Make a user in the last stage, give it the folders that it writes, and put `USER NAME` before CMD or ENTRYPOINT.
    Source: Docker, "Building best practices", USER.
    """
    if not deployment.dockerfiles:
        raise NotApplicable("no Dockerfile")
    found: list[tuple[str, int]] = []
    for dockerfile in deployment.dockerfiles:
        steps = dockerfile.instructions
        last = max((s.stage for s in steps), default=-1)
        final = [s for s in steps if s.stage == last]
        start = next((s for s in final if s.name == "FROM"), None)
        if not_deployed(dockerfile.path) or start is None or not any(s.name in ("CMD", "ENTRYPOINT") for s in final):
            continue
        if re.search(r"nonroot|unprivileged|jenkins|jupyter|devcontainers|\$", start.value) or re.search(
            r"dev", dockerfile.path.lower()
        ):
            continue
        stages = {s.value.split()[-1].lower(): s.stage for s in steps if s.name == "FROM" and " as " in s.value.lower()}
        mine, at = {last}, start
        while at.value.split()[0].lower() in stages and len(mine) < 20:
            mine.add(stages[at.value.split()[0].lower()])
            at = next(s for s in steps if s.name == "FROM" and s.stage == stages[at.value.split()[0].lower()])
            if stages.get(at.value.split()[0].lower()) in mine:
                break
        users = [s for s in steps if s.name == "USER" and s.stage in mine]
        changes = any(re.search(r"\b(?:gosu|su-exec|setpriv|runuser)\b", s.value) for s in final)
        if changes or (users and users[-1].value.split(":")[0] not in ("root", "0")):
            continue
        found.append((dockerfile.path, users[-1].line if users else 0))
    if found:
        path, line = found[0]
        more = f", and so {len(found) - 1} other images" if len(found) > 1 else ""
        yield Finding(
            f"{path} {'ends as USER root' if line else 'sets no USER'}: what it starts runs as root{more}",
            tree.evidence(path, line),
            tuple(tree.evidence(*place) for place in found[1:SHOWN]),
            "Files in mounted folders belong to root, and a way out of the container is a way to root on the host.",
            "possible",
        )


# --- servers --------------------------------------------------------------------------------------------------------------------

BINDS = regex(
    r"(?:\bhost\s*[=:]\s*|\bHOST\s*=\s*|\bbind\s*[=:(]\s*\(?|HTTPServer\(\s*\(\s*|\.listen\([^)\n]*?,\s*|ListenAndServe\(\s*"
    r"|serve\([^)\n]*?,\s*|create_server\([^)\n]*?,\s*"
    r"|getenv\(\s*[\"']\w*HOST[\"'],\s*|environ\.get\(\s*[\"']\w*HOST[\"'],\s*|\bHOST\s*(?:\|\||\?\?)\s*)[\"'](?P<host>0\.0\.0\.0(?::\d+)?|::)[\"']"
    r"|HTTPServer\(\s*\(\s*(?P<all>\"\"|'')\s*,|ListenAndServe\(\s*\"(?P<colon>:\d+)\"|\b\w*[aA]ddr\s*:?=\s*fmt\.Sprintf\(\s*\"(?P<made>:%[dsv])\""
    r"|\b(?:server|app|httpServer|http|fastify|wss?)\.listen\(\s*(?:\d{4,5}|PORT|port|process\.env\.PORT[^,)\n]*|Number\([^()\n]*\)[^,)\n]*)\s*(?P<none>\)|,\s*(?:\(|async|function))"
)
SERVES = regex(
    r"uvicorn|flask|fastapi|aiohttp|HTTPServer|socketio|websockets?\b|tornado|express|fastify|http\.createServer|Bun\.serve|hono|net/http|gin\.",
    re.IGNORECASE,
)
CHANGES = regex(
    r"def do_(?:POST|PUT|DELETE)|\.(?:post|put|delete|patch)\(\s*[\"'`]/|methods\s*=\s*\[[^\]]*(?:POST|PUT|DELETE)"
    r"|\breq(?:uest)?\.on\(\s*[\"']data[\"']|MethodPost|\"(?:POST|PUT|DELETE|PATCH)(?:\"|\s+/)|@socketio\.on|socket\.on\(\s*[\"'](?!connect|close|error|disconnect)"
)
STARTS = regex(
    r"subprocess\.|os\.system|child_process|exec\.Command|\bspawn\(|create_subprocess|send-keys|node-pty|os\.kill\(|process\.kill\("
)
GUARDED = regex(
    r"\bauth|authori[sz]|api[_-]?key|bearer|password|secret|jwt|passport|csrf|HTTPBasic|login|verify_?token|access_?token|X-\w*-?Token|_token\b|x-api",
    re.IGNORECASE,
)


@rule("SEC-BIND", gate="guard", category="security", fix=loopback)
def open_control_surface(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A server that changes state or starts processes listens on all interfaces, and nothing asks who is calling.

    Why: everyone in the same network, a café's too, can steer the agents. Node's `listen(port)` without a host means all interfaces, too.
    Passes: servers that only show things, code with any kind of authentication around, tests and examples; where the project runs in a
    container the address is needed there, and it is only possible.
    The whole checkout served by a plain file server of a compose file is the same fault: .env and .git can be read.
    Do: Listen on 127.0.0.1 unless told otherwise, and ask every request for a token where another address is set; serve only a
    folder without .env and .git.
    Source: CWE-306; CWE-1327; Docker, "Packet filtering and firewalls".
    """
    yield from _file_servers(tree, deployment)
    for entry in tree.files("python", "javascript", "typescript", "go"):
        text = tree.text(entry.path)
        if not_deployed(entry.path) or not (
            "0.0.0.0" in text  # noqa: S104
            or "HTTPServer((" in text
            or "ListenAndServe" in text
            or '"::"' in text
            or ".listen(" in text
        ):
            continue
        match = next((m for m in BINDS.finditer(text) if not _comment(text, m.start())), None)
        if match is None or not SERVES.search(text):
            continue
        folder = entry.path.rpartition("/")[0]
        family = [text] + [
            tree.text(e.path)
            for e in tree.files(entry.language)
            if e.path.rpartition("/")[0] == folder and e.path != entry.path
        ]
        if any(GUARDED.search(t) for t in family) or not any(CHANGES.search(t) for t in family):
            continue
        starts = any(STARTS.search(t) for t in family)
        opens = text.find("ListenAndServe", match.end()) if match["made"] else -1
        line = text.count("\n", 0, match.start("host") if match["host"] else max(opens, match.start())) + 1
        sure = bool(starts and match["host"] and not deployment.dockerfiles and CHANGES.search(text))
        yield Finding(
            f"The server listens on all interfaces ({match['host'] or match['colon'] or match['made'] or 'no address'}), takes requests that change things, "
            "and nothing asks who is calling",
            tree.evidence(entry.path, line),
            impact="Anybody in the same network can steer it" + (" and make it start processes." if starts else "."),
            confidence="likely" if sure else "possible",
        )


def _comment(text: str, at: int) -> bool:
    return text[text.rfind("\n", 0, at) + 1 : at].lstrip().startswith(("#", "//", "*"))


FILE_SERVER = regex(
    r"\bhttp\.server\b|\bhttp-server\b|\bserve\s+(?:-\w+\s+)*[./]|SimpleHTTPServer|\bphp\s+-S\b|\bcaddy\s+file-server"
)
LOOPBACK = regex(r"^(?:127\.|localhost|\[?::1)")


def _file_servers(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.services:
        said = " ".join(v for k, v in service.values.items() if k.split(".")[0] in ("command", "entrypoint"))
        if not_deployed(service.path) or not FILE_SERVER.search(said):
            continue
        mount = next(
            (k for k, v in service.values.items() if k.split(".")[0] == "volumes" and re.match(r"(?:\./?|\$\{?PWD\}?/?):", v)),
            "",
        )
        port = next((k for k, v in service.values.items() if k.split(".")[0] == "ports" and not LOOPBACK.match(v)), "")
        if mount and port:
            secrets = any(p.rpartition("/")[2].startswith(".env") for p in tree.entries)
            yield Finding(
                f"Service {service.name} serves the whole checkout{', .env included,' if secrets else ''} on every interface",
                tree.evidence(service.path, service.places.get(port, service.line)),
                (tree.evidence(service.path, service.places.get(mount, service.line)),),
                "Anybody in the same network reads the code, its history and what lies beside it.",
                "likely" if secrets else "possible",
            )
