"""systemd units, read by systemd itself with the copy in the place of the folder that they name; launchd jobs, parsed."""

from __future__ import annotations

import plistlib
import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.parsers.expat import ExpatError

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment, Unit
from session_ops.discovery.files import Tree
from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place, prover
from session_ops.proof.toolchains import toolchains
from session_ops.registry import Facts

ABSOLUTE = re.compile(r"(?<![\w./%])/[\w.@+-]+(?:/[\w.@+-]+)+")
SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/", "/etc/", "/dev/", "/proc/", "/sys/", "/run/", "/var/", "/tmp/")  # noqa: S108 - names, not files
REFUSES = re.compile(
    r"Refusing|bad unit file setting|Failed to parse|Missing '='|Assignment outside of section|Invalid section header|is not executable|not absolute|lacks"
)
IGNORED = re.compile(r"Unit [\w@.\\-]+ not found|Failed to (?:open|resolve|create|get)")
INSTALLED = re.compile(r"/(?:\.?venv|virtualenv|env|node_modules|vendor/bundle|dist|build|target)/")
"""Folders that an install or a build fills."""
UNKNOWN = re.compile(r"Unknown (?:key|lvalue|section)")


@prover("any")
def service(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Every unit through `systemd-analyze verify`, every launchd job through a property list parser."""
    deployment: Deployment = facts["deployment"]
    units = [unit for unit in deployment.units if not is_aside(unit.path)]
    systemd = [unit for unit in units if not unit.path.endswith(".plist")]
    for unit in units:
        if unit.path.endswith(".plist"):
            yield place.check(Gate.SHIP, f"read {unit.path} as a launchd job", _launchd(place.tree, unit))
    for path, line, text in deployment.problems:
        if path.endswith(".plist") and not is_aside(path):
            yield place.check(Gate.SHIP, f"read {path} as a launchd job", [f"line {line}: {text}"])
    if systemd and not toolchains().has("systemd-analyze"):
        yield place.refused(Gate.SHIP, f"systemd-analyze verify {systemd[0].path}", "systemd-analyze is not installed")
        return
    for unit in systemd:
        yield _verified(place, unit, systemd)


service.gates = (Gate.SHIP,)  # type: ignore[attr-defined]


def _verified(place: Place, unit: Unit, units: list[Unit]) -> CommandRun:
    """One unit, beside all others of the target: they may want each other."""
    homes = {root for one in units for root in _roots(place.tree, one)}
    folder = place.box.tmp / "units"
    for one in units:
        text = place.tree.text(one.path)
        for root in sorted(homes, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.-]){re.escape(root)}(?=[/\s\"':]|$)", str(place.inside("")).rstrip("/"), text)
        place.box.write(folder / PurePosixPath(one.path).name, text.encode("utf-8", "surrogateescape"))
    name = PurePosixPath(unit.path).name
    shown = f"systemd-analyze verify {unit.path}"
    # the user manager's search path is empty in the sandbox, and it reads the same syntax
    env = {"XDG_RUNTIME_DIR": str(place.box.tmp), "SYSTEMD_UNIT_PATH": f"{folder}:"}
    ran = place.box.run(["systemd-analyze", "--user", "verify", "--man=no", str(folder / name)], env=env, timeout_s=60)
    if ran.ended:
        return place.judged(Gate.SHIP, shown, ran)
    said = [line for line in (place.plain(line).replace("$TMP/units/", "") for line in ran.err.splitlines()) if name in line]
    wrong = [line for line in said if REFUSES.search(line) and not IGNORED.search(line) and not UNKNOWN.search(line)]
    foreign = [line for line in wrong if "is not executable" in line and ("$COPY" not in line or INSTALLED.search(line))]
    wrong = [line for line in wrong if line not in foreign]
    if not wrong and foreign:
        return place.skipped(
            Gate.SHIP, shown, f"it names a program that is neither part of the target nor on this machine: {foreign[0]}"
        )
    notes = tuple(line[:240] for line in said if UNKNOWN.search(line))
    return CommandRun(
        Gate.SHIP,
        shown,
        1 if wrong else 0,
        tuple(w[:240] for w in wrong[:6]) or notes[:6],
        wrong=wrong[0][:300] if wrong else "",
    )


def _roots(tree: Tree, unit: Unit) -> Iterator[str]:
    """Folders outside that stand for the target: absolute paths whose last part is a file of it, without that part."""
    for _, value, _ in unit.entries:
        for match in ABSOLUTE.finditer(value):
            path = match[0]
            if path.startswith(SYSTEM[:9]):
                continue
            parts = path.strip("/").split("/")
            for cut in range(1, len(parts)):
                inside = "/".join(parts[cut:])
                if tree.exists(inside) and not tree.is_folder(inside):
                    yield "/" + "/".join(parts[:cut])
                    break
    where = unit.get("Service.WorkingDirectory")
    if where is not None and where[0].startswith("/") and not where[0].startswith(SYSTEM[:9]):
        root = where[0].rstrip("/")
        if any(
            value.startswith(root + "/") or root in value for name, value, _ in unit.entries if name.startswith("Service.Exec")
        ):
            yield root


def _launchd(tree: Tree, unit: Unit) -> Iterator[str]:
    """What launchd refuses. Source: launchd.plist(5)."""
    try:
        data = plistlib.loads(tree.text(unit.path).encode())
    except (plistlib.InvalidFileException, ExpatError, ValueError, AttributeError, TypeError) as error:
        yield f"no property list: {error}"
        return
    if not isinstance(data, dict):
        yield "it must be a dictionary"
        return
    if not isinstance(data.get("Label"), str):
        yield "Label is missing: launchd refuses a job without one"
    words = data.get("ProgramArguments", [data.get("Program")])
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        yield "ProgramArguments must be a list of texts, or Program a text"
        return
    for word in words:
        if "~" in word[:1] or "$" in word:
            yield f"launchd expands neither ~ nor variables: {shlex.quote(word)}"
