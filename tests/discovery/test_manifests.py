import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_ops.discovery.files import read_tree
from session_ops.discovery.manifests import Manifest, Manifests, manifests
from session_ops.discovery.manifests.positions import json_lines, strip_json_comments, toml_lines
from session_ops.discovery.syntax import Syntax


def read(root: Path, **files: str) -> Manifests:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return manifests(tree := read_tree(root), Syntax(tree))


def put(root: Path, path: str, text: str | bytes) -> None:
    whole = root / path
    whole.parent.mkdir(parents=True, exist_ok=True)
    whole.write_bytes(text.encode() if isinstance(text, str) else text)


def one(root: Path, path: str, text: str | bytes) -> Manifest:
    put(root, path, text)
    tree = read_tree(root)
    (found,) = [m for m in manifests(tree, Syntax(tree)) if m.path == path]
    return found


PYPROJECT = """\
# tracker
[build-system]
requires = ["hatchling>=1.20"]
build-backend = "hatchling.build"

[project]
name = "tracker"
dynamic = ["version"]
readme = {file = "README.md", content-type = "text/markdown"}
dependencies = [
  # why
  "requests[socks]>=2; python_version < '4'",
  'rich',
]

[project.optional-dependencies]
web = [
  "flask",
]

[project.scripts]
tracker = "tracker.cli:main"
"tracker.two" = "tracker.cli:two"

[project.entry-points."pytest11"]
tracker = "tracker.plugin"

[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff"]

[tool.hatch.build.targets.wheel]
packages = ["src/tracker"]

[tool.ruff]
line-length = 100
"""


def test_pyproject_lines(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "# x\n")
    found = one(tmp_path, "pyproject.toml", PYPROJECT)
    assert (found.name, found.version, found.dynamic, found.problems, found.broken) == ("tracker", "", ("version",), (), "")
    assert [(d.name, d.group, d.line) for d in found.dependencies] == [
        ("requests", "runtime", 12),
        ("rich", "runtime", 13),
        ("flask", "optional:web", 18),
        ("pytest", "dev", 29),
        ("ruff", "dev", 30),
        ("hatchling", "build", 3),
    ]
    assert [(e.kind, e.name, e.value, e.line) for e in found.entry_points] == [
        ("script", "tracker", "tracker.cli:main", 22),
        ("script", "tracker.two", "tracker.cli:two", 23),
        ("entry-point:pytest11", "tracker", "tracker.plugin", 26),
    ]
    readme, packages = found.field("readme"), found.listed("tool.hatch.build.targets.wheel.packages")
    assert readme is not None
    assert (readme.value, readme.line) == ("README.md", 9)
    assert [(p.value, p.line) for p in packages] == [("src/tracker", 33)]
    assert found.field("tool.ruff.line-length") is None


def test_pyproject_tells_all_problems_at_once(tmp_path: Path) -> None:
    text = '[project]\nname = "a b"\nversion = "x"\nreadme = "GONE.md"\ndependencies = [\n  "ok",\n  "not >>> ok",\n]\n'
    found = one(tmp_path, "pyproject.toml", text)
    assert sorted(p.line for p in found.problems) == [2, 3, 4, 7]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[tool.poetry]\nname = "p"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\nrich = "^13"\n', "p"),
        ('[tool.flit.metadata]\nmodule = "p"\nrequires = ["rich"]\n[tool.flit.scripts]\np = "p:main"\n', "p"),
    ],
)
def test_older_tables(tmp_path: Path, text: str, name: str) -> None:
    found = one(tmp_path, "pyproject.toml", text)
    assert (found.name, [d.name for d in found.dependencies]) == (name, ["rich"])
    assert all(d.line > 1 for d in found.dependencies)


