"""Gates of npm packages, gems, crates and Go modules, run for real where the toolchain is here. None of them needs a network."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Make
from tests.proof.conftest import command, digest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, CommandRun, Gate, GateResult, Outcome
from session_ops.proof import compiled, tarballs
from session_ops.proof.checkout import _with_scripts
from session_ops.proof.gates.npm import _of_dependency
from session_ops.proof.runs import Place
from session_ops.proof.sandbox import Sandbox
from session_ops.proof.tarball import Tarball, problems
from session_ops.proof.toolchains import toolchains
from session_ops.proof.wheels import Unsatisfiable
from session_ops.registry import CannotCheck, Facts, Registry

Proven = Callable[..., dict[Gate, GateResult]]


def outcomes(results: dict[Gate, GateResult]) -> dict[str, str]:
    return {gate.value: result.outcome.value for gate, result in results.items()}


@pytest.fixture
def node() -> None:
    if not toolchains().has("npm"):
        pytest.skip("npm is not installed")


def npm_files(**package: Any) -> dict[str, str]:
    manifest = {
        "name": "tiny-ops",
        "version": "1.0.0",
        "license": "MIT",
        "main": "lib/index.js",
        "bin": {"tiny-ops": "bin/ops.js"},
        "files": ["lib", "bin"],
    }
    return {
        "package.json": json.dumps(manifest | package, indent=2) + "\n",
        "lib/index.js": "const { name } = require('./deep/names.js')\nexports.hi = n => name.repeat(n)\n",
        "lib/deep/names.js": "const fs = require('fs'), path = require('path')\n"
        "exports.name = JSON.parse(fs.readFileSync(path.join(__dirname, 'names.json'))).name\n",
        "lib/deep/names.json": '{"name": "x"}\n',
        "bin/ops.js": (
            "#!/usr/bin/env node\nif (process.argv.includes('--help')) { console.log('usage: tiny-ops [n]'); process.exit(0) }\n"
            "console.log(require('../lib').hi(Number(process.argv[2] || 1)))\n"
        ),
        "README.md": "# Tiny\n\n```sh\nnpm install -g tiny-ops\ntiny-ops 3\nnpx tiny-ops 3\nnpx -y tiny-ops@latest 2\n```\n",
    }


def npm(proven: Proven, root: Path) -> dict[Gate, GateResult]:
    return proven(root, "npm.npm")


def test_a_healthy_npm_package_passes_every_gate(make: Make, proven: Proven, node: None) -> None:
    root = make(npm_files(), git=True)
    before = digest(root)
    results = npm(proven, root)
    assert outcomes(results) == dict.fromkeys(("metadata", "build", "contents", "install", "start"), "pass")
    assert command(results[Gate.START], "tiny-ops 3").tail == ("xxx",)
    assert command(results[Gate.START], "tiny-ops 2").tail == ("xx",)
    assert [run.command for run in results[Gate.START].runs].count("tiny-ops 3") == 1
    assert command(results[Gate.INSTALL], "import").good
    assert digest(root) == before


def said(results: dict[Gate, GateResult], gate: Gate) -> str:
    return " ".join(line for run in results[gate].runs for line in (run.wrong, *run.tail))


def test_what_is_promised_and_not_packed_fails_contents_and_what_uses_it(make: Make, proven: Proven, node: None) -> None:
    change = {
        "main": "lib/gone.js",
        "bin": {"tiny-ops": "bin/ops.js", "other": "bin/gone.js"},
        "files": ["bin", "lib/index.js", "lib/deep/names.js"],
    }
    results = npm(proven, make(npm_files(**change), git=True))
    assert outcomes(results) == {"metadata": "pass", "build": "pass", "contents": "fail", "install": "fail", "start": "fail"}
    for line in (
        "main names lib/gone.js, which it does not hold",
        "bin other names bin/gone.js, which it does not hold",
        "it lacks lib/deep/names.json, which lib/deep/names.js loads",
    ):
        assert line in said(results, Gate.CONTENTS)
    assert "Cannot find package" in results[Gate.INSTALL].reason
    assert "node_modules/.bin/other: not found" in results[Gate.START].reason


def test_a_module_that_is_left_out_and_exports_that_lead_nowhere(make: Make, proven: Proven, node: None) -> None:
    change = {"files": ["bin", "lib/index.js"], "exports": {".": {"import": "./lib/none.mjs"}}, "version": "one"}
    results = npm(proven, make(npm_files(**change), git=True))
    assert "is not of the form 1.2.3" in results[Gate.METADATA].reason
    assert "it lacks lib/deep/names.js, which lib/index.js loads" in said(results, Gate.CONTENTS)
    assert "Cannot find module '$BOX/app/node_modules/tiny-ops/lib/none.mjs'" in results[Gate.INSTALL].reason
    assert "Cannot find module './deep/names.js'" in results[Gate.START].reason


def test_a_script_that_fails_before_packing_fails_build_unless_all_is_built_already(
    make: Make, proven: Proven, node: None
) -> None:
    broken = {"prepack": "echo broken >&2; exit 4"}
    results = npm(proven, make(npm_files(scripts=broken, main="lib/made.js"), git=True))
    assert results[Gate.BUILD].outcome is Outcome.FAIL
    assert set(outcomes(results).values()) == {"pass", "fail", "open"}
    cleared = {"prepack": "rm -rf lib; echo broken >&2; exit 4"}
    results = npm(proven, make(npm_files(scripts=cleared), name="other", git=True))
    assert set(outcomes(results).values()) == {"pass"}
    assert command(results[Gate.BUILD], "npm pack").skipped.startswith("its scripts do not work here: exit status 4")


def test_an_undeclared_dependency_fails_install_and_start(make: Make, proven: Proven, node: None) -> None:
    files = npm_files() | {"lib/index.js": "require('left-out-dependency')\n"}
    results = npm(proven, make(files, git=True))
    assert "Cannot find module 'left-out-dependency'" in results[Gate.INSTALL].reason
    assert results[Gate.START].outcome is Outcome.FAIL


def test_a_bin_without_its_first_line_fails_contents(make: Make, proven: Proven, node: None) -> None:
    results = npm(proven, make(npm_files() | {"bin/ops.js": "console.log(1)\n"}, git=True))
    assert "has no #! line" in results[Gate.CONTENTS].reason


def test_a_command_that_is_main_too_is_started_not_imported(make: Make, proven: Proven, node: None) -> None:
    strict = "#!/usr/bin/env node\r\nif (process.argv[2] !== '--help') process.exit(1)\r\nconsole.log('usage: tiny-ops')\r\n"
    results = npm(proven, make(npm_files(main="bin/ops.js") | {"bin/ops.js": strict, "README.md": "# Tiny\n"}, git=True))
    assert outcomes(results) == dict.fromkeys(("metadata", "build", "contents", "install", "start"), "pass")
    assert not any("import" in run.command for run in results[Gate.INSTALL].runs)


def test_life_cycle_scripts_run_inside_and_not_outside(make: Make, proven: Proven, node: None, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    root = make(
        npm_files(
            scripts={
                "prepack": f"touch {mark} 2>/dev/null || echo built > lib/built.txt",
                "postinstall": f"touch {mark} 2>/dev/null || true",
            }
        ),
        git=True,
    )
    before = digest(root)
    results = npm(proven, root)
    assert results[Gate.INSTALL].outcome is Outcome.PASS
    assert not mark.exists()
    assert digest(root) == before


def test_what_cannot_be_fetched_leaves_install_open_and_what_does_not_exist_fails_it(
    make: Make, proven: Proven, node: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(npm_files(dependencies={"some-thing": "^1.0.0"}), git=True)

    def refuse(error: Exception) -> Callable[..., None]:
        def fetch(*_: object) -> None:
            raise error

        return fetch

    monkeypatch.setattr(tarballs, "_fetch", refuse(CannotCheck("dependencies could not be fetched: no network")))
    assert outcomes(npm(proven, root)) | {"install": "open", "start": "open"} == outcomes(npm(proven, root))
    monkeypatch.setattr(tarballs, "_fetch", refuse(Unsatisfiable("404 some-thing is not in this registry")))
    assert npm(proven, root)[Gate.INSTALL].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "spec", ["git+ssh://git@github.com/a/b.git", "github:a/b", "a/b", "file:../x", "https://example.org/x.tgz", "workspace:*"]
)
def test_an_address_is_never_fetched(spec: str) -> None:
    with pytest.raises(CannotCheck, match="address"):
        tarballs.fetched({"x": spec})


def test_a_lock_file_with_another_source_is_never_fetched() -> None:
    lock = json.dumps({"packages": {"node_modules/x": {"resolved": "git+ssh://git@example.org/x.git"}}})
    with pytest.raises(CannotCheck, match="x from git"):
        tarballs.fetched({"x": "1.0.0"}, lock, {"name": "a"})


def test_a_dependency_from_the_registry_is_installed_offline(make: Make, proven: Proven, node: None) -> None:
    try:
        tarballs.fetched({"picocolors": "^1.0.0"})
    except CannotCheck as error:
        pytest.skip(f"the npm registry cannot be reached: {error}")
    files = npm_files(dependencies={"picocolors": "^1.0.0"})
    files["lib/index.js"] = "exports.hi = n => require('picocolors').bold('y'.repeat(n))\n"
    results = npm(proven, make(files, git=True))
    assert outcomes(results) == dict.fromkeys(("metadata", "build", "contents", "install", "start"), "pass")


def test_an_application_is_started_where_it_lies(make: Make, proven: Proven, node: None) -> None:
    files = {
        "package.json": '{"name": "app", "private": true, "scripts": {"start": "node server.js"}}\n',
        "server.js": "require('http').createServer((q, a) => a.end('hi')).listen(8099)\n",
    }
    assert npm(proven, make(files, git=True))[Gate.START].outcome is Outcome.PASS
    files["server.js"] = "require('express')\n"
    assert "Cannot find module 'express'" in npm(proven, make(files, name="other", git=True))[Gate.START].reason


def test_what_a_readme_starts_in_the_checkout_is_started_there(make: Make, proven: Proven, node: None) -> None:
    files = npm_files(scripts={"demo": "node examples/demo.js", "lint": "node absent.js"})
    files["README.md"] = "# Tiny\n\n```sh\nnpm install\nnpm run demo\nnpm run lint\n```\n"
    files["examples/demo.js"] = "console.log(require('../lib').hi(2))\n"
    start = npm(proven, make(files, git=True))[Gate.START]
    assert start.outcome is Outcome.PASS
    assert [run.tail for run in start.runs if run.command == "npm run demo"] == [("xx",)]
    files["examples/demo.js"] = "require('../lib/gone')\n"
    start = npm(proven, make(files, name="other", git=True))[Gate.START]
    assert start.outcome is Outcome.FAIL
    assert "`npm run demo`" in start.reason
    assert "Cannot find module '../lib/gone'" in start.reason


def test_an_addon_is_compiled_with_the_headers_of_this_machine(make: Make, proven: Proven, node: None) -> None:
    if not toolchains().headers or not all(map(toolchains().has, ("cc", "make", "python3"))):
        pytest.skip("no compiler, or Node came without its headers")
    files = {
        "package.json": json.dumps({"name": "tiny-addon", "version": "1.0.0", "license": "MIT", "main": "index.js"}) + "\n",
        "index.js": "exports.seven = require('./build/Release/tiny.node').seven\n",
        "binding.gyp": '{"targets": [{"target_name": "tiny", "sources": ["tiny.c"]}]}\n',
        "tiny.c": "#include <node_api.h>\nNAPI_MODULE_INIT() {\n  napi_value seven;\n  napi_create_int32(env, 7, &seven);\n"
        '  napi_set_named_property(env, exports, "seven", seven);\n  return exports;\n}\n',
    }
    assert npm(proven, make(files, git=True))[Gate.INSTALL].outcome is Outcome.PASS


def test_a_dependency_that_does_not_compile_is_named() -> None:
    tail = ("npm error gyp ERR! cwd $BOX/app/node_modules/@sql/lite", "npm error gyp ERR! node -v v20.20.2")
    run = CommandRun(Gate.INSTALL, "npm install t.tgz", 1, tail)
    assert (_of_dependency(run, "t"), _of_dependency(run, "@sql/lite")) == ("@sql/lite", "")


def test_what_takes_long_to_install_is_kept_and_unpacked(
    box: Sandbox, node: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_OPS_CACHE", str(tmp_path / "cache"))
    script = "mkdir -p node_modules/p && echo $npm_config_offline > node_modules/p/made"
    for name, long in (("slow", 0.0), ("quick", 1000.0)):
        entry = tmp_path / "cache/npm" / name
        entry.mkdir(parents=True)
        package = json.dumps({"name": "fetched", "private": True, "scripts": {"install": script}})
        (entry / tarballs.ASKED).write_text(json.dumps({"package": package, "lock": ""}))
        monkeypatch.setattr(compiled, "LONG", long)
        archive = compiled._archive(f"npm/{name}", box.limits, False)
        assert archive == ("npm-installed/slow.tar" if name == "slow" else "")
    with Sandbox(readable={"cache": tmp_path / "cache"}) as other:
        assert compiled.unpacked(other, "npm/slow", str(other.copy))
        assert other.read("node_modules/p/made") == b"true\n"
        assert not compiled.unpacked(other, "npm/quick", str(other.copy))


def test_a_module_is_missed_in_a_tarball_below_a_comment_too(make: Make) -> None:
    main = b"// what it is\nconst { name } = require('./lib/name')\n"
    ball = Tarball({"package.json": b"{}", "index.js": main}, {}, {"name": "t", "main": "index.js"})
    tree = read_tree(make({"index.js": main.decode(), "lib/name.js": "exports.name = 1\n"}))
    assert list(problems(ball, tree, "")) == ["it lacks lib/name, which index.js loads"]


GEM = {
    "tiny_ops.gemspec": (
        'require_relative "lib/tiny_ops/version"\nGem::Specification.new do |s|\n  s.name = "tiny_ops"\n  s.version = TinyOps::VERSION\n'
        '  s.summary = "x"\n  s.authors = ["a"]\n  s.license = "MIT"\n  s.homepage = "https://example.org"\n'
        '  s.files = `git ls-files`.split("\\n")\n  s.bindir = "exe"\n  s.executables = ["tiny-ops"]\n'
        '  s.required_ruby_version = ">= 2.7"\nend\n'
    ),
    "lib/tiny_ops/version.rb": 'module TinyOps\n  VERSION = "1.0.0"\nend\n',
    "lib/tiny_ops.rb": 'require "tiny_ops/version"\nrequire_relative "tiny_ops/store"\nmodule TinyOps\n  def self.hi = Store::NAME\nend\n',
    "lib/tiny_ops/store.rb": 'module TinyOps\n  module Store\n    NAME = "hi"\n  end\nend\n',
    "exe/tiny-ops": '#!/usr/bin/env ruby\nrequire "optparse"\nrequire "tiny_ops"\nOptionParser.new.parse!\nputs TinyOps.hi\n',
    "README.md": "# Tiny\n\n```\n$ gem install tiny_ops\n$ tiny-ops\n```\n",
}


@pytest.fixture
def ruby() -> None:
    if not toolchains().has("gem"):
        pytest.skip("Ruby is not installed")


def gem(proven: Proven, root: Path) -> dict[Gate, GateResult]:
    return proven(root, "gem.gem")


def test_a_healthy_gem_passes_every_gate(make: Make, proven: Proven, ruby: None) -> None:
    root = make(GEM, git=True, executable=("exe/tiny-ops",))
    before = digest(root)
    results = gem(proven, root)
    assert outcomes(results) == dict.fromkeys(("build", "contents", "install", "start"), "pass")
    assert [r.command for r in results[Gate.START].runs if r.good] == ["tiny-ops --help", "tiny-ops"]
    assert digest(root) == before


@pytest.mark.parametrize(
    ("path", "old", "new", "gate", "text"),
    [
        (
            "tiny_ops.gemspec",
            "ls-files`",
            "ls-files exe lib/tiny_ops.rb lib/tiny_ops/version.rb`",
            Gate.CONTENTS,
            "it lacks lib/tiny_ops/store.rb",
        ),
        (
            "lib/tiny_ops.rb",
            'require "tiny_ops/version"',
            'require "no_such_gem"',
            Gate.INSTALL,
            "cannot load such file -- no_such_gem",
        ),
        ("tiny_ops.gemspec", '["tiny-ops"]', '["gone"]', Gate.BUILD, "gone"),
        ("exe/tiny-ops", "OptionParser.new.parse!", "OptionParser.bye", Gate.START, "NoMethodError"),
    ],
)
def test_a_broken_gem_fails_its_gate(
    make: Make, proven: Proven, ruby: None, path: str, old: str, new: str, gate: Gate, text: str
) -> None:
    files = GEM | {path: GEM[path].replace(old, new)}
    results = gem(proven, make(files, git=True, executable=("exe/tiny-ops",)))
    assert results[gate].outcome is Outcome.FAIL
    assert text in said(results, gate)


def test_a_gem_whose_dependency_is_not_here_is_left_open(make: Make, proven: Proven, ruby: None) -> None:
    spec = GEM["tiny_ops.gemspec"].replace("end\n", '  s.add_dependency "no_such_gem_here"\nend\n')
    results = gem(proven, make(GEM | {"tiny_ops.gemspec": spec}, git=True, executable=("exe/tiny-ops",)))
    assert results[Gate.INSTALL].outcome is Outcome.OPEN
    assert "no_such_gem_here" in results[Gate.INSTALL].reason


CRATE = {
    "Cargo.toml": '[package]\nname = "tiny-ops"\nversion = "0.1.0"\nedition = "2021"\n',
    "src/main.rs": 'fn main() {\n    println!("usage: tiny-ops");\n}\n',
}


def test_a_crate_without_dependencies_is_built_and_started(make: Make, proven: Proven) -> None:
    if not toolchains().has("cargo"):
        pytest.skip("cargo is not installed")
    assert outcomes(proven(make(CRATE, git=True), "cargo.cargo")) == dict.fromkeys(("build", "install", "start"), "pass")
    broken = CRATE | {"src/main.rs": "fn main() { gone(); }\n"}
    results = proven(make(broken, name="broken", git=True), "cargo.cargo")
    assert results[Gate.BUILD].outcome is Outcome.FAIL
    assert "cannot find function `gone`" in results[Gate.BUILD].reason


def test_a_crate_that_needs_others_is_left_open(make: Make, proven: Proven) -> None:
    crate = CRATE | {"Cargo.toml": CRATE["Cargo.toml"] + '[dependencies]\nserde = "1"\n'}
    results = proven(make(crate, git=True), "cargo.cargo")
    assert set(outcomes(results).values()) == {"open"}
    assert "serde" in results[Gate.BUILD].reason or shutil.which("cargo") is None


def test_a_go_module_is_built_or_left_open_with_the_reason(make: Make, proven: Proven) -> None:
    files = {
        "go.mod": "module example.org/tiny\n\ngo 1.20\n",
        "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("usage: tiny") }\n',
    }
    results = proven(make(files, git=True), "go.go")
    if toolchains().has("go"):
        assert outcomes(results) == dict.fromkeys(("build", "install", "start"), "pass")
    else:
        assert set(outcomes(results).values()) == {"open"}
        assert "Go is not installed" in results[Gate.BUILD].reason


def test_scripts_of_dependencies_are_run_before_a_build(make: Make, box: Sandbox) -> None:
    tree = read_tree(make({"package.json": '{"name": "t", "version": "1.0.0"}'}))
    listed = {"node_modules/a": {}, "node_modules/b/node_modules/@s/c": {"hasInstallScript": True}}
    place = Place(lambda: box, tree)
    one = Facts(Registry.load(), {"tree": tree, "answers": Answers()})["manifests"][0]
    assert _with_scripts(place, one) == []
    box.write("node_modules/.package-lock.json", json.dumps({"packages": listed}).encode())
    assert _with_scripts(place, one) == ["@s/c"]


def test_processes_that_want_the_same_packages_do_not_get_in_each_others_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "bin" / "npm"  # one that needs no network, and takes its time
    npm.parent.mkdir()
    npm.write_text(
        '#!/bin/sh\nwhile [ "$1" != --cache ]; do shift; done\nmkdir "$2/_cacache" && sleep 0.3\necho x >> "$0.runs"\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SESSION_OPS_CACHE", str(tmp_path / "cache"))
    with ThreadPoolExecutor(3) as pool:  # the lock is one of open files, so threads stand for processes
        names = list(pool.map(lambda _: tarballs.fetched({"isarray": "^2"}), range(3)))
    assert len(set(names)) == 1
    assert (tmp_path / "cache" / names[0] / "_cacache").is_dir()
    assert (npm.parent / "npm.runs").read_text() == "x\n"
