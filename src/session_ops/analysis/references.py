"""Rules about names of files that lead nowhere: run, sourced, imported, shipped, hooked or documented."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePosixPath

from session_ops.analysis.brought_back import removed_in
from session_ops.analysis.missing_files import for_doc, for_hook, for_import, for_run, for_ship
from session_ops.analysis.nearest import nearest_path
from session_ops.analysis.repoint import exact_edits, rewritten
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.history import History
from session_ops.discovery.references import Reference, References
from session_ops.model import Confidence, Evidence, Finding, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SIDE = regex(
    r"(?:^|/)(?:tests?|__tests__|spec|fixtures?|testdata|__fixtures__|__mocks__|examples?|samples?|demos?|templates?|archived?|_archive|old|legacy|"
    r"deprecated|backups?|bak|vendor|third_party|playground|sandbox|scratch|experiments?|benchmarks?|bench|deps|external|extern|thirdparty|3rdparty|cookiecutter[\w-]*|docs?(?:[_-]src)?|snippets|\.history)(?=/)"
    r"|\.(?:test|spec)(?:[_-]\w+)?\.[cm]?[jt]sx?$|[._-](?:template|tmpl|tpl)\.\w+$|(?:^|/)(?:test_\w+|\w+_test|conftest)\.py$|(?:^|/)tests?-[\w-]+\.\w+$",
    re.IGNORECASE,
)
"""Code beside the product: what is wrong in it stops nobody's deployment."""
_MAIN_TARGETS = frozenset(
    ("all", "install", "build", "run", "start", "up", "serve", "deploy", "test", "check", "setup", "default")
)
"""What users and CI call; `release`, `dist` and the like are for maintainers, on whose machine more may lie."""
_MAIN_SCRIPTS = frozenset(
    (
        "start",
        "build",
        "prepare",
        "install",
        "preinstall",
        "postinstall",
        "prestart",
        "poststart",
        "prebuild",
        "postbuild",
        "prepack",
        "serve",
    )
)
_COMMON_NAMES = regex(
    r"(?:readme|index|main|__init__|__main__|setup|config|package|license|changelog|dockerfile|makefile|utils?|types?)(?:\.\w+)*$",
    re.IGNORECASE,
)
_OWN_CONFIG = regex(r"(?:^|/)\.env(?:\.\w+)?$|(?:^|/)[\w-]*\.local\.\w+$|(?:^|/)secrets?\b")
MOST = 30
"""Findings of one rule; what is more is folded into the last."""


def missing(references: References, *places: str) -> list[Reference]:
    """References of these places that lead nowhere, in order.

    Raises:
        NotApplicable: nothing in these places names a file.
    """
    named = [r for r in references if r.place in places]
    if not named:
        raise NotApplicable("nothing names a file")
    return [r for r in named if r.verdict == "missing"]


def sole_candidate(reference: Reference) -> str:
    """The one file that is surely meant: the only one of its name, and the name says something."""
    if not reference.candidates:
        return ""
    first = reference.candidates[0]
    if first.lower() == reference.target.lower():
        return first
    fitting = reference.place in ("ci", "makefile") or (reference.place == "markdown" and first.endswith(".md"))
    aside = SIDE.search(first) is not None and not fitting
    if len(reference.candidates) > 1 or _COMMON_NAMES.match(PurePosixPath(first).name) or aside:
        return ""
    return first


def describe(reference: Reference, history: History) -> str:
    """The end of a message: where the file is instead, or which commit removed it."""
    candidate = sole_candidate(reference)
    if candidate and candidate.lower() == reference.target.lower():
        return f"; the file is spelt {candidate}, and Linux tells the two apart"
    commit = removed_in(history, reference.target)
    gone = f"; commit {commit[:9]} removed it" if commit else ""
    return f"; there is {candidate}{gone}" if candidate else gone


