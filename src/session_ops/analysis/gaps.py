"""Parts that a deployment needs and the target does not have."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.analysis.brought_back import Was, as_it_was, with_needed
from session_ops.analysis.first_steps import agents_section, first_readme, first_test, installed_from
from session_ops.analysis.needs import Need, node_needs, python_needs
from session_ops.analysis.new_manifest import package_json, published_name, pyproject
from session_ops.discovery.aside import is_aside, is_document, is_test
from session_ops.discovery.docs import Docs, in_readme, npm_run
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.history import Attempt, History, last_content
from session_ops.discovery.kind import PackageKind
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.syntax import Syntax
from session_ops.model import Confidence, Evidence, Finding, Fix, Gate, NewFile
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

CODE = ("shell", "zsh", "python", "javascript", "typescript", "tsx", "ruby", "go", "rust", "perl")
SHOWN = 12
"""Places that are shown besides the first."""


@dataclass(frozen=True)
class _World:
    """How an ecosystem is asked for: names of its manifests, commands of the docs that need one, words for people."""

    manifest: str
    covers: re.Pattern[str]
    command: re.Pattern[str]
    needs: str


_WORLDS = {
    "npm": _World(
        "package.json",
        regex(r"(?:^|/)(?:package\.json|deno\.jsonc?|bower\.json)$"),
        regex(r"^\s*(?:\$\s*)?(?:(?:sudo\s+)?npm\s+(?:install(?:\s+-g)?(?:\s+\.)?|i|ci|link|test|start|run\s+\S+)|yarn(?:\s+install)?|pnpm\s+(?:install|i))\s*(?:&&.*|#.*|--\S+\s*)*$"),
        "packages of npm",
    ),
    "pip": _World(
        "pyproject.toml",
        regex(r"(?:^|/)(?:[\w.-]*requirements[\w.-]*\.(?:txt|in)|Pipfile|environment\.ya?ml|conda\.ya?ml|uv\.lock|PKGBUILD|flake\.nix|[\w.-]+\.spec)$|(?:^|/)requirements/"),
        regex(r"^\s*(?:\$\s*)?(?:python3?\s+-m\s+)?(?:uv\s+)?pip3?\s+install\s+(?:-e\s+)?[\"']?\.(?:\[[^\]]*\])?[\"']?\s*(?:#.*)?$|^\s*(?:uv|poetry)\s+(?:sync|install)\s*$"),
        "packages of PyPI",
    ),
}  # fmt: skip


def _restore(finding: Finding, tree: Tree, syntax: Syntax, docs: Docs, history: History) -> Fix | None:
    """Bring the removed manifest back as it last was, or write one from what the tree tells.

    With it come the main file, the commands and the documented scripts that the same commit removed; entries that name other files
    which are gone are left out.
    """
    commit, path = finding.data.get("commit", ""), finding.at.path
    content = last_content(tree, path, commit) if commit else None
    if finding.data.get("content"):
        why = "pip then builds what setup.cfg describes."
        return Fix(f"Write {path}", (finding.id,), "review", creates=(NewFile(path, finding.data["content"]),), why=why)
    if content is None:
        new = (
            package_json(tree, syntax, docs)
            if path == "package.json"
            else pyproject(tree, docs)
            if path == "pyproject.toml"
            else None
        )
        why = "It is written from the names, commands and imports of the tree: set versions and bounds."
        return Fix(f"Write {path}", (finding.id,), "review", creates=(new,), why=why) if new else None
    kept, dropped, back = content, list[str](), dict[str, Was]()
    if path.endswith("package.json"):
        kept, dropped, back = _pruned(tree, path, content, docs, history)
    why = f"It is the content that {path} had before {commit[:8]} removed it"
    if back:
        why += f", with {len(back)} files that its documented commands need"
    if dropped:
        why += f", without what names files that are gone: {', '.join(dropped[:8])}"
    title = f"Restore {path} from the commit before {commit[:8]}"
    creates = (NewFile(path, kept), *(back[name].new for name in sorted(back)))
    return Fix(title, (finding.id,), "review" if dropped or back else "safe", creates=creates, why=why + ".")


_RUN = regex(r"\b(?:node|tsx|ts-node|bash|sh|python3?)\s+(?:--?[\w=-]+\s+)*([\w./-]+\.(?:[cm]?[jt]s|sh|py))\b")


def _pruned(tree: Tree, path: str, content: str, docs: Docs, history: History) -> tuple[str, list[str], dict[str, Was]]:
    """A package.json without main, bin and scripts that name missing files, the names of what was left out, and the files that stay named.

    What the commit removed together with the manifest, and people are told to start, belongs to it.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return content, [], {}
    if not isinstance(data, dict):
        return content, [], {}
    folder = path.rpartition("/")[0]
    back: dict[str, Was] = {}

    def there(name: str, told: bool) -> bool:
        whole = normal(f"{folder}/{name}" if folder else name)
        if any(tree.exists(whole + end) for end in ("", ".js", ".json", "/index.js")):
            return True
        was = as_it_was(whole, tree, history) if told else None
        if was is None or was.commit != history.removed.get(path) or not (files := with_needed([whole], tree, history)):
            return False
        back.update(files)
        return True

    built = any("build" in str(name) for name in data.get("scripts") or ())
    dropped = []
    for key in ("main", "module", "types"):
        if isinstance(data.get(key), str) and not built and not there(data[key], told=key == "main"):
            dropped.append(key)
            del data[key]
    for table in ("bin", "scripts"):
        entries = data.get(table)
        if not isinstance(entries, dict):
            continue
        for name, value in list(entries.items()):
            paths = [value] if table == "bin" else _RUN.findall(str(value))
            told = table == "bin" or in_readme(tree, docs, npm_run(name))
            if isinstance(value, str) and not all(there(p, told) for p in paths) and not (table == "bin" and built):
                dropped.append(f"{table} {name}")
                del entries[name]
    if not dropped:
        return content, [], back
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n", dropped, back


