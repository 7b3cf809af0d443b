"""Runtimes of images and CI jobs that are older than what the manifests demand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.deployment.model import Step
from session_ops.discovery.deployment.yaml import Notes, get, is_list, load, text_line, text_of
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Confidence, Edit, Evidence, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

Version = tuple[int, ...]

NODE_TOOLS: dict[str, tuple[tuple[int, Version], ...]] = {
    "semantic-release": ((24, (20, 8, 1)), (25, (22, 14))),
    "vite": ((5, (18,)), (6, (18,)), (7, (20, 19))),
    "next": ((14, (18, 17)), (15, (18, 18)), (16, (20, 9))),
    "astro": ((4, (18, 14)), (5, (18, 17))),
}
"""Tools that end with an error on an older Node: from which major version of the tool, which Node. Sources: their release notes."""
_INSTALLS_SELF = regex(
    r"\bpip3?\s+install\b[^\n;&|]*\s(?:-e\s+)?[\"']?\.(?:[/\[\s\"']|$)|\bpython3?\s+setup\.py\s+(?:install|develop)"
)
_GO = regex(r"\bgo\s+(?:build|install|run|test|mod\s+download|generate|vet)\b")
_CARGO = regex(r"\bcargo\s+(?:build|install|run|test|chef|fetch|check)\b")
_NODE_BUT_YARN = r"npm\s+(?:ci|install|i|test|run)|pnpm\s+(?:install|i)|node\s+(?!-v|--version)\S"
_NODE_WITHOUT_YARN = regex(rf"\b(?:{_NODE_BUT_YARN})")
_NODE = regex(rf"\b(?:{_NODE_BUT_YARN}|yarn(?:\s+install)?(?=\s*(?:$|[;&|\n]|--)))")
"""What looks at engines: yarn and pnpm end with an error, npm warns. Source: docs.npmjs.com (engines), classic.yarnpkg.com, pnpm.io."""
_IMAGE = regex(
    r"^(?:--\S+\s+)*(?:docker\.io/)?(?:library/)?(?P<name>node|python|golang|rust):(?P<version>\d+(?:\.\d+)*)(?=[-\s@]|$)"
)
_LANGUAGE = {"node": "node", "python": "python", "golang": "go", "rust": "rust"}
_SETUP = {"actions/setup-node": ("node", "with.node-version"), "actions/setup-python": ("python", "with.python-version")}
_OF_MATRIX = regex(r"\$\{\{\s*matrix\.(?P<name>[\w-]+)\s*\}\}")
_NEWEST = regex(r"(?:\.[x*])+$")
_RUNS_SCRIPT = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:--?\S+\s+)*(?P<script>[\w:.-]+)")


@dataclass(frozen=True)
class _Demand:
    """At least this version of a language, by whom, where it is said; `trips` is true of a command that fails with an older one."""

    language: str
    least: Version
    who: str
    at: Evidence
    command: re.Pattern[str]
    tasks: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    """Programs that only warn of an older one and go on."""
    folder: str = ""
    """Where the manifest lies: a job of CI meets the demand where it goes there."""

    def trips(self, command: str) -> bool:
        if self.command.search(command):
            return True
        return any(m["script"] in self.tasks for m in _RUNS_SCRIPT.finditer(command))


@dataclass(frozen=True)
class _Runtime:
    """A version that an image or a CI job brings, as written, and the commands that run with it."""

    language: str
    written: str
    what: str
    at: Evidence
    commands: tuple[tuple[str, str, int, str | None], ...]
    """Text, path and line of each, and the folder in which a job runs it; None for an image, whose context may be any."""
    alone: bool = True
    """Is it the only version that the line gives?"""


def _newer(finding: Finding) -> Fix | None:
    """Take the least version that is demanded."""
    old, new = finding.data.get("old", ""), finding.data.get("new", "")
    if not old or finding.at.quote.count(old) != 1:
        return None
    edit = Edit(finding.at.path, old, new, finding.at.line)
    return Fix(
        f"Use {new} in {finding.at.path}",
        (finding.id,),
        "review",
        (edit,),
        why="It is the least version that satisfies the manifest.",
    )


@rule("META-RUNTIME", gate="ship", category="deploy-config", fix=_newer)
def runtime_older_than_demanded(tree: Tree, manifests: Manifests, deployment: Deployment) -> Iterator[Finding]:
    """An image or a CI job brings an older runtime than the manifest, or a tool that it declares, demands.

    Why: pip refuses to install ("requires a different Python"), go and cargo refuse to build, and some tools of Node end with an error.
    Said only where a command of the same job or image stage meets the demand; a bare major version (20) means its newest release.
    Passes: variables, matrices that are computed, that exclude or that may fail, jobs that do not run the tool, go in CI (it fetches the toolchain).
    Do: Raise the version of the image, or of setup-node or setup-python, to what the manifest or tool demands; or lower the
    demand, where the older runtime is really enough.
    Source: packaging.python.org (requires-python), go.dev/doc/toolchain, The Cargo Book (rust-version), the tools' release notes.
    """
    demands = [d for one in manifests if not is_aside(one.path) for d in _demands(tree, one)]
    if not demands:
        raise NotApplicable("no manifest demands a version of its runtime")
    runtimes = [*_images(tree, deployment), *_jobs(tree, deployment)]
    for runtime in runtimes:
        version = tuple(int(part) for part in runtime.written.split("."))
        for demand in demands:
            if demand.language != runtime.language or not _older(version, demand.least):
                continue
            met = _met(demand, runtime)
            if met is None:
                continue
            least = ".".join(map(str, demand.least))
            sure: Confidence = "possible" if met[2] in demand.warns else "likely"
            wanted = ".".join(map(str, demand.least[: max(len(version), 1 if demand.language == "node" else 2)]))
            yield Finding(
                f"{runtime.what} brings {runtime.language} {runtime.written}, but {demand.who} needs {least} or newer",
                runtime.at,
                also=(demand.at, tree.evidence(met[0], met[1])),
                impact=f"The command in line {met[1]} ends with an error."
                if sure == "likely"
                else f"{met[2]} only warns in line {met[1]}; what needs the newer one fails later, or is never tried with what users have.",
                confidence=sure,
                data={"old": runtime.written, "new": wanted} if runtime.alone else {},
            )
            break


def _met(demand: _Demand, runtime: _Runtime) -> tuple[str, int, str] | None:
    """Path, line and program of the first command that meets the demand, one that ends with an error before one that warns."""
    found = []
    for command, path, line, folder in runtime.commands:
        if folder is not None and normal(folder) != demand.folder and not _goes(command, demand.folder):
            continue
        if demand.trips(command):
            match = demand.command.search(command)
            found.append((path, line, match[0].split()[0] if match else ""))
    return next((one for one in found if one[2] not in demand.warns), found[0] if found else None)


def _goes(command: str, folder: str) -> bool:
    """Does a command go to a folder, or name it as the place to work in?"""
    return (
        re.search(rf"(?:\bcd|--prefix|--cwd|-C|--dir)[ =]+[\"']?(?:\./)?{re.escape(folder)}/?[\"']?(?:\s|$|[;&|])", command)
        is not None
    )


def _older(version: Version, least: Version) -> bool:
    """Is a version, whose missing parts mean the newest, older than the least one?"""
    size = min(len(version), len(least))
    return version[:size] < least[:size]


def _demands(tree: Tree, one: Manifest) -> Iterator[_Demand]:
    def said(name: str, language: str, who: str, command: re.Pattern[str]) -> Iterator[_Demand]:
        f = one.field(name)
        if f is not None and (least := _least(f.value)):
            yield _Demand(language, least, who, tree.evidence(one.path, f.line), command, folder=one.folder)

    if one.ecosystem == "pip":
        yield from said("requires-python", "python", f"{one.path} (requires-python)", _INSTALLS_SELF)
        yield from said("python_requires", "python", f"{one.path} (python_requires)", _INSTALLS_SELF)
    elif one.ecosystem == "go":
        yield from said("go", "go", one.path, _GO)
    elif one.ecosystem == "cargo":
        yield from said("rust-version", "rust", f"{one.path} (rust-version)", _CARGO)
    elif one.ecosystem == "npm":
        engines = one.field("engines.node")
        if engines is not None and (least := _least(engines.value)):
            who, at = f"{one.path} (engines)", tree.evidence(one.path, engines.line)
            berry = tree.exists(one.beside(".yarnrc.yml")) or tree.exists(".yarnrc.yml")  # does not look at engines
            looks = _NODE_WITHOUT_YARN if berry else _NODE
            yield _Demand("node", least, who, at, looks, frozenset(), frozenset(("npm", "node")), one.folder)
        for dependency in one.dependencies:
            major = re.match(r"[\^~>=\sv]*(\d+)", dependency.spec)
            table = NODE_TOOLS.get(dependency.name, ())
            steps = [least for first, least in table if major and int(major[1]) >= first]
            if steps:
                word = re.compile(rf"(?:^|[\s/;&|(]){re.escape(dependency.name)}(?=[\s;&|)]|$)")
                tasks = _tasks(one, word)
                who = f"{dependency.name} {dependency.spec} of {one.path}"
                at = tree.evidence(one.path, dependency.line)
                npx = re.compile(
                    rf"\b(?:npx|bunx|pnpm\s+(?:exec|dlx)|yarn\s+dlx)\s+(?:--?\S+\s+)*{re.escape(dependency.name)}\b"
                )
                yield _Demand("node", steps[-1], who, at, npx, tasks, folder=one.folder)


def _tasks(one: Manifest, word: re.Pattern[str]) -> frozenset[str]:
    """Scripts of a package.json that run a tool, directly or through another script."""
    tasks = {e.name: e.value for e in one.entry_points if e.kind == "task"}
    found = {name for name, text in tasks.items() if word.search(text)}
    for _ in range(3):
        found |= {name for name, text in tasks.items() if any(m["script"] in found for m in _RUNS_SCRIPT.finditer(text))}
    return frozenset(found)


def _least(spec: str) -> Version:
    """The lower bound of a version specification, empty where it has none (or several ways)."""
    if "||" in spec:
        return ()
    match = re.search(r"(?:>=|~=|\^|^)\s*(\d+(?:\.\d+)*)", spec.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _images(tree: Tree, deployment: Deployment) -> Iterator[_Runtime]:
    for image in deployment.dockerfiles:
        if is_aside(image.path):
            continue
        for one in image.instructions:
            match = _IMAGE.match(one.value) if one.name == "FROM" else None
            if match is None:
                continue
            runs = tuple(
                (i.value, image.path, i.line, None) for i in image.instructions if i.name == "RUN" and i.stage == one.stage
            )
            what = f"the image {match['name']}:{match['version']}"
            yield _Runtime(_LANGUAGE[match["name"]], match["version"], what, tree.evidence(image.path, one.line), runs)


def _jobs(tree: Tree, deployment: Deployment) -> Iterator[_Runtime]:
    for n, step in enumerate(deployment.steps):
        language, key = _SETUP.get(step.uses.partition("@")[0], ("", ""))
        written = (step.values or {}).get(key, "")
        if not language or not step.path.startswith(".github/workflows/"):
            continue
        line = (step.places or {}).get(key, step.line)
        versions = [(text, at) for text, at in _versions(tree, step, written, line) if re.fullmatch(r"\d+(?:\.\d+)*", text)]
        same = [s for s in deployment.steps[n + 1 :] if (s.path, s.job) == (step.path, step.job)] if versions else []
        until = next((i for i, s in enumerate(same) if s.uses.partition("@")[0] == step.uses.partition("@")[0]), len(same))
        runs = tuple((s.run, s.path, s.line, (s.values or {}).get("working-directory", "")) for s in same[:until] if s.run)
        seen: set[int] = set()
        for text, at in sorted(versions, key=lambda one: [int(part) for part in one[0].split(".")]):
            if at not in seen:
                seen.add(at)
                yield _Runtime(language, text, f"the job {step.job}", tree.evidence(step.path, at), runs, len(versions) == 1)


def _versions(tree: Tree, step: Step, written: str, line: int) -> list[tuple[str, int]]:
    """The version of a step with its line, or each one of the matrix that it names; none where the matrix is made by a run or left by a way out."""
    named = _OF_MATRIX.fullmatch(written.strip())
    if named is None:
        return [(_NEWEST.sub("", written), line)]
    job = get(get(load(tree, step.path, Notes()), "jobs"), step.job)
    matrix = get(get(job, "strategy"), "matrix")
    values = get(matrix, named["name"])
    if not is_list(values) or get(matrix, "exclude") is not None or get(job, "continue-on-error") is not None:
        return []
    return [(_NEWEST.sub("", text_of(one)), text_line(one)) for one in values.value]