def fix_data(tree: Tree, references: Sequence[Reference]) -> dict[str, str]:
    """What `repoint` needs: the edits that make each place name the one candidate; nothing where there is a doubt."""
    edits = []
    for reference in references:
        if reference.place == "html":
            return {}  # the name of an icon says little
        # where a file of this very name lies elsewhere, it was moved, and the name is no slip
        candidate = sole_candidate(reference) or ("" if reference.candidates else nearest_path(tree, reference.target))
        edit = rewritten(tree, reference, candidate) if candidate else None
        if edit is None:
            return {}
        edits.append(edit)
    first = references[0]
    candidate = sole_candidate(first)
    if not candidate:  # a slip of the keyboard
        return exact_edits(edits, f"Name {nearest_path(tree, first.target)} instead")
    near = "/" not in first.source or first.source.split("/")[0] == candidate.split("/")[0]
    safe = first.place == "markdown" and (near or candidate.lower() == first.target.lower())
    return exact_edits(edits, f"Name {candidate} instead", safe=safe)


def finding(
    tree: Tree, places: Sequence[Reference], message: str, impact: str, confidence: Confidence, gate: Gate | None = None, extra: str = ""
) -> Finding:  # fmt: skip
    """One finding for several places of the same cause; the first counts."""
    first = places[0]
    seen = {(first.source, first.line)}
    also: list[Evidence] = []
    for reference in places[1:]:
        if (reference.source, reference.line) not in seen:
            seen.add((reference.source, reference.line))
            also.append(tree.evidence(reference.source, reference.line))
    more = f" ({len(also)} more such places)" if also else ""
    return Finding(
        f"{message}{more}{extra}",
        tree.evidence(first.source, first.line),
        tuple(also[:50]),
        impact,
        confidence,
        gate,
        fix_data(tree, places),
    )


def limited(findings: Iterable[Finding]) -> Iterator[Finding]:
    """At most MOST findings; the rest becomes further places of the last one of its confidence."""
    ranked = sorted(findings, key=lambda f: (f.confidence == "possible", f.at.path.count("/"), f.at.path, f.at.line))
    yield from ranked[: MOST - 1]
    rest = ranked[MOST - 1 :]
    if len(rest) == 1:
        yield rest[0]
    elif rest:
        also = tuple(e for f in rest for e in (f.at, *f.also))[1:]
        yield replace(
            rest[0],
            message=f"{rest[0].message}; {len(rest) - 1} further findings of this kind lie in other files",
            also=also[:100],
        )


# REF-RUN


@rule("REF-RUN", gate="start", category="dangling-ref", fix=for_run)
def run_of_missing(tree: Tree, references: References, history: History) -> Iterator[Finding]:
    """Code runs, sources or reads a file that is not there.

    Paths are followed through variables, `cd`, sourced files and the script's own folder. What the target makes itself (redirections,
    mkdir, build output, ignored files), what is asked for first (`[ -f x ]`), and what may fail (`|| true`) passes. Make targets and
    npm scripts other than the main ones break only the docs' promise.
    Do: Correct the path, or the variable that holds its folder; else add or restore the file, or take out what needs it. Where
    it may be absent, test for it first.
    Source: POSIX.1-2024, Shell & Utilities, 2.8.1 Consequences of Shell Errors; GNU Bash manual, The Set Builtin (-e).
    """
    found = missing(references, "shell", "makefile", "manifest", "python", "javascript", "html")
    wrong = list(_wrong_folders(tree, references))
    yield from (one for one, _ in wrong)
    told = {id(r) for _, uses in wrong for r in uses}
    rest = [
        r for r in found if r.act != "import" and not r.guarded and id(r) not in told and not set(r.target.split("/")) <= {".."}
    ]
    rest += [r for r in found if r.place == "javascript" and r.act == "read" and r.guarded and _above_package(tree, r)]
    grouped: list[Finding] = []
    apart = _installed_apart(references)
    for _, group in groupby(sorted(rest, key=lambda r: (r.source, r.target, r.line)), key=lambda r: (r.source, r.target)):
        places = sorted(group, key=lambda r: (not r.fatal, r.line))
        places = [places[0], *sorted(places[1:], key=lambda r: r.line)]
        one = places[0]
        confidence, gate = _how_sure(tree, one, history, apart)
        grouped.append(
            finding(tree, places, f"{_deed(one)} {_absent(one)}", _cost(one), confidence, gate, describe(one, history))
        )
    yield from limited(grouped)


