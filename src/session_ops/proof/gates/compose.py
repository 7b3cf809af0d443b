"""Compose files: by docker compose itself where its plugin is there (it needs no engine), else by the specification's own rules."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.deployment.yaml import Notes, get, is_list, is_map, is_scalar, items, load, text_of
from session_ops.discovery.files import Tree, normal
from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place, prover
from session_ops.registry import Facts

FILE = re.compile(r"(?:^|/)(?:docker-|podman-)?compose(?:\.[\w-]+)*\.ya?ml$")
OVERRIDE = re.compile(r"compose[.-](?!ya?ml$)")
TOP = frozenset(("version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models"))
SERVICE = frozenset(
    ("annotations", "attach", "build", "blkio_config", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command", "configs")
    + (
        "container_name",
        "cpu_count",
        "cpu_percent",
        "cpu_shares",
        "cpu_quota",
        "cpu_period",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpus",
        "cpuset",
    )
    + (
        "credential_spec",
        "depends_on",
        "deploy",
        "develop",
        "device_cgroup_rules",
        "devices",
        "dns",
        "dns_opt",
        "dns_search",
        "domainname",
    )
    + (
        "entrypoint",
        "env_file",
        "environment",
        "expose",
        "extends",
        "external_links",
        "extra_hosts",
        "gpus",
        "group_add",
        "healthcheck",
    )
    + (
        "hostname",
        "image",
        "init",
        "ipc",
        "isolation",
        "label_file",
        "labels",
        "links",
        "logging",
        "mac_address",
        "mem_limit",
        "mem_reservation",
    )
    + (
        "mem_swappiness",
        "memswap_limit",
        "models",
        "network_mode",
        "networks",
        "oom_kill_disable",
        "oom_score_adj",
        "pid",
        "pids_limit",
    )
    + (
        "platform",
        "ports",
        "post_start",
        "pre_stop",
        "privileged",
        "profiles",
        "provider",
        "pull_policy",
        "pull_refresh_after",
        "read_only",
    )
    + (
        "restart",
        "runtime",
        "scale",
        "secrets",
        "security_opt",
        "shm_size",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "storage_opt",
    )
    + (
        "sysctls",
        "tmpfs",
        "tty",
        "ulimits",
        "use_api_socket",
        "user",
        "userns_mode",
        "uts",
        "volumes",
        "volumes_from",
        "working_dir",
    )
)
"""Keys. Source: Compose Specification, services top-level element."""
PORT = re.compile(r"(?:(?:\[[\da-fA-F:]+\]|[\w.-]*):)?(?:\d*(?:-\d+)?:)?\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?")
VARIABLE = re.compile(r"(?<!\$)\$(?:\{(?P<name>\w+)(?P<rest>[^}]*)\}|(?P<bare>[A-Za-z_]\w*))")
TIMEOUT_S = 30.0


@prover("any")
def compose(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Every compose file: what it says, and that what it builds from and reads is in a clean clone."""
    deployment: Deployment = facts["deployment"]
    broken = {path: f"line {line}: {text}" for path, line, text in deployment.problems}
    have = frozenset(item.path for item in place.box.list(place.folder) if item.kind != "d")
    for entry in place.tree.files("yaml"):
        if not FILE.search(entry.path) or is_aside(entry.path):
            continue
        partly = OVERRIDE.search(entry.path.rpartition("/")[2]) is not None
        said = [broken[entry.path]] if entry.path in broken else list(_wrong(place.tree, entry.path, have, partly=partly))
        yield place.check(Gate.SHIP, f"read {entry.path} by the Compose Specification", said)
        if not said and not partly and (docker := _docker()):
            yield _config(place, entry.path, docker)


compose.gates = (Gate.SHIP,)  # type: ignore[attr-defined]