@rule("GAP-MANIFEST", gate="install", category="package", fix=_restore)
def no_manifest(tree: Tree, syntax: Syntax, docs: Docs, manifests: Manifests, history: History) -> Iterator[Finding]:
    """Code needs packages from outside, and no manifest says which.

    Why: on a clean machine `npm install` or `pip install .` installs nothing or fails, and the first import or require ends the program.
    Sure where the git history shows that a manifest was removed, or where the docs tell people to install from one.
    Passes: scripts that declare their own dependencies (PEP 723, deno), guarded imports, what the project's root above declares.
    Do: Add the manifest (package.json, or pyproject.toml with `dependencies`) that names each package the code imports, and
    install from it once in a clean environment; or correct the docs.
    Source: docs.npmjs.com (package.json), packaging.python.org (Declaring dependencies).
    """
    looked = False
    if (lost := _never_built(tree, manifests, history)) is not None:
        looked = True
        yield lost
    for ecosystem, world in _WORLDS.items():
        present = [m.path for m in manifests if m.ecosystem == ecosystem and not _stub(m)]
        present += [p for p in tree.entries if world.covers.search(p)]
        present = [p for p in present if not is_test(p) and not is_document(p)] + _above(tree, ecosystem)
        nested = [folder for p in present if (folder := p.rpartition("/")[0]) and not folder.startswith("..")]
        if ecosystem == "pip" and all(_partly(p) for p in present) and (_sdist(tree) or _is_removed(tree, history)):
            present = []  # what is left covers parts of it, and the whole had a manifest of its own
        if ecosystem == "npm":
            declared = any(p.endswith(("deno.json", "deno.jsonc")) for p in present)
            every = [] if declared else list(node_needs(tree, syntax, lambda path: _covered(tree, path, "package.json")))
        else:
            every = [] if present else [n for n in python_needs(tree) if not n.path.startswith(tuple(f"{f}/" for f in nested))]
        hard = [n for n in every if not n.guarded]
        removed = _removed(history, world, hard)
        told = None if present and not (ecosystem == "npm" and _all_inside(tree, present)) else _told(tree, docs, world)
        if told is not None and present and not _told_apart(tree, told, present):
            told = None
        alone = ecosystem == "pip" and not present and not told and not removed and _sdist(tree) is None
        call = _pip_call(tree) if alone else None
        looked = looked or bool(every) or bool(present) or told is not None
        if call is not None:
            looked = True
            yield Finding(
                f"this command is the only list of what the Python code needs{_what_needs(hard)}; no manifest says it",
                call,
                _places(tree, hard),
                impact=_NOTHING,
                confidence="possible",
            )
        elif hard:
            yield _needing(tree, world, hard, removed, told)
        elif told is not None or _names_what_is_here(tree, removed, present):
            looked = True
            told = told or (None if removed else _sdist(tree))
            gone = f" ({removed.commit[:8]} of {removed.date[:10]} removed it)" if removed else ""
            docs_say = f", but the docs say {told.quote[:80]!r}" if told else ", and what it named is still here"
            yield Finding(
                f"there is no {removed.path if removed else world.manifest}{gone}{docs_say}",
                Evidence(removed.path if removed else world.manifest),
                also=(told,) if told else (),
                impact="Whoever follows the docs is stopped here." if told else "Nothing says any more how this is installed.",
                gate=None if removed else Gate.FOLLOW,
                confidence="likely" if told else "possible",
                data=_attempt_data(removed),
            )
        elif not present and (place := _sdist(tree) if ecosystem == "pip" else None):
            looked = True
            yield Finding(
                f"there is no {world.manifest}, although {place.path} describes a package that was built from one",
                Evidence(world.manifest),
                (place,),
                impact="Nothing builds or installs it any more.",
            )
        elif not present and not removed and (place := published_name(tree, docs, ecosystem)[1]):
            looked = True
            yield Finding(
                f"there is no {world.manifest}, and {place.path} says that this is published as a package",
                Evidence(world.manifest),
                (place,),
                impact="What is published cannot be built from this tree.",
                confidence="possible",
            )
    if not looked:
        raise NotApplicable("no code that needs packages of npm or PyPI")