def _absent(reference: Reference) -> str:
    """What is named, and that it is not there; the path only where the text does not say it already."""
    if normal(reference.text) == reference.target:
        return f"{reference.text}, which is not there"
    if reference.target.startswith(".."):
        return f"{reference.text}, which leads out of the package to {reference.target}, where nothing is"
    return f"{reference.text}, but {reference.target} is not there"


def _deed(reference: Reference) -> str:
    deeds = {"run": "runs", "source": "sources", "copy": "copies", "read": "reads", "write": "writes", "import": "imports"}
    deed = "asks for" if reference.place == "html" else deeds.get(reference.act, "names")
    who = {"makefile": f"make {reference.within} ", "manifest": f"npm run {reference.within} ", "html": "The page "}.get(
        reference.place, ""
    )
    return who + deed if who else deed.capitalize()


def _cost(reference: Reference) -> str:
    if reference.place == "html":
        return "The browser gets 404 for it."
    if reference.place in ("makefile", "manifest"):
        return "The command fails for everybody who calls it."
    if reference.fatal:
        return "The script stops here; nothing after this line happens."
    return "The step fails, and what follows goes on without it."


def _above_package(tree: Tree, reference: Reference) -> bool:
    """Does a path leave the package although a file of its name lies in it?"""
    return reference.target.startswith("..") and not tree.prefix and bool(reference.candidates)


def _installed_apart(references: References) -> frozenset[str]:
    """Files and folders that something copies away: beside what they lie in the end, this tree does not tell."""
    return frozenset(
        r.target for r in references if r.act == "copy" and r.verdict == "resolves" and r.place != "markdown" and r.target
    )


def _elsewhere(one: Reference) -> bool:
    """Would the path hold if its caller stood in another folder of the target?"""
    return one.base == "cwd" and any(("/" + c).endswith("/" + normal(one.text)) for c in one.candidates)


def _how_sure(tree: Tree, one: Reference, history: History, apart: frozenset[str]) -> tuple[Confidence, Gate | None]:
    known = bool(removed_in(history, one.target) or sole_candidate(one))
    if SIDE.search(one.source) or one.place == "html" or one.guarded:
        return "possible", None
    if one.place == "makefile":
        return "likely", None if one.within in _MAIN_TARGETS and one.fatal else Gate.FOLLOW
    if one.place == "manifest":
        main = one.within in _MAIN_SCRIPTS and not (one.within == "build" and _built(tree, one.source))
        return "likely", None if main else Gate.FOLLOW
    if one.place in ("python", "javascript"):
        return ("likely" if one.act == "run" and one.base == "script" else "possible"), None
    folder_there = tree.is_folder(posixpath.dirname(one.target)) and posixpath.dirname(one.target) != ""
    moved = bool(one.candidates) and (one.source in apart or posixpath.dirname(one.source) in apart)
    if one.act == "run" and _set_again(one):
        return "likely", None
    if moved or _elsewhere(one):
        return "possible", None
    if not one.fatal or _OWN_CONFIG.search(one.target):
        return "possible", None
    if one.act in ("run", "source"):
        return ("likely" if one.base == "script" or known or folder_there else "possible"), None
    return ("likely" if known and one.base == "script" else "possible"), None


def _set_again(one: Reference) -> bool:
    """Does a file that the script sources give its own folder to the variable, and the path holds from the script's folder?"""
    below = normal(posixpath.join(posixpath.dirname(one.source), one.literal.lstrip("/")))
    return (
        one.base == "script"
        and not one.set_at
        and bool(one.variable)
        and one.candidates == (below,)
        and one.anchor != posixpath.dirname(one.source)
        and one.target == posixpath.join(one.anchor, one.literal.lstrip("/"))
    )


