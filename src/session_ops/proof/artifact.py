"""What a built package holds: is everything in it that its code needs, and nothing that must not leave the house?"""

from __future__ import annotations

import ast
import email.parser
import email.policy
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_test
from session_ops.discovery.files import Tree
from session_ops.registry import CannotCheck

_SECRET_NAME = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?:local|prod\w*|dev\w*|staging))?|\.netrc|\.npmrc|\.pypirc|\.git-credentials|id_(?:rsa|dsa|ecdsa|ed25519)|credentials\.json|[^/]+\.(?:pem|p12|pfx|keystore))$"
)
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{100,}")
_JUNK = re.compile(
    r"(?:^|/)(?:\.git|\.hg|\.svn|node_modules|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.venv|\.DS_Store|Thumbs\.db)(?:/|$)|\.py[co]$"
)
_WHOLE = 4_000_000
"""Bytes of one file that are looked at for keys."""


def unwanted(files: Mapping[str, bytes]) -> Iterator[str]:
    """What a package must not hold: files of secrets, private keys, caches and version control data."""
    for path, data in sorted(files.items()):
        if _SECRET_NAME.search(path) and data.strip() and not path.endswith((".example", ".sample")):
            if path.endswith(".pem") and b"PRIVATE KEY" not in data:
                continue
            yield f"it holds {path}, a file of secrets"
        elif _PRIVATE_KEY.search(data[:_WHOLE]) and not is_test(path):
            yield f"{path} holds a private key"
    junk = sorted({match[0].strip("/") for path in files if (match := _JUNK.search(path))})
    if junk:
        yield f"it holds junk: {', '.join(junk[:5])}"


@dataclass(frozen=True)
class Wheel:
    """A built wheel: its files, its metadata, and what it promises to start. `requires` are its requirements without extras."""

    name: str
    files: dict[str, bytes]
    metadata: dict[str, list[str]]
    scripts: dict[str, str]

    @property
    def tops(self) -> tuple[str, ...]:
        """Modules and packages that can be imported after it is installed."""
        found = set()
        for path in self.files:
            first, _, rest = path.partition("/")
            if first.endswith((".dist-info", ".data")):
                continue
            if not rest and (match := re.fullmatch(r"(\w+)(?:\.[\w-]+)?\.(?:py|so|pyd)", first)):
                found.add(match[1])
            elif rest and first.isidentifier() and path.endswith((".py", ".so", ".pyd")):
                found.add(first)
        return tuple(sorted(found))

    @property
    def requires(self) -> tuple[str, ...]:
        """`Requires-Dist` of a plain installation: those that hang on an extra are left out."""
        return tuple(r for r in self.metadata.get("requires-dist", []) if not re.search(r";.*\bextra\s*==", r))

    @property
    def extras(self) -> tuple[str, ...]:
        """`Provides-Extra`, sorted, those for work on the package left out."""
        given = self.metadata.get("provides-extra", [])
        return tuple(sorted(extra for extra in given if not re.search(r"dev|test|doc|lint|^ci$", extra, re.IGNORECASE)))

    @property
    def requires_with_extras(self) -> tuple[str, ...]:
        """What an installation with these extras asks for."""
        found = list(self.requires)
        for text in self.metadata.get("requires-dist", []):
            body, _, marker = text.partition(";")
            if set(re.findall(r"""\bextra\s*==\s*["']([^"']+)["']""", marker)) & set(self.extras):
                rest = re.sub(r"""(?:\s*\band\s+)?\(?\bextra\s*==\s*["'][^"']+["']\)?(?:\s*\band\b)?""", "", marker).strip()
                found.append(f"{body.strip()} ; {rest}" if rest and " or " not in rest else body.strip())
        return tuple(found)

    @property
    def project(self) -> str:
        """The name of the distribution."""
        return (self.metadata.get("name") or [""])[0]

    @property
    def python(self) -> str:
        """`Requires-Python`, empty where absent."""
        return (self.metadata.get("requires-python") or [""])[0]


def read_wheel(name: str, data: bytes, most: int = 512 << 20) -> Wheel:
    """Take a wheel apart.

    Raises:
        CannotCheck: it is no archive, or unpacks to more than `most` bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > most:
                raise CannotCheck(f"{name} unpacks to more than {most >> 20} MB")
            files = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise CannotCheck(f"{name} is no wheel: {error}") from None
    about = next((path for path in files if re.fullmatch(r"[^/]+\.dist-info/METADATA", path)), "")
    headers = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(files.get(about, b""))
    metadata: dict[str, list[str]] = {}
    for key, value in headers.items():
        metadata.setdefault(key.lower(), []).append(str(value))
    points = files.get(about.replace("METADATA", "entry_points.txt"), b"").decode("utf-8", "replace")
    scripts: dict[str, str] = {}
    section = ""
    for line in points.splitlines():
        if match := re.fullmatch(r"\[(.+)\]", line.strip()):
            section = match[1].strip()
        elif section in ("console_scripts", "gui_scripts") and "=" in line:
            key, _, value = line.partition("=")
            scripts[key.strip()] = value.strip()
    return Wheel(name, files, metadata, scripts)


def missing(wheel: Wheel, tree: Tree, folder: str) -> Iterator[str]:
    """What the wheel's code asks for, the source tree has beside it, and the wheel does not: modules that are imported, files that are named.

    `folder` is the folder of the manifest.
    """
    if not wheel.tops and not wheel.scripts and not any(".data/scripts/" in path for path in wheel.files):
        yield "it holds no module and no command"
        return
    for top in wheel.tops:
        source = _source(tree, folder, top)
        if source is None:
            continue
        inside = {path for path in wheel.files if path.startswith(top + "/")}
        texts = {path: wheel.files[path].decode("utf-8", "replace") for path in inside if path.endswith(".py")}
        imported = {name for path, text in texts.items() for name in _imports(path, text)}
        spoken = "\n".join(texts.values())
        for entry in tree.below(source):
            path = top + entry.path[len(source) :]
            if entry.kind != "file" or path in inside or entry.ignored or is_test(path) or entry.status == "unreadable":
                continue
            if path.endswith(".py"):
                dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                if dotted in imported:
                    yield f"it lacks {path}, which its own code imports"
            elif _named(entry.path.rpartition("/")[2], spoken) and not path.endswith((".pyi", ".c", ".pyx", ".md", ".rst")):
                yield f"it lacks {path}, which its own code names"


def _source(tree: Tree, folder: str, top: str) -> str | None:
    for between in ("", "src/", "lib/", "python/", "source/"):
        base = f"{folder}/{between}{top}" if folder else between + top
        if base in tree.folders:
            return base
    return None


def _named(name: str, code: str) -> bool:
    return re.search(rf"""["'/]{re.escape(name)}["']""", code) is not None


def _imports(path: str, text: str) -> Iterator[str]:
    """Dotted names that a module imports at its top level or anywhere, relative ones made absolute; not those under `try`."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    package = PurePosixPath(path).parent.as_posix().replace("/", ".")
    tried = {id(inner) for node in ast.walk(module) if isinstance(node, ast.Try) for inner in ast.walk(node)}
    for node in ast.walk(module):
        if id(node) in tried:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def first(problems: Iterable[str], most: int = 8) -> list[str]:
    """At most so many problems, and how many more there are."""
    listed = list(problems)
    return listed[:most] + ([f"and {len(listed) - most} more"] if len(listed) > most else [])