def test_setup_py_is_read_and_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    text = (
        f"open({str(canary)!r}, 'w').close()\nfrom setuptools import setup, find_packages\nREQUIRES = [\n    'requests>=2',\n    'rich',\n]\n"
        "setup(\n    name='tracker',\n    version=open('VERSION').read(),\n    packages=find_packages('src'),\n    package_dir={'': 'src'},\n"
        "    install_requires=REQUIRES,\n    extras_require={'web': ['flask']},\n"
        "    entry_points={'console_scripts': ['tracker = tracker.cli:main']},\n)\n"
    )
    found = one(tmp_path, "setup.py", text)
    assert not canary.exists()
    assert (found.name, found.version) == ("tracker", "")
    assert "version" in found.dynamic
    assert [(d.name, d.group, d.line) for d in found.dependencies] == [
        ("requests", "runtime", 4),
        ("rich", "runtime", 5),
        ("flask", "optional:web", 13),
    ]
    assert [(e.name, e.value, e.line) for e in found.entry_points] == [("tracker", "tracker.cli:main", 14)]


def test_a_setup_py_of_somebody_else(tmp_path: Path) -> None:
    assert read(tmp_path, **{"pkg__setup.py": "def setup_all():\n    pass\n"}) == ()


def test_requirements(tmp_path: Path) -> None:
    text = "# top\n-r base.txt\nrequests[socks]>=2 \\\n    --hash=sha256:00\nrich ; python_version<'4'  # why\n-e ./here\n?? what\n"
    found = one(tmp_path, "requirements-dev.txt", text)
    assert [(d.name, d.group, d.line) for d in found.dependencies] == [("requests", "dev", 3), ("rich", "dev", 5)]
    assert [(f.name, f.value, f.line) for f in found.fields] == [("include", "base.txt", 2), ("editable", "./here", 6)]
    assert [p.line for p in found.problems] == [7]


def test_package_json(tmp_path: Path) -> None:
    data = '{\n "name": "t",\n "version": "1.0.0",\n "bin": {"t": "a.js",\n  "u": "b.js"},\n "exports": {\n  ".": {"import": "./i.mjs"}\n },\n'
    data += ' "engines": {"node": ">=20"},\n "files": [\n  "dist",\n  "bin"\n ],\n "devDependencies": {\n  "tsc": "1"\n }\n}\n'
    found = one(tmp_path, "package.json", data)
    assert [(e.kind, e.name, e.line) for e in found.entry_points] == [
        ("bin", "t", 4),
        ("bin", "u", 5),
        ("exports", ". import", 7),
    ]
    assert [(f.value, f.line) for f in found.listed("files")] == [("dist", 11), ("bin", 12)]
    engines = found.field("engines.node")
    assert engines is not None
    assert engines.line == 9
    assert [(d.name, d.group, d.line) for d in found.dependencies] == [("tsc", "dev", 15)]


def test_cargo_inherits_from_its_workspace(tmp_path: Path) -> None:
    put(
        tmp_path,
        "Cargo.toml",
        '[workspace]\nmembers = ["a"]\n[workspace.package]\nversion = "2.0.0"\n[workspace.dependencies]\nb = {path = "b"}\n',
    )
    text = '[package]\nname = "a"\nversion.workspace = true\n\n[dependencies]\nb.workspace = true\n\n[[bin]]\nname = "a"\npath = "src/a.rs"\n'
    found = one(tmp_path, "a/Cargo.toml", text)
    assert (found.name, found.version) == ("a", "2.0.0")
    assert [(d.name, d.spec, d.line) for d in found.dependencies] == [("b", "path=b", 6)]
    assert [(e.kind, e.value, e.line) for e in found.entry_points] == [("bin", "src/a.rs", 10)]


def test_gemspec(tmp_path: Path) -> None:
    put(tmp_path, "lib/my/gem/version.rb", 'module My\n  VERSION = "1.2.3"\nend\n')
    text = (
        'Gem::Specification.new do |s|\n  s.name = "my-gem"\n  s.version = My::VERSION\n'
        '  s.executables = %w[one two]\n  s.add_dependency("thor", "~> 1")\nend\n'
    )
    found = one(tmp_path, "my-gem.gemspec", text)
    assert (found.name, found.version, found.dynamic) == ("my-gem", "1.2.3", ("version",))
    assert [(e.value, e.line) for e in found.entry_points] == [("bin/one", 4), ("bin/two", 4)]
    assert [(d.name, d.spec, d.line) for d in found.dependencies] == [("thor", "~> 1", 5)]