def _built(tree: Tree, manifest: str) -> bool:
    """Is all there that a package.json offers, as in what was published, so that nobody has to build it?"""
    try:
        package = json.loads(tree.text(manifest))
    except ValueError:
        return False
    bins = package.get("bin") if isinstance(package, dict) else None
    offered = [*bins.values()] if isinstance(bins, dict) else [bins]
    paths = [normal(posixpath.join(posixpath.dirname(manifest), str(one))) for one in (*offered, package.get("main")) if one]
    return bool(paths) and all(tree.exists(path) for path in paths)


def _wrong_folders(tree: Tree, references: References) -> Iterator[tuple[Finding, list[Reference]]]:
    """Variables (or `cd`s) that hold the wrong folder: every use misses, and all would be found from another one."""
    used = [r for r in references if r.place == "shell" and r.set_at and r.literal and r.verdict in ("missing", "resolves")]
    key = lambda r: (r.source, r.set_at, r.variable)  # noqa: E731 - sort and group by the same
    for (source, line, variable), group in groupby(sorted(used, key=key), key=key):
        uses = list(group)
        lost = [r for r in uses if r.verdict == "missing"]
        if len(lost) < len(uses) or len({r.line for r in lost}) < 2 or all(r.guarded for r in lost):
            continue
        anchor = lost[0].anchor
        right = next((f for f in _above(anchor) if all(_fits(tree, r, anchor, f) for r in lost)), None)
        if right is None:
            continue
        there = right or "the top of the target"
        text = (
            f"{variable} is {anchor or 'the top of the target'}, but all {len(lost)} files that the script looks for from there are missing; "
            f"their folders are in {there}"
        )
        at = tree.evidence(source, line)
        also = tuple(tree.evidence(source, number) for number in sorted({r.line for r in lost}))
        data = _moved_base(tree, lost, source, line, right)
        confidence: Confidence = "possible" if SIDE.search(source) else "likely"
        yield Finding(text, at, also, "Every command that uses this folder fails.", confidence, None, data), lost


def _above(folder: str) -> Iterator[str]:
    while folder and not folder.startswith(".."):
        folder = posixpath.dirname(folder)
        yield folder


def _fits(tree: Tree, reference: Reference, anchor: str, folder: str) -> bool:
    """Would the written path lead at least into an existing folder from here, which it does not from the present one?"""
    parts = normal(reference.literal.lstrip("/")).split("/")
    if parts[0] in ("..", ""):
        return False
    if tree.exists(posixpath.join(folder, *parts)):
        return True
    return (
        len(parts) > 1
        and tree.is_folder(posixpath.join(folder, parts[0]))
        and not tree.is_folder(posixpath.join(anchor, parts[0]))
    )


def _moved_base(tree: Tree, lost: list[Reference], source: str, line: int, right: str) -> dict[str, str]:
    """Edits that correct the assignment and, where files moved as well, the uses."""
    written = tree.lines(source)[line - 1] if line <= len(tree.lines(source)) else ""
    up = posixpath.relpath(lost[0].anchor or ".", right or ".").count("/") + 1
    match = re.search(r"((?:/\.\.)*)(\"?/?\"?)(?=\s*(?:>\s*/dev/null\s*(?:2>&1\s*)?)?&&\s*pwd)", written)
    edits: list[tuple[str, int, str, str]] = []
    if match and written.count(match[0]) >= 1 and "pwd" in written:
        start = written.rfind(" ", 0, match.start()) + 1
        old = written[start : match.end()]
        if written.count(old) != 1:
            old = written.strip()
        new = (
            old.replace(match[0], "/.." * up + match[0], 1)
            if match[1]
            else old[: len(old) - len(match[2])] + "/.." * up + match[2]
        )
        edits.append((source, line, old, new))
    elif written.count("$(dirname ") == 1 and (inner := re.search(r"\$\(dirname (\"?\$\{?\w+\}?\"?)\)", written)):
        new = inner[0]
        for _ in range(up):
            new = f'$(dirname "{new}")'
        edits.append((source, line, inner[0], new))
    else:
        return {}
    for reference in lost:
        target = normal(posixpath.join(right, reference.literal.lstrip("/")))
        if tree.exists(target):
            continue
        candidate = sole_candidate(reference)
        edit = rewritten(tree, replace(reference, anchor=right, target=target), candidate) if candidate else None
        if edit is None:
            return {}
        edits.append(edit)
    return exact_edits(edits, f"Start from {right or 'the top of the target'}, where the files are")


