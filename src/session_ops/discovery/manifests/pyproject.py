"""pyproject.toml: [project] by the packaging standards, and the tables of poetry, flit, hatch, setuptools and pdm."""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, EntryPoint, Field, Manifest, Problem
from session_ops.discovery.manifests.positions import Key, Lines, toml_lines
from session_ops.patterns import regex

KEPT_TOOLS = (
    "hatch",
    "setuptools",
    "poetry",
    "flit",
    "pdm",
    "uv",
    "maturin",
    "scikit-build",
    "setuptools_scm",
    "setuptools-scm",
)
"""[tool.*] tables that say something about what is built or how; the others configure tools of the developer."""
PROJECT_KEYS = frozenset(
    ("name", "version", "description", "readme", "requires-python", "license", "license-files", "authors", "maintainers")
    + ("keywords", "classifiers", "urls", "scripts", "gui-scripts", "entry-points", "dependencies", "optional-dependencies")
    + ("dynamic", "import-names", "import-namespaces")
)
_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def read(tree: Tree, path: str) -> Manifest:
    """The manifest in a pyproject.toml."""
    text = tree.text(path).removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Manifest("pip", path, broken=str(error) or "nested too deep")
    lines = toml_lines(text)
    project = _table(data, "project")
    poetry = _table(data, "tool", "poetry")
    flit = _table(data, "tool", "flit", "metadata")
    base: Key = ("project",) if project else ("tool", "poetry") if poetry else ("tool", "flit", "metadata")
    main = project or poetry or flit
    found = dict(_fields(data, lines, base))
    return Manifest(
        ecosystem="pip",
        path=path,
        name=_text(main.get("name")) or _text(flit.get("dist-name")) or _text(flit.get("module")),
        version=_text(main.get("version")),
        licence=_licence(main),
        dynamic=tuple(str(d) for d in _list(project.get("dynamic"))),
        fields=tuple(found.values()),
        dependencies=tuple(_dependencies(data, lines)),
        entry_points=tuple(_entry_points(data, lines)),
        problems=tuple(
            Problem(p.text, p.line, p.sure and _built(data))
            for p in sorted(_problems(tree, path, data, lines) if project else (), key=lambda p: p.line)
        ),
    )


