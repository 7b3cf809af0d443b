"""Ruby gems: built, taken apart, installed into an empty gem home, required, and their commands started."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from collections.abc import Iterator, Sequence

from session_ops.discovery.aside import is_aside
from session_ops.discovery.manifests import Manifest
from session_ops.model import CommandRun, Gate
from session_ops.proof.artifact import first, unwanted
from session_ops.proof.runs import Place, prover
from session_ops.proof.starting import MOST_COMMANDS, START_S, documented, starts
from session_ops.proof.toolchains import toolchains
from session_ops.registry import CannotCheck, Facts

MOST_GEMS = 3
AFTER = (Gate.CONTENTS, Gate.INSTALL, Gate.START)
_LOCAL = re.compile(r"""^\s*require_relative\s*\(?\s*(["'])(?P<path>[^"'#]+)\1""", re.MULTILINE)
_OWN = re.compile(r"""^\s*require\s*\(?\s*(["'])(?P<path>[^"'#]+)\1""", re.MULTILINE)


@prover("gem")
def gem(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Build, look into, install, require and start every gem of the target."""
    specs = [m for m in facts["manifests"] if m.ecosystem == "gem" and not is_aside(m.path)]
    if specs and not toolchains().has("gem"):
        for gate in (Gate.BUILD, *AFTER):
            yield place.refused(gate, "gem build", "Ruby is not installed on this machine")
        return
    for number, spec in enumerate(specs[:MOST_GEMS]):
        yield from _gem(place, facts, spec, f"{number or ''}")


def _gem(place: Place, facts: Facts, spec: Manifest, tag: str) -> Iterator[CommandRun]:
    name = spec.path.rpartition("/")[2]
    built = place.box.tmp.parent / f"built{tag}.gem"
    run = place.run(Gate.BUILD, ["gem", "build", "--output", str(built), name], cwd=spec.folder, shown=f"gem build {spec.path}")
    yield run
    if not run.good:
        for gate in AFTER:
            yield place.refused(gate, f"gem build {spec.path}", "nothing was built")
        return
    try:
        files = _files(place.box.read(built))
    except CannotCheck as error:
        yield place.refused(Gate.CONTENTS, f"look into the gem of {name}", str(error))
        return
    shown = f"look into the gem of {name}"
    yield place.check(Gate.CONTENTS, shown, first([*unwanted(files), *_missing(files, place, spec)]))
    home = place.box.tmp.parent / f"gems{tag}"
    env = {"GEM_HOME": str(home), "PATH": f"{home}/bin:{place.box.env['PATH']}"}
    shown = f"gem install {spec.name or name.removesuffix('.gemspec')}"
    run = place.run(
        Gate.INSTALL,
        ["gem", "install", "--local", "--no-document", "--install-dir", str(home), str(built)],
        env=env,
        shown=shown,
    )
    if run.wrong and (needed := re.search(r"requires Ruby version ([^.]+(?:\.\d+)*)\.", "\n".join(run.tail))):
        run = place.refused(Gate.INSTALL, shown, f"it asks for Ruby {needed[1]}, which this machine does not offer")
    if run.wrong and (absent := _absent("\n".join(run.tail))):
        run = place.refused(
            Gate.INSTALL, shown, f"it depends on {absent}, which this machine does not hold and which is not fetched"
        )
    yield run
    if not run.good:
        yield place.refused(Gate.START, shown, "it could not be installed")
        return
    for feature in _features(files, spec.name):
        yield place.run(
            Gate.INSTALL,
            ["ruby", "-e", f"require {feature!r}"],
            env=env,
            cwd=place.box.home,
            timeout_s=START_S,
            shown=f"ruby -e 'require \"{feature}\"'",
        )
    commands = [item.path for item in place.box.list(home / "bin") if "/" not in item.path]
    for command in commands[:MOST_COMMANDS]:
        yield starts(place, [str(home / "bin" / command)], command, env)

    def own(words: Sequence[str]) -> bool:
        return words[0] in commands

    yield from documented(place, facts, own, env, at=place.box.home)


def _files(data: bytes, most: int = 256 << 20) -> dict[str, bytes]:
    """The files of a gem: an archive with `data.tar.gz` in it. Source: guides.rubygems.org, what is a gem.

    Raises:
        CannotCheck: it is none, or too large.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as outer:
            inner = outer.extractfile("data.tar.gz")
            if inner is None:
                raise CannotCheck("the gem holds no data")
            with tarfile.open(fileobj=io.BytesIO(inner.read()), mode="r:gz") as archive:
                for info in archive:
                    most -= info.size
                    if most < 0:
                        raise CannotCheck("the gem unpacks to more than is looked at")
                    if info.isfile() and (file := archive.extractfile(info)) is not None:
                        found[posixpath.normpath(info.name)] = file.read()
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise CannotCheck(f"the gem cannot be read: {error}") from None
    return found


def _missing(files: dict[str, bytes], place: Place, spec: Manifest) -> Iterator[str]:
    """Files that its code requires, the source tree holds, and the gem does not."""
    if not any(path.endswith(".rb") for path in files):
        yield "it holds no Ruby file"
    tree = place.tree
    lacking: dict[str, str] = {}
    for path, data in sorted(files.items()):
        text = data.decode("utf-8", "replace")
        ruby = path.endswith(".rb") or (text.startswith("#!") and "ruby" in text.split("\n", 1)[0])
        for pattern, base in ((_LOCAL, posixpath.dirname(path)), (_OWN, "lib")) if ruby else ():
            for match in pattern.finditer(text):
                wanted = posixpath.normpath(posixpath.join(base, match["path"]))
                wanted += "" if wanted.endswith(".rb") else ".rb"
                if wanted not in files and tree.exists(spec.beside(wanted)) and not tree.is_folder(spec.beside(wanted)):
                    lacking.setdefault(wanted, path)
    yield from (f"it lacks {wanted}, which {path} requires" for wanted, path in sorted(lacking.items()))
    for point in spec.entry_points:
        if point.kind == "bin" and posixpath.normpath(point.value) not in files:
            yield f"it lacks {point.value}, its command {point.name}"


def _features(files: dict[str, bytes], name: str) -> list[str]:
    """What to require: the file that is called like the gem, or the only one of lib."""
    tops = [path.removeprefix("lib/").removesuffix(".rb") for path in files if re.fullmatch(r"lib/[\w-]+\.rb", path)]
    named = [feature for feature in (name, name.replace("-", "/"), name.replace("-", "_")) if f"lib/{feature}.rb" in files]
    return named[:1] or (tops if len(tops) == 1 else [])


def _absent(said: str) -> str:
    match = re.search(
        r"Could not find a valid gem '([^']+)'|requires ([\w-]+) \(|Unable to resolve dependency: .* requires '([\w-]+)", said
    )
    return next(filter(None, match.groups()), "") if match else ""