_BUILT_BY = '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n'


def _never_built(tree: Tree, manifests: Manifests, history: History) -> Finding | None:
    """A setup.cfg that describes a package, without the setup.py or pyproject.toml by which pip knows that there is one."""
    cfg = next((m for m in manifests if m.path == "setup.cfg" and m.name), None)
    if cfg is None or tree.entries.keys() & {"setup.py", "pyproject.toml"}:
        return None
    name = cfg.field("name")
    gone = next((a for a in history.attempts if a.path in ("setup.py", "pyproject.toml")), None)
    said = f"; commit {gone.commit[:8]} of {gone.date[:10]} removed {gone.path}" if gone else ""
    return Finding(
        f"setup.cfg describes {cfg.name}, but there is neither a setup.py nor a pyproject.toml{said}",
        Evidence(gone.path if gone else "pyproject.toml"),
        (tree.evidence(cfg.path, name.line if name else 1), *(() if gone else (Evidence("setup.py"),))),
        "pip says: the folder is not installable, neither setup.py nor pyproject.toml found.",
        data=_attempt_data(gone) if gone else {"content": _BUILT_BY},
    )


def _partly(path: str) -> bool:
    """Is it a manifest of a folder inside, or a list of what only those who work on it need?"""
    folder, _, name = path.rpartition("/")
    return (bool(folder) and not path.startswith("../")) or re.search(r"dev|test|lint|docs?\b|ci\b", name) is not None


def _is_removed(tree: Tree, history: History) -> bool:
    """Did git see the manifest at the top go?"""
    return any(a.what == "manifest" and a.path == "pyproject.toml" and a.path not in tree.entries for a in history.attempts)


def _stub(one: Manifest) -> bool:
    """A setup.py or setup.cfg that says little: neither version nor requirements, which are told elsewhere."""
    said = one.version or one.dependencies or "version" in one.dynamic or one.broken
    return one.path.endswith(("setup.py", "setup.cfg")) and not said


def _sdist(tree: Tree) -> Evidence | None:
    """The metadata of an unpacked source distribution, which only a build backend writes."""
    found = next((p for p in tree.entries if p == "PKG-INFO" or re.fullmatch(r"(?:src/)?[^/]+\.egg-info/PKG-INFO", p)), "")
    return tree.evidence(found, 1) if found and tree.text(found) else None


