"""uv inside of a sandbox: builds, environments and installations without a network, from folders of fetched wheels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place
from session_ops.proof.sandbox import Ran
from session_ops.proof.toolchains import toolchains
from session_ops.proof.wheels import Wheels

SECONDS = 180.0
"""What a build or an installation is given."""
OFFLINE = ("--offline", "--no-index", "--no-config", "--no-progress", "--no-python-downloads", "--color", "never")


def build(place: Place, folder: str, wheels: Wheels, interpreter: str, into: PurePosixPath, *, only: str = "") -> Ran:
    """Build the sdist of a folder of the target and the wheel from it, or with `only` (`--wheel`) that alone, from the folder."""
    argv = [
        toolchains().uv, "build", *OFFLINE, "--find-links", _links(place, wheels), "--python", interpreter, "--out-dir", str(into),
        str(place.inside(folder)), *([only] if only else []),
    ]  # fmt: skip
    return quiet(place.box.run(argv, env=_env(place), timeout_s=SECONDS, cwd=place.inside(folder)))


def environment(place: Place, at: PurePosixPath, interpreter: str) -> CommandRun:
    """Make an empty virtual environment."""
    argv = [
        toolchains().uv,
        "venv",
        "--offline",
        "--no-config",
        "--quiet",
        "--no-python-downloads",
        "--python",
        interpreter,
        str(at),
    ]
    return place.run(Gate.INSTALL, argv, env=_env(place), shown="uv venv", cwd=place.box.home)


def install(place: Place, at: PurePosixPath, wheels: Wheels, what: Sequence[str], shown: str) -> CommandRun:
    """Install wheels, and what they need from a folder of wheels, into an environment."""
    argv = [
        toolchains().uv, "pip", "install", *OFFLINE, "--find-links", _links(place, wheels), "--python", f"{at}/bin/python", *what,
    ]  # fmt: skip
    return place.judged(Gate.INSTALL, shown, quiet(place.box.run(argv, env=_env(place), cwd=place.box.home, timeout_s=SECONDS)))


def paths(place: Place, wheels: Wheels) -> list[str]:
    """Every wheel of a folder, as commands see it."""
    return [f"{_links(place, wheels)}/{name}" for name in wheels.files]


def quiet(ran: Ran) -> Ran:
    """With exit status 0, standard error holds the progress of uv, and no complaint."""
    return ran if ran.code else replace(ran, out=ran.out + ran.err, err="")


def _links(place: Place, wheels: Wheels) -> str:
    return f"{place.box.place('cache')}/{wheels.name}"


def _env(place: Place) -> dict[str, str]:
    # 2020, because a wheel is a ZIP archive and those know no year before 1980
    return {"UV_CACHE_DIR": str(place.box.tmp / "uv"), "UV_LINK_MODE": "hardlink", "SOURCE_DATE_EPOCH": "1600000000"}
