"""CI jobs that cannot do what they are told: commands without the checkout that they need, a cache that the builder cannot write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.deployment_ci import lines_of
from session_ops.discovery.deployment import Deployment, Step
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

GH = regex(
    r"(?:^|[;&|(]\s*|\$\(\s*|\b(?:if|then|do|else|!|while)\s+)(?P<what>gh\s+(?:pr|issue|release|run|workflow|label|cache)\s+[a-z][\w-]*)(?P<rest>[^;&|]*)"
)
ASKED = regex(r"\b(?:if|elif|while|until)\b|\[")
"""In a condition the status of a command ends nothing."""
ANYWHERE = regex(r"(?:^|\s)(?:--repo|-R)(?:[\s=]|$)|https?://|_URL\b|\burl\b|html_url|--help|--version", re.IGNORECASE)
BRINGS = regex(r"checkout|clone", re.IGNORECASE)
OWN_CLONE = regex(r"\bgit\s+(?:-\S+\s+)*(?:clone|init)\b|\bgh\s+repo\s+(?:clone|fork)\b|\bGH_REPO=|\bcd\s")
EXPORTED = regex(r"(?:^|,)\s*type=(?P<type>\w+)|^\s*(?P<image>[\w./-]+:[\w.-]+)\s*$", re.MULTILINE)
BUILDERS = regex(r"setup-buildx|depot/|blacksmith|namespacelabs|buildx-action|setup-docker")


def _jobs(deployment: Deployment) -> list[list[Step]]:
    """The steps of each job of GitHub's workflows."""
    found: dict[tuple[str, str], list[Step]] = {}
    for step in deployment.steps:
        if ".github/workflows/" in f"/{step.path}" and step.job:
            found.setdefault((step.path, step.job), []).append(step)
    return list(found.values())