def _names_what_is_here(tree: Tree, removed: Attempt | None, present: list[str]) -> bool:
    """Did a manifest that was removed from the top, with none in its place, describe code that is still in the tree?"""
    if removed is None or present or "/" in removed.path:
        return False
    content = last_content(tree, removed.path, removed.commit) or ""
    if removed.path.endswith("package.json"):
        return any(tree.exists(normal(p)) for p in _starters(content))
    name = re.search(r"^\s*name\s*=\s*[\"']([\w.-]+)[\"']", content, re.MULTILINE)
    folder = re.sub(r"[-.]+", "_", name[1]) if name else ""
    named = [m.replace(".", "/") for m in re.findall(r"=\s*[\"']([A-Za-z_][\w.]*):\w+[\"']", content)]
    return any(
        tree.exists(f"{base}{p}{end}") for base in ("", "src/", "lib/") for p in (folder, *named) if p for end in ("", ".py")
    )


def _starters(content: str) -> list[str]:
    """Files that a package.json starts, requires or ships."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return []
    if not isinstance(data, dict):
        return []
    named, folders = data.get("bin"), data.get("directories")
    found = [named] if isinstance(named, str) else list(named.values()) if isinstance(named, dict) else []
    found += [data.get("main"), *(folders.get(key) for key in ("bin", "lib") if isinstance(folders, dict))]
    found += data["files"] if isinstance(data.get("files"), list) else []
    return [p for p in found if isinstance(p, str) and p.strip("./")]


_ABOVE = {
    "npm": ("package.json",),
    "pip": ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "environment.yml"),
}


def _above(tree: Tree, ecosystem: str) -> list[str]:
    """Manifests in the folders above the target, up to the project's root."""
    folders = ["../" * (n + 1) for n in range(tree.prefix.count("/"))]
    return [folder + name for folder in folders for name in _ABOVE[ecosystem] if tree.exists(folder + name)]


def _covered(tree: Tree, path: str, manifest: str) -> bool:
    """Is there a manifest in the folder of a file or above it, up to the project's root?"""
    parents = [str(p) for p in PurePosixPath(path).parents]
    if any((f"{p}/{manifest}" if p != "." else manifest) in tree.entries for p in parents):
        return True
    return bool(_above(tree, "npm"))


def _removed(history: History, world: _World, needs: list[Need]) -> Attempt | None:
    """The removed manifest of the folder that holds what needs it, the nearest to the root first."""
    gone = [a for a in history.attempts if a.what == "manifest" and PurePosixPath(a.path).name == world.manifest]
    if world.manifest == "pyproject.toml":
        gone += [a for a in history.attempts if a.what == "manifest" and world.covers.search(a.path) and a not in gone]
    gone = [a for a in gone if not is_aside(a.path)]
    for attempt in sorted(gone, key=lambda a: (a.path.count("/"), a.path)):
        folder = attempt.path.rpartition("/")[0]
        if not needs and not folder:
            return attempt
        if any(not folder or n.path.startswith(folder + "/") for n in needs):
            return attempt
    return None


def _told(tree: Tree, docs: Docs, world: _World) -> Evidence | None:
    """The first line of a README or of a setup document that installs from the manifest in this very folder."""
    for doc in docs:
        if doc.role not in ("readme", "agent-rules", "doc") or "/" in doc.path:
            continue
        for block in doc.blocks:
            if block.language not in ("", "bash", "sh", "shell", "console", "zsh", "shell-session"):
                continue
            clones = set(re.findall(r"git clone\s+\S*?/([\w.-]+?)(?:\.git)?(?:\s|$)", block.text))
            for n, line in enumerate(block.text.splitlines()):
                moved = re.search(r"(?:^|&&|;)\s*cd\s+(\S+)", line)
                if moved and moved[1].rstrip("/") not in clones:
                    break
                if world.command.search(line):
                    return tree.evidence(doc.path, block.line + n)
    return None


def _all_inside(tree: Tree, present: list[str]) -> bool:
    """Do all manifests lie in folders of the target, and none at its top or above?"""
    return "package.json" not in tree.entries and all("/" in p and not p.startswith("..") for p in present)


