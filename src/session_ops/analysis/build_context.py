"""What an image needs from its build context, and whether it gets it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from session_ops.analysis.cargo_context import cargo_lacks
from session_ops.analysis.copied_alone import copied_alone
from session_ops.analysis.deployment_fixes import pass_through
from session_ops.analysis.ignore import would_ignore
from session_ops.analysis.lists import with_line
from session_ops.analysis.nearest import nearest_path
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment, Dockerfile, Instruction
from session_ops.discovery.deployment.contexts import glob_regex, ignore_rules, is_ignored
from session_ops.discovery.deployment.dockerfile import flags_and_words
from session_ops.discovery.files import Tree, normal
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_VARIABLE = regex(r"\$(?:\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")
_REMOTE = regex(r"^(?:https?|ftp|git|ssh)://|^git@|\.git(?:#.*)?$")
_GLOB = regex(r"[*?\[]")
_BUILT = regex(
    r"(?:^|/)(?:dist|build|target|out|bin|release|public|\.next|\.output|node_modules|vendor)(?:/|$)|\.(?:whl|jar|war|tar|gz|tgz|zip|deb|rpm|exe)$",
    re.IGNORECASE,
)
"""What somebody builds before the image: its absence from the sources proves nothing."""
_FETCHES = regex(r"\bgit\s+clone\b|\b(?:curl|wget)\b[^\n|]*\|\s*(?:tar|unzip|sh|bash)|\bsvn\s+co\b")


@dataclass
class Stage:
    """What a stage of an image holds so far. Paths are relative to the context; `made` are names that its commands or targets mention."""

    copied: dict[str, Instruction] = field(default_factory=dict)
    made: str = ""
    unknown: bool = False


@dataclass(frozen=True)
class Lack:
    """Something that a build step needs and does not get."""

    message: str
    impact: str
    at: Instruction
    step: Instruction
    path: str = ""
    beside: str = ""


def _context_files(tree: Tree, context: str) -> frozenset[str]:
    """Every file of the context, relative to it, whatever .dockerignore says."""
    return frozenset(e.path.removeprefix(f"{context}/" if context else "") for e in tree.below(context) if e.kind != "folder")


def _whole(folder: str, path: str) -> str:
    return normal(f"{folder}/{path}" if folder else path)


def _substituted(word: str, variables: dict[str, str]) -> str | None:
    """The word with ARG and ENV values; None where one of them has no known value."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        name = match["name"] or match["plain"]
        known = variables.get(name) or match["default"]
        unknown = unknown or known is None
        return known or ""

    text = _VARIABLE.sub(value, word)
    return None if unknown else text


def _variables(dockerfile: Dockerfile) -> dict[str, str]:
    found: dict[str, str] = {}
    for step in dockerfile.instructions:
        if step.name in ("ARG", "ENV"):
            for name, value in re.findall(r"(\w+)=(\"[^\"]*\"|\S*)", step.value):
                if "$" not in value:
                    found.setdefault(name, value.strip("\"'"))
    return found


def _sources(step: Instruction, variables: dict[str, str]) -> list[str]:
    """The sources of a COPY or ADD that come from the context and are known; the context itself is the empty string."""
    flags, words = flags_and_words(step.value)
    if "from" in flags or step.value.lstrip().startswith("<<") or len(words) < 2:
        return []
    found = []
    for word in words[:-1]:
        text = _substituted(word, variables)
        if text and not text.startswith("<<") and not _REMOTE.search(text):
            clean = normal(text.lstrip("/"))
            found.append(clean)
    return found


def _matches(source: str, files: frozenset[str]) -> set[str]:
    if not source:
        return set(files)
    if _GLOB.search(source):
        wanted = glob_regex(source)
        return {f for f in files if any(wanted.fullmatch(str(p)) for p in (PurePosixPath(f), *PurePosixPath(f).parents))}
    if source in files:
        return {source}
    return {f for f in files if f.startswith(source + "/")}


def _contexts(dockerfile: Dockerfile) -> tuple[str, ...]:
    """The known contexts, or every folder that may be one."""
    if dockerfile.contexts:
        return dockerfile.contexts
    return tuple(
        dict.fromkeys([dockerfile.context, *(str(p) if str(p) != "." else "" for p in PurePosixPath(dockerfile.path).parents)])
    )