# REF-IMPORT


@rule("REF-IMPORT", gate="start", category="dangling-ref", fix=for_import)
def import_of_missing(tree: Tree, references: References, history: History) -> Iterator[Finding]:
    """A module imports another of the same project that is not there.

    Relative imports and imports inside the target's own packages are resolved with every ending and index file of the language.
    Guarded ones (try, TYPE_CHECKING, type-only), generated modules and ignored files pass; inside a function the module
    still loads, so that is said with less confidence.
    Do: Correct the name or path of the module, write or restore the missing module, or remove the import together with the code
    that uses it.
    Source: Node.js documentation, Modules; The Python Language Reference, 5 The import system.
    """
    found = [r for r in references if r.act == "import"]
    if not found:
        raise NotApplicable("no module imports another of the target")
    lost = [r for r in found if r.verdict == "missing" and not r.guarded]
    results: list[Finding] = []
    main = [r for r in lost if not SIDE.search(r.source)]
    for _, group in groupby(sorted(main, key=lambda r: (r.source, not r.fatal, r.line)), key=lambda r: r.source):
        places = list(group)
        first = places[0]
        sure: Confidence = "likely" if first.fatal else "possible"
        others = len({r.text for r in places}) - 1
        more = f" and {others} other missing module{'s' if others > 1 else ''}" if others else ""
        cost = (
            "The module fails to load, and with it everything that needs it."
            if first.fatal
            else "The call fails when it gets there."
        )
        results.append(
            finding(
                tree,
                places,
                f"Imports {first.text}{more}, but {first.target} is not there",
                cost,
                sure,
                None,
                describe(first, history),
            )
        )
    side = sorted((r for r in lost if SIDE.search(r.source)), key=lambda r: r.source.split("/")[0])
    for folder, group in groupby(side, key=lambda r: r.source.split("/")[0]):
        places = sorted(group, key=lambda r: (r.source, r.line))
        first = places[0]
        files = len({r.source for r in places})
        text = f"{files} file{'s' if files > 1 else ''} in {folder} import{'s' if files == 1 else ''} modules that are not there, first {first.text}"
        results.append(finding(tree, places, text, "These files do not load.", "possible", None, describe(first, history)))
    yield from limited(results)


# REF-SHIP


@rule("REF-SHIP", gate="ship", category="dangling-ref", fix=for_ship)
def shipped_path_missing(tree: Tree, references: References, history: History) -> Iterator[Finding]:
    """A compose file, a CI step or a service unit names a path that is not there.

    COPY, ADD and CMD of a Dockerfile have rules of their own (SHIP-COPY, SHIP-CMD). Folders that Docker makes, optional files,
    files written by an earlier step and paths with expressions pass.
    Do: Name the file where it is (compose counts from its own file, CI from the checkout, a unit names the installed place),
    add the missing file, or take the entry out.
    Source: Compose Specification (build, env_file, extends); GitHub Docs, Workflow syntax; systemd.service(5).
    """
    found = [r for r in missing(references, "compose", "ci", "systemd") if not r.guarded]
    results = []
    for _, group in groupby(sorted(found, key=lambda r: (r.source, r.target, r.line)), key=lambda r: (r.source, r.target)):
        places = list(group)
        one = places[0]
        sure: Confidence = "likely" if one.fatal else "possible"
        if one.place == "compose" and one.act == "read" and not re.search(r"Dockerfile|ompose", one.text):
            sure = "possible"  # the user's own configuration, perhaps
        if one.place == "ci" and (
            tree.prefix or not one.source.startswith((".github/", ".gitlab-ci")) or one.act not in ("run", "source", "read")
        ):
            sure = "possible"
        if SIDE.search(one.source):
            sure = "possible"
        who = {"compose": f"service {one.within}", "ci": f"job {one.within}", "systemd": one.within}[one.place]
        cost = {
            "compose": "docker compose stops with an error.",
            "ci": "The job fails at this step.",
            "systemd": "The service does not start.",
        }[one.place]
        results.append(finding(tree, places, f"{who} names {_absent(one)}", cost, sure, None, describe(one, history)))
    yield from limited(results)


