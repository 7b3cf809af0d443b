"""Files that deployment files name: compose, CI, systemd, hooks, make recipes, npm scripts, and what a Dockerfile starts."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from session_ops.discovery.deployment import Deployment, Dockerfile, Hook, Service, Step, Unit
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.folders import starts_of
from session_ops.discovery.references.javascript import npm_scripts
from session_ops.discovery.references.makefile import recipes, targets
from session_ops.discovery.references.reference import Act, Named, Place
from session_ops.discovery.references.shell import Findings, ShellReader, tail_of
from session_ops.discovery.references.shell_words import ROOT
from session_ops.discovery.syntax import Syntax
from session_ops.patterns import regex

_EXPRESSION = regex(r"\$\{\{.*?\}\}", re.DOTALL)
_DEFAULT = regex(r"\$\{\w+:?-([^{}$]*)\}")
_CRON_LINE = regex(
    r"\s*(?:@\w+|(?:[\d*,/A-Za-z-]+\s+){4}[\d*,/A-Za-z-]+)\s+(?:(?:root|www-data|nobody|[a-z_][\w-]*)\s+(?=/))?(.+)"
)
_UNPACKS = regex(
    r"\btar\s+(?:-\w+\s+)*-?\w*x|\bunzip\b|\bgh (?:release|run) download|\bcurl\b.*\|\s*(?:ba)?sh|\bgit clone\b"
    r"|\b(?:bash|sh|zsh|source)\s+(?:-c\s+)?[\"']?[<$]\(\s*(?:curl|wget)\b|\bwget\b.*\|\s*(?:sudo\s+)?(?:ba)?sh\b"
)
_INTERPRETER = regex(r"(?:^|/)(?:node|bun|python[\d.]*|ruby|bash|sh|php)$")
_SCRIPT = regex(r"(?:\./)?\w[\w./-]*\.(?:[cm]?js|py|rb|sh|php)")
_OTHER_SHELLS = frozenset(("pwsh", "powershell", "cmd", "python", "node"))


class DeploymentReader:
    """Reads deployment files; `exists` answers whether a path of the target is there."""

    def __init__(self, tree: Tree, found: Findings, exists: Callable[[str], bool], project: str) -> None:
        self.tree, self.found, self.exists, self.project = tree, found, exists, project

    def read(self, deployment: Deployment) -> None:
        """All of them."""
        for service in deployment.services:
            self._service(service)
        self._steps(deployment.steps)
        for unit in deployment.units:
            self._unit(unit)
        for hook in deployment.hooks:
            self._hook(hook)
        for dockerfile in deployment.dockerfiles:
            self._dockerfile(dockerfile)
        for entry in self.tree.files("makefile"):
            self._makefile(entry.path)
        for entry in self.tree.files("cron"):
            self._crontab(entry.path)
        for path in self.tree.entries:
            if posixpath.basename(path) == "package.json" and not self.tree.entries[path].vendored:
                self._npm(path)

    def shell(
        self, text: str, source: str, line: int, place: Place, starts: Sequence[str], *, within: str, exact: bool = False,
        errexit: bool = False, values: dict[str, str] | None = None, one_line: bool = False, unpacked: bool = False,
    ) -> list[Named]:  # fmt: skip
        """Read a command text; its references, all at `line` where `one_line`."""
        if not text.strip() or len(text) > 100_000:
            return []
        found = Findings([], self.found.created, set())
        reader = ShellReader(
            source, place, starts, self.project, found, self.exists, exact=exact, errexit=errexit, first_line=line, within=within, values=values,
        )  # fmt: skip
        reader.unpacked = unpacked
        try:
            reader.read(Syntax.parse(text, "bash"))
        except RecursionError:
            return []
        return [replace(n, line=line) for n in found.named] if one_line else found.named

    def _service(self, service: Service) -> None:
        folder = posixpath.dirname(service.path)
        context = _filled(service.values.get("build") or service.values.get("build.context") or "")
        for key, value in service.values.items():
            text = _filled(value)
            stem = re.sub(r"\.\d+$", "", key)
            act: Act = "read"
            base = folder
            if text is None or "://" in text or text.startswith(("git@", "/", "~")):
                continue
            if stem in ("build", "build.context"):
                act = "copy"
            elif stem == "build.dockerfile":
                if context is None or "://" in context or context.startswith("/"):
                    continue
                if not self.exists(normal(posixpath.join(folder, context or "."))) and not self.exists(context or "."):
                    continue  # the folder is what is missing
                base = posixpath.join(folder, context or ".")
            elif re.match(r"volumes\.\d+$", key):
                text = text.split(":")[0]
                if (
                    not text.startswith(("./", "../"))
                    or not re.search(r"[^./]\.[A-Za-z]\w{0,5}$", text)
                    or text.endswith(".sock")
                ):
                    continue  # a folder that is absent is made by Docker
            elif not re.fullmatch(r"env_file(?:\.\d+)?(?:\.path)?|extends\.file", key):
                continue
            if not text:
                continue
            optional = service.values.get(key.removesuffix("path") + "required", "").lower() == "false"
            targets_ = tuple(
                dict.fromkeys(normal(posixpath.join(b, text)) for b in (base, "" if base == folder else context or ""))
            )
            self.found.named.append(
                Named(
                    service.path,
                    service.places.get(key, service.line),
                    "compose",
                    act,
                    text,
                    targets_,
                    "project",
                    optional,
                    not optional,
                    base,
                    text,
                    within=service.name,
                )
            )

    def _steps(self, steps: Sequence[Step]) -> None:
        foreign = {
            (s.path, s.job)
            for s in steps
            if s.uses and "checkout" in s.uses and s.values and {"with.repository", "with.path"} & set(s.values)
        }
        unpacked = {(s.path, s.job) for s in steps if _UNPACKS.search(s.run)}
        fetched = {(s.path, s.job) for s in steps if "download-artifact" in s.uses or "cache@" in s.uses}
        checked_out = {(s.path, s.job) for s in steps if "checkout" in s.uses or "git clone" in s.run}
        for step in steps:
            if (step.path, step.job) in foreign:
                continue
            top, marked, _ = step.path.partition(".github/")
            root = top.rstrip("/") if marked else posixpath.dirname(step.path)
            values = step.values or {}
            if step.uses.startswith("./"):
                base = root if marked else ""
                target = normal(posixpath.join(base, step.uses))
                self.found.named.append(
                    Named(
                        step.path,
                        step.line,
                        "ci",
                        "run",
                        step.uses,
                        (target,),
                        "project",
                        False,
                        True,
                        base,
                        step.uses,
                        within=step.job,
                    )
                )
            elif step.run and values.get("shell", "bash").split(" ")[0] not in _OTHER_SHELLS:
                action = step.job == "action"
                folder = values.get("working-directory", "")
                if "$" in folder or (marked and not action and (step.path, step.job) not in checked_out):
                    continue
                starts = [normal(posixpath.join(root, folder))]
                if folder and not self.exists(starts[0]):
                    continue
                text = step.run.replace("${{ github.action_path }}", "$GITHUB_ACTION_PATH").replace(
                    "${{ github.workspace }}", "$GITHUB_WORKSPACE"
                )
                text = _EXPRESSION.sub("$__expression", text)
                named = self.shell(
                    text, step.path, step.line, "ci", () if action else starts, within=step.job, exact=True, errexit=True,
                    unpacked=(step.path, step.job) in unpacked,
                    values={"GITHUB_ACTION_PATH": f"{ROOT}/{posixpath.dirname(step.path)}", "GITHUB_WORKSPACE": f"{ROOT}/{root}"},
                )  # fmt: skip
                soft = values.get("continue-on-error", "").lower() == "true" or (step.path, step.job) in fetched
                self.found.named += [replace(n, guarded=n.guarded or soft, set_at=0, variable="") for n in named]

    def _unit(self, unit: Unit) -> None:
        home = unit.get("Service.WorkingDirectory")
        folder = home[0].strip().rstrip("/") if home else ""
        for key, value, line in unit.entries:
            if not re.fullmatch(r"Service\.(?:Exec\w+|EnvironmentFile)", key):
                continue
            words = value.split()
            if key == "Service.ExecStart" and folder and len(words) > 1 and _INTERPRETER.search(words[0].lstrip("-@:+!")):
                words[1] = f"{folder}/{words[1]}" if _SCRIPT.fullmatch(words[1]) else words[1]
            for word in words:
                optional = word.startswith("-")
                path = word.lstrip("-@:+!").strip("\"'")
                if (
                    path.startswith("/")
                    and key.startswith("Service.Exec")
                    and (tail := tail_of(path, self.exists)) in self.tree.entries
                ):
                    self.found.named.append(Named(unit.path, line, "systemd", "run", path, (tail,), "absolute", within=key))
                    continue
                if not folder or not path.startswith(folder + "/") or {"%", "$", "*"} & set(path):
                    continue
                if key.endswith("EnvironmentFile"):
                    continue  # written on the machine
                inside = path[len(folder) + 1 :]
                places = tuple(dict.fromkeys(normal(posixpath.join(f, inside)) for f in starts_of(unit.path)))
                surely = re.search(r"\.\w{1,4}$", inside) is not None
                self.found.named.append(
                    Named(
                        unit.path,
                        line,
                        "systemd",
                        "run",
                        path,
                        places if surely else (),
                        "project",
                        optional,
                        True,
                        "",
                        inside,
                        within=key,
                    )
                )

    def _hook(self, hook: Hook) -> None:
        parts = PurePosixPath(hook.path).parts
        if ".claude" in parts:
            root = "/".join(parts[: parts.index(".claude")])
        else:
            root = posixpath.dirname(hook.path)
            if PurePosixPath(root).name in ("hooks", ".claude-plugin"):
                root = posixpath.dirname(root)
        values = {"CLAUDE_PROJECT_DIR": f"{ROOT}/{root}", "CLAUDE_PLUGIN_ROOT": f"{ROOT}/{root}"}
        if hook.path.endswith(("settings.json", "settings.local.json")) or ".claude" in parts:
            values.pop("CLAUDE_PLUGIN_ROOT")
        self.found.named += self.shell(
            hook.command, hook.path, hook.line, "hook", (root, ""), within=hook.event, values=values, one_line=True
        )

    def _crontab(self, path: str) -> None:
        """Source: crontab(5): five time fields (or @daily …), in /etc/cron.d a user, then a command for sh."""
        for number, line in enumerate(self.tree.lines(path), start=1):
            match = _CRON_LINE.match(line)
            if match:
                self.found.named += self.shell(match[1], path, number, "systemd", (), within="cron", one_line=True)

    def _dockerfile(self, dockerfile: Dockerfile) -> None:
        """What the image starts, where the file can be told: for callers only, so nothing here is ever missing."""
        workdir = "/"
        for instruction in dockerfile.instructions:
            if instruction.name == "WORKDIR":
                workdir = posixpath.join(workdir, instruction.value.strip().strip('"'))
            if instruction.name in ("COPY", "ADD") and "--from" not in instruction.value:
                for word in _argv(instruction.value)[:-1]:
                    place = normal(posixpath.join(dockerfile.context, word.lstrip("/")))
                    if place and self.exists(place):
                        self.found.named.append(Named(dockerfile.path, instruction.line, "dockerfile", "copy", word, (place,)))
            if instruction.name not in ("CMD", "ENTRYPOINT"):
                continue
            for word in _argv(instruction.value):
                inside = posixpath.relpath(posixpath.join(workdir, word), workdir) if word.startswith("/") else word
                places = [normal(posixpath.join(dockerfile.context, p)) for p in (inside, posixpath.basename(word))]
                hit = next((p for p in places if self.exists(p) and p in self.tree.entries), None)
                if hit is not None:
                    self.found.named.append(
                        Named(
                            dockerfile.path,
                            instruction.line,
                            "dockerfile",
                            "run",
                            word,
                            (hit,),
                            "project",
                            within=instruction.name,
                        )
                    )

    def _makefile(self, path: str) -> None:
        text = self.tree.text(path)
        folder = posixpath.dirname(path)
        just = PurePosixPath(path).name.lower() == "justfile"
        if just:
            return
        self.found.created.paths.update(normal(posixpath.join(folder, t)) for t in targets(text))
        for recipe in recipes(text):
            named = self.shell(
                recipe.text, path, recipe.line, "makefile", (folder,), within=recipe.target, exact=True, errexit=recipe.stops
            )
            self.found.named += [replace(n, variable="", set_at=0) for n in named]

    def _npm(self, path: str) -> None:
        folder = posixpath.dirname(path)
        for name, command, line in npm_scripts(self.tree.text(path)):
            named = self.shell(command, path, line, "manifest", (folder,), within=name, exact=True, errexit=True, one_line=True)
            self.found.named += [replace(n, variable="", set_at=0) for n in named]


def _filled(value: str) -> str | None:
    """A compose value with the defaults of its variables put in; None where a variable has none."""
    text = _DEFAULT.sub(lambda m: m[1], value)
    return None if "$" in text else text


def _argv(value: str) -> list[str]:
    try:
        if value.strip().startswith("["):
            words = json.loads(value)
            return [w for w in words if isinstance(w, str)] if isinstance(words, list) else []
        return shlex.split(value)
    except ValueError:
        return value.split()
