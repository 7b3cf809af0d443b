"""Data that has to be kept: a backup before the first step of the plan, and its way to the new place after the last."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from session_ops.discovery import phase as discovery
from session_ops.discovery.state import folders, kept
from session_ops.solution.phase import Approach, PlanStep


def with_data_kept(steps: Sequence[PlanStep], found: discovery.Document, keep: str, approach: Approach) -> tuple[PlanStep, ...]:
    """The plan with a backup in front and a move of the data at its end, where data is there and has to be kept.

    Parameters: `keep` is the answer to "preserve data", as given or inferred: yes or no.
    """
    state = folders(found.files, found.references, found.mechanism.uses)
    held = tuple(f for f in state if any(e.path.startswith(f + "/") for e in found.files))
    loose = [e.path for e in kept(found.files, found.references) if "/" not in e.path]
    paths = [*held, *loose]
    if keep != "yes" or not steps or not paths:
        return tuple(steps)
    name = re.sub(r"[^\w.-]+", "-", found.name).strip("-.") or "tracker"
    archive = shlex.quote(f"../{name}-state.tar.gz")
    words = " ".join(shlex.quote(f"./{path}" if path.startswith("-") else path) for path in paths)
    backup = PlanStep(
        0, "Back up the data that has to be kept", f"Stop all sessions, then: tar -czf {archive} {words}", "", (), (),
        f"tar -tzf {archive} > /dev/null",
    )  # fmt: skip
    whole = [backup, *steps]
    if (how := _migration(approach, name, archive, held)) is not None:
        whole.append(PlanStep(0, "Bring the data along", how[0], "", (), (), how[1]))
    return tuple(replace(step, number=number) for number, step in enumerate(whole, start=1))


def _migration(approach: Approach, name: str, archive: str, held: Sequence[str]) -> tuple[str, str] | None:
    """How the data comes to where the approach runs it, and how to see that it arrived; None where it stays where it is."""
    if approach.name == "systemd service":
        root = f"/opt/{re.sub(r'[^a-z0-9-]+', '-', name.lower()).strip('-')}"
        how = f"Before the unit starts for the first time: sudo tar -xzf {archive} -C {root}, and give it to the unit's user (chown -R)"
        return f"{how}. Keep the archive until a session has ended well", f"sudo tar -dzf {archive} -C {root}"
    if approach.name == "container" and held:
        mounts = " ".join(f'-v "$PWD/{folder}:/app/{folder}"' for folder in held)
        image = approach.commands[-1].rpartition(" ")[2] if approach.commands else name
        how = (
            f"Start it with its data mounted: docker run --rm {mounts} {image}. Keep the archive until a session has ended well"
        )
        return how, f"tar -tzf {archive} > /dev/null && docker run --rm {mounts} {image} true"
    return None
