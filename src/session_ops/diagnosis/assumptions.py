"""The five questions: what was answered, or what is inferred instead, from where, and how to validate it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from session_ops.diagnosis.phase import Assumption
from session_ops.discovery import phase as discovery
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.state import kept, writes
from session_ops.model import Answers, Evidence

SHOWN = 4
CLOUD_FILES = frozenset(
    (
        "fly.toml",
        "vercel.json",
        "netlify.toml",
        "render.yaml",
        "wrangler.toml",
        "app.yaml",
        "serverless.yml",
        "Chart.yaml",
        "main.tf",
    )
)
MAIN = re.compile(r"(?:^|/)(?:main\.go|src/main\.rs|__main__\.py)$|^exe/[\w-]+$")
"""Files from which a command is built or started without an entry in a manifest."""
LOOPBACK = ("127.", "localhost", "[::1]", "::1")


def assume(found: discovery.Document, tree: Tree, answers: Answers) -> tuple[Assumption, ...]:
    """The five questions, in a fixed order. Deployment files of tests and examples say nothing about it."""
    deployment = replace(
        found.deployment,
        services=tuple(s for s in found.deployment.services if not is_aside(s.path)),
        dockerfiles=tuple(d for d in found.deployment.dockerfiles if not is_aside(d.path)),
        units=tuple(u for u in found.deployment.units if not is_aside(u.path)),
    )
    found = replace(found, deployment=deployment)
    return (
        _environment(found, tree, answers),
        _consumers(found, tree, answers),
        _preserve_data(found, tree, answers),
        _access_control(found, tree, answers),
        _shape(found, tree, answers),
    )


def _answered(question: str, answer: str, validate: str) -> Assumption:
    return Assumption(question, answer, True, "as answered", (), validate)


def _inferred(question: str, answer: str, why: str, evidence: Iterable[Evidence], validate: str) -> Assumption:
    return Assumption(question, answer, False, why, tuple(dict.fromkeys(evidence))[:SHOWN], validate)


def _environment(found: discovery.Document, tree: Tree, answers: Answers) -> Assumption:
    question, deployment = "environment", found.deployment
    validate = "Name the machine, cluster or service that it will run on, and give it as --environment."
    if answers.environment != "unknown":
        return _answered(question, answers.environment, "Run it there once, started as it will be started.")
    containers = [tree.evidence(s.path, s.line) for s in deployment.services] + [
        tree.evidence(d.path, d.instructions[0].line if d.instructions else 0) for d in deployment.dockerfiles
    ]
    units = [tree.evidence(unit.path) for unit in deployment.units]
    cloud = [tree.evidence(e.path) for e in tree.files() if PurePosixPath(e.path).name in CLOUD_FILES]
    others = [name for name, there in (("containers", containers), ("systemd units", units), ("cloud files", cloud)) if there]
    beside = f"; {' and '.join(others[1:])} are there too" if len(others) > 1 else ""
    if containers:
        return _inferred(question, "docker", f"container files describe it{beside}", containers, validate)
    if units:
        return _inferred(question, "systemd", f"service units describe it{beside}", units, validate)
    if cloud:
        return _inferred(question, "cloud", "a file of a cloud service describes it", cloud, validate)
    hooks = [tree.evidence(hook.path, hook.line) for hook in deployment.hooks]
    why = (
        "an agent's hooks start it on the machine of whoever works there"
        if hooks
        else "nothing in it names a server or a container"
    )
    return _inferred(question, "local", why, hooks, validate)


def _consumers(found: discovery.Document, tree: Tree, answers: Answers) -> Assumption:
    question = "consumers"
    validate = "Ask who starts it and who reads what it writes, and give them as --consumers."
    if answers.consumers:
        return _answered(question, answers.consumers, "Let one of each kind install and use it.")
    who: list[str] = []
    evidence: list[Evidence] = []
    if found.deployment.hooks:
        who.append("coding agents, through hooks")
        evidence.append(tree.evidence(found.deployment.hooks[0].path, found.deployment.hooks[0].line))
    elif rules := [d for d in found.docs if d.role in ("agent-rules", "agent")]:
        who.append("coding agents, by their instructions")
        evidence.append(tree.evidence(rules[0].path))
    commands = [(m.path, e) for m in found.manifests for e in m.entry_points if e.kind in ("script", "bin")]
    if commands:
        who.append(f"people at a command line ({', '.join(list(dict.fromkeys(e.name for _, e in commands))[:3])})")
        evidence.append(tree.evidence(commands[0][0], commands[0][1].line))
    modules = [(m.path, e) for m in found.manifests for e in m.entry_points if e.kind in ("main", "module", "exports")]
    if modules and not commands:
        who.append("other programs that import it")
        evidence.append(tree.evidence(modules[0][0], modules[0][1].line))
    if ports := _ports(found):
        who.append("clients over the network")
        evidence.append(tree.evidence(ports[0][0], ports[0][1]))
    if not who:
        scripts = [s for s in found.scripts if s.interpreter and s.executable]
        who.append("people of this project who start its scripts" if scripts else "people of this project")
        evidence += [tree.evidence(s.path, 1) for s in scripts[:2]]
    return _inferred(question, "; ".join(who), "who its files address", evidence, validate)


def _preserve_data(found: discovery.Document, tree: Tree, answers: Answers) -> Assumption:
    question = "preserve data"
    validate = "Say whether the sessions, logs and locks that exist today may be lost (--preserve-data yes|no); back them up before the first step."
    if answers.preserve_data != "unknown":
        return _answered(question, answers.preserve_data, "Back the data up before the first step in any case.")
    state = kept(found.files, found.references)
    if state:
        tracked = sum(bool(e.tracked) for e in state)
        why = f"{_count(len(state), 'file')} of state or logs exist already ({tracked} of them in git)"
        return _inferred(question, "yes", why, (tree.evidence(e.path) for e in state), validate)
    volumes = [
        (s.path, s.places.get(key, s.line)) for s in found.deployment.services for key in s.values if key.startswith("volumes")
    ]
    if volumes:
        return _inferred(question, "yes", "volumes keep its data", (tree.evidence(*place) for place in volumes), validate)
    places = [tree.evidence(r.source, r.line) for r in writes(found.references)]
    if places:
        return _inferred(question, "yes", "it writes state, though none is there yet", places, validate)
    return _inferred(question, "no", "no state was found, and nothing that is seen to write any", (), validate)


def _access_control(found: discovery.Document, tree: Tree, answers: Answers) -> Assumption:
    question = "access control"
    validate = "Say who may read its secrets and steer it (--access-control); try it as somebody else."
    if answers.access_control:
        return _answered(question, answers.access_control, "Try it as somebody who may not.")
    ports = _ports(found)
    public = [port for port in ports if not port[2].strip("\"'").startswith(LOOPBACK)]
    if public:
        why = f"{_count(len(public), 'port')} published on every interface"
        return _inferred(
            question, "everybody who reaches the host's network", why, (tree.evidence(p[0], p[1]) for p in public), validate
        )
    if ports:
        why = "its ports are published on the loopback interface only"
        return _inferred(question, "users of the same machine", why, (tree.evidence(p[0], p[1]) for p in ports), validate)
    users = [(u.path, got) for u in found.deployment.units if (got := u.get("Service.User"))]
    if users:
        path, (name, line) = users[0]
        return _inferred(
            question, f"the user {name} and root", "the unit runs as this user", [tree.evidence(path, line)], validate
        )
    return _inferred(
        question, "the user who runs it, by file permissions", "it publishes no port and names no user", (), validate
    )


def _shape(found: discovery.Document, tree: Tree, answers: Answers) -> Assumption:
    question = "shape"
    validate = "Say what it shall be (--shape library|service|bundle)."
    if answers.shape != "unknown":
        return _answered(question, answers.shape, "Use it once in that way.")
    if answers.wanted_shape != "unknown":
        why = f"its consumers, as answered, need it: {answers.consumers[:60]}"
        return _inferred(question, answers.wanted_shape, why, (), validate)
    deployment = found.deployment
    if deployment.services or deployment.units:
        places = [tree.evidence(s.path, s.line) for s in deployment.services] + [
            tree.evidence(u.path) for u in deployment.units
        ]
        return _inferred(question, "service", "a compose file or unit keeps it running", places, validate)
    entries = [(m.path, e) for m in found.manifests for e in m.entry_points]
    commands = [pair for pair in entries if pair[1].kind in ("script", "bin")]
    imports = [pair for pair in entries if pair[1].kind in ("main", "module", "exports")]
    if found.kind.kind in ("shell bundle", "agent plugin"):
        reasons = [reason.at for score in found.kind.scores[:1] for reason in score.reasons]
        return _inferred(
            question, "bundle", f"it is {_article(found.kind.kind)}: files that are copied into a project", reasons, validate
        )
    if deployment.dockerfiles and not commands:
        return _inferred(
            question, "service", "an image is built of it", [tree.evidence(deployment.dockerfiles[0].path)], validate
        )
    if imports and not commands:
        return _inferred(
            question, "library", "its manifest names what to import and no command", _places(imports, tree), validate
        )
    if commands:
        return _inferred(question, "bundle", "its manifest installs commands", _places(commands, tree), validate)
    mains = [tree.evidence(e.path) for e in tree.files() if MAIN.search(e.path) and not is_aside(e.path)]
    if mains:
        return _inferred(question, "bundle", "it is built into a command", mains, validate)
    if found.manifests:
        return _inferred(
            question, "library", "it has a manifest and no command", [tree.evidence(found.manifests[0].path)], validate
        )
    return _inferred(
        question, "bundle", "scripts without a manifest", [tree.evidence(s.path, 1) for s in found.scripts[:2]], validate
    )


def _places(pairs: Sequence[tuple[str, object]], tree: Tree) -> list[Evidence]:
    return [tree.evidence(path, getattr(entry, "line", 0)) for path, entry in pairs]


def _ports(found: discovery.Document) -> list[tuple[str, int, str]]:
    """File, line and text of every published port."""
    return [
        (s.path, s.places.get(key, s.line), value)
        for s in found.deployment.services
        for key, value in s.values.items()
        if key.startswith("ports") and value
    ]


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