def test_go_mod(tmp_path: Path) -> None:
    text = "module example.com/t\n\ngo 1.22\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v0.1.0 // indirect\n)\n\nrequir x\n"
    found = one(tmp_path, "go.mod", text)
    assert found.name == "example.com/t"
    assert [(d.name, d.group, d.line) for d in found.dependencies] == [
        ("example.com/a", "runtime", 6),
        ("example.com/b", "optional:indirect", 7),
    ]
    assert [p.line for p in found.problems] == [10]


def test_marketplace(tmp_path: Path) -> None:
    text = (
        '{\n "name": "shop", "owner": {"name": "o"},\n'
        ' "plugins": [\n  {"name": "a", "source": "./a"},\n  {"name": "b", "source": {"source": "github", "repo": "x/y"}},\n'
        '  {"source": "./c"}\n ]\n}\n'
    )
    found = one(tmp_path, ".claude-plugin/marketplace.json", text)
    assert [(e.kind, e.value, e.line) for e in found.entry_points] == [("plugin", "./a", 4), ("plugin", "./c", 6)]
    assert [p.line for p in found.problems] == [6]
    nobodys = one(tmp_path, ".claude-plugin/marketplace.json", text.replace(', "owner": {"name": "o"}', ""))
    assert [p.line for p in nobodys.problems] == [1, 6]


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements.txt",
        "package.json",
        "x.gemspec",
        "Cargo.toml",
        "go.mod",
        ".claude-plugin/plugin.json",
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf",
        b"\xff\xfe\xfa not text",
        b"[" * 20_000,
        b"{" * 20_000,
        b"a = '\r\n",
        b'{"name": 1, "bin": [1], "scripts": []}',
        b"\n" * 50,
    ],
)
def test_odd_texts_never_crash(tmp_path: Path, path: str, data: bytes) -> None:
    put(tmp_path, path, data)
    tree = read_tree(tmp_path)
    manifests(tree, Syntax(tree))


def test_crlf_and_bom(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "pyproject.toml",
        b"\xef\xbb\xbf" + b'[project]\r\nname = "t"\r\nversion = "1"\r\ndependencies = [\r\n "a",\r\n]\r\n',
    )
    assert (found.name, [d.line for d in found.dependencies]) == ("t", [5])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=150)
@given(value=json_values)
def test_json_lines_finds_every_entry(value: object) -> None:
    text = json.dumps(value, indent=1)
    lines = json_lines(text)
    rows = text.split("\n")
    pending: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while pending:
        key, inner = pending.pop()
        assert key in lines
        if key and isinstance(key[-1], str):
            assert json.dumps(key[-1]) + ": " in rows[lines[key] - 1]
        elif key and not isinstance(inner, (dict, list)):
            assert json.dumps(inner) in rows[lines[key] - 1]
        if isinstance(inner, dict):
            pending += [((*key, k), v) for k, v in inner.items()]
        elif isinstance(inner, list):
            pending += [((*key, n), v) for n, v in enumerate(inner)]


def test_toml_lines_of_nested_values() -> None:
    text = (
        'a.b = 1\n[t."x.y"]\nlist = [ # [ "no"\n  [1, 2],\n  {k = "v", m.n = 2},\n]\n'
        's = """\n[no]\nx = 1\n"""\n[[arr]]\nv = 1\n[[arr]]\nv = 2\n[arr.sub]\nw = 3\n'
    )
    lines = toml_lines(text)
    assert lines["a", "b"] == 1
    assert lines["t", "x.y", "list", 0, 1] == 4
    assert lines["t", "x.y", "list", 1, "m", "n"] == 5
    assert lines["t", "x.y", "s"] == 7
    assert ("no",) not in lines
    assert (lines["arr", 0, "v"], lines["arr", 1, "v"], lines["arr", 1, "sub", "w"]) == (12, 14, 16)


def test_comments_are_blanked_in_place() -> None:
    text = '{ // one\n "a": "//no", /* two\n */ "b": [1, 2,],\n}'
    plain = strip_json_comments(text)
    assert json.loads(plain) == {"a": "//no", "b": [1, 2]}
    assert plain.count("\n") == text.count("\n")
