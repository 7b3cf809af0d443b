"""Constants of Ruby's libraries that a gem uses without requiring them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

LIBRARIES = {
    "Bundler": "bundler", "Open3": "open3", "SecureRandom": "securerandom", "FileUtils": "fileutils", "Tempfile": "tempfile", "YAML": "yaml",
    "JSON": "json", "ERB": "erb", "CSV": "csv", "OpenStruct": "ostruct", "Shellwords": "shellwords", "Timeout": "timeout", "Logger": "logger",
    "Socket": "socket", "Pathname": "pathname", "OptionParser": "optparse", "Digest": "digest", "Benchmark": "benchmark", "Singleton": "singleton",
    "Forwardable": "forwardable", "PTY": "pty", "Etc": "etc", "Zlib": "zlib", "OpenSSL": "openssl", "Ripper": "ripper", "Tmpdir": "tmpdir",
}  # fmt: skip
"""Constants and what must be required for them. Source: docs.ruby-lang.org, standard library."""
_USE = regex(rf"(?<![\w:.@$'\"/-])(?:::)?({'|'.join(LIBRARIES)})(?=\.\w|::[A-Z])")
_REQUIRE = regex(r"""^\s*(?:require|autoload[ (]+:\w+,)[ (]+["']([\w/.-]+)["']""", re.MULTILINE)


def _require(finding: Finding, tree: Tree) -> Fix | None:
    """Require the library in the file that loads the gem, after its first require."""
    main, library = finding.data.get("main", ""), finding.data.get("library", "")
    lines = tree.lines(main) if main else []
    line = next((n for n, text in enumerate(lines, start=1) if text.startswith(("require ", "require_relative "))), 0)
    if not line:
        return None
    end = "\r\n" if "\r\n" in tree.text(main) else "\n"
    edit = Edit(main, lines[line - 1], f'require "{library}"{end}{lines[line - 1]}', line)
    return Fix(f"Require {library} in {main}", (finding.id,), "safe", (edit,), why="Nothing else loads it in an installed gem.")


@rule("DEP-REQUIRE", gate="start", category="dependency", fix=_require)
def constant_without_require(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A gem uses a constant of a library that none of its files requires.

    Why: under `bundle exec`, in tests and in irb somebody else has loaded Bundler, JSON and the like; the command of the installed gem runs
    without, and ends with NameError. Bundler is loaded by nobody there. The others may come with another gem, so that
    they are told only of gems without run-time dependencies.
    Passes: any require or autoload in lib or the executables, `defined?`, comments, tests and build files.
    Do: Require the library in the file that uses the constant, or in the gem's main file, and start the installed command once
    outside of `bundle exec`.
    Source: docs.ruby-lang.org, Kernel#require; bundler.io, Bundler in a single-file script.
    """
    gems = [m for m in manifests if m.ecosystem == "gem" and not is_aside(m.path)]
    if not gems:
        raise NotApplicable("no gem specification")
    done: set[tuple[str, str]] = set()
    for one in gems:
        base = f"{one.folder}/" if one.folder else ""
        shipped = [
            e
            for e in tree.files("ruby")
            if re.match(rf"{re.escape(base)}(?:lib|exe|app)/", e.path) and not is_aside(e.path.removeprefix(base))
        ]
        loaded = {m[1] for e in shipped for m in _REQUIRE.finditer(tree.text(e.path))}
        runtime = [d for d in one.dependencies if d.group == "runtime"]
        for entry in shipped:
            text = tree.text(entry.path)
            for constant in sorted({m[1] for m in _USE.finditer(text)}):
                library = LIBRARIES[constant]
                if any(name == library or name.startswith(library + "/") for name in loaded) or any(
                    d.name == library for d in runtime
                ):
                    continue
                if (
                    (constant != "Bundler" and runtime)
                    or (entry.path, constant) in done
                    or re.search(rf"defined\?[ (]+(?:::)?{constant}|(?:class|module)\s+{constant}\b", text)
                ):
                    continue
                line = _line(tree, entry.path, constant)
                if not line:
                    continue
                done.add((entry.path, constant))
                sure: Confidence = "likely" if constant == "Bundler" else "possible"
                yield Finding(
                    f"it uses {constant}, but no file of the gem requires {library!r}",
                    tree.evidence(entry.path, line),
                    impact="In the installed gem this line ends with NameError.",
                    confidence=sure,
                    data={"library": library, "main": _main(tree, one)},
                )


def _line(tree: Tree, path: str, constant: str) -> int:
    """The first line of code that uses the constant; comments, and what is quoted, are no code."""
    for n, text in enumerate(tree.lines(path), start=1):
        code = re.sub(r"\"(?:[^\"\\#]|\\.|#(?!\{))*\"|'[^']*'", '""', text).partition("#")[0]
        if any(m[1] == constant for m in _USE.finditer(code)):
            return n
    return 0


def _main(tree: Tree, one: Manifest) -> str:
    base = f"{one.folder}/lib/" if one.folder else "lib/"
    places = (base + one.name + ".rb", base + one.name.replace("-", "/") + ".rb", base + one.name.replace("-", "_") + ".rb")
    return next((p for p in places if p in tree.entries), "")
