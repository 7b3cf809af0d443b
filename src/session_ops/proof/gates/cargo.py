"""Rust crates: built and started, where the toolchain is here and nothing has to be fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_ops.discovery.aside import is_aside
from session_ops.discovery.manifests import Manifest
from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place, prover
from session_ops.proof.starting import MOST_COMMANDS, documented, starts
from session_ops.proof.toolchains import toolchains
from session_ops.registry import Facts

BUILD_S = 400.0


@prover("cargo")
def cargo(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Build the crate (or workspace) nearest to the target's root without a network, install it, and start its programs."""
    manifests = [m for m in facts["manifests"] if m.ecosystem == "cargo" and not is_aside(m.path)]
    if not manifests:
        return
    top = manifests[0]
    shown = "cargo build --release --offline"
    gates = (Gate.BUILD, Gate.INSTALL, Gate.START)
    inside = {m.name for m in manifests}
    outside = sorted(
        {
            d.name
            for m in manifests
            for d in m.dependencies
            if d.group != "dev" and d.name not in inside and "path" not in d.spec
        }
    )
    vendored = place.tree.exists(top.beside("vendor")) and place.tree.exists(top.beside(".cargo/config.toml"))
    why = ""
    if not toolchains().has("cargo"):
        why = "cargo is not installed on this machine"
    elif outside and not vendored:
        why = f"it depends on {', '.join(outside[:4])}: crates are not fetched, for building them runs their code"
    if why:
        for gate in gates:
            yield place.refused(gate, shown, why)
        return
    env = {
        "CARGO_HOME": str(place.box.tmp / "cargo"),
        "CARGO_TARGET_DIR": str(place.box.tmp / "target"),
        "CARGO_NET_OFFLINE": "true",
    }
    run = place.run(
        Gate.BUILD,
        ["cargo", "build", "--release", "--offline", "--color", "never"],
        cwd=top.folder,
        env=env,
        timeout_s=BUILD_S,
        shown=shown,
    )
    yield run
    if not run.good:
        for gate in gates[1:]:
            yield place.refused(gate, shown, "nothing was built")
        return
    root = place.box.tmp.parent / "installed"
    if top.field("workspace") is None and _has_program(place, top):
        argv = ["cargo", "install", "--offline", "--path", ".", "--root", str(root), "--color", "never"]
        yield place.run(
            Gate.INSTALL, argv, cwd=top.folder, env=env, timeout_s=BUILD_S, shown="cargo install --path . --offline"
        )
        names = [item.path.rpartition("/")[2] for item in place.box.list(root) if item.path.startswith("bin/")]
        path = {"PATH": f"{root}/bin:{place.box.env['PATH']}"}
        for name in names[:MOST_COMMANDS]:
            yield starts(place, [f"{root}/bin/{name}"], name, path)

        def own(words: Sequence[str]) -> bool:
            return words[0] in names

        yield from documented(place, facts, own, path, at=place.box.home)


def _has_program(place: Place, top: Manifest) -> bool:
    """Source: the Cargo book, target auto-discovery."""
    return any(e.kind == "bin" for e in top.entry_points) or any(
        place.tree.exists(top.beside(p)) for p in ("src/main.rs", "src/bin")
    )
