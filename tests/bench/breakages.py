"""Kinds of breakage that the mutation bench plants into healthy packages, each as people break things.

A breakage is a function of a package's folder and a random generator. It changes files on disk and says which and what, or returns None
where the package has nothing of the kind. It reads the package by simple means of its own, not by those of session-ops, so that what
it can plant does not hang on what session-ops can see.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

Json = dict[str, object]


@dataclass(frozen=True)
class Planted:
    """What was broken: any of `files` is the right place to report it; `what` says it in words."""

    files: tuple[str, ...]
    what: str


Breakage = Callable[[Path, Random], Planted | None]
KINDS: dict[str, Breakage] = {}
REMOVALS = frozenset(
    ("manifest-removed", "manifest-invalid", "dependency-dropped", "reference-dangled", "lock-removed", "trap-removed")
)
"""Kinds that take something away: planted once in a repository that remembers it and once without one."""
ASIDE = re.compile(
    r"(?:^|/)(?:tests?[_-]?\w*|testing|docs?|examples?|samples?|contrib|benchmarks?|node_modules|vendor\w*|dist|build|changelog\w*)(?:/|$)|\.min\.js$|\.d\.ts$",
    re.IGNORECASE,
)
"""Files that are not the package's own working code."""


def kind(function: Breakage) -> Breakage:
    """Register a breakage under its function's name, with dashes."""
    KINDS[function.__name__.replace("_", "-")] = function
    return function


# reading and writing


def files(root: Path, *suffixes: str) -> list[str]:
    """The package's own files with these endings, sorted; scripts without an ending count as .sh where their first line says so."""
    found = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() or not path.is_file() or ASIDE.search(name) or ".git/" in f"/{name}/" or ".egg-info/" in name:
            continue
        if path.suffix in suffixes or (".sh" in suffixes and is_shell(path)):
            found.append(name)
    return found


def is_shell(path: Path) -> bool:
    """Is the first line that of a shell script?"""
    with path.open("rb") as file:
        return bool(re.match(rb"#!.*\b(?:ba|da|z|k)?sh\b", file.readline(200)))


def read(root: Path, name: str) -> str:
    """The text of a file, its line ends as they are; empty for one that is no text."""
    try:
        return (root / name).read_bytes().decode()
    except UnicodeDecodeError:
        return ""


def write(root: Path, name: str, text: str) -> None:
    """Write a file's text as it is; the mode stays."""
    (root / name).write_bytes(text.encode())


def manifest(root: Path) -> str:
    """The file that makes it a package; empty where there is none."""
    if (root / "pyproject.toml").is_file() and re.search(
        r"^\[(?:project|tool\.poetry)\]", read(root, "pyproject.toml"), re.MULTILINE
    ):
        return "pyproject.toml"
    return next((name for name in ("package.json", "setup.py") if (root / name).is_file()), "")


