"""WebSocket routes under a uvicorn that was installed without a WebSocket library."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.distributions import normalised
from session_ops.analysis.lock_files import PYTHON_LOCKS
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

ROUTE = regex(r"(?m)^\s*@\w+\.websocket(?:_route)?\(|\bWebSocketRoute\(")
BRINGS = frozenset(
    (
        "websockets",
        "wsproto",
        "uvicorn-standard",
        "gradio",
        "streamlit",
        "hypercorn",
        "daphne",
        "jupyter-server",
        "google-genai",
    )
)
"""Distributions by which a library comes that uvicorn takes. Source: uvicorn.org (Installation), their metadata."""
WITH_ALL = regex(r"\b(?:uvicorn|fastapi)\s*\[[^\]]*\b(?:standard|all)\b")


@rule("DEP-WEBSOCKET", gate="install", category="dependency")
def route_that_uvicorn_refuses(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The code has WebSocket routes, and of uvicorn only the bare server is declared, which speaks no WebSocket.

    Why: uvicorn needs websockets or wsproto for it; both come with `uvicorn[standard]` and not with `uvicorn`. Without one the server
    starts, warns "No supported WebSocket library detected", and answers every such connection with 404, so that nothing is live.
    Sure where a lock file shows that no other dependency brings one. Passes: a declared library, `fastapi[standard]`, other servers.
    Do: Declare `uvicorn[standard]`, or websockets beside uvicorn.
    Source: uvicorn.org, Installation (optional dependencies) and Settings (--ws).
    """
    bare = [
        (one, dependency)
        for one in manifests
        if one.ecosystem == "pip" and not is_aside(one.path)
        for dependency in one.dependencies
        if normalised(dependency.name) == "uvicorn" and dependency.group == "runtime"
    ]
    if not bare:
        raise NotApplicable("uvicorn is not declared")
    every = {normalised(d.name) for one in manifests if one.ecosystem == "pip" for d in one.dependencies}
    texts = [tree.text(one.path) for one in manifests if one.ecosystem == "pip"]
    texts += [
        tree.text(e.path) for e in tree.files("text") if re.search(r"(?:^|/)[\w.-]*requirements[\w.-]*\.(?:txt|in)$", e.path)
    ]
    if every & BRINGS or any(WITH_ALL.search(text) or "websockets" in text for text in texts):
        return
    locked = next((path for path in PYTHON_LOCKS if path in tree.entries), "")
    if locked and re.search(r"\b(?:websockets|wsproto)\b", tree.text(locked)):
        return
    one, dependency = bare[0]
    base = f"{one.folder}/" if one.folder else ""
    for entry in tree.files("python"):
        if (
            not entry.path.startswith(base)
            or is_aside(entry.path)
            or entry.vendored
            or "ebsocket" not in (text := tree.text(entry.path))
        ):
            continue
        route = ROUTE.search(text)
        if route is not None:
            yield Finding(
                "uvicorn is declared without its WebSocket library, and the code has WebSocket routes",
                tree.evidence(one.path, dependency.line),
                (tree.evidence(entry.path, text.count("\n", 0, route.start() + len(route[0]) - len(route[0].lstrip())) + 1),),
                "The server starts, and every WebSocket connection is refused.",
                confidence="likely" if locked else "possible",
            )
            return
