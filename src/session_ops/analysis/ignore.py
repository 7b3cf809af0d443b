"""What git should not hold: run-time files, secrets, build output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from session_ops.analysis.closing_ways import empty_values
from session_ops.analysis.lists import with_line
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.references import References
from session_ops.model import Confidence, Evidence, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_RUNTIME = regex(
    r"(?:^|/)(?:"
    r"[^/]+\.(?:pid|pidfile|sock|heartbeat|beat)|\.?heartbeat|\.beat|nohup\.out"
    r"|\.?(?:current|active|last)[-_]session(?:[-_]?id)?(?:\.(?:txt|json))?|\.session[-_]?id"
    r"|[^/]+\.(?:db|sqlite3?)-(?:wal|shm|journal)|dump\.rdb|appendonly\.aof"
    r")$",
    re.IGNORECASE,
)
"""Names that only a running program writes."""
_LOG = regex(r"(?:^|/)[^/]+\.log(?:\.\d+)?$|(?:^|/)logs?/[^/]+\.(?:jsonl|ndjson|txt|out|err)$", re.IGNORECASE)
_STATE = regex(
    r"(?:^|/)\.?(?:state|sessions?|locks?|logs?|runs?|runtime|heartbeats?|registry|pids?|inbox|outbox|queue|diary|diaries|transcripts?|cache|tmp)"
    r"(?:/|$)|(?:^|/)[^/]*(?:session|state|lock|registry|heartbeat|queue|events|history|diary)[^/]*\.(?:json|jsonl|ndjson|db|sqlite3?|lock|md|log|txt)$"
    r"|\.(?:log|jsonl|pid|lock|db|sqlite3?)$",
    re.IGNORECASE,
)
"""Names that go with what a tracker writes; they count only where its own code writes them."""
_LIVE = regex(
    r"(?:^|/)\.?(?:state|runtime|var|run)/[^/]*(?:session|lock|registry|heartbeat)[^/]*\.(?:jsonl?|ndjson|db|sqlite3?)$",
    re.IGNORECASE,
)
_LOCK_LIST = regex(
    r"(?:^|/)(?:cargo|uv|poetry|yarn|gemfile|bun|flake|composer|pipfile|pdm|podfile|mix|pubspec|deno|pixi|conda|chart|package|pnpm|npm|bundle"
    r"|requirements|packages|manifest|skills|devbox|mise|paket|stack\.yaml|cabal\.project|\.terraform)[\w.-]*\.lock(?:\.\w+)?$",
    re.IGNORECASE,
)
_LOCK = regex(r"(?:^|/)(?:\.?locks?|sessions?|state|run|tmp|\.[\w-]+)/(?:[^/]+/)*[^/]+\.lock$", re.IGNORECASE)
MOST_EXAMPLES = 5
"""Places beside the first that a finding names."""


def _ignore(finding: Finding, tree: Tree) -> Fix | None:
    """A line in .gitignore. A file that is tracked stays tracked until a person takes it out, so nothing is offered for it."""
    pattern = finding.data.get("pattern", "")
    if finding.rule == "IGNORE-SECRET" and finding.at.line and (emptied := empty_values(finding, tree)):
        return emptied
    if not pattern or finding.data.get("tracked"):
        return None
    edits, creates = with_line(tree, ".gitignore", pattern)
    if not edits and not creates:
        return None
    return Fix(
        f"Ignore {pattern}",
        (finding.id,),
        "safe",
        edits,
        creates,
        why="What a running tracker writes does not belong to its sources.",
    )


@rule("IGNORE-STATE", gate="contents", category="gitignore", fix=_ignore)
def runtime_files_in_git(tree: Tree, references: References) -> Iterator[Finding]:
    """A file that the running tracker writes is tracked by git, or would be with the next `git add`.

    Why: every session changes a committed file, one machine's state reaches all others, and a stale pid or pointer of
    somebody else is taken for an own one. Tests, examples and lock files of package managers pass; so does what .gitignore names.
    Do: Name the file or folder in .gitignore; where git tracks it already, also `git rm -r --cached` it, which leaves the file
    itself in place.
    Source: gitignore(5); Pro Git, "Ignoring Files".
    """
    if tree.git.root is None:
        raise NotApplicable(f"no git repository: {tree.git.reason}")
    written = _written(references)
    seen: set[str] = set()
    tracked: dict[tuple[str, str], list[FileEntry]] = {}
    for entry in tree:
        if entry.kind != "file" or entry.vendored or _LOCK_LIST.search(entry.path) or entry.path.endswith(".gitkeep"):
            continue
        place = _place_of(tree, entry, written)
        if place is None or place in seen:
            continue
        seen.add(place)
        if entry.tracked:
            pure = PurePosixPath(entry.path)
            tracked.setdefault((pure.parts[0], pure.suffix or pure.name), []).append(entry)
        else:
            yield _loose_finding(tree, entry, place, written)
    for entries in tracked.values():
        yield _tracked_finding(tree, entries, written)
    for path, ref in sorted(written.items()):
        if path in seen or any(path == s or path.startswith(s + "/") for s in seen) or tree.exists(path) or not_deployed(path):
            continue
        if not _STATE.search(path) or would_ignore(tree, path):
            continue
        seen.add(path)
        yield Finding(
            f"{ref[0]} writes {path} when it runs, and no ignore rule keeps that out of git",
            tree.evidence(ref[0], ref[1]),
            impact="The first `git add .` after a run commits one machine's state.",
            confidence="possible",
            data={"pattern": f"/{path}"},
        )


def _written(references: References) -> dict[str, tuple[str, int]]:
    """What the target's own code writes inside the target, and the first place that does."""
    found: dict[str, tuple[str, int]] = {}
    for ref in references:
        inside = ref.base in ("script", "project") and ref.target and not ref.target.startswith(("..", "/"))
        if ref.act == "write" and inside and not not_deployed(ref.source) and "$" not in ref.target and "*" not in ref.target:
            found.setdefault(ref.target.rstrip("/"), (ref.source, ref.line))
    return found