def toml(root: Path) -> Json:
    """The parsed pyproject.toml; empty where there is none."""
    try:
        return tomllib.loads(read(root, "pyproject.toml"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}


def package_json(root: Path) -> Json:
    """The parsed package.json; empty where there is none."""
    try:
        data = json.loads(read(root, "package.json"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def table(data: Json, *keys: str) -> Json:
    """A table inside of a table; empty where there is none."""
    for key in keys:
        inner = data.get(key)
        data = inner if isinstance(inner, dict) else {}
    return data


def replaced(root: Path, name: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file."""
    text = read(root, name)
    assert old in text, (name, old)
    write(root, name, text.replace(old, new, 1))


# manifests


@kind
def manifest_removed(root: Path, rng: Random) -> Planted | None:
    """Somebody deletes the manifest."""
    name = manifest(root)
    if not name:
        return None
    (root / name).unlink()
    return Planted((name,), f"{name} deleted")


@kind
def manifest_invalid(root: Path, rng: Random) -> Planted | None:
    """A slip of the editor: a bracket, a comma or a quote goes missing, or the version is none."""
    name = manifest(root)
    text = read(root, name) if name else ""
    slips: list[tuple[str, str]] = []
    if name == "package.json":
        commas = [m.start() for m in re.finditer(r",\n", text)]
        if commas:
            at = rng.choice(commas)
            slips.append((text[:at] + text[at + 1 :], "a comma dropped"))
        if match := re.search(r"(\n\}\s*)$", text):
            slips.append((text[: match.start()] + "," + text[match.start() :], "a comma too many"))
        if match := re.search(r'"version":\s*"([^"]+)"', text):
            slips.append((text.replace(match[1], "latest", 1), "a version that is none"))
    elif name == "pyproject.toml":
        lists = list(re.finditer(r"^[\w-]+ = \[\n(?:.*\n)*?\]\n", text, re.MULTILINE))
        if lists:
            at = rng.choice(lists).end() - 2
            slips.append((text[:at] + text[at + 2 :], "a bracket dropped"))
        quotes = [
            m.end() - 1 for m in re.finditer(r'^(?:name|description|requires-python|version) = ".+"$', text, re.MULTILINE)
        ]
        if quotes:
            at = rng.choice(quotes)
            slips.append((text[:at] + text[at + 1 :], "a quote dropped"))
        if match := re.search(r'^version = "([^"]+)"$', text, re.MULTILINE):
            slips.append((text[: match.start(1)] + "latest" + text[match.end(1) :], "a version that is none"))
        if match := re.search(r'^requires-python = "([^"]+)"$', text, re.MULTILINE):
            slips.append((text[: match.start(1)] + "3.9 or newer" + text[match.end(1) :], "a range that is none"))
    elif name == "setup.py" and (match := re.search(r"\)\s*$", text)):
        slips.append((text[: match.start()] + "\n", "a bracket dropped"))
    if not slips:
        return None
    broken, what = rng.choice(slips)
    write(root, name, broken)
    return Planted((name,), f"{name}: {what}")


def _python_imports(root: Path) -> dict[str, list[str]]:
    """Top-level modules that the code imports at the top level of a file, without condition, and where."""
    found: dict[str, list[str]] = {}
    for name in files(root, ".py"):
        if name == "setup.py":
            continue
        for match in re.finditer(r"^(?:import|from)\s+(\w+)", read(root, name), re.MULTILINE):
            found.setdefault(match[1], []).append(name)
    return found


MODULES = {
    "pyyaml": "yaml",
    "beautifulsoup4": "bs4",
    "python-dateutil": "dateutil",
    "pillow": "PIL",
    "ruamel-yaml": "ruamel",
    "scikit-learn": "sklearn",
}
"""Distributions whose module has another name; everybody who writes Python knows these."""


@kind
def dependency_dropped(root: Path, rng: Random) -> Planted | None:
    """A dependency that the code imports goes missing from the manifest."""
    if manifest(root) == "package.json":
        text, data = read(root, "package.json"), package_json(root)
        declared = list(table(data, "dependencies"))
        others = {*table(data, "devDependencies"), *table(data, "peerDependencies"), *table(data, "optionalDependencies")}
        users = {
            dep: [
                f
                for f in files(root, ".js", ".mjs", ".cjs", ".ts")
                if re.search(rf"(?:require\(|from |import )['\"]{re.escape(dep)}(?:/[^'\"]*)?['\"]", read(root, f))
            ]
            for dep in declared
        }
        used = sorted(dep for dep, where in users.items() if where and dep not in others)
        if not used:
            return None
        dep = rng.choice(used)
        rest = {k: v for k, v in table(data, "dependencies").items() if k != dep}
        indent = re.search(r"\n([ \t]+)\"", text)
        data["dependencies"] = rest
        write(root, "package.json", json.dumps(data, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n")
        return Planted(("package.json", *users[dep]), f"dependency {dep} dropped from package.json")
    if manifest(root) != "pyproject.toml":
        return None
    text = read(root, "pyproject.toml")
    declared = table(toml(root), "project").get("dependencies") or []
    imports = _python_imports(root)
    used = []
    for line in declared if isinstance(declared, list) else []:
        dist = re.split(r"[\s<>=!~;\[(]", str(line), maxsplit=1)[0]
        module = MODULES.get(re.sub(r"[-_.]+", "-", dist).lower(), re.sub(r"[-.]+", "_", dist))
        where = imports.get(module) or imports.get(module.lower()) or []
        if where and ";" not in str(line):
            used.append((str(line), dist, where))
    rng.shuffle(used)
    for line, dist, where in used:
        for pattern in (rf"^[ \t]*[\"']{re.escape(line)}[\"'],?[ \t]*(?:#.*)?\r?\n", rf"[\"']{re.escape(line)}[\"'],?[ \t]*"):
            found = list(re.finditer(pattern, text, re.MULTILINE))
            if len(found) == 1:
                write(root, "pyproject.toml", text[: found[0].start()] + text[found[0].end() :])
                return Planted(("pyproject.toml", *where), f"dependency {dist} dropped from pyproject.toml")
    return None


@kind
def entry_renamed(root: Path, rng: Random) -> Planted | None:
    """The function or file that a command starts gets another name, or its name in the manifest is misspelt."""
    if manifest(root) == "package.json":
        data, text = package_json(root), read(root, "package.json")
        bins = [data["bin"]] if isinstance(data.get("bin"), str) else list(table(data, "bin").values())
        paths = [p for p in bins if isinstance(p, str) and (root / p).is_file() and text.count(json.dumps(p)) >= 1]
        if not paths:
            return None
        path = rng.choice(sorted(paths))
        stem, suffix = posixpath.splitext(path)
        if rng.random() < 0.5:
            replaced(root, "package.json", json.dumps(path), json.dumps(f"{stem}-cli{suffix}"))
            return Planted(("package.json",), f"bin names {stem}-cli{suffix}, which is not there")
        (root / path).rename(root / f"{stem}-main{suffix}")
        return Planted(("package.json", path), f"{path} renamed to {stem}-main{suffix}")
    scripts = table(toml(root), "project", "scripts")
    for value in sorted({str(v) for v in scripts.values()}, key=lambda _: rng.random()):
        match = re.fullmatch(r"([\w.]+):(\w+)", value)
        if match is None:
            continue
        module, function = match[1], match[2]
        path = next(
            (
                p
                for base in ("", "src/", "lib/")
                for p in (f"{base}{module.replace('.', '/')}.py", f"{base}{module.replace('.', '/')}/__init__.py")
                if (root / p).is_file()
            ),
            "",
        )
        if not path:
            continue
        defined = re.search(rf"^def {function}\(", read(root, path), re.MULTILINE)
        if defined and rng.random() < 0.5 and len(re.findall(rf"\b{function}\b", read(root, path))) == 1:
            replaced(root, path, f"def {function}(", f"def {function}_command(")
            return Planted(("pyproject.toml", path), f"{function} in {path} renamed")
        wrong = f"{module}:{function}s" if rng.random() < 0.5 else f"{module}_:{function}"
        replaced(root, "pyproject.toml", value, wrong)
        return Planted(("pyproject.toml",), f"the script names {wrong}")
    return None


@kind
def data_unlisted(root: Path, rng: Random) -> Planted | None:
    """A file that the code needs is no longer listed for the package."""
    if manifest(root) == "package.json":
        data, text = package_json(root), read(root, "package.json")
        listed = data.get("files")
        if not isinstance(listed, list):
            return None
        bins = table(data, "bin").values() if isinstance(data.get("bin"), dict) else [data.get("bin")]
        always = {os.path.normpath(str(path)) for path in (data.get("main"), *bins) if path}
        needs = _needs(root)
        needed = []
        for one in listed:
            stem = os.path.normpath(str(one).lstrip("/")).removesuffix("/**").removesuffix("/*").rstrip("/")
            rest = [os.path.normpath(str(other).lstrip("/")).rstrip("/*") for other in listed if other != one]
            if "*" in stem or not (root / stem).exists() or any(stem == r or stem.startswith(r + "/") for r in rest):
                continue
            gone = {
                path: users
                for path, users in needs.items()
                if (path == stem or path.startswith(stem + "/"))
                and path not in always
                and not any(path == r or path.startswith(r + "/") for r in rest)
            }
            users = [u for them in gone.values() for u in them if u in always or not (u == stem or u.startswith(stem + "/"))]
            if users:
                needed.append((one, [*users, *gone]))
        if not needed:
            return None
        one, users = rng.choice(needed)
        data["files"] = [other for other in listed if other != one]
        indent = re.search(r"\n([ \t]+)\"", text)
        write(root, "package.json", json.dumps(data, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n")
        return Planted(("package.json", *users, str(one)), f"files no longer lists {one}")
    text = read(root, "pyproject.toml") if (root / "pyproject.toml").is_file() else ""
    for pattern in (r"^\[tool\.setuptools\.package[-_]data\]\n(?:(?!\[).*\n)*",):
        if match := re.search(pattern, text, re.MULTILINE):
            rest = re.sub(r"^include-package-data\s*=.*\n", "", text[: match.start()] + text[match.end() :], flags=re.MULTILINE)
            if "[tool.setuptools]\n" in rest:
                rest = rest.replace("[tool.setuptools]\n", "[tool.setuptools]\ninclude-package-data = false\n", 1)
            else:
                rest += "\n[tool.setuptools]\ninclude-package-data = false\n"
            write(root, "pyproject.toml", rest)
            return Planted(("pyproject.toml", *_readers_of_data(root)), "package-data dropped from pyproject.toml")
    return None


def _needs(root: Path) -> dict[str, list[str]]:
    """Files that other files of the package name by a path that starts at themselves, and who does."""
    found: dict[str, list[str]] = {}
    for name in files(root, ".js", ".mjs", ".cjs"):
        for given in re.findall(r"(?:require\(|from |import )['\"](\.{1,2}/[\w./-]+)['\"]", read(root, name)):
            for end in ("", ".js", ".mjs", ".cjs", ".json", "/index.js"):
                path = os.path.normpath(f"{posixpath.dirname(name)}/{given}{end}")
                if (root / path).is_file():
                    found.setdefault(path, []).append(name)
                    break
    shell = files(root, ".sh", ".bash")
    for name in shell:
        for given in re.findall(
            r"(?:source|\.|exec|bash)\s+[\"']?(?:\$\{?\w+\}?|\$\(dirname [^)]*\))/([\w./-]+)", read(root, name)
        ):
            hits = [path for path in shell if path == given or path.endswith("/" + given)]
            if len(hits) == 1:
                found.setdefault(hits[0], []).append(name)
    return found


def _readers_of_data(root: Path) -> list[str]:
    return [
        name
        for name in files(root, ".py")
        if re.search(r"__file__|importlib[._]resources|pkgutil\.get_data|PackageLoader|files\(", read(root, name))
    ]


# scripts


@kind
def script_not_executable(root: Path, rng: Random) -> Planted | None:
    """A script that another one starts by its path loses its x bit."""
    scripts = [
        name
        for name in files(root, ".sh", ".py", ".js")
        if os.access(root / name, os.X_OK) and read(root, name).startswith("#!")
    ]
    texts = {name: read(root, name) for name in files(root, ".sh", "", ".yml", ".yaml")} | {
        "Makefile": read(root, "Makefile") if (root / "Makefile").is_file() else ""
    }
    started = []
    for name in scripts:
        base = re.escape(name.rpartition("/")[2])
        by_path = re.compile(
            rf"(?:^|&&|;|\||\bexec|\bthen|\brun:|-\s)\s*(?:\w+=\S*\s+)*\"?(?:\$\{{?\w+\}}?|\.{{1,2}}|[\w.-]+)?/(?:[\w./${{}}-]*/)?{base}\b",
            re.MULTILINE,
        )
        if any(by_path.search(text) for other, text in texts.items() if other != name):
            started.append(name)
    if not started:
        return None
    name = rng.choice(started)
    (root / name).chmod(0o644)
    return Planted((name,), f"{name} lost its x bit")


@kind
def home_hard_coded(root: Path, rng: Random) -> Planted | None:
    """A path below the user's home is written out with one person's home."""
    shapes = (
        (".py", re.compile(r"os\.path\.expanduser\((['\"])~/([^'\"]+)\1\)"), lambda m: f"{m[1]}/home/marta/{m[2]}{m[1]}"),
        (".py", re.compile(r"Path\.home\(\)"), lambda m: 'Path("/home/marta")'),
        (".py", re.compile(r"os\.path\.expanduser\((['\"])~\1\)"), lambda m: f"{m[1]}/home/marta{m[1]}"),
        (".js", re.compile(r"\bos\.homedir\(\)"), lambda m: "'/home/marta'"),
        (".js", re.compile(r"process\.env\.HOME\b(?!\s*=[^=])"), lambda m: "'/home/marta'"),
        (".sh", re.compile(r"\$\{HOME\}|\$HOME(?!\w)"), lambda m: "/home/marta"),
    )  # fmt: skip
    places = []
    for suffix, pattern, made in shapes:
        for name in files(root, suffix):
            text = read(root, name)
            for match in pattern.finditer(text):
                line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
                if not line.lstrip().startswith(("#", "//", "*", "echo", "printf")):
                    places.append((name, match.start(), match.end(), made(match)))
    if not places:
        return None
    name, start, end, new = rng.choice(places)
    text = read(root, name)
    write(root, name, text[:start] + new + text[end:])
    return Planted((name,), f"{name}: {text[start:end]} became {new}")


@kind
def prompt_added(root: Path, rng: Random) -> Planted | None:
    """Somebody adds a question to the beginning of a command."""
    entries = list(_entries(root))
    if not entries:
        return None
    path, at, indent = rng.choice(entries)
    text = read(root, path)
    if path.endswith(".py"):
        asked = f'{indent}answer = input("Continue? [y/N] ")\n{indent}if answer != "y":\n{indent}    raise SystemExit(1)\n'
    elif is_shell(root / path):
        asked = 'read -p "Continue? [y/N] " answer\n[ "$answer" = y ] || exit 1\n'
    else:
        asked = (
            "const answer = require('fs').readFileSync(0, 'utf8').trim();\n"
            if "require(" in text
            else "import { readFileSync as readAnswer } from 'node:fs';\nconst answer = readAnswer(0, 'utf8').trim();\n"
        ) + "if (answer !== 'y') process.exit(1);\n"
    write(root, path, text[:at] + asked + text[at:])
    return Planted((path,), f"{path} asks a question first")


def _entries(root: Path) -> Iterator[tuple[str, int, str]]:
    """Where the work of each command begins: path, place in its text, indentation."""
    for value in sorted({str(v) for v in table(toml(root), "project", "scripts").values()}):
        module, _, function = value.partition(":")
        for base in ("", "src/", "lib/"):
            for path in (f"{base}{module.replace('.', '/')}.py", f"{base}{module.replace('.', '/')}/__init__.py"):
                if (root / path).is_file() and (
                    match := re.search(
                        rf"^def {re.escape(function)}\([^)]*\)[^:\n]*:[^\n]*\n(?:(\s+)(\"\"\"(?:.|\n)*?\"\"\")\n)?",
                        read(root, path),
                        re.MULTILINE,
                    )
                ):
                    indent = re.match(r"[ \t]*", read(root, path)[match.end() :])
                    yield path, match.end(), indent[0] if indent and indent[0] else "    "
    data = package_json(root)
    bins = [data["bin"]] if isinstance(data.get("bin"), str) else list(table(data, "bin").values())
    for path in sorted({str(p).removeprefix("./") for p in bins}):
        if (root / path).is_file() and (first := re.match(r"#!.*\n", read(root, path))):
            text = read(root, path)
            strict = re.match(r"(?:\s*(?://.*\n|/\*(?:.|\n)*?\*/|\n|['\"]use strict['\"];?\n|#.*\n))*", text[first.end() :])
            yield path, first.end() + (strict.end() if strict else 0), ""


@kind
def lock_removed(root: Path, rng: Random) -> Planted | None:
    """The line that takes a lock between processes is gone; what is done under it stays."""
    places: list[tuple[str, str, str]] = []
    for name in files(root, ".sh"):
        text = read(root, name)
        places += [
            (name, m[0], "")
            for m in re.finditer(
                r"^[ \t]*flock (?!-u)(?:-\w+ (?:\d+ )?)*[\"']?(?:\d+|\$\w+)[\"']?[ \t]*(?:\|\|[^\n]*)?\n", text, re.MULTILINE
            )
            if "then" not in m[0]
        ]
        places += [
            (name, m[0], "")
            for m in re.finditer(
                r"^[ \t]*(?:until|while ! ) ?mkdir [^\n]*lock[^\n]*;? ?do[^\n]*\n(?:.*\n)*?[ \t]*done\n",
                text,
                re.MULTILINE | re.IGNORECASE,
            )
        ]
    for name in files(root, ".py"):
        text = read(root, name)
        places += [
            (name, m[0], f"{m[1]}pass\n")
            for m in re.finditer(r"^([ \t]*)fcntl\.(?:flock|lockf)\([^\n]*LOCK_(?:EX|SH)[^\n]*\)\n", text, re.MULTILINE)
        ]
        places += [
            (name, m[0], f"{m[1]}if True:\n")
            for m in re.finditer(
                r"^([ \t]*)with (?:self\.)?_?\w*(?:file_?lock|FileLock|lock_file)\w*(?:\([^\n]*\))?:\n",
                text,
                re.MULTILINE | re.IGNORECASE,
            )
        ]
    places = [one for one in places if sum(other[0] == one[0] for other in places) == 1]  # a file that takes no lock any more
    if not places:
        return None
    name, old, new = rng.choice(places)
    replaced(root, name, old, new)
    return Planted((name,), f"{name}: {old.strip().splitlines()[0]} removed")


@kind
def trap_removed(root: Path, rng: Random) -> Planted | None:
    """The trap that cleans up at the end is gone."""
    places = [
        (name, m[0])
        for name in files(root, ".sh")
        for m in re.finditer(
            r"^[ \t]*trap (?!-)(?!['\"]{2})(?:'[^'\n]+'|\"[^\"\n]+\"|[\w:-]+)[^\n]*\b(?:EXIT|0)\b[^\n]*\n",
            read(root, name),
            re.MULTILINE,
        )
    ]
    # a file that sets no other trap for the same thing
    places = [(name, old) for name, old in places if read(root, name).count(re.split(r"\s+(?=EXIT|0)", old.strip())[0]) == 1]
    if not places:
        return None
    name, old = rng.choice(places)
    replaced(root, name, old, "")
    return Planted((name,), f"{name}: {old.strip()} removed")


@kind
def reference_dangled(root: Path, rng: Random) -> Planted | None:
    """A file is moved to another folder, and what names it stays as it is."""
    targets: dict[str, list[str]] = {}
    for name in files(root, ".js", ".mjs", ".cjs", ".sh", ".py"):
        folder = posixpath.dirname(name)
        for line in read(root, name).splitlines():
            for given in (
                re.findall(r"(?:require\(|from |import )['\"](\.{1,2}/[\w./-]+)['\"]", line) if name.endswith("js") else []
            ):
                for end in ("", ".js", ".mjs", ".cjs"):
                    path = os.path.normpath(f"{folder}/{given}{end}")
                    if (root / path).is_file():
                        targets.setdefault(path, []).append(name)
            if is_shell(root / name) and (
                match := re.match(r"\s*(?:source|\.)\s+[\"']?(?:\$\{?\w+\}?|\$\(dirname [^)]*\)|\.)/([\w./-]+)", line)
            ):
                hits = [p for p in files(root, ".sh", ".bash") if p.endswith("/" + match[1]) or p == match[1]]
                if len(hits) == 1:
                    targets.setdefault(hits[0], []).append(name)
            if (
                name.endswith(".py")
                and (match := re.match(r"from \.(\w+) import", line))
                and (root / f"{folder}/{match[1]}.py").is_file()
            ):
                targets.setdefault(os.path.normpath(f"{folder}/{match[1]}.py"), []).append(name)
    if not targets:
        return None
    path = rng.choice(sorted(targets))
    folder, _, base = path.rpartition("/")
    moved = f"{folder}/old/{base}" if folder else f"old/{base}"
    (root / moved).parent.mkdir(parents=True, exist_ok=True)
    (root / path).rename(root / moved)
    return Planted((*dict.fromkeys(targets[path]), path, moved), f"{path} moved to {moved}")


# secrets and settings


@kind
def secret_committed(root: Path, rng: Random) -> Planted | None:
    """A token is written into the code."""
    token = "ghp_" + "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789") for _ in range(36))
    return _constant(
        root,
        rng,
        {".py": f'GITHUB_TOKEN = "{token}"\n', ".js": f"const GITHUB_TOKEN = '{token}';\n", ".sh": f'GITHUB_TOKEN="{token}"\n'},
        "a token",
    )


@kind
def variable_undocumented(root: Path, rng: Random) -> Planted | None:
    """The code reads a variable without a default that no document names."""
    name = "RELAY_ENDPOINT_URL"
    lines = {
        ".py": f'def relay_endpoint():\n    import os\n    return os.environ["{name}"]\n',
        ".js": f"function relayEndpoint() {{\n  return process.env.{name}.trim();\n}}\n",
        ".sh": f'relay_endpoint() {{\n  printf "%s\\n" "${{{name}:?}}"\n}}\n',
    }
    return _constant(root, rng, lines, f"{name} read")


def _constant(root: Path, rng: Random, lines: dict[str, str], what: str) -> Planted | None:
    """Put a line at the end of a source file."""
    own = [
        name
        for suffix in lines
        for name in files(root, suffix)
        if read(root, name).strip() and name != "setup.py" and not name.endswith(("__init__.py", "config.js"))
    ]
    if not own:
        return None
    name = rng.choice(own)
    suffix = ".sh" if is_shell(root / name) else posixpath.splitext(name)[1]
    text = read(root, name)
    at = len(text)
    if suffix == ".sh":  # behind the first line, because a script may end itself before its last
        at = text.find("\n") + 1
    added = lines[suffix if suffix in lines else ".sh"]
    write(root, name, text[:at] + ("" if text[:at].endswith("\n") else "\n") + added + text[at:])
    return Planted((name,), f"{name}: {what}")


# deployment


def _misspelt(path: str) -> str:
    head, _, base = path.rstrip("/").rpartition("/")
    stem, suffix = posixpath.splitext(base)
    return (head + "/" if head else "") + stem + "s" + suffix


@kind
def copy_source_missing(root: Path, rng: Random) -> Planted | None:
    """A COPY names a file under a wrong name."""
    places = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or not re.search(
            r"(?:^|/)(?:Docker|Container)file(?:\.\w+)?$|\.dockerfile$", name, re.IGNORECASE
        ):
            continue
        for match in re.finditer(
            r"^(?:COPY|ADD)[ \t]+(?!--from)(?:--\S+[ \t]+)*([\w./-]+)[ \t]", read(root, name), re.MULTILINE
        ):
            source = match[1]
            if source.strip("./") and ((root / source).exists() or (path.parent / source).exists()):
                places.append((name, match.start(1), match.end(1), source))
    if not places:
        return None
    name, start, end, source = rng.choice(places)
    text = read(root, name)
    write(root, name, text[:start] + _misspelt(source) + text[end:])
    return Planted((name,), f"{name}: COPY {_misspelt(source)}")


@kind
def ci_path_wrong(root: Path, rng: Random) -> Planted | None:
    """A CI step names a path that is not there."""
    places = []
    for path in sorted(
        [*root.glob(".github/workflows/*.y*ml"), *root.glob(".gitlab-ci.yml"), *root.glob(".circleci/config.yml")]
    ):
        name, text = path.relative_to(root).as_posix(), read(root, path.relative_to(root).as_posix())
        for match in re.finditer(
            r"(?:(?:python3?|bash|sh|node|-r)[ \t]+|run:[ \t]+(?:\./)?|working-directory:[ \t]+(?:\./)?)([\w-][\w./-]*[\w])(?=[\s\"']|$)",
            text,
            re.MULTILINE,
        ):
            if (root / match[1]).exists() and ("/" in match[1] or "." in match[1]):
                places.append((name, match.start(1), match.end(1), match[1]))  # noqa: PERF401 - clearer as a loop
    if not places:
        return None
    name, start, end, given = rng.choice(places)
    text = read(root, name)
    write(root, name, text[:start] + _misspelt(given) + text[end:])
    return Planted((name,), f"{name}: {_misspelt(given)}")


@kind
def service_unit_broken(root: Path, rng: Random) -> Planted | None:
    """A service unit gets a value that systemd refuses, or loses the line that starts it."""
    units = [
        p.relative_to(root).as_posix()
        for p in sorted(root.rglob("*.service"))
        if p.is_file() and re.search(r"^ExecStart=", p.read_text("utf-8", "replace"), re.MULTILINE)
    ]
    if not units:
        return None
    name = rng.choice(units)
    text = read(root, name)
    slips = [
        (re.sub(r"^ExecStart=.*\n", "", text, count=1, flags=re.MULTILINE), "ExecStart dropped")
        if not re.search(r"^Type=oneshot", text, re.MULTILINE)
        else ("", "")
    ]
    slips.append((re.sub(r"^\[Service\]", "[Servce]", text, count=1, flags=re.MULTILINE), "[Service] misspelt"))
    if re.search(r"^Restart=", text, re.MULTILINE):
        slips.append((re.sub(r"^Restart=.*$", "Restart=sometimes", text, count=1, flags=re.MULTILINE), "Restart=sometimes"))
    if re.search(r"^Type=", text, re.MULTILINE):
        slips.append((re.sub(r"^Type=.*$", "Type=onehost", text, count=1, flags=re.MULTILINE), "Type=onehost"))
    broken, what = rng.choice([slip for slip in slips if slip[0]])
    write(root, name, broken)
    return Planted((name,), f"{name}: {what}")
