"""CI jobs that run tests without what the tests need: packages that nobody installs, output that nobody builds."""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import groupby

from session_ops.analysis.ci_extras import tools_of_an_extra
from session_ops.analysis.distributions import brought_by, normalised
from session_ops.analysis.imports import python_hard
from session_ops.discovery.aside import is_test
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.deployment.model import Step
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

PYTEST = regex(r"(?m)^\s*(?:python3?\s+-m\s+)?pytest\b(?P<rest>[^\n|;&]*)")
INSTALLS = regex(r"(?m)^\s*(?:python3?\s+-m\s+)?pip3?\s+install\s+(?P<words>[^\n|;&]+)")
ALL = regex(
    r"\buv\s+(?:sync|run|pip)|\bpoetry\b|\bpdm\b|\bhatch\b|\btox\b|\bnox\b|\bconda\b|\bmamba\b|\bpipenv\b|\bmake\b|\brequirements|\bpip3?\s+install\s+[^\n]*(?:-e\b|\s\.|-r\b|--requirement|\[)|\bapt-get\s+install[^\n]*python3-|\bsetup\.py\b|\bjust\b|\bbash\b|\./"
)
BRINGS = {"pytest": ("pluggy", "iniconfig", "packaging", "_pytest", "pygments"), "pytest-cov": ("coverage",)}
EMBED = regex(r"(?m)^//go:embed\s+(?:all:)?(?P<path>[\w./*?\[\]-]+)")
NODE_TESTS = regex(
    r"(?m)^\s*(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?test\b|^\s*(?:npx\s+)?(?:vitest|jest|mocha)\b|^\s*bun\s+test\b|^\s*node\s+--test\b"
)
NODE_BUILDS = regex(
    r"\b(?:npm|pnpm|yarn|bun|turbo|nx|lerna)\s+(?:run\s+)?(?:-\S+\s+)*(?:build|compile|ci:|all|pack|prepare|prepublish)|\btsc\b|\bmake\b|\besbuild\b|\btsup\b|\bbuild\b"
)
STARTS = regex(
    r"(?:spawn|spawnSync|exec|execFile|execSync|execFileSync|fork|\$)\s*[(`][^\n]*[\"'`/](?P<path>dist/[\w./-]+\.[cm]?js)"
    r"|(?:join|resolve)\(\s*(?:__dirname|import\.meta\.\w+|process\.cwd\(\)|\w*(?:[rR]oot|ROOT|[hH]ere|HERE)(?:[dD]ir|_DIR)?)\s*,[^)\n]*[\"'](?:\.\./)*dist[\"'/][^)\n]*\.[cm]?js"
)