def _told_apart(tree: Tree, told: Evidence, present: list[str]) -> bool:
    """Do the docs install here first, and go into a folder that has a manifest only after that?"""
    lines = tree.lines(told.path)
    folders = {p.rpartition("/")[0] for p in present}
    goes = [
        n
        for n, line in enumerate(lines, 1)
        for m in re.finditer(r"\bcd\s+[\"']?(?:\./)?([\w./-]+)", line)
        if m[1].rstrip("/") in folders
    ]
    return bool(goes) and min(goes) > told.line


def _attempt_data(removed: Attempt | None) -> dict[str, str]:
    return {"commit": removed.commit, "removed": removed.path} if removed else {}


def _what_needs(needs: list[Need]) -> str:
    """(3 files need requests, yaml and 2 more)"""
    if not needs:
        return ""
    modules, files = Counter(n.module for n in needs), {n.path for n in needs}
    some = ", ".join(name for name, _ in modules.most_common(4))
    more = f" and {len(modules) - 4} more" if len(modules) > 4 else ""
    return f" ({len(files)} file{'s' if len(files) > 1 else ''} need{'' if len(files) > 1 else 's'} {some}{more})"


def _places(tree: Tree, needs: list[Need]) -> tuple[Evidence, ...]:
    """The first need of each file, so many that they can still be read."""
    firsts: dict[str, Need] = {}
    for need in sorted(needs, key=lambda n: (n.path.count("/"), n.path, n.line)):
        firsts.setdefault(need.path, need)
    return tuple(tree.evidence(n.path, n.line) for n in list(firsts.values())[:SHOWN])


def _needing(tree: Tree, world: _World, needs: list[Need], removed: Attempt | None, told: Evidence | None) -> Finding:
    path = removed.path if removed else world.manifest
    what = f"the code needs {world.needs}{_what_needs(needs)}"
    places = (*_places(tree, needs), *((told,) if told else ()))
    if removed:
        said = f"there is no {path}: {removed.commit[:8]} of {removed.date[:10]} removed it, but {what}"
    elif told:
        said = f"there is no {path}, but {what}, and the docs say {told.quote[:60]!r}"
    else:
        said = f"there is no {path} or the like, but {what}"
    sure: Confidence = "likely" if removed or told else "possible"
    return Finding(said, Evidence(path), places, _NOTHING, sure, data=_attempt_data(removed))


_NOTHING = "On a clean machine nothing installs what the code needs, and it stops at the first import."
_PIP = regex(r"\bpip3?\s+install\s+(?P<rest>[^|;&\n]+)")
_TOOLS = frozenset(
    (
        "pip",
        "setuptools",
        "wheel",
        "build",
        "twine",
        "uv",
        "pipx",
        "virtualenv",
        "poetry",
        "pre-commit",
        "pytest",
        "ruff",
        "black",
        "mypy",
    )
)


def _pip_call(tree: Tree) -> Evidence | None:
    """The first place of an install script that installs packages by name, where the tree has Python code."""
    if not any(not is_aside(e.path) for e in tree.files("python")):
        return None
    for entry in tree.files("shell", "makefile"):
        text = tree.text(entry.path)
        if "pip" not in text or is_aside(entry.path) or is_document(entry.path):
            continue
        for number, line in enumerate(tree.lines(entry.path), 1):
            match = _PIP.search(line)
            if (
                match is None
                or re.match(r"\s*(?:#|echo\b|printf\b|log\w*\b|msg\b|print\w*\b|warn\w*\b|die\b)", line)
                or " -r " in f" {match['rest']}"
            ):
                continue
            words = [w.strip("\"'") for w in match["rest"].split() if not w.startswith(("-", "2>", ">", "$", "\\"))]
            names = [re.split(r"[<>=~!\[]", w)[0] for w in words if re.match(r"[A-Za-z][\w.-]*(?:[<>=~!\[]|$)", w)]
            if names and not set(names) <= _TOOLS:
                return tree.evidence(entry.path, number)
    return None


_INSTALLER = regex(
    r"(?:^|/)(?:install|setup|bootstrap|deploy|init|quick-?start)[\w.-]*(?:\.(?:sh|bash|py|ps1|js)|$)", re.IGNORECASE
)
_STEPS = regex(
    r"^\s*(?:\$\s*)?(?:sudo\s+)?(?:cp|ln|install|mv|rsync|curl|wget|git\s+clone|brew|export\s+PATH|make\s+install|stow|npx|claude\s+plugin)\s|/plugin\s",
    re.MULTILINE,
)
_HEADING = regex(r"install|set.?up|getting started|quick.?start|usage|deploy", re.IGNORECASE)