def _is_template(tree: Tree, dockerfile: Dockerfile) -> bool:
    return re.search(r"\{\{|\{%|<%", tree.text(dockerfile.path)) is not None


# --- SHIP-COPY ------------------------------------------------------------------------------------------------------------------


def _bring_it(finding: Finding, tree: Tree, deployment: Deployment) -> Fix | None:
    """Let .dockerignore keep the file, add it to the COPY that brings its neighbour, or name the one file that is meant."""
    data = finding.data
    if ignore := data.get("ignore_file"):
        edits, _ = with_line(tree, ignore, f"!{data['source']}")
        title = f"Let {data['source']} into the build context"
        return Fix(title, (finding.id,), "review", edits, why="The last pattern that matches wins.") if edits else None
    line = finding.at.line
    text = tree.lines(finding.at.path)[line - 1]
    old, new = data.get("old", ""), data.get("new", "")
    if not old or text.count(old) != 1:
        return pass_through(finding, deployment)
    return Fix(f"Copy {data.get('what', new)}", (finding.id,), "review", (Edit(finding.at.path, old, new, line),))


@rule("SHIP-COPY", gate="ship", category="deploy-config", fix=_bring_it)
def build_context_lacks(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A COPY names what is not in the build context, or a build step runs before what it needs was copied.

    Why: the image cannot be built. The context is what compose, CI or a script says, else every folder above the Dockerfile is
    tried; .dockerignore counts, with `!` and the last match winning. Stages, --from, URLs, here-documents, wildcards and ARG values are
    understood; what git ignores or a build makes passes. Where CI builds from another folder than a script or compose, the one that lacks
    what is copied is told. A readme that pyproject.toml names is needed by hatchling, flit, poetry, pdm
    and uv_build when they build the project (setuptools only warns).
    Do: Let the source lie inside the build context and out of .dockerignore, and COPY what a step needs (lock file, readme,
    package) before the RUN that needs it.
    Source: Dockerfile reference, COPY; PEP 621, readme; npm-ci(1).
    """
    if not deployment.dockerfiles:
        raise NotApplicable("no Dockerfile")
    for dockerfile in deployment.dockerfiles:
        if _is_template(tree, dockerfile):
            continue
        if tree.entries[dockerfile.path].vendored:
            continue
        dockerfile, wrong = _fullest(tree, dockerfile)
        yield from _from_elsewhere(tree, deployment, dockerfile, wrong)
        lost: set[str] = set()
        absent = list(_missing_sources(tree, dockerfile))
        if absent and _gathered(tree, dockerfile):
            absent = [replace(finding, confidence="possible") for finding in absent]
        for finding in absent:
            lost.add(finding.data.get("source", ""))
            yield finding
        yield from _unmet_needs(tree, dockerfile, lost)


def _fullest(tree: Tree, dockerfile: Dockerfile) -> tuple[Dockerfile, dict[str, str]]:
    """The Dockerfile with the context that holds most of what it copies, and each other context with the first thing that it has not."""
    contexts = [c for c in dockerfile.contexts if not c.startswith("..")]
    if len(contexts) < 2:
        return dockerfile, {}
    variables = _variables(dockerfile)
    sources = [
        s for i in dockerfile.instructions if i.name in ("COPY", "ADD") for s in _sources(i, variables) if s and "$" not in s
    ]
    lacking = {}
    for context in contexts:
        held = _context_files(tree, context)
        lacking[context] = [s for s in sources if not _matches(s, held) and not tree.is_folder(_whole(context, s))]
    best = min(contexts, key=lambda c: len(lacking[c]))
    others = [] if lacking[best] else [c for c in contexts if lacking[c]]
    wrong = {c: lacking[c][0] for c in others if not would_ignore(tree, _whole(c, lacking[c][0]))}
    if best == dockerfile.context:
        return dockerfile, wrong
    ignore_file, ignored = ignore_rules(tree, dockerfile.path, best)
    return replace(dockerfile, context=best, ignore_file=ignore_file, ignored=ignored), wrong


def _from_elsewhere(tree: Tree, deployment: Deployment, dockerfile: Dockerfile, wrong: dict[str, str]) -> Iterator[Finding]:
    """CI steps that build an image from a folder which lacks what the Dockerfile copies, and another place builds from where it is."""
    for step in deployment.steps if wrong else ():
        values, places = step.values or {}, step.places or {}
        context = normal(values.get("with.context", ""))
        file = normal(values.get("with.file", "") or f"{context}/Dockerfile")
        if "build-push-action" not in step.uses or context not in wrong or file != dockerfile.path:
            continue
        where = f"{dockerfile.context}/" if dockerfile.context else "the project's root"
        yield Finding(
            f"this step builds {dockerfile.path} from {context}/, where {wrong[context]} is not; it is built from {where} elsewhere",
            tree.evidence(step.path, places.get("with.context", step.line)),
            (tree.evidence(dockerfile.path),),
            "docker build stops at the COPY.",
            data={"source": wrong[context]},
        )


def _missing_sources(tree: Tree, dockerfile: Dockerfile) -> Iterator[Finding]:
    variables = _variables(dockerfile)
    contexts = [c for c in _contexts(dockerfile) if not c.startswith("..")]
    if not contexts:
        return
    held = {context: _context_files(tree, context) for context in contexts}
    for step in dockerfile.instructions:
        if step.name not in ("COPY", "ADD"):
            continue
        sources = list(_sources(step, variables))
        if "#" in sources[1:]:
            yield Finding(
                f"{step.name} takes the words after # as names of files: a comment has a line of its own",
                tree.evidence(dockerfile.path, step.line, step.end),
                impact="docker build stops at this line.",
                confidence=_confidence(dockerfile),
                data={"source": sources[sources.index("#")]},
            )
            continue
        for source in sources:
            if not source or _GLOB.search(source) or "$" in source:
                continue
            there = [c for c in contexts if _matches(source, held[c]) or tree.is_folder(_whole(c, source))]
            if not there:
                if finding := _absent(tree, dockerfile, step, source, held):
                    yield finding
            elif dockerfile.ignored and there == [dockerfile.context]:
                files = _matches(source, held[dockerfile.context])
                if files and all(is_ignored(f, dockerfile.ignored) for f in files):
                    yield Finding(
                        f"{step.name} names {source}, but {dockerfile.ignore_file} keeps it out of the build context",
                        tree.evidence(dockerfile.path, step.line, step.end),
                        (tree.evidence(dockerfile.ignore_file),),
                        "docker build stops at this line.",
                        _confidence(dockerfile),
                        data={"source": source, "ignore_file": dockerfile.ignore_file},
                    )


def _gathered(tree: Tree, dockerfile: Dockerfile) -> bool:
    """Does nothing in the target say from where a Dockerfile is built, and is nothing that it copies there? A script gathers its context then.

    A workflow of another repository that gets the Dockerfile's name gathers it, too.
    """
    if _given_away(tree, dockerfile.path):
        return True
    if dockerfile.contexts or "/" not in dockerfile.path:
        return False
    variables = _variables(dockerfile)
    files = [_context_files(tree, context) for context in _contexts(dockerfile) if not context.startswith("..")]
    sources = [s for step in dockerfile.instructions if step.name in ("COPY", "ADD") for s in _sources(step, variables)]
    return not any(source == "" or any(_matches(source, held) for held in files) for source in sources)


def _given_away(tree: Tree, path: str) -> bool:
    """Is a Dockerfile named to a reusable workflow of another repository, which brings what the image takes?"""
    name = path.rpartition("/")[2]
    return any(
        name in text
        and "/.github/workflows/" in text
        and re.search(rf"(?m)^\s+[\w-]+:\s*['\"]?[\w./-]*{re.escape(name)}['\"]?\s*$", text)
        for entry in tree.files("yaml")
        if entry.path.startswith(".github/workflows/") and (text := tree.text(entry.path))
    )


def _confidence(dockerfile: Dockerfile) -> Confidence:
    return "possible" if not_deployed(dockerfile.path) else "likely"


def _absent(
    tree: Tree, dockerfile: Dockerfile, step: Instruction, source: str, held: dict[str, frozenset[str]]
) -> Finding | None:
    if any(source == s or source.startswith(s + "/") for s in tree.git.submodules):
        return None
    context = dockerfile.context
    whole = _whole(context, source)
    patterns = tree.lines(".gitignore") if ".gitignore" in tree.entries else []
    if would_ignore(tree, whole) or any(line.strip().lstrip("/").startswith(whole + "/") for line in patterns):
        return None  # made before the build
    if source.startswith("../"):
        said = f"{step.name} names {source}, which lies outside the build context"
    else:
        where = f"the build context {context}/" if context and dockerfile.contexts else "the build context"
        said = f"{step.name} names {source}, which is not in {where}"
    same = [f for f in held.get(context, frozenset()) if f.rpartition("/")[2] == source.rpartition("/")[2] and "." in source]
    data = {"source": source}
    if len(same) == 1 and not is_ignored(same[0], dockerfile.ignored):
        data |= {"old": f" {source} ", "new": f" {same[0]} ", "what": same[0]}
    elif not same and (near := nearest_path(tree, whole)):
        meant = near.removeprefix(f"{context}/" if context else "")
        data |= {"old": f" {source} ", "new": f" {meant} ", "what": meant}
    return Finding(
        said,
        tree.evidence(dockerfile.path, step.line, step.end),
        tuple(tree.evidence(_whole(context, f)) for f in same[:1]),
        "docker build stops at this line.",
        "possible" if _BUILT.search(source) else _confidence(dockerfile),
        data=data,
    )


def _unmet_needs(tree: Tree, dockerfile: Dockerfile, lost: set[str]) -> Iterator[Finding]:
    if not dockerfile.contexts and "/" in dockerfile.path:
        return  # nobody says from where it is built
    if dockerfile.context.startswith(".."):
        return
    files = _context_files(tree, dockerfile.context)
    for lack in _lacks(tree, dockerfile, files):
        if lack.path and (lack.path in lost or lack.path not in files):
            continue
        data = {"source": lack.path}
        if lack.path and is_ignored(lack.path, dockerfile.ignored):
            data["ignore_file"] = dockerfile.ignore_file
        elif lack.beside:
            data |= _longer_copy(tree, dockerfile, lack)
        also = () if lack.step is lack.at else (tree.evidence(dockerfile.path, lack.step.line),)
        yield Finding(
            lack.message,
            tree.evidence(dockerfile.path, lack.at.line, lack.at.end),
            also,
            lack.impact,
            _confidence(dockerfile),
            data=data,
        )


def _longer_copy(tree: Tree, dockerfile: Dockerfile, lack: Lack) -> dict[str, str]:
    """How the COPY of a neighbour is made to bring the file too; nothing where that cannot be said for sure."""
    _flags, words = flags_and_words(lack.at.value)
    text = tree.lines(dockerfile.path)[lack.at.line - 1]
    same_folder = lack.path.rpartition("/")[0] == lack.beside.rpartition("/")[0]
    if lack.at.name != "COPY" or not words or not same_folder or lack.beside not in words[:-1] or "[" in text:
        return {}
    if text.count(lack.beside) != 1 or (words[-1] != "." and not words[-1].endswith("/")):
        return {}
    old, new = lack.beside, f"{lack.beside} {lack.path}"
    if words[-1] == "." and text.rstrip().endswith(" ."):  # more than one source wants a folder that is spelt as one
        old = text[text.index(lack.beside) :].rstrip()
        new = f"{lack.beside} {lack.path}{old[len(lack.beside) :]}/"
    return {"old": old, "new": new, "what": f"{lack.path} together with {lack.beside}"}


# --- what build steps need ------------------------------------------------------------------------------------------------------


def _lacks(tree: Tree, dockerfile: Dockerfile, files: frozenset[str]) -> Iterator[Lack]:
    """Walk the instructions, stage by stage, and say what a RUN needs and has not got."""
    variables = _variables(dockerfile)
    named: dict[str, Stage] = {}
    stages: list[Stage] = []
    stage = Stage()
    visible = frozenset(f for f in files if not is_ignored(f, dockerfile.ignored)) if dockerfile.ignored else files
    for step in dockerfile.instructions:
        if step.name == "FROM":
            words = [w for w in step.value.split() if not w.startswith("--")]
            base = named.get(words[0].lower()) if words else None
            stage = Stage(dict(base.copied), base.made, base.unknown) if base else Stage()
            stages.append(stage)
            if len(words) >= 3 and words[1].lower() == "as":
                named[words[2].lower()] = stage
        elif step.name in ("COPY", "ADD"):
            flags, words = flags_and_words(step.value)
            origin = flags.get("from", "")
            if origin:
                other = named.get(origin.lower()) or (
                    stages[int(origin)] if origin.isdigit() and int(origin) < len(stages) else None
                )
                if other is not None:
                    stage.copied = dict.fromkeys(other.copied, step) | stage.copied
                    stage.made += other.made
                    stage.unknown = stage.unknown or other.unknown
            elif any(_REMOTE.search(w) for w in words[:-1]) or any(_substituted(w, variables) is None for w in words[:-1]):
                stage.unknown = True
            for source in _sources(step, variables):
                stage.copied |= dict.fromkeys(_matches(source, visible), step)
            stage.made += " " + " ".join(words[-1:]) + (" " + step.value if "<<" in step.value else "")
        elif step.name == "RUN":
            bound = {f for m in re.finditer(r"--mount=\S*type=bind\S*", step.value) for f in _bound(m[0], visible)}
            if not stage.unknown and not _FETCHES.search(step.value):
                yield from _needs(tree, dockerfile, step, stage, bound, files)
            stage.made += " " + step.value + (" package-lock.json" if _NPM_INSTALL.search(step.value) else "")
            stage.unknown = stage.unknown or bool(_FETCHES.search(step.value))


def _bound(mount: str, files: frozenset[str]) -> set[str]:
    match = re.search(r"(?:source|src)=([^,\s]+)", mount)
    if "from=" in mount:
        return set()
    return _matches(normal(match[1].lstrip("/")), files) if match else set(files)


_UV_SYNC = regex(r"\buv\s+sync\b(?P<rest>[^&|;\n)]*)")
_PIP_SELF = regex(
    r"\bpip3?\s+install\b[^&|;\n]*?\s(?:-e\s*|--editable[= ])?[\"']?\./?(?:\[[^\]]*\])?[\"']?(?=\s|$|&|;|\))", re.MULTILINE
)
_POETRY = regex(r"\bpoetry\s+install\b(?P<rest>[^&|;\n)]*)")
_BUILD = regex(r"\bpython3?\s+-m\s+build\b|\bhatch\s+build\b|\buv\s+build\b|\bpoetry\s+build\b|\bflit\s+(?:build|install)\b")
_REQUIREMENTS = regex(r"\bpip3?\s+install\b[^&|;\n]*?\s(?:-r|--requirement)[ =]*([^\s&|;)\"']+)")
_NPM_CI = regex(r"\bnpm\s+(?:ci|clean-install)\b")
_NPM_INSTALL = regex(r"\bnpm\s+(?:install|i)\b(?![^&|;\n]*(?:\s(?:-g|--global|--no-package-lock)\b))")
"""What writes a package-lock.json where there is none. Source: docs.npmjs.com, npm install (package-lock)."""
_STRICT_BACKENDS = ("hatchling", "flit_core", "poetry", "pdm", "uv_build")


def _needs(
    tree: Tree, dockerfile: Dockerfile, step: Instruction, stage: Stage, bound: set[str], files: frozenset[str]
) -> Iterator[Lack]:
    text = step.value
    have = stage.copied.keys() | bound
    if re.search(r"\bcd\s|\bif\s|\|\|\s*true\b|--directory|--project[ =]|--prefix[ =]", text):
        return  # somewhere else, or prepared for the absence
    for manifest, wanted, message in cargo_lacks(tree, dockerfile.context, text, stage.made, frozenset(have), files):
        impact = f"cargo stops at line {step.line}: it cannot load the manifest."
        yield Lack(message, impact, stage.copied.get(manifest, step), step, wanted)
    yield from _uv_lock(step, stage, have, files)
    yield from _python_project(tree, dockerfile, step, stage, have, files)
    for match in _REQUIREMENTS.finditer(text):
        wanted = match[1].removeprefix("./")
        name = wanted.rpartition("/")[2]
        if "$" in wanted or wanted.startswith("/") or name in stage.made or any(f.rpartition("/")[2] == name for f in have):
            continue
        there = sorted(f for f in files if f == wanted)
        if there:
            yield Lack(
                f"pip reads {wanted} here, but nothing copied it before",
                "docker build stops at this line.",
                step,
                step,
                there[0],
            )
    if _NPM_CI.search(text):
        packages = [f for f in have if f.rpartition("/")[2] == "package.json"]
        locks = ("package-lock.json", "npm-shrinkwrap.json")
        if len(packages) == 1 and not any(lock in stage.made for lock in locks):
            folder = packages[0].rpartition("/")[0]
            wanted_locks = [f"{folder}/{lock}" if folder else lock for lock in locks]
            at = stage.copied.get(packages[0], step)
            there = [lock for lock in wanted_locks if lock in files]
            if there and not have & set(wanted_locks):
                message = f"package.json is copied without {there[0].rpartition('/')[2]}, which npm ci needs"
                yield Lack(message, "npm ci refuses to run without a lock file.", at, step, there[0], packages[0])
            elif not there:
                message = "npm ci runs, but there is no package-lock.json"
                yield Lack(message, "npm ci refuses to run without a lock file.", step, step)


def _uv_lock(step: Instruction, stage: Stage, have: set[str], files: frozenset[str]) -> Iterator[Lack]:
    """`uv sync --frozen` and `--locked` stop where there is no uv.lock; with `||` there is a second try."""
    match = next((m for m in _UV_SYNC.finditer(step.value) if re.search(r"--(?:frozen|locked)\b", m["rest"])), None)
    projects = [f for f in have if f.rpartition("/")[2] == "pyproject.toml"]
    if match is None or "||" in step.value or "uv.lock" in stage.made or any(f.rpartition("/")[2] == "uv.lock" for f in have):
        return
    if len(projects) != 1:
        return
    lock = _whole(projects[0].rpartition("/")[0], "uv.lock")
    how = "--frozen" if "--frozen" in match["rest"] else "--locked"
    impact = "uv sync stops: there is no lock file."
    if lock in files:
        at = stage.copied.get(projects[0], step)
        yield Lack(f"pyproject.toml is copied without uv.lock, which uv sync {how} needs", impact, at, step, lock, projects[0])
    elif not any(f.rpartition("/")[2] == "uv.lock" for f in files):
        yield Lack(f"uv sync {how} runs, but there is no uv.lock", impact, step, step)


def _builds_project(text: str, data: dict[str, Any]) -> bool:
    """Does this command build the Python project itself, and not only its dependencies?"""
    uv = data.get("tool", {}).get("uv", {})
    package = uv.get("package", "build-system" in data) if isinstance(uv, dict) else True
    skip = ("--no-install-project", "--no-install-workspace", "--only-group", "--only-dev", "--package")
    if package and any(not any(flag in m["rest"] for flag in skip) for m in _UV_SYNC.finditer(text)):
        return True
    poetry = data.get("tool", {}).get("poetry", {})
    mode = poetry.get("package-mode", True) if isinstance(poetry, dict) else True
    if mode and any("--no-root" not in m["rest"] for m in _POETRY.finditer(text)):
        return True
    return bool(_PIP_SELF.search(text) or _BUILD.search(text))


def _python_project(
    tree: Tree, dockerfile: Dockerfile, step: Instruction, stage: Stage, have: set[str], files: frozenset[str]
) -> Iterator[Lack]:
    if not re.search(r"uv\s+(?:sync|build|pip)|pip3?\s+install|poetry|-m\s+build|hatch|flit", step.value):
        return
    projects = sorted((f for f in have if f.rpartition("/")[2] == "pyproject.toml"), key=lambda f: (f.count("/"), f))
    if not projects or (len(projects) > 1 and projects[0].count("/") == projects[1].count("/")):
        return
    project = projects[0]
    try:
        data = tomllib.loads(tree.text(_whole(dockerfile.context, project)))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    system = data.get("build-system")
    backend = str(system.get("build-backend", "")) if isinstance(system, dict) else ""
    if not _builds_project(step.value, data):
        return
    at = stage.copied.get(project, step)
    folder = project.rpartition("/")[0]
    for wanted, what in _wanted_files(data, backend):
        path = _whole(folder, wanted)
        if path in files and path not in have and path.rpartition("/")[2] not in stage.made + step.value:
            message = f"pyproject.toml is copied without {wanted}, its {what}, which {backend.partition('.')[0]} needs to build the project"
            yield Lack(message, f"The build stops at line {step.line} of {dockerfile.path}.", at, step, path, project)


def _wanted_files(data: dict[str, Any], backend: str) -> Iterator[tuple[str, str]]:
    """(path, role) of files that the backend reads when it builds, and without which it stops."""
    if not backend.startswith(_STRICT_BACKENDS):
        return
    project = data.get("project")
    tool = data.get("tool")
    project, tool = project if isinstance(project, dict) else {}, tool if isinstance(tool, dict) else {}
    readme = project.get("readme")
    if readme is None and backend.startswith("poetry"):
        poetry = tool.get("poetry")
        readme = poetry.get("readme") if isinstance(poetry, dict) else None
    for one in readme if isinstance(readme, list) else [readme]:
        name = one.get("file") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name, "readme"
    licence = project.get("license")
    if isinstance(licence, dict) and isinstance(licence.get("file"), str):
        yield licence["file"], "licence file"
    hatch = tool.get("hatch")
    version = hatch.get("version") if isinstance(hatch, dict) else None
    if (
        backend.startswith("hatchling")
        and isinstance(version, dict)
        and isinstance(version.get("path"), str)
        and "version" in project.get("dynamic", [])
    ):
        yield version["path"], "version file"


# --- SHIP-CMD -------------------------------------------------------------------------------------------------------------------

_SCRIPT = regex(r"^(?:\./)?[\w@+-][\w./@+-]*\.(?:py|sh|bash|js|mjs|cjs|rb|pl)$")


@rule("SHIP-CMD", gate="ship", category="deploy-config")
def start_command_without_file(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """CMD or ENTRYPOINT starts a script that no COPY brings into the image, or a script is copied without what it reads beside itself.

    Why: the image builds, and the container dies when it starts, or the script when it is used. Scripts that a command of the build
    mentions, that lie in a folder of build output or on the PATH of a base image pass; so does an image whose content cannot be told.
    Do: COPY the script into the image and let CMD or ENTRYPOINT name it by its path there, or start a file that the image has.
    Source: Dockerfile reference, CMD, ENTRYPOINT.
    """
    if not deployment.dockerfiles:
        raise NotApplicable("no Dockerfile")
    for dockerfile in deployment.dockerfiles:
        if (
            _is_template(tree, dockerfile)
            or dockerfile.context.startswith("..")
            or (not dockerfile.contexts and "/" in dockerfile.path)
        ):
            continue
        files = _context_files(tree, dockerfile.context)
        names, texts, whole = _brought(dockerfile, files)
        last = max((i.stage for i in dockerfile.instructions), default=0)
        if not whole and names:
            yield from copied_alone(tree, dockerfile, names | {word for t in texts for word in re.findall(r"[\w.-]+", t)})
        if not names or any(_FETCHES.search(t) for t in texts):
            continue
        for step in dockerfile.instructions:
            if step.name not in ("CMD", "ENTRYPOINT") or step.stage != last:
                continue
            words = flags_and_words(step.value)[1]
            for word in words:
                name = word.rpartition("/")[2]
                if not _SCRIPT.match(word) or _BUILT.search(word) or name in names or any(name in t for t in texts):
                    continue
                exists = sorted(f for f in files if f.rpartition("/")[2] == name)
                if "/" not in word and word == words[0] and not exists:
                    continue  # looked for on the PATH: the base image brings it
                mounted = any(
                    s.values.get(f"volumes.{n}", "").startswith(("./:", ".:")) for s in deployment.services for n in range(6)
                )
                if exists and mounted:
                    continue
                lies = f"; it lies at {exists[0]}, which .dockerignore or the COPY lines leave out" if exists else ""
                yield Finding(
                    f"{step.name} starts {word}, but nothing brings a file of that name into the image{lies}",
                    tree.evidence(dockerfile.path, step.line, step.end),
                    tuple(tree.evidence(_whole(dockerfile.context, f)) for f in exists[:1]),
                    "The container ends as soon as it starts.",
                    _confidence(dockerfile) if not whole or not exists else "possible",
                )


def _brought(dockerfile: Dockerfile, files: frozenset[str]) -> tuple[set[str], list[str], bool]:
    """Names that COPY and ADD bring or give, the texts of RUN and of what comes from other images, and whether the whole context is copied."""
    variables = _variables(dockerfile)
    names: set[str] = set()
    texts: list[str] = []
    whole = False
    for step in dockerfile.instructions:
        if step.name in ("COPY", "ADD"):
            flags, words = flags_and_words(step.value)
            sources = _sources(step, variables)
            whole = whole or "" in sources
            for source in sources:
                names.update(f.rpartition("/")[2] for f in _matches(source, files) if not is_ignored(f, dockerfile.ignored))
            if "from" in flags or len(sources) < len(words) - 1:
                texts.append(step.value)
            names.add(words[-1].rpartition("/")[2] if words else "")
        elif step.name == "RUN":
            texts.append(step.value)
    return names - {""}, texts, whole
