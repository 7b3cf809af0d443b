"""Databases that a compose file opens to the network under a password that everybody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment, Service
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_SERVERS = regex(
    r"(?:^|/)(?:postgres|postgis|pgvector|timescaledb|mysql|mariadb|mongo|redis|valkey|rabbitmq|neo4j|elasticsearch|opensearch)(?:[:@]|$)"
)
_NEEDS_NONE = regex(r"(?:^|/)(?:mongo|redis|valkey|elasticsearch|opensearch)(?:[:@]|$)")
"""Servers that ask for no password unless they are told to."""
_PORT = regex(r"^(?:0\.0\.0\.0:)?(?:\$\{[^}:]*(?::-)?\d*\}|\d+):\d+(?:/tcp)?$")
_PASSWORD = regex(r"^environment(?:\.(?P<name>\w*(?:PASSWORD|PASS|AUTH|_PWD)\w*)|\.\d+)$")
_KNOWN = regex(
    r"^(?:\$\{\w+:-)?(?:postgres|postgresql|password|passwd|pass|secret|root|admin|example|changeme|change_?me|test|guest|mysql|redis|mongo|neo4j/password|12345\w*|dev|user|default|none)\}?$",
    re.IGNORECASE,
)
_DEVELOPS = regex(r"dev|test|ci|local|example|sample|debug|override|e2e", re.IGNORECASE)


@rule("SEC-DATABASE", gate="guard", category="security")
def open_database(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A compose file publishes a database on every interface, with no password or one that everybody knows.

    Why: `ports: "5432:5432"` opens it to the whole network, past the host's firewall, and bots try `postgres`/`postgres` within minutes; what
    is in it can be read and changed, and with Postgres and Redis commands can be run. Passes: ports on the loopback, a password from the
    environment without a default, compose files for development, tests and examples by their name.
    Do: Publish it on the loopback (`127.0.0.1:5432:5432`), or drop `ports` where only services of the same file use it; take the password from
    the environment (`${POSTGRES_PASSWORD:?}`).
    Source: Docker, "Packet filtering and firewalls"; redis.io, Security; CWE-1392.
    """
    servers = [s for s in deployment.services if _SERVERS.search(s.values.get("image", ""))]
    if not servers:
        raise NotApplicable("no compose service runs a database")
    for service in servers:
        if not_deployed(service.path) or _DEVELOPS.search(service.path):
            continue
        port = next(
            (key for key, value in service.values.items() if re.fullmatch(r"ports\.\d+", key) and _PORT.match(value)), ""
        )
        weak = _weak(service) if port else ""
        if weak:
            yield Finding(
                f"{service.name} is published on every interface {weak}",
                tree.evidence(service.path, service.places.get(port, service.line)),
                impact="Anybody in the network reads and changes what is in it.",
                confidence="possible",
            )


def _weak(service: Service) -> str:
    """What is wrong with a server's password; empty where nothing is, or it is not known."""
    given = {
        (m["name"] or value.partition("=")[0]): (value if m["name"] else value.partition("=")[2])
        for key, value in service.values.items()
        if (m := _PASSWORD.match(key)) and re.search(r"PASS|AUTH|_PWD", m["name"] or value.partition("=")[0])
    }
    started = service.values.get("command", "") + " ".join(v for k, v in service.values.items() if k.startswith("command."))
    if any(_KNOWN.match(value) for value in given.values()):
        return "with a password that everybody knows"
    bare = (
        _NEEDS_NONE.search(service.values["image"])
        and not given
        and not re.search(r"requirepass|--auth|security", started + " ".join(service.values))
    )
    return "without a password" if bare and not any("config" in v or ".conf" in v for v in service.values.values()) else ""