# REF-HOOK


@rule("REF-HOOK", gate="start", category="dangling-ref", fix=for_hook)
def hook_of_missing(tree: Tree, references: References, history: History) -> Iterator[Finding]:
    """A hook or plugin file starts a script that is not there.

    `$CLAUDE_PROJECT_DIR` and `${CLAUDE_PLUGIN_ROOT}` are filled in; guarded commands and build output pass.
    Do: Correct the hook's command to where the script is (below `$CLAUDE_PROJECT_DIR` or `${CLAUDE_PLUGIN_ROOT}`), add the
    script, or remove the hook.
    Source: Claude Code documentation, Hooks reference (environment variables).
    """
    found = [r for r in missing(references, "hook") if not r.guarded and r.act in ("run", "source", "read")]
    results = []
    for _, group in groupby(sorted(found, key=lambda r: (r.source, r.target, r.line)), key=lambda r: (r.source, r.target)):
        places = list(group)
        one = places[0]
        local = one.source.endswith(".local.json") or SIDE.search(one.source) is not None
        sure: Confidence = "possible" if local or _elsewhere(one) or (one.base == "cwd" and "/" not in one.target) else "likely"
        cost = "The hook fails each time the event happens."
        results.append(
            finding(tree, places, f"The {one.within} hook starts {_absent(one)}", cost, sure, None, describe(one, history))
        )
    yield from limited(results)


# REF-DOC


@rule("REF-DOC", gate="follow", category="dangling-ref", fix=for_doc)
def documented_path_missing(tree: Tree, references: References, history: History) -> Iterator[Finding]:
    """A document names a file of the project that is not there: a link, a command to run, a path in text.

    Changelogs, plans and archived documents tell of other times; paths of other projects, examples, and files that the reader is
    to make pass.
    Do: Write the path where the file is now, add or restore the file, or take the sentence out of the document.
    Source: GitHub Docs, Basic writing and formatting syntax: relative links.
    """
    found = [r for r in missing(references, "markdown") if not _aside(r)]
    results: list[Finding] = []
    for source, group in groupby(sorted(found, key=lambda r: (r.source, r.line)), key=lambda r: r.source):
        by_target: dict[str, list[Reference]] = {}
        for reference in group:
            by_target.setdefault(reference.target, []).append(reference)
        lists = list(by_target.values())
        for places in lists[:4] if len(lists) > 5 else lists:
            one = places[0]
            results.append(
                finding(tree, places, f"{_said(one)} {_absent(one)}", _lost(one), "likely", None, describe(one, history))
            )
        if len(lists) > 5:
            places = [r for some in lists[4:] for r in some]
            text = (
                f"{posixpath.basename(source)} names {len(lists) - 4} further files that are not there, first {places[0].text}"
            )
            results.append(finding(tree, places, text, "Readers who follow them do not arrive.", "likely"))
    yield from limited(results)


def _aside(reference: Reference) -> bool:
    sample = re.search(r"(?:^|/)(?:examples?|samples?|demos?)/", reference.source) is not None
    if sample and not PurePosixPath(reference.source).name.lower().startswith("readme"):
        return True
    return (
        re.search(
            r"(?:^|/)(?:archived?|_archive|old|legacy|fixtures?|testdata|templates?|tests?|node_modules|cookiecutter[\w-]*)/",
            reference.source,
            re.IGNORECASE,
        )
        is not None
    )


def _said(reference: Reference) -> str:
    if reference.act == "link":
        return "Links to"
    return "Tells readers to use" if reference.act in ("run", "source", "copy", "read") else "Names"


def _lost(reference: Reference) -> str:
    if reference.act == "link":
        return "The link leads nowhere."
    return (
        "The command fails for who follows the text."
        if reference.act != "mention"
        else "Who looks for the file does not find it."
    )