def _place_of(tree: Tree, entry: FileEntry, written: dict[str, tuple[str, int]]) -> str | None:
    """The path to report a run-time file at: itself, or the topmost folder that holds nothing tracked; None if it is none."""
    path = entry.path
    sure = bool(_RUNTIME.search(path) or _LOCK.search(path))
    logs = bool(_LOG.search(path))
    own = path in written and bool(_STATE.search(path))
    if entry.tracked:
        return path if (sure or logs or own or _LIVE.search(path)) and not (not_deployed(path) and not sure) else None
    if entry.ignored or not_deployed(path):
        return None
    if not (sure or logs or own or _STATE.search(path)):
        return None
    top = next(
        (str(p) for p in reversed(PurePosixPath(path).parents) if str(p) != "." and not tree.git.tracks_below(str(p))), ""
    )
    if top and _STATE.search(top + "/"):
        several = sum(1 for other in tree.entries if other.startswith(top + "/")) > 1
        return top if several else path
    return path if sure or logs or own else None


def _tracked_finding(tree: Tree, entries: list[FileEntry], written: dict[str, tuple[str, int]]) -> Finding:
    """One finding for files of one ending below one folder."""
    entry = next((e for e in entries if e.path in written), entries[0])
    ref = written.get(entry.path)
    by = f" ({ref[0]} writes it)" if ref else ""
    sure = bool(_RUNTIME.search(entry.path)) or ref is not None
    confidence: Confidence = "likely" if sure and not not_deployed(entry.path) else "possible"
    more = f", and so {'is' if len(entries) == 2 else 'are'} {len(entries) - 1} more of its kind" if len(entries) > 1 else ""
    also = [tree.evidence(*ref)] if ref else []
    also += [tree.evidence(other.path) for other in entries if other is not entry][:MOST_EXAMPLES]
    return Finding(
        f"{entry.path} is written at run time{by}, but git tracks it{more}",
        tree.evidence(entry.path),
        tuple(also),
        f"Every run changes a committed file. Take it out: git rm --cached {entry.path}, and name it in .gitignore.",
        confidence,
        data={"pattern": f"/{entry.path}", "tracked": "yes"},
    )