@rule("CI-NEEDS", gate="ship", category="deploy-config")
def runs_without(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A CI job runs tests, a build or a release before it has what they need.

    Why: a job starts from a clone on a bare machine. Tests that import a package which no step installs end at collection, and none of them runs;
    `//go:embed` of a folder that git ignores fails to compile until a step builds it; tests that start `dist/…` find nothing where no
    step builds. `npm publish --provenance` is refused for a package whose package.json names no repository, and a runner has no git identity:
    `git commit` and annotated tags end with "empty ident name". `uv sync` installs groups but no extra: a pytest that stands only in
    `[project.optional-dependencies]` is not there for `uv run pytest`. Passes: jobs that install the project, a requirements file or by a tool
    of their own (uv, poetry, tox, make), guarded
    imports, folders that git tracks, scripts like pretest and prepare that build.
    Do: Name the `repository`; set `git config user.name` and `user.email` before the step that commits; install what the tests import
    (`pip install -r …`, `pip install -e .[test]`), or add the build step before this one.
    Source: GitHub Actions, "Building and testing"; pytest, exit codes (2: interrupted); docs.astral.sh/uv, Managing dependencies; Go, package embed.
    """
    if not deployment.steps:
        raise NotApplicable("no CI workflow")
    embedded = _embedded(tree)
    started = _started(tree)
    told: set[tuple[str, str]] = set()
    for (path, _job), group in groupby(deployment.steps, key=lambda s: (s.path, s.job)):
        steps = list(group)
        if ".github/workflows/" not in path or any(s.run and "docker" in s.run for s in steps):
            continue
        for found in (
            *_python_tests(tree, steps), *_go_embeds(tree, steps, embedded), *_node_tests(tree, steps, started),
            *_provenance(tree, steps), *_nameless(tree, steps), *tools_of_an_extra(tree, steps),
        ):  # fmt: skip
            if (path, found.message) not in told:  # one cause, however many jobs it stops
                told.add((path, found.message))
                yield found


def _line(step: Step, at: int) -> int:
    return step.line + step.run.count("\n", 0, at)


def _python_tests(tree: Tree, steps: list[Step]) -> Iterator[Finding]:
    installed: set[str] = set()
    for step in steps:
        if step.uses and not re.search(r"checkout|setup-|cache|upload|codecov", step.uses):
            return
        if ALL.search(step.run) or (step.values or {}).get("working-directory"):
            return
        for match in INSTALLS.finditer(step.run):
            words = [re.split(r"[=<>!~\[;]", w.strip("\"'"))[0] for w in match["words"].split() if not w.startswith("-")]
            installed |= {normalised(w) for w in words}
            installed |= {normalised(b) for w in words for b in BRINGS.get(normalised(w), ())}
        tested = PYTEST.search(step.run)
        if tested is None or "pytest" not in installed:
            continue
        named = next((w for w in tested["rest"].split() if not w.startswith("-")), "")
        if lacks := _lacking(tree, named.rstrip("/"), frozenset(installed)):
            module, path, line = lacks
            yield Finding(
                f"the tests import {module} ({posixpath.basename(path)}), and no step of the job installs it",
                tree.evidence(
                    step.path, next((_line(s, m.start()) for s in steps for m in [INSTALLS.search(s.run)] if m), step.line)
                ),
                (tree.evidence(path, line), tree.evidence(step.path, _line(step, tested.start()))),
                "pytest ends while it collects the tests, and none of them runs.",
            )
            return


def _lacking(tree: Tree, folder: str, installed: frozenset[str]) -> tuple[str, str, int] | None:
    """A module that a test file imports without a guard and that is neither Python's, nor the project's, nor installed."""
    own = {posixpath.basename(p).partition(".")[0] for p in tree.entries if p.endswith((".py", ".pyi", ".so"))}
    own |= {posixpath.basename(f) for f in tree.folders}
    for entry in tree.files("python"):
        name = posixpath.basename(entry.path)
        if (
            not (name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py")
            or entry.vendored
            or not is_test(entry.path)
        ):
            continue
        if folder and folder != "." and not (entry.path == folder or entry.path.startswith(folder + "/")):
            continue
        text = tree.text(entry.path)
        if "importorskip" in text:
            continue
        for module, line in python_hard(text):
            if module in sys.stdlib_module_names or module in own or module.startswith("_") or brought_by(module, installed):
                continue
            return module, entry.path, line
    return None


def _embedded(tree: Tree) -> list[tuple[str, str, int]]:
    """(folder, Go file, line) of every //go:embed whose folder git does not track."""
    found = []
    for entry in tree.files("go"):
        text = tree.text(entry.path) if not entry.vendored else ""
        for match in EMBED.finditer(text) if "//go:embed" in text else ():
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), match["path"]))
            if not any(fnmatchcase(p, folder) or p.startswith(folder + "/") for p in tree.entries):
                found.append((folder, entry.path, text.count("\n", 0, match.start()) + 1))
    return found


def _go_embeds(tree: Tree, steps: list[Step], embedded: list[tuple[str, str, int]]) -> Iterator[Finding]:
    if not embedded:
        return
    folder, path, line = embedded[0]
    made = re.compile(rf"\bmkdir\b|\bgo\s+generate\b|{re.escape(folder)}")
    for step in steps:
        if step.run and (NODE_BUILDS.search(re.sub(r"\bgo\s+build\b", "", step.run)) or made.search(step.run)):
            return
        lints = step.uses and re.search(r"golangci|staticcheck", step.uses)
        if step.uses and not lints and not re.search(r"checkout|setup-|cache", step.uses):
            return
        ran = re.search(r"(?m)^\s*go\s+(?:build|test|vet|install|run)\b", step.run)
        if lints or ran:
            yield Finding(
                f"go needs {folder} (//go:embed), which git ignores and no step of the job builds",
                tree.evidence(step.path, _line(step, ran.start()) if ran else step.line),
                (tree.evidence(path, line),),
                f"The job fails: pattern {folder.rpartition('/')[2]}: no matching files found.",
            )
            return


def _started(tree: Tree) -> tuple[str, int] | None:
    """A test that starts a program below dist/, where git tracks no dist/."""
    if any(re.match(r"(?:.*/)?dist/.*\.[cm]?js$", p) for p in tree.entries):
        return None
    for entry in tree.files("javascript", "typescript"):
        text = tree.text(entry.path) if is_test(entry.path) and not entry.vendored else ""
        match = STARTS.search(text) if "dist" in text else None
        if match:
            return entry.path, text.count("\n", 0, match.start()) + 1
    return None


def _node_tests(tree: Tree, steps: list[Step], started: tuple[str, int] | None) -> Iterator[Finding]:
    if started is None or "package.json" not in tree.entries:
        return
    try:
        scripts = json.loads(tree.text("package.json")).get("scripts", {})
    except (ValueError, RecursionError, AttributeError):
        return
    said = " ".join(str(scripts.get(k, "")) for k in ("pretest", "test", "prepare", "postinstall", "preinstall", "install"))
    if NODE_BUILDS.search(said) or "build" in said or _left_out(tree, started[0]):
        return
    for step in steps:
        if step.run and NODE_BUILDS.search(step.run):
            return
        if step.uses and not re.search(r"checkout|setup-|cache", step.uses):
            return
        match = NODE_TESTS.search(step.run)
        if match:
            yield Finding(
                f"the tests start programs of dist/ ({posixpath.basename(started[0])}), and no step of the job builds it",
                tree.evidence(step.path, _line(step, match.start())),
                (tree.evidence(*started),),
                "The tests fail on every clean machine: there is no dist/.",
            )
            return