def _install_makefile(finding: Finding, tree: Tree, scripts: Scripts) -> Fix | None:
    """A Makefile that installs the bundle below PREFIX and takes it away again."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    if any(PurePosixPath(p).name.lower() in ("makefile", "gnumakefile") and "/" not in p for p in tree.entries):
        return None
    shipped = [e.path for e in tree if e.kind == "file" and _ships(e.path) and not e.ignored and not e.vendored]
    commands = _commands(scripts, shipped)
    if not commands or len(shipped) > 150 or any(not re.fullmatch(r"[\w./+-]+", p) for p in shipped):
        return None
    name = re.sub(r"[^a-z0-9-]+", "-", tree.root.name.lower()).strip("-") or "bundle"
    loader = PackageLoader("session_ops.solution")
    engine = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - no HTML; names were checked
    text = engine.get_template("Makefile.j2").render(name=name, files=shipped, commands=commands)
    why = f"It keeps the bundle's folders together and puts {len(commands)} command(s) on the PATH."
    return Fix(
        "Add a Makefile with install and uninstall", (finding.id,), "review", creates=(NewFile("Makefile", text),), why=why
    )


def _ships(path: str) -> bool:
    top = PurePosixPath(path).parts[0]
    name = PurePosixPath(path).name
    hidden = top in (".git", ".github", ".vscode", ".idea") or name.startswith(".git")
    return not (hidden or is_aside(path) or is_document(path) or name.endswith((".md", ".log", ".pid", ".jsonl", ".env")))


def _commands(scripts: Scripts, shipped: list[str]) -> list[tuple[str, str]]:
    """(command name, path) of scripts that are started by name: executable ones with a `#!` line."""
    taken: dict[str, str] = {}
    for one in scripts:
        if one.path in shipped and one.executable and one.interpreter:
            stem = PurePosixPath(one.path).name
            stem = stem.removesuffix(PurePosixPath(stem).suffix) or stem
            taken.setdefault(stem, one.path)
    return sorted(taken.items())


@rule("GAP-INSTALL", gate=None, category="gap", fix=_install_makefile)
def no_install_path(
    tree: Tree, manifests: Manifests, scripts: Scripts, docs: Docs, package_kind: PackageKind
) -> Iterator[Finding]:
    """A bundle of scripts has no way to be installed: no manifest, no install target, no install script, no steps in the docs.

    Why: everyone copies it by hand, to another place each time, and nothing can take it away or update it.
    Passes: any manifest, a Makefile with an install target, an install or setup script, documented copy, link or clone steps.
    Do: Add a Makefile with the targets install and uninstall that honour PREFIX and DESTDIR, or an install.sh, and name the
    command in the README.
    Source: GNU Coding Standards, Standard Targets for Users (install, DESTDIR).
    """
    bundle = package_kind.kind == "shell bundle" or (package_kind.kind == "mixed" and "shell bundle" in package_kind.parts)
    if not bundle:
        raise NotApplicable(f"not a bundle of shell scripts but {package_kind.kind}")
    own = [s for s in scripts if not is_aside(s.path)]
    if len(own) < 2:
        raise NotApplicable("fewer than two scripts")
    if any(m.name or m.dependencies for m in manifests if not is_aside(m.path)):
        return
    for entry in tree:
        base = PurePosixPath(entry.path).name.lower()
        if base in ("makefile", "gnumakefile", "justfile") and re.search(
            r"^install[\w-]*\s*:", tree.text(entry.path), re.MULTILINE
        ):
            return
        if entry.kind == "file" and _INSTALLER.search(entry.path) and not is_aside(entry.path) and entry.language != "markdown":
            return
        if base in ("flake.nix", "default.nix") or "formula/" in entry.path.lower():
            return
    for doc in docs:
        if doc.role == "changelog" or is_aside(doc.path):
            continue
        if any(_STEPS.search(b.text) for b in doc.blocks) and any(_HEADING.search(h.text) for h in doc.headings):
            return
    yield Finding(
        f"nothing installs these {len(own)} scripts: no manifest, Makefile target, install script or documented steps",
        Evidence("install.sh"),
        tuple(tree.evidence(s.path) for s in own[:5]),
        impact="Everyone copies them by hand, and nothing can update or remove them.",
    )


def _in_project(tree: Tree, pattern: re.Pattern[str]) -> bool:
    """Is there a file of this name in the target's folder, or in a folder above it up to the project's root?"""
    if any("/" not in p and pattern.fullmatch(p) for p in tree.entries):
        return True
    base = tree.project_root
    folder = tree.root
    while base is not None and folder != base and base in folder.parents:
        folder = folder.parent
        try:
            if any(pattern.fullmatch(p.name) for p in folder.iterdir()):
                return True
        except OSError:
            return False
    return False


_LICENCE = regex(r"(?:un)?licen[cs]e(?:[-_.][\w.-]+)?|copying(?:\.\w+)?|licen[cs]es|notice(?:\.\w+)?", re.IGNORECASE)
_README = regex(r"readme(?:[-_.][\w.-]+)?", re.IGNORECASE)


@rule("GAP-LICENCE", gate=None, category="gap")
def no_licence(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """There is no licence text, so that nobody else may use or pass on the code.

    Why: without one the default is "all rights reserved", also where a README names a licence: companies' checks stop, and most licences ask
    for their text beside the code. Passes: private packages, folders whose project has one above them.
    Do: Add the full text of the chosen licence as LICENSE, and name it in the manifest where there is one; mark what is to stay
    closed as private there.
    Source: choosealicense.com (No permission); PEP 639, license-files.
    """
    if not any(True for _ in tree.files(*CODE, "markdown")):
        raise NotApplicable("no code and no documents")
    if any(m.field("private") and m.path == "package.json" for m in manifests):
        raise NotApplicable("the package is private")
    if any(m.licence.upper() in ("UNLICENSED", "PROPRIETARY") or "Private ::" in m.licence for m in manifests):
        raise NotApplicable("the manifest says that it is not licensed")
    if _in_project(tree, _LICENCE) or any(tree.is_folder(f) for f in ("LICENSES", "licenses")):
        return
    named = next((m for m in manifests if m.licence and not is_aside(m.path)), None)
    said = f"; {named.path} says {named.licence[:40]}" if named else ""
    promised = _promised_licence(tree)
    yield Finding(
        f"there is no licence text{said}" if not promised else f"the README names a licence, and its text is nowhere{said}",
        _packed_licence(tree) or promised or (_licence_line(tree, named) if named else Evidence("LICENSE")),
        impact="Nobody else may use, change or pass on the code.",
    )


_NAMES_LICENCE = regex(r"^[ \t{,]*\"?licen[cs]e\"?\s*[:=]", re.MULTILINE)
_LICENCE_FILE = regex(r"\"files\"\s*:\s*\[[^\]]*?\"(?:\./)?LICEN[CS]E(?:\.\w+)?\"")


def _packed_licence(tree: Tree) -> Evidence | None:
    """Where package.json at the top lists the text among what it packs."""
    text = tree.text("package.json")
    match = _LICENCE_FILE.search(text) if "LICEN" in text else None
    return tree.evidence("package.json", text.count("\n", 0, match.end()) + 1) if match else None


def _licence_line(tree: Tree, named: Manifest) -> Evidence:
    """Where a manifest names its licence."""
    text = tree.text(named.path)
    match = _NAMES_LICENCE.search(text)
    return tree.evidence(named.path, text.count("\n", 0, match.end()) + 1 if match else 0)


_LICENCES = r"\b(?:MIT|ISC|Apache|BSD|[AL]?GPL|MPL|Unlicense|CC0)\b"
_LICENCE_NAMED = regex(
    rf"^#+\s+(?:\S+\s+)?licen[cs]e\s*\n+(?P<under>[^\n#]*{_LICENCES})"
    rf"|^(?P<line>[^\n]*(?:{_LICENCES}[^\n]{{0,20}}\blicen[cs]ed?\b|\blicen[cs]ed? under\b[^\n]{{0,30}}{_LICENCES}))",
    re.IGNORECASE | re.MULTILINE,
)


def _promised_licence(tree: Tree) -> Evidence | None:
    """Where the README at the top says under which licence the code is; what stands under a heading goes before badges."""
    for entry in tree.files("markdown"):
        if "/" in entry.path or not _README.fullmatch(entry.path):
            continue
        text = tree.text(entry.path)
        found = sorted(_LICENCE_NAMED.finditer(text), key=lambda m: m["under"] is None)
        if found:
            which = "under" if found[0]["under"] else "line"
            return tree.evidence(entry.path, text.count("\n", 0, found[0].start(which)) + 1)
    return None


@rule("GAP-README", gate=None, category="gap", fix=first_readme)
def no_readme(tree: Tree) -> Iterator[Finding]:
    """There is no README, so that nobody learns what this is and how it starts.

    Passes: a README in docs/ or .github/, or in a folder above, up to the project's root.
    Do: Add a README.md that says what this is, what it needs, how it is installed and started, and how its tests run.
    Source: docs.github.com, About READMEs.
    """
    if not any(True for _ in tree.files(*CODE)):
        raise NotApplicable("no code")
    if _in_project(tree, _README) or any(re.fullmatch(r"(?:docs|\.github)/readme[\w.]*", p.lower()) for p in tree.entries):
        return
    yield Finding(
        "there is no README", Evidence("README.md"), impact="Nobody learns what this is, what it needs and how it starts."
    )


_INLINE_TEST = regex(r"#\[cfg\(test\)\]|#\[test\]|^\s*>>> ", re.MULTILINE)


@rule("GAP-TESTS", gate=None, category="gap", fix=first_test)
def no_tests(tree: Tree) -> Iterator[Finding]:
    """There is no test at all, so that nothing tells whether a change or a fix still works.

    Passes: any test file or folder by the usual names of its language, tests inside the code (Rust, doctest); fewer than three files of code.
    Do: Add a test that starts each entry point and checks its exit status and output (pytest, bats or `node --test`, by the
    language), and run it in CI.
    Source: docs.pytest.org (discovery), bats-core, Node's test runner: the usual names.
    """
    code = [e for e in tree.files(*CODE) if not is_document(e.path)]
    if len(code) < 3:
        raise NotApplicable("fewer than three files of code")
    if any(is_test(e.path) for e in tree if e.kind == "file" and not e.vendored):
        return
    if any(_INLINE_TEST.search(tree.text(e.path)) for e in code if e.language in ("rust", "python")):
        return
    yield Finding(
        f"there is no test for {len(code)} files of code",
        Evidence("tests"),
        impact="Nothing tells whether a change or a fix still works.",
    )


_SAYS_HOW = regex(
    r"\binstall|\btests?\b|\bpytest\b|\bbuild\b|\bmake\s+\w|\b(?:npm|pnpm|yarn|bun|uv|poetry|cargo|go|tox|nox|just)\s+(?:run\b|ci\b|sync\b|check\b|\w+:)",
    re.IGNORECASE,
)


@rule("AGENTS-HOW", gate=None, category="config", fix=agents_section)
def agents_are_not_told_how(tree: Tree, docs: Docs, manifests: Manifests) -> Iterator[Finding]:
    """The rules for agents (CLAUDE.md, AGENTS.md) do not say how the package is installed and tested.

    Why: an agent that is not told guesses, and takes another package manager or leaves the tests out.
    Passes: rules that name any such step, in whatever words, or that refer to another file.
    Do: Add the commands that install the package and run its tests.
    Source: agents.md; Claude Code's documentation of CLAUDE.md, which asks for the commands that are used often.
    """
    rules = [d for d in docs if d.role == "agent-rules" and "/" not in d.path and d.path.endswith(".md")]
    own = installed_from(manifests)
    if not rules or own is None:
        raise NotApplicable("no rules for agents beside a manifest of a package")
    texts = [tree.text(d.path) for d in rules]
    if any(_SAYS_HOW.search(text) or re.search(r"(?m)^\s*@\S|\]\([^)#]+\.md", text) or not text.strip() for text in texts):
        return
    yield Finding(
        f"{rules[0].path} says neither how {own.name} is installed nor how it is tested",
        tree.evidence(rules[0].path, 1),
        impact="An agent guesses at it, or leaves it out.",
    )