def _loose_finding(tree: Tree, entry: FileEntry, place: str, written: dict[str, tuple[str, int]]) -> Finding:
    ref = written.get(entry.path)
    by = f" ({ref[0]} writes it)" if ref else ""
    folder = place != entry.path
    return Finding(
        f"{place}{'/ holds run-time files that' if folder else f' is written at run time{by} and'} git neither tracks nor ignores",
        Evidence(place) if folder else tree.evidence(place),
        (tree.evidence(*ref),) if ref else (),
        "The next `git add .` commits one machine's state.",
        "possible",
        data={"pattern": f"/{place}/" if folder else f"/{place}"},
    )


def would_ignore(tree: Tree, path: str) -> bool:
    """Would git ignore this path of the target, a file or a folder, which need not exist?"""
    return ignoring(tree, path)[0] != "" or ignoring(tree, path + "/")[0] != ""


def ignoring(tree: Tree, path: str) -> tuple[str, int]:
    """The .gitignore of the target and the line that keep a path out; an empty name where none does. The deepest file that speaks wins.

    git's own check-ignore takes no literal paths, so the files are read here.
    """
    folders = [str(p) for p in PurePosixPath(path).parents]
    for folder in folders:
        name = ".gitignore" if folder == "." else f"{folder}/.gitignore"
        if name not in tree.entries:
            continue
        below = path if folder == "." else path.removeprefix(folder + "/")
        found = _patterns(tree.text(name)).check_file(below)
        if found.include is not None and found.index is not None:
            return (name, found.index + 1) if found.include else ("", 0)
    return "", 0


@cache
def _patterns(text: str) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(
        line if line.strip() else "#" for line in text.splitlines()
    )  # blank lines would not be counted


# --- secrets --------------------------------------------------------------------------------------------------------------------

SECRET_NAME = regex(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?|_PASS|_PWD)(?:_ID)?$",
    re.IGNORECASE,
)
_NO_SECRET = regex(
    r"^$|^<.*>$|^\[.*\]$|^\{\{.*\}\}$|\$\{|^\$|change|replace|your|example|sample|dummy|placeholder|fake|test|todo|fixme|insert|enter|xxx|\*\*\*|\.\.\."
    r"|^(?:none|null|nil|undefined|true|false|secret|password|passw0rd|postgres|root|admin|guest|redis|localhost|dev|development|\d+)$",
    re.IGNORECASE,
)
_KNOWN = regex(
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|sk-ant-[\w-]{20,}|sk-(?:proj-)?[A-Za-z0-9_-]{32,}|xox[abp]-[\w-]{10,}"
    r"|AIza[0-9A-Za-z_-]{35}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|SG\.[\w-]{20,}\.[\w-]{20,})"
)
_ENV_LINE = regex(r"^\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*$")
_TEMPLATE = regex(r"example|sample|template|dist|default|test|mock|schema|local\.example|vault|enc(?:rypted)?$", re.IGNORECASE)


def looks_secret(name: str, value: str) -> bool:
    """Is this the value of a secret, by its variable's name and its own look? Placeholders and weak defaults of a local database are not."""
    value = value.strip().strip("\"'")
    if _NO_SECRET.search(value):
        return False
    if _KNOWN.search(value):
        return True
    mixed = bool(re.search(r"\d", value)) and bool(re.search(r"[A-Za-z]", value))
    chosen = bool(re.search(r"[A-Z]", value)) and bool(re.search(r"[a-z]", value)) and bool(re.search(r"[^A-Za-z0-9]", value))
    return (
        bool(SECRET_NAME.search(name))
        and len(value) >= (10 if chosen else 16)
        and mixed
        and len(set(value)) >= 8
        and not re.search(r"[\s/\\:(){}]", value)
    )


def may_be_secret(name: str, value: str) -> bool:
    """Is this a chosen password that is too short to be sure of: letters of both cases and digits, no word, no placeholder?"""
    value = value.strip().strip("\"'")
    kinds = all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", r"\d"))
    plain = re.search(r"[\s/\\:(){}$<>]|example|default|local|\b(?:v\d|http)", value, re.IGNORECASE) is None
    return bool(SECRET_NAME.search(name)) and len(value) >= 8 and kinds and plain and not _NO_SECRET.search(value)


