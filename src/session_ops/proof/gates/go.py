"""Go modules: built, installed and started, where the toolchain is here and nothing has to be fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_ops.discovery.aside import is_aside
from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place, prover
from session_ops.proof.starting import MOST_COMMANDS, documented, starts
from session_ops.proof.toolchains import toolchains
from session_ops.registry import Facts

BUILD_S = 400.0


@prover("go")
def go(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Build the module nearest to the target's root without a network, install its commands, and start them."""
    modules = [m for m in facts["manifests"] if m.ecosystem == "go" and not is_aside(m.path)]
    if not modules:
        return
    top = modules[0]
    gates = (Gate.BUILD, Gate.INSTALL, Gate.START)
    outside = [d.name for d in top.dependencies]
    why = ""
    if not toolchains().has("go"):
        why = "Go is not installed on this machine"
    elif outside and not place.tree.exists(top.beside("vendor/modules.txt")):
        why = f"it depends on {', '.join(outside[:3])}: modules are not fetched, and there is no vendor folder"
    if why:
        for gate in gates:
            yield place.refused(gate, "go build ./...", why)
        return
    bin_folder = place.box.tmp.parent / "bin"
    env = {
        "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=vendor" if outside else "", "GOCACHE": str(place.box.tmp / "go"),
        "GOPATH": str(place.box.tmp / "gopath"), "GOBIN": str(bin_folder), "CGO_ENABLED": "0",
    }  # fmt: skip
    run = place.run(Gate.BUILD, ["go", "build", "./..."], cwd=top.folder, env=env, timeout_s=BUILD_S)
    yield run
    if not run.good:
        for gate in gates[1:]:
            yield place.refused(gate, "go build ./...", "nothing was built")
        return
    yield place.run(Gate.INSTALL, ["go", "install", "./..."], cwd=top.folder, env=env, timeout_s=BUILD_S)
    names = [item.path for item in place.box.list(bin_folder) if "/" not in item.path]
    path = {"PATH": f"{bin_folder}:{place.box.env['PATH']}"}
    for name in names[:MOST_COMMANDS]:
        yield starts(place, [f"{bin_folder}/{name}"], name, path)

    def own(words: Sequence[str]) -> bool:
        return words[0] in names

    yield from documented(place, facts, own, path, at=place.box.home)