_EXCLUDED = regex(r"(?:\bexclude|testPathIgnorePatterns)\"?\s*:\s*\[(?P<list>[^\]]*)\]")


def _left_out(tree: Tree, path: str) -> bool:
    """Does the configuration of the test runner leave out the folder in which a file lies?"""
    configs = [p for p in tree.entries if re.match(r"(?:vitest|jest|vite)\.config\.[cm]?[jt]s$|package\.json$", p)]
    listed = "".join(match["list"] for p in configs for match in _EXCLUDED.finditer(tree.text(p).partition("coverage")[0]))
    folders = [re.sub(r"^(?:<rootDir>)?/?(?:\*\*/)?|/(?:\*.*)?$", "", s) for s in re.findall(r"[\"']([^\"'\n]+)[\"']", listed)]
    return any(folder and f"/{folder}/" in f"/{path}" for folder in folders)


PUBLISHES = regex(r"(?m)^\s*(?:\w+\s+run\s+--\s+)?(?:npm|pnpm)\s+publish\b(?P<rest>[^\n|;&]*--provenance\b[^\n|;&]*)")
ELSEWHERE = regex(r"\bcd\s|--workspace|-w\s|--prefix|-C\s|\.tgz\b")


def _provenance(tree: Tree, steps: list[Step]) -> Iterator[Finding]:
    """The registry of npm checks the provenance against the repository that package.json names; without one it refuses."""
    for step in steps:
        for match in PUBLISHES.finditer(step.run):
            member = re.search(r"(?:--workspace|-w)[= ]([@\w./-]+)", match["rest"])
            into = re.search(r"\bcd\s+[\"']?(packages/[\w./-]+)", step.run)
            if member is None and ELSEWHERE.search(step.run.replace("cd packages/", "in ")):
                continue
            folder = posixpath.join((step.values or {}).get("working-directory", ""), into[1] if into else "")
            for path in _members(tree, member[1]) if member else [posixpath.normpath(posixpath.join(folder, "package.json"))]:
                data = _package(tree, path)
                if data and "repository" not in data and not data.get("private"):
                    yield Finding(
                        f"`npm publish --provenance` of a package whose {path} names no repository",
                        tree.evidence(path, 1),
                        (tree.evidence(step.path, _line(step, match.start())),),
                        "The registry refuses it: the repository of the provenance and that of package.json differ.",
                    )


def _package(tree: Tree, path: str) -> dict[str, object]:
    try:
        data = json.loads(tree.text(path)) if path in tree.entries else {}
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _members(tree: Tree, name: str) -> list[str]:
    """The package.json of the workspace's member of this name, or in this folder."""
    every = [p for p in tree.entries if posixpath.basename(p) == "package.json" and "node_modules/" not in p]
    return [p for p in every if posixpath.dirname(p) == name or _package(tree, p).get("name") == name][:1]


COMMITS = regex(
    r"(?m)(?:^|&&|;|\|\||\bthen|\bdo)\s*git\s+(?:commit\b|tag\s+(?:-\w*[am]\w*\b|--annotate|--message)|cherry-pick\b|revert\b)(?![^\n]*--no-commit)"
)
NAMED = regex(
    r"user\.(?:name|email)|GIT_(?:AUTHOR|COMMITTER)_|import-gpg|git-auto-commit|setup-git|create-github-app|git-config|changesets/action"
)


OTHERS = regex(
    r"(?m)^\s*(?:(?:bash|sh|source|\.)\s+)?(?P<what>(?:\./)?[\w./-]+\.(?:sh|py|js)|make|just|npm|bash|sh|source|\.|\./\S+)(?=\s|$)"
)


def _may_name(tree: Tree, what: str) -> bool:
    """May what a step starts set git's identity? A file of the target is read."""
    path = what.removeprefix("./")
    return NAMED.search(tree.text(path)) is not None if path in tree.entries else True


def _nameless(tree: Tree, steps: list[Step]) -> Iterator[Finding]:
    """Git refuses to commit without a name, and a runner that GitHub starts has none."""
    for step in steps:
        said = " ".join((step.run, step.uses, *(f"{k} {v}" for k, v in (step.values or {}).items())))
        if NAMED.search(said) or (step.uses and not re.match(r"actions/|docker/", step.uses)):
            return
        if any(_may_name(tree, match["what"]) for match in OTHERS.finditer(step.run)):
            return
        match = COMMITS.search(step.run)
        if match:
            at = step.run.index("git", match.start())
            yield Finding(
                f"`{' '.join(step.run[at:].split()[:3])}` on a runner that has no git identity, and no step of the job sets one",
                tree.evidence(step.path, _line(step, at)),
                (),
                "git ends with: empty ident name not allowed.",
            )
            return