@rule("IGNORE-SECRET", gate="guard", category="security", fix=_ignore)
def env_file_in_git(tree: Tree) -> Iterator[Finding]:
    """A .env file with values is tracked by git, or nothing keeps it out.

    Why: what is committed once stays in the history and in every clone. Templates (.env.example), encrypted files and files
    without values pass. A value is never repeated here.
    Do: Name the file in .gitignore and commit a `.env.example` with names and no values; if it was ever committed,
    `git rm --cached` it and replace every secret that it held.
    Source: The Twelve-Factor App, III; gitignore(5).
    """
    if tree.git.root is None:
        raise NotApplicable(f"no git repository: {tree.git.reason}")
    for entry in tree.files("env"):
        name = entry.path.rpartition("/")[2]
        if _TEMPLATE.search(name) or entry.ignored or "env" not in name:
            continue
        pairs = [(n, m) for n, line in enumerate(tree.lines(entry.path), start=1) if (m := _ENV_LINE.match(line))]
        filled = [(n, m) for n, m in pairs if m["value"].strip("\"' ")]
        if not filled:
            continue
        secret = next((n for n, m in filled if looks_secret(m["name"], m["value"])), 0)
        named = next((n for n, m in filled if SECRET_NAME.search(m["name"])), 0)
        names = ", ".join(dict.fromkeys(m["name"] for n, m in filled if SECRET_NAME.search(m["name"])))
        holds = f"with values for {names}" if names else f"with {len(filled)} values"
        if entry.tracked:
            yield Finding(
                f"{entry.path} is tracked by git, {holds}",
                tree.evidence(entry.path, secret or named or filled[0][0]),
                impact="Everyone with the repository, and its history, has these values. Replace what is secret, then: "
                f"git rm --cached {entry.path}, and commit a template without values.",
                confidence="likely" if secret and not not_deployed(entry.path) else "possible",
                data={"pattern": name, "tracked": "yes"},
            )
        else:
            yield Finding(
                f"{entry.path}, {holds}, is neither tracked nor ignored by git",
                tree.evidence(entry.path, named or filled[0][0]),
                impact="The next `git add .` commits it.",
                confidence="possible",
                data={"pattern": name},
            )


# --- build output ---------------------------------------------------------------------------------------------------------------

_BUILT_FOLDER = regex(
    r"(?:^|.*/)(?:__pycache__|node_modules|\.venv|venv|\.tox|\.nox|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.next|\.nuxt|\.gradle|\.parcel-cache|\.expo|\.turbo|\.dart_tool|\.svelte-kit"
    r"|[^/]+\.egg-info|\.eggs|bower_components)(?=/)"
)
_BUILT_FILE = regex(r"\.(?:pyc|pyo|o|obj|class|rlib|rmeta|tsbuildinfo)$")
_OUTPUT_FOLDER = regex(r"(?:^|/)(?:dist|build|out|target|release|debug|bin|obj|coverage)/")
_MAGIC = {
    b"\x7fELF": "an ELF program", b"\xcf\xfa\xed\xfe": "a Mach-O program", b"\xce\xfa\xed\xfe": "a Mach-O program",
    b"\xca\xfe\xba\xbe": "a Mach-O program", b"MZ": "a Windows program",
}  # fmt: skip