def _table(data: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _licence(main: dict[str, Any]) -> str:
    value = main.get("license")
    if isinstance(value, dict):
        return _text(value.get("text")) or _text(value.get("file"))
    if isinstance(value, str):
        return value
    return next((c for c in map(str, _list(main.get("classifiers"))) if c.startswith("License ::")), "")


def _fields(data: dict[str, Any], lines: Lines, base: Key) -> Iterator[tuple[Key, Field]]:
    """Every scalar of the main table (without its name in front), of the build system and of the packaging tools."""
    skipped = {(*base, k) for k in ("dependencies", "optional-dependencies", "scripts", "gui-scripts", "entry-points", "group")}
    pending: list[tuple[Key, Any]] = [((k,), v) for k, v in reversed(data.items()) if k in ("project", "build-system", "tool")]
    while pending:
        key, value = pending.pop()
        if key in skipped or (len(key) == 2 and key[0] == "tool" and key[1] not in KEPT_TOOLS):
            continue
        if isinstance(value, dict):
            pending += [((*key, k), v) for k, v in reversed(value.items())]
        elif isinstance(value, list):
            pending += [((*key, n), v) for n, v in reversed(list(enumerate(value)))]
        else:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            inside = key[len(base) :] if key[: len(base)] == base else key
            name = ".".join(k for k in inside if isinstance(k, str))
            name = "readme" if name == "readme.file" else name
            yield key, Field(name, shown, line_at(lines, key))


def line_at(lines: Lines, key: Key) -> int:
    """The line of a key, or of the nearest table around it."""
    while key not in lines and key:
        key = key[:-1]
    return lines.get(key, 1)


def _dependencies(data: dict[str, Any], lines: Lines) -> Iterator[Dependency]:
    def plain(key: Key, group: str, value: Any) -> Iterator[Dependency]:
        for n, item in enumerate(_list(value)):
            if isinstance(item, str) and (match := _NAME.match(item)):
                yield Dependency(match[1], item.strip(), group, line_at(lines, (*key, n)))

    def poetic(key: Key, group: str, value: Any) -> Iterator[Dependency]:
        for name, spec in _table({"v": value}, "v").items():
            if name.lower() != "python":
                shown = _text(spec) or (_text(spec.get("version")) if isinstance(spec, dict) else "")
                chosen = "optional:" + name if isinstance(spec, dict) and spec.get("optional") is True else group
                yield Dependency(name, shown, chosen, line_at(lines, (*key, name)))

    project = _table(data, "project")
    yield from plain(("project", "dependencies"), "runtime", project.get("dependencies"))
    for extra, value in _table(project, "optional-dependencies").items():
        yield from plain(("project", "optional-dependencies", extra), f"optional:{extra}", value)
    for group, value in _table(data, "dependency-groups").items():
        yield from plain(("dependency-groups", group), "dev", value)
    yield from plain(("build-system", "requires"), "build", _table(data, "build-system").get("requires"))
    poetry = _table(data, "tool", "poetry")
    yield from poetic(("tool", "poetry", "dependencies"), "runtime", poetry.get("dependencies"))
    yield from poetic(("tool", "poetry", "dev-dependencies"), "dev", poetry.get("dev-dependencies"))
    for group, value in _table(poetry, "group").items():
        yield from poetic(
            ("tool", "poetry", "group", group, "dependencies"), "dev", _table({"v": value}, "v").get("dependencies")
        )
    flit = ("tool", "flit", "metadata", "requires")
    yield from plain(flit, "runtime", _table(data, *flit[:-1]).get("requires"))


def _entry_points(data: dict[str, Any], lines: Lines) -> Iterator[EntryPoint]:
    tables: list[tuple[Key, str]] = [(("project", "scripts"), "script"), (("project", "gui-scripts"), "script")]
    tables += [(("tool", "poetry", "scripts"), "script"), (("tool", "flit", "scripts"), "script")]
    tables += [(("project", "entry-points", g), f"entry-point:{g}") for g in _table(data, "project", "entry-points")]
    tables += [(("tool", "poetry", "plugins", g), f"entry-point:{g}") for g in _table(data, "tool", "poetry", "plugins")]
    for key, kind in tables:
        for name, value in _table(data, *(str(k) for k in key)).items():
            shown = _text(value) or (_text(value.get("callable") or value.get("reference")) if isinstance(value, dict) else "")
            if shown:
                yield EntryPoint(kind, name, shown, line_at(lines, (*key, name)))


def _problems(tree: Tree, path: str, data: dict[str, Any], lines: Lines) -> Iterator[Problem]:
    """Everything that the standard refuses, all at once. Source: packaging.python.org, pyproject.toml specification; PEP 639."""
    import pyproject_metadata

    project = _table(data, "project")
    setuptools = "setuptools" in _text(_table(data, "build-system").get("build-backend", "setuptools"))
    for key in project:
        if key not in PROJECT_KEYS:
            yield Problem(f"[project] does not know the key {key!r}", line_at(lines, ("project", key)), sure=setuptools)
    calm = {k: v for k, v in data.items() if k != "project"} | {"project": _without_files(project)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pyproject_metadata.StandardMetadata.from_pyproject(calm, allow_extra_keys=True, all_errors=True)
        except Exception as error:  # noqa: BLE001 - a library over untrusted data; whatever it says is told
            yield from _errors(error, project, lines)
    yield from _files(tree, path, project, lines)


def _built(data: dict[str, Any]) -> bool:
    """Is this made to be built? Tools read [project] of applications too, which nobody installs."""
    return "build-system" in data or "name" in _table(data, "project")


def _without_files(project: dict[str, Any]) -> dict[str, Any]:
    """The same table with nothing in it that would make the library read files; `_files` looks at them itself."""
    calm = {k: v for k, v in project.items() if k != "license-files"}
    readme, licence = calm.get("readme"), calm.get("license")
    if isinstance(readme, str):
        calm.pop("readme")
    elif isinstance(readme, dict) and isinstance(readme.get("file"), str):
        calm["readme"] = {k: v for k, v in readme.items() if k != "file"} | {"text": ""}
    if isinstance(licence, dict) and isinstance(licence.get("file"), str) and "text" not in licence:
        calm["license"] = {k: v for k, v in licence.items() if k != "file"} | {"text": ""}
    return calm


def _errors(error: BaseException, project: dict[str, Any], lines: Lines) -> Iterator[Problem]:
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else (error,):
        if isinstance(one, BaseExceptionGroup):
            yield from _errors(one, project, lines)
            continue
        said = str(one).replace("\n", " ")
        named = _text(getattr(one, "key", "")) or next(iter(re.findall(r'"(project\.[\w.\[\]-]+)"', said)), "project")
        key: Key = tuple(int(part) if part.isdigit() else part for part in re.findall(r"[\w-]+", named))
        where = lines.get(key) or _line_of_value(said, key, project, lines) or line_at(lines, key)
        inner = _line_of_value(said, key, project, lines)
        # two statements of one licence: setuptools refuses, hatchling and flit build
        yield Problem(said, inner or where, sure="License ::" not in said)


def _line_of_value(said: str, key: Key, project: dict[str, Any], lines: Lines) -> int:
    """The line of the list element that an error quotes."""
    value: Any = project
    for part in key[1:]:
        value = value.get(part) if isinstance(value, dict) and isinstance(part, str) else None
    for n, item in enumerate(_list(value)):
        if isinstance(item, str) and repr(item) in said:
            return lines.get((*key, n), 0)
    return 0


def _files(tree: Tree, path: str, project: dict[str, Any], lines: Lines) -> Iterator[Problem]:
    folder = path.rpartition("/")[0]

    def there(name: str) -> bool:
        whole = f"{folder}/{name}" if folder else name
        return tree.exists(whole) or any(whole.startswith(sub + "/") for sub in tree.git.submodules)

    readme = project.get("readme")
    named = readme if isinstance(readme, str) else _text(_table({"v": readme}, "v").get("file"))
    if named and not there(named):
        yield Problem(f"readme names {named}, which does not exist", line_at(lines, ("project", "readme")))
    licence = _text(_table(project, "license").get("file"))
    if licence and not there(licence):
        yield Problem(f"license names {licence}, which does not exist", line_at(lines, ("project", "license")))
    for n, pattern in enumerate(_list(project.get("license-files"))):
        if isinstance(pattern, str) and not any(c in pattern for c in "*?[") and not there(pattern):
            line = line_at(lines, ("project", "license-files", n))
            yield Problem(f"license-files names {pattern}, which does not exist", line)
