"""npm packages that a package declares, fetched into a cache of their own before anything runs.

npm downloads with scripts switched off, from a manifest that holds nothing but names and version ranges: no script, configuration or
address of the target reaches it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from session_ops.proof import cache
from session_ops.proof.sandbox import Sandbox
from session_ops.proof.toolchains import toolchains
from session_ops.proof.wheels import FRESH_S, Unsatisfiable
from session_ops.registry import CannotCheck

FETCH_S = 240.0
LARGEST = 400_000_000
"""Bytes of a cache that is still copied into the sandbox."""
INSTALLED = "node_modules/.package-lock.json"
"""Where npm says what it installed."""
ASKED = "asked.json"
"""In an entry of the cache one of whose packages runs a script when it is installed: the manifest and the lock that were fetched."""
_ELSEWHERE = re.compile(
    r"^(?:git|https?|file|link|portal|workspace|patch|github|gitlab|bitbucket|ssh)[+:]|^[\w.-]+/[\w.-]+(?:#|$)|^\.{0,2}/|^~/"
)
_NAME = re.compile(r"(?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._~-]+$")
_NONE = re.compile(
    r"E404|ETARGET|No matching version|notarget|is not in (?:this|the npm) registry|EINVALIDTAGNAME|Invalid tag name"
)
_CONFLICT = re.compile(r"ERESOLVE")
_PACKED = re.compile(r"^https://[\w.-]+/(?:@[\w.~-]+/)?[\w.~-]+/-/[\w.~+-]+\.tgz$")
"""Where registries keep packages: NAME/-/NAME-VERSION.tgz."""


def fetched(wanted: Mapping[str, str], lock: str = "", manifest: Mapping[str, object] | None = None) -> str:
    """The name (relative to the cache) of an npm cache that holds what is wanted and all that it needs in turn.

    Parameters: `wanted` are names to version ranges; with `lock` (the text of a package-lock.json) and the `manifest` that it belongs to, exactly
    what it names is fetched.

    Raises:
        CannotCheck: it cannot be fetched. Unsatisfiable: the registry has no such thing.
    """
    for name, spec in wanted.items():
        if not _NAME.match(name) or _ELSEWHERE.search(spec.strip()):
            raise CannotCheck(f"{name} is asked for by an address ({spec[:80]}), which is not fetched")
    if lock and (strange := _strange(lock)):
        raise CannotCheck(f"the lock file takes {strange}, which is not fetched")
    package = {"name": "fetched", "version": "0.0.0", "private": True, "dependencies": dict(wanted)}
    text = json.dumps(dict(manifest) if lock and manifest else package, sort_keys=True)
    key = hashlib.sha256(f"{text}\0{lock}".encode()).hexdigest()[:24]
    folder = cache.folder("npm") / key
    name = f"npm/{key}"
    done = folder / ".fetched"
    with cache.alone(folder):
        if done.exists() and time.time() - done.stat().st_mtime < FRESH_S:
            return name
        try:
            _fetch(text, lock, folder)
        except CannotCheck:
            if not done.exists():
                raise
            return name
        done.touch()
    return name


def scripted(installed: bytes) -> list[str]:
    """Packages that have a script of their own to run at installation. Source: docs.npmjs.com, package-lock.json, hasInstallScript."""
    try:
        packages = json.loads(installed).get("packages", {})
    except (ValueError, AttributeError):
        return []
    return sorted({path.rpartition("node_modules/")[2] for path, entry in packages.items() if entry.get("hasInstallScript")})


def offline(box: Sandbox) -> dict[str, str]:
    """Settings of npm: no network, no news, no funding; its cache on the sandbox's disk."""
    quiet = dict.fromkeys(("audit", "fund", "update_notifier", "progress"), "false")
    settings = {"offline": "true", "cache": str(box.tmp / "npm"), "loglevel": "warn", **quiet}
    return {f"npm_config_{name}": value for name, value in settings.items()}


def compiling(box: Sandbox) -> dict[str, str]:
    """The same for an installation: node-gyp is told where Node's own headers are. Elsewhere npm would only warn of the setting."""
    headers = toolchains().headers
    return offline(box) | ({"npm_config_nodedir": headers} if headers else {})


def laid_out(box: Sandbox, name: str) -> None:
    """Copy a fetched cache to where npm may write."""
    box.run(["rm", "-rf", str(box.tmp / "npm")])
    box.run(["cp", "-r", f"{box.place('cache')}/{name}", str(box.tmp / "npm")])


def _strange(lock: str) -> str:
    """An address in a lock file that is no package of a registry; those of registries are taken from the configured one alone."""
    try:
        packages = json.loads(lock).get("packages", {})
    except (ValueError, AttributeError):
        return "something that is no JSON"
    for path, one in packages.items() if isinstance(packages, dict) else ():
        source = str(one.get("resolved") or "") if isinstance(one, dict) else ""
        if source and not _PACKED.match(source):
            return f"{path.rpartition('node_modules/')[2] or path} from {source[:100]}"
    return ""


def _fetch(package: str, lock: str, folder: Path) -> None:
    if shutil.which("npm") is None:
        raise CannotCheck("npm is not installed")
    aside = Path(tempfile.mkdtemp(prefix=".npm-", dir=folder.parent))
    try:
        with tempfile.TemporaryDirectory(prefix="session-ops-npm-") as scratch:
            Path(scratch, "package.json").write_text(package, encoding="utf-8")
            if lock:
                Path(scratch, "package-lock.json").write_text(lock, encoding="utf-8")
            argv = [
                "npm",
                "ci" if lock else "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-update-notifier",
                "--replace-registry-host=always",
                "--cache",
                str(aside),
            ]
            env = {**os.environ, "GIT_ALLOW_PROTOCOL": "none", "npm_config_loglevel": "error"}
            try:
                done = subprocess.run(
                    argv, cwd=scratch, env=env, capture_output=True, text=True, errors="replace", timeout=FETCH_S, check=False,
                    stdin=subprocess.DEVNULL,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                raise CannotCheck(f"npm did not fetch its dependencies within {FETCH_S:g} s") from None
            if done.returncode:
                _refuse(done.stderr)
            if scripted(Path(scratch, INSTALLED).read_bytes()) if Path(scratch, INSTALLED).exists() else ():
                Path(aside, ASKED).write_text(json.dumps({"package": package, "lock": lock}), encoding="utf-8")
        shutil.rmtree(aside / "_logs", ignore_errors=True)
        if sum(f.stat().st_size for f in aside.rglob("*") if f.is_file()) > LARGEST:
            raise CannotCheck(
                f"the dependencies are larger than {LARGEST // 1_000_000} MB; they are not copied into the sandbox"
            )
        for path in (aside, *aside.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _refuse(err: str) -> None:
    said = [re.sub(r"^npm (?:error|ERR!)\s*", "", line).strip() for line in err.splitlines() if "A complete log" not in line]
    why = "; ".join(line for line in said if line and not line.startswith("code "))[:300]
    if _NONE.search(err):
        raise Unsatisfiable(why)
    if _CONFLICT.search(err):
        raise Unsatisfiable(f"peer dependencies contradict each other: {why}")
    raise CannotCheck(f"dependencies could not be fetched: {why}")
