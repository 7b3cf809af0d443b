"""What deployment files say, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instruction:
    """One Dockerfile instruction: name in upper case, value with continuation lines joined (a here-document's body after a
    line end), first and last line, number of its stage (from 0; -1 before the first FROM).
    """

    name: str
    value: str
    line: int
    end: int
    stage: int


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile and the folder that it is built from (as compose, CI or its place says; relative to the target).

    `contexts` are all folders that compose, CI or a script builds it from; empty where nothing says and `context` is the file's own folder.
    """

    path: str
    context: str
    instructions: tuple[Instruction, ...]
    ignored: tuple[str, ...] = ()
    """Patterns of the .dockerignore that applies."""
    contexts: tuple[str, ...] = ()
    ignore_file: str = ""
    """The .dockerignore that applies; empty where there is none."""


@dataclass(frozen=True)
class Service:
    """A service of a compose file. `places` gives the line of each key (`image`, `build`, `ports.0`, `env_file.0`, `volumes.1` …)."""

    path: str
    name: str
    line: int
    values: dict[str, str]
    places: dict[str, int]


@dataclass(frozen=True)
class Step:
    """A `run` step of a CI job, or a `uses`; `values` holds `with` and `env` entries, `line` the first line of the command text.

    Keys are dotted (`with.file`, `env.TOKEN`, `working-directory`); `env` of the job and of the workflow is merged in.
    """

    path: str
    job: str
    line: int
    run: str = ""
    uses: str = ""
    values: dict[str, str] | None = None
    places: dict[str, int] | None = None


@dataclass(frozen=True)
class Unit:
    """A systemd unit (or launchd job, section `plist`): `entries` are (section.key, value, line)."""

    path: str
    entries: tuple[tuple[str, str, int], ...]

    def get(self, key: str) -> tuple[str, int] | None:
        """The last value of `Section.Key` and its line."""
        return next(((value, line) for name, value, line in reversed(self.entries) if name == key), None)


@dataclass(frozen=True)
class Hook:
    """A command in a hook or plugin file (.claude/settings.json, hooks.json, .mcp.json): the event and the command line."""

    path: str
    event: str
    command: str
    line: int


@dataclass(frozen=True)
class Deployment:
    """All deployment files. `problems` are (path, line, text) of files that do not parse, `left_alone` of those that were not
    looked into: templates, and files of a size or shape that no person writes.
    """

    dockerfiles: tuple[Dockerfile, ...] = ()
    services: tuple[Service, ...] = ()
    steps: tuple[Step, ...] = ()
    units: tuple[Unit, ...] = ()
    hooks: tuple[Hook, ...] = ()
    problems: tuple[tuple[str, int, str], ...] = ()
    left_alone: tuple[tuple[str, int, str], ...] = ()
