"""What of this machine a sandbox may see: its system folders and the toolchains, read-only, and nothing of anybody's home besides.

Toolchains often live in a home (pyenv, nvm, rustup) that nobody else may enter. Their folders alone are shown, at their own path, because
some find their parts by it. `/etc` is not shown: a few files that programs need are, the rest may hold tokens.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "debian_version", "java-17-openjdk", "java-21-openjdk", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "localtime", "magic", "mime.types", "os-release", "perl", "pki", "protocols", "rpc", "services", "shells",
    "ssl/certs", "ssl/openssl.cnf", "systemd/system.conf", "terminfo",
)  # fmt: skip
"""What programs read below /etc; users and hosts are written by the sandbox itself."""
OLDEST = 8
"""Python 3.n that uv still makes environments for."""
TOOLS = "/opt/session-ops"
"""Where single programs of ours stand inside: not on PATH, so that a target does not find what it did not declare."""
PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True)
class Toolchains:
    """`folders` are shown at their own path, `files` at another (source, place inside), `path` is what PATH holds.

    `uv` and `python` are paths inside; `python` is the interpreter that session-ops itself runs on, `pythons` are all by version, ours first.
    `headers` is the folder that Node was installed into, where its C headers came along; else empty, and node-gyp would have to fetch them.
    """

    folders: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    python: str
    uv: str
    pythons: tuple[tuple[tuple[int, int], str], ...] = ()
    headers: str = ""

    def has(self, tool: str) -> bool:
        """Is the tool on PATH inside of the sandbox?"""
        return any(os.access(f"{folder}/{tool}", os.X_OK) for folder in self.path)


@functools.cache
def toolchains() -> Toolchains:
    """Look once where this machine has its toolchains."""
    folders: list[str] = []
    path: list[str] = []
    python = _python()
    pythons = _pythons()
    folders += [sys.base_prefix, *(str(Path(path).parents[1]) for _, path in pythons)]
    for tool in ("node", "npm", "ruby", "gem", "go"):
        if (found := shutil.which(tool)) is not None:
            folder = Path(found).resolve().parent
            if tool == "go" or not _inside_system(str(folder)):
                # <prefix>/bin/<tool>; npm is a link into <prefix>/lib/node_modules/npm/bin
                prefix = Path(found).parent.resolve().parent
                if (prefix / "bin" / tool).exists():
                    folders.append(str(prefix))
                    path.append(str(prefix / "bin"))
    if (sysroot := _rust()) is not None:
        folders.append(sysroot)
        path.append(f"{sysroot}/bin")
    if shutil.which("python3", path=os.pathsep.join(PATH)) is None:
        path.append(f"{sys.base_prefix}/bin")
    return Toolchains(
        folders=tuple(dict.fromkeys(f for f in folders if not _inside_system(f))),
        files=((_uv(), f"{TOOLS}/uv"),),
        path=tuple(dict.fromkeys([*path, *PATH])),
        python=python,
        uv=f"{TOOLS}/uv",
        pythons=((sys.version_info[:2], python), *((v, p) for v, p in pythons if v != sys.version_info[:2])),
        headers=_headers(),
    )


def _inside_system(folder: str) -> bool:
    return any(folder == one or folder.startswith(one + "/") for one in SYSTEM)


def _python() -> str:
    """The interpreter behind our virtual environment."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = Path(sys.base_prefix, "bin", name)
    return str(found if found.exists() else Path(getattr(sys, "_base_executable", "") or sys.executable).resolve())


def _pythons() -> list[tuple[tuple[int, int], str]]:
    """Interpreters of this machine that bring their library along: the system's, and those that pyenv or uv keep beside ours."""
    base = Path(sys.base_prefix)
    kept = [base.parent] if base.parent.name in ("versions", "python") else []
    kept += [Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python"]
    found: dict[tuple[int, int], str] = {}
    for prefix in [
        Path("/usr/local"),
        Path("/usr"),
        *(one for folder in kept if folder.is_dir() for one in sorted(folder.iterdir())),
    ]:
        for binary in (prefix / "bin").glob("python3.*"):
            match = re.fullmatch(r"python3\.(\d+)", binary.name)
            if (
                match
                and int(match[1]) >= OLDEST
                and (prefix / "lib" / binary.name / "os.py").exists()
                and os.access(binary, os.X_OK)
            ):
                found.setdefault((3, int(match[1])), str(binary))
    return sorted(found.items())


def _headers() -> str:
    """<prefix> of a Node whose <prefix>/include/node holds its headers. Source: github.com/nodejs/node-gyp, --nodedir."""
    found = shutil.which("node")
    prefix = Path(found).resolve().parents[1] if found else Path()
    return str(prefix) if found and (prefix / "include/node/node.h").exists() else ""


def _uv() -> str:
    import uv

    return os.path.realpath(uv.find_uv_bin())


def _rust() -> str | None:
    """The folder of the toolchain that holds cargo; cargo of rustup is only a switch that reads its owner's home."""
    if shutil.which("cargo") is None or shutil.which("rustc") is None:
        return None
    try:
        done = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, timeout=20, check=False, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return None
    sysroot = done.stdout.strip()
    return sysroot if done.returncode == 0 and Path(sysroot, "bin", "cargo").exists() else None