@rule("IGNORE-BUILD", gate="contents", category="gitignore")
def build_output_in_git(tree: Tree) -> Iterator[Finding]:
    """Build output is tracked by git although it can be built again, or although .gitignore means to keep it out.

    Why: it is stale with the next commit, made for one machine, and outweighs the sources. A `dist` folder that no ignore rule
    names is taken for a published artefact and passes.
    Do: Take it out of the index with `git rm -r --cached`, name it in .gitignore, and hand builds out as release files.
    Source: gitignore(5), NOTES: tracked files stay tracked; Cache Directory Tagging Specification.
    """
    if tree.git.root is None:
        raise NotApplicable(f"no git repository: {tree.git.reason}")
    folders: dict[str, list[str]] = {}
    loose: list[str] = []
    tagged = {p.rpartition("/")[0] for p, e in tree.entries.items() if e.tracked and p.rpartition("/")[2] == "CACHEDIR.TAG"} - {
        ""
    }
    for entry in tree:
        if not entry.tracked or entry.kind != "file":
            continue
        top = next((f for f in tagged if entry.path.startswith(f + "/")), "")
        match = _BUILT_FOLDER.match(entry.path)
        if match and any(f"{match[0]}/__init__.{end}" in tree.entries for end in ("py", "pyi")):
            match = None  # a package of that name
        if top or match:
            folders.setdefault(top or (match[0] if match else ""), []).append(entry.path)
        elif _BUILT_FILE.search(entry.path) and not not_deployed(entry.path):
            loose.append(entry.path)
    for folder, paths in sorted(folders.items()):
        if folder.endswith("node_modules") and any(name in tree.entries for name in ("action.yml", "action.yaml")):
            continue  # an action of GitHub runs as it is checked out
        if not not_deployed(folder.rpartition("/")[0] + "/"):
            yield _folder_finding(tree, folder, paths)
    if loose:
        more = f", and so are {len(loose) - 1} more" if len(loose) > 1 else ""
        yield Finding(
            f"{loose[0]} is build output and tracked by git{more}",
            tree.evidence(loose[0]),
            tuple(tree.evidence(path) for path in loose[1:MOST_EXAMPLES]),
            f"Every build changes a committed file. Take it out: git rm --cached {loose[0]}, and name it in .gitignore.",
            "possible",
        )
    reported = {path for paths in (*folders.values(), loose) for path in paths}
    against = _tracked_against_ignore(tree)
    for path in against:
        if path in reported or not_deployed(path):
            continue
        what = _program(tree, path)
        absent = path not in tree.entries
        if not what and not (absent and _executable_name(tree, path)) and not _OUTPUT_FOLDER.search(path):
            continue
        source, line = ignoring(tree, path)
        yield Finding(
            f"{path}{', ' + what + ',' if what else ''} is tracked by git although .gitignore excludes it",
            tree.evidence(path) if not absent else Evidence(path),
            (tree.evidence(source, line),) if source in tree.entries else (),
            f"Whoever builds changes a committed file, and everybody else gets one machine's build. Take it out: git rm --cached {path}",
            "likely" if what else "possible",
        )


def _folder_finding(tree: Tree, folder: str, paths: list[str]) -> Finding:
    near, line = _nearest_pattern(tree, folder)
    said = f"; .gitignore names only {near}" if near else ""
    return Finding(
        f"{folder} is build output and tracked by git ({len(paths)} {'file' if len(paths) == 1 else 'files'}){said}",
        tree.evidence(".gitignore", line) if line else tree.evidence(paths[0]) if len(paths) == 1 else Evidence(folder),
        tuple(tree.evidence(path) for path in paths[:MOST_EXAMPLES]) if line else (),
        f"Every build changes committed files. Take it out: git rm -r --cached {folder}, and name it in .gitignore.",
        "possible"
        if folder.endswith(("node_modules", ".expo", ".turbo"))
        else "likely",  # it works, and no package manager ships it
    )


def _nearest_pattern(tree: Tree, folder: str) -> tuple[str, int]:
    """The .gitignore line that means a folder of nearly this name (`target/` for `target2`)."""
    name = folder.rpartition("/")[2]
    for number, line in enumerate(tree.lines(".gitignore") if ".gitignore" in tree.entries else [], start=1):
        word = line.strip().strip("/")
        if len(word) >= 4 and word != name and re.fullmatch(re.escape(word) + r"[\d_.-]*\w?", name):
            return line.strip(), number
    return "", 0


def _tracked_against_ignore(tree: Tree) -> list[str]:
    """Tracked files of the target that an ignore rule names."""
    raw = tree.git.run("ls-files", "-z", "--cached", "--ignored", "--exclude-standard", may_fail=True)
    paths = [p.decode("utf-8", "surrogateescape") for p in raw.split(b"\0") if p]
    return sorted(p.removeprefix(tree.prefix) for p in paths if p.startswith(tree.prefix))


def _program(tree: Tree, path: str) -> str:
    """What kind of compiled program a file is, by its first bytes; empty for any other."""
    entry = tree.entries.get(path)
    if entry is None or entry.kind != "file" or (entry.status == "read" or entry.size < 4):
        return ""
    try:
        with (tree.root / path).open("rb") as file:
            head = file.read(4)
    except OSError:
        return ""
    return next((what for magic, what in _MAGIC.items() if head.startswith(magic)), "")


def _executable_name(tree: Tree, path: str) -> bool:
    """Does the index hold this path as executable, with a name that has no ending (a compiled program that was not checked out)?"""
    return tree.git.mode(path) == "100755" and "." not in path.rpartition("/")[2]