@rule("CI-REPO", gate="ship", category="deploy-config")
def gh_without_a_repository(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A CI job calls gh about the repository, and has neither checked it out nor said which one it is.

    Why: gh looks at the remotes of the folder it is started in; a job starts in an empty one, so gh ends with "fatal: not a git
    repository". What a former job checked out is not there: each job has a machine of its own.
    Passes: `--repo` or `-R`, GH_REPO in the environment, an address in place of a number, jobs that check out or clone.
    Do: Say `--repo "$GITHUB_REPOSITORY"`, set `GH_REPO: ${{ github.repository }}` in the job's env, or check out first.
    Source: cli.github.com/manual, gh environment (GH_REPO); GitHub Actions, "Using jobs in a workflow".
    """
    jobs = _jobs(deployment)
    if not any("gh " in step.run for steps in jobs for step in steps):
        raise NotApplicable("no CI job calls gh")
    for steps in jobs:
        if any(BRINGS.search(step.uses) or OWN_CLONE.search(step.run) for step in steps):
            continue
        if any(step.uses.startswith("./") for step in steps):
            continue  # a local action needs the checkout; REF-SHIP speaks of it
        for step in steps:
            if any(key.endswith("env.GH_REPO") for key in step.values or {}):
                continue
            told = next(
                (
                    (line, match["what"], bool(ASKED.search(text[: match.start("what")])))
                    for line, text in lines_of(step)
                    if not text.lstrip().startswith(("#", "echo"))
                    for match in GH.finditer(text)
                    if not ANYWHERE.search(match["rest"])
                ),
                None,
            )
            if told:
                yield Finding(
                    f"`{' '.join(told[1].split())}` needs to know the repository, and the job {step.job} has no checkout",
                    tree.evidence(step.path, told[0]),
                    impact="It ends with: fatal: not a git repository."
                    + (" The condition around it takes that for an empty answer." if told[2] else ""),
                    confidence="possible" if told[2] else "likely",
                )
                break


@rule("CI-BUILDER", gate="ship", category="deploy-config")
def builder_that_cannot(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A CI job lets build-push-action do what it cannot: export a cache with the default builder, or build without a Dockerfile.

    Why: the builder that a runner starts with (the `docker` driver) answers "Cache export is not supported for the docker
    driver" to `cache-to`; and without `file` the action takes the Dockerfile of its context, under that name only.
    Passes: jobs with docker/setup-buildx-action or a builder of another maker, `type=inline`, a `file`, files that a step writes first.
    Do: Put `docker/setup-buildx-action` before the build; write `file: …` where the file has another name.
    Source: docs.docker.com, "Cache storage backends" (driver) and "GitHub Actions cache"; docker/build-push-action, inputs.
    """
    jobs = [steps for steps in _jobs(deployment) if any("docker/build-push-action" in step.uses for step in steps)]
    if not jobs:
        raise NotApplicable("no CI job uses build-push-action")
    for steps in jobs:
        runs = "\n".join(step.run for step in steps)
        built = any(BUILDERS.search(step.uses) for step in steps) or "buildx create" in runs or "containerd" in runs
        for step in steps:
            if "docker/build-push-action" not in step.uses:
                continue
            values, places = step.values or {}, step.places or {}
            to = values.get("with.cache-to", "")
            kind = EXPORTED.search(to)
            if kind and kind["type"] != "inline" and not built and "with.builder" not in values and "${{" not in to:
                yield Finding(
                    f"`cache-to: {' '.join(to.split())}` needs another builder than the one a runner starts with",
                    tree.evidence(step.path, places.get("with.cache-to", step.line)),
                    impact="The build stops: cache export is not supported for the docker driver.",
                )
            missing = _no_dockerfile(tree, values, runs)
            if missing is not None:
                there = [p for p in tree.entries if p.rpartition("/")[0] == missing and _other_name(p)]
                yield Finding(
                    f"the build takes {missing + '/' if missing else ''}Dockerfile, which is not there",
                    tree.evidence(step.path, places.get("with.context", step.line)),
                    tuple(tree.evidence(path) for path in there[:3]),
                    "The build stops: failed to read dockerfile.",
                    "likely" if there or not runs.strip() else "possible",
                )


def _other_name(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.startswith("containerfile") or "dockerfile" in name


def _no_dockerfile(tree: Tree, values: dict[str, str], runs: str) -> str | None:
    """The folder of the context without a Dockerfile; None where there is one, or where that cannot be told."""
    context = values.get("with.context", "").strip()
    if "with.file" in values or "with.files" in values or "$" in context or "://" in context or context.startswith(("/", "{{")):
        return None
    folder = normal(context or ".")
    folder = "" if folder == "." else folder
    if folder.startswith("..") or re.search(r"(?i)dockerfile", runs):
        return None
    path = f"{folder}/Dockerfile" if folder else "Dockerfile"
    return None if path in tree.entries or (folder and folder not in tree.folders) else folder


RETIRED = {
    "ubuntu-16.04": "September 2021", "ubuntu-18.04": "April 2023", "ubuntu-20.04": "April 2025", "macos-10.15": "August 2022",
    "macos-11": "June 2024", "macos-12": "December 2024", "macos-13": "December 2025", "windows-2016": "March 2022", "windows-2019": "June 2025",
}  # fmt: skip
"""Images of GitHub's own runners that are gone, and since when. Source: github.com/actions/runner-images, announcements."""
IMAGE = regex(
    r"^\s*-?\s*(?:runs-on|os|runner|platform|host|image|machine)\s*:.*?|^\s*-\s*(?=[\"']?(?:ubuntu|macos|windows)-)|^\s*(?:runs-on|os|runner)\s*:\s*\[.*?"
)
LABEL = regex(r"(?<![\w.-])(?P<label>(?:ubuntu|macos|windows)-[\d.]+)(?:-(?:large|xlarge))?(?![\w.-])")


@rule("CI-RUNNER", gate="ship", category="deploy-config")
def machine_that_is_gone(tree: Tree) -> Iterator[Finding]:
    """A CI job asks for a machine that GitHub no longer has.

    Why: no runner takes the job: it waits, and fails after a day, and with it the release or the check that needs it. Passes: runners of one's
    own (self-hosted), names in comments, conditions and names of artefacts.
    Do: Name an image that is there, such as ubuntu-24.04, macos-15 or windows-2025, or the moving `-latest`.
    Source: github.com/actions/runner-images, Software and image support; GitHub Actions, jobs.<job_id>.runs-on.
    """
    files = [e.path for e in tree.files("yaml") if "/.github/workflows/" in f"/{e.path}"]
    if not files:
        raise NotApplicable("no GitHub workflow")
    for path in files:
        text = tree.text(path)
        if not any(label in text for label in RETIRED):
            continue
        found: dict[str, int] = {}
        chosen = re.search(r"runs-on:.*\$\{\{", text) is not None
        for number, line in enumerate(tree.lines(path), 1):
            if not chosen and "runs-on" not in line:
                continue
            if (
                line.lstrip().startswith("#")
                or "self-hosted" in line
                or "${{" in line.partition("#")[0]
                or not IMAGE.match(line)
            ):
                continue
            for match in LABEL.finditer(line.partition(" #")[0]):
                if match["label"] in RETIRED:
                    found.setdefault(match["label"], number)
        for label, number in found.items():
            yield Finding(
                f"GitHub has no runners {label} since {RETIRED[label]}",
                tree.evidence(path, number),
                impact="The job never starts, and fails after a day of waiting.",
            )