@functools.cache
def _docker() -> str:
    """The docker command, where its compose plugin is installed."""
    docker = shutil.which("docker")
    if docker is None:
        return ""
    try:
        done = subprocess.run(
            [docker, "compose", "version"], capture_output=True, timeout=TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return docker if done.returncode == 0 and b"ompose" in done.stdout else ""


def _config(place: Place, path: str, docker: str) -> CommandRun:
    """`docker compose config` reads and resolves, and starts nothing. It sees the copy's yaml and env files, and no variable of ours."""
    shown = f"docker compose -f {path} config -q"
    with tempfile.TemporaryDirectory(prefix="session-ops-compose-") as name:
        for item in place.box.list(place.folder):
            if item.kind == "f" and item.size < 1_000_000:
                target = Path(name, item.path)
                if target.resolve().is_relative_to(Path(name).resolve()):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(place.box.read(place.inside(item.path)))
        env = {"PATH": os.environ.get("PATH", ""), "HOME": name}
        try:
            done = subprocess.run(
                [docker, "compose", "-f", path, "config", "-q"], cwd=name, env=env, capture_output=True, timeout=TIMEOUT_S, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return place.refused(Gate.SHIP, shown, f"docker compose did not answer: {type(error).__name__}")
        said = done.stderr.decode("utf-8", "replace").replace(name, "$COPY").strip().splitlines()
    tail = tuple(place.plain(line)[:240] for line in said[-6:])
    wrong = f"exit status {done.returncode}: {tail[-1] if tail else ''}" if done.returncode else ""
    return CommandRun(Gate.SHIP, shown, done.returncode, tail, wrong=wrong)


def _wrong(tree: Tree, path: str, have: frozenset[str], *, partly: bool) -> Iterator[str]:
    root = load(tree, path, Notes())
    if root is None:
        return
    if not is_map(root):
        yield "it must be a mapping with `services`"
        return
    top = items(root)
    yield from (
        f"line {line}: {key} is no key of a compose file"
        for key, (line, _) in top.items()
        if key not in TOP and not key.startswith("x-")
    )
    services = items(get(root, "services"))
    if not services and "include" not in top and not partly:
        yield "it has no services"
    names = {kind: set(items(get(root, kind))) for kind in ("networks", "volumes", "secrets", "configs")} | {
        "services": set(services)
    }
    for name, (line, node) in services.items():
        yield from _service(path, name, line, node, names, have, partly=partly)
    yield from (
        f"{name} must be set: {rest[2:] or 'no message'}"
        for name, rest in _demanded(tree.text(path))
        if not _in_env(tree, path, name)
    )


def _service(
    path: str, name: str, line: int, node: Any, names: dict[str, set[str]], have: frozenset[str], *, partly: bool
) -> Iterator[str]:
    keys = items(node)
    folder = path.rpartition("/")[0]
    yield from (
        f"line {at}: {key} is no key of a service"
        for key, (at, _) in keys.items()
        if key not in SERVICE and not key.startswith("x-")
    )
    if not {"image", "build", "extends", "provider"} & set(keys) and not partly:
        yield f"line {line}: service {name} has neither image nor build"
    if "build" in keys:
        yield from _build(folder, name, *keys["build"], have)
    for one in _list(get(node, "depends_on")):
        if one not in names["services"] and not partly:
            yield f"line {keys['depends_on'][0]}: {name} depends on {one}, which is no service"
    for one in _list(get(node, "networks")):
        if one not in names["networks"] and one != "default" and not partly:
            yield f"line {keys['networks'][0]}: network {one} is not declared"
    for one in _list(get(node, "volumes")):
        source = one.split(":")[0]
        if ":" in one and re.fullmatch(r"[\w][\w.-]*", source) and source not in names["volumes"] and not partly:
            yield f"line {keys['volumes'][0]}: volume {source} is not declared"
    for one in _list(get(node, "ports")):
        if "$" not in one and not PORT.fullmatch(one):
            yield f"line {keys['ports'][0]}: {one!r} is no port"
    files = get(node, "env_file")
    for item in files.value if is_list(files) else [files] if files is not None else []:
        wanted = text_of(item) or text_of(get(item, "path"))
        if wanted and "$" not in wanted and not wanted.startswith(("/", "~")) and text_of(get(item, "required")) != "false":
            where = normal(f"{folder}/{wanted}" if folder else wanted)
            if not where.startswith("..") and where not in have and not _has_template(where, have):
                yield f"line {keys['env_file'][0]}: {name} reads {wanted}, which is not in a clean clone"


def _has_template(path: str, have: frozenset[str]) -> bool:
    """Is there a template from which its user writes this env file? Nobody commits the file itself."""
    folder, _, name = path.rpartition("/")
    ends = ("example", "sample", "template", "dist", "tmpl")
    wanted = (
        {f"{name}{mark}{end}" for mark in ".-_" for end in ends}
        | {f"{end}{name}" for end in ends}
        | {f"env.{end}" for end in ends}
    )
    return any((f"{folder}/{one}" if folder else one) in have for one in wanted)


def _build(folder: str, name: str, line: int, node: Any, have: frozenset[str]) -> Iterator[str]:
    context = text_of(node) if is_scalar(node) else text_of(get(node, "context")) or "."
    file = "" if is_scalar(node) else text_of(get(node, "dockerfile"))
    inline = not is_scalar(node) and get(node, "dockerfile_inline") is not None
    if "$" in context + file or "://" in context or context.startswith(("/", "~", "git@")) or "#" in context:
        return
    where = normal(f"{folder}/{context}" if folder else context)
    if where.startswith(".."):
        return
    if where and not any(path.startswith(where + "/") for path in have):
        yield f"line {line}: {name} is built from {context}, which is not in a clean clone"
        return
    names = (file,) if file else ("Dockerfile", "Containerfile")
    if not inline and not file.startswith(("/", "..")) and not any(normal(f"{where or '.'}/{one}") in have for one in names):
        yield f"line {line}: {name} is built by {names[0]} in {context}, which is not in a clean clone"


def _list(node: Any) -> list[str]:
    """The texts of a list, or the keys of a mapping."""
    if is_map(node):
        return list(items(node))
    return [text_of(one) for one in node.value if is_scalar(one)] if is_list(node) else []


def _demanded(text: str) -> Iterator[tuple[str, str]]:
    """Variables that the file itself demands: `${NAME:?message}`."""
    for line in text.splitlines():
        for match in VARIABLE.finditer(line.split(" #")[0] if not line.lstrip().startswith("#") else ""):
            if match["name"] and re.match(r":?\?", match["rest"]):
                yield match["name"], ":" + match["rest"].lstrip(":")


def _in_env(tree: Tree, path: str, name: str) -> bool:
    """Is the variable known to whoever follows the target's own env file or template?"""
    folder = path.rpartition("/")[0]
    for env in (".env", ".env.example", ".env.template", ".env.sample", "env.example"):
        text = tree.text(f"{folder}/{env}" if folder else env)
        if re.search(rf"(?m)^\s*(?:export\s+)?{re.escape(name)}=", text):
            return True
    return False
