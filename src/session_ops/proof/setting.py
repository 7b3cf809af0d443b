"""What the commands of a target are given in a sandbox that it does not bring: variables, services, folders of the system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from session_ops.proof.documented import told
from session_ops.proof.symptoms import needs_service
from session_ops.proof.toolchains import toolchains
from session_ops.registry import Facts


@dataclass(frozen=True)
class Service:
    """A service by its usual port. `programs` are those that serve it, any of them; `options` start one without a file of settings, its data in {dir}."""

    name: str
    port: int
    programs: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def program(self) -> str:
        """The program of this machine that serves it; empty where there is none."""
        return next((name for name in self.programs if toolchains().has(name)), "")

    @property
    def words(self) -> list[str]:
        """The command that starts it."""
        return [self.program, *self.options]


SERVICES = (
    Service(
        "Redis", 6379, ("redis-server", "valkey-server"),
        ("--bind", "127.0.0.1", "--port", "6379", "--save", "", "--appendonly", "no", "--dir", "{dir}"),
    ),
)  # fmt: skip
"""Source: redis.io, Redis configuration; Valkey takes the same."""
_ADVICE = re.compile(
    r"\b[Ss]et\s+[`'\"]?(?P<name>[A-Z][A-Z0-9_]{2,40})=(?P<value>[\w./:-]{1,60}?)[`'\"]?(?=[\s,;)]|\.?$|\.\s)", re.MULTILINE
)


@dataclass(frozen=True)
class Setting:
    """What commands are given that the target does not bring: variables, those of them that a command asked for, and services beside it."""

    env: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()

    def after(self, said: str, documented: Mapping[str, str]) -> Setting:
        """The setting with what a failing command asked for; the same where that cannot be given.

        Parameters: `said` is all that it printed; `documented` are variables that it lacks and that documents name, with values. What the
        command itself says to set comes first.
        """
        for offered in (advice(said), documented):
            if new := {name: value for name, value in offered.items() if name not in self.env}:
                return replace(
                    self, env={**self.env, **new}, asked=(*self.asked, *(f"{name}={value}" for name, value in new.items()))
                )
        service = asked_for(said)
        if service is not None and service.program and service not in self.services:
            return replace(self, services=(*self.services, service))
        return self

    @property
    def words(self) -> str:
        """What was given because a command asked for it; empty where nothing was."""
        return ", ".join((*self.asked, *(f"{one.program} on port {one.port}" for one in self.services)))


def asked_for(said: str) -> Service | None:
    """The service whose port a command found closed, by what it said."""
    line = needs_service(said)
    return next((one for one in SERVICES if line and re.search(rf"(?<!\d){one.port}(?!\d)", line)), None)


def advice(said: str) -> dict[str, str]:
    """Variables that a command itself says to set, with their values: `Set APP_ENV=dev to allow …`."""
    return {match["name"]: match["value"] for match in _ADVICE.finditer(said)}


BELOW = {"StateDirectory": "/var/lib", "LogsDirectory": "/var/log", "CacheDirectory": "/var/cache", "RuntimeDirectory": "/run"}
"""Settings of a unit that have systemd make folders, and where. Source: systemd.exec(5)."""
_FOLDER = re.compile(r"/(?:opt|srv|data|run|var/(?:lib|log|cache|opt|spool))(?:/\w[\w.-]*)+/?")
OURS = ("/opt/readable", "/opt/session-ops")
MOST_FOLDERS = 8


def declared_folders(facts: Facts) -> tuple[str, ...]:
    """Folders of the system that its units or its docs make for it, without those inside of another; they are empty when it starts."""
    named: list[str] = []
    for unit in facts["deployment"].units:
        for key, value, _ in unit.entries:
            name = key.rpartition(".")[2]
            words = [word.lstrip("-+") for word in value.split()]
            named += words if name in ("ReadWritePaths", "WorkingDirectory") else []
            named += [f"{BELOW[name]}/{word}" for word in words] if name in BELOW else []
    for one in told(facts["docs"]):
        if re.match(r"(?:sudo\s+)?(?:mkdir|install\s+-\S*d)\s", one.text):
            named += one.words
    whole = sorted({name.rstrip("/") for name in named if _FOLDER.fullmatch(name)} - set(OURS))
    return tuple(one for one in whole if not any(one.startswith(f"{other}/") for other in whole))[:MOST_FOLDERS]
