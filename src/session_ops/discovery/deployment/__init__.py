"""Deployment files: Dockerfile, compose, CI workflows, service units, hooks and plugin files, with lines."""

from __future__ import annotations

from dataclasses import replace

from session_ops.discovery.deployment.ci import read_ci
from session_ops.discovery.deployment.compose import read_compose
from session_ops.discovery.deployment.contexts import built_from, ignore_rules
from session_ops.discovery.deployment.dockerfile import read_dockerfile
from session_ops.discovery.deployment.hooks import read_hooks
from session_ops.discovery.deployment.model import (
    Deployment,
    Dockerfile,
    Hook,
    Instruction,
    Service,
    Step,
    Unit,
)
from session_ops.discovery.deployment.units import read_units
from session_ops.discovery.deployment.yaml import Notes
from session_ops.discovery.files import Tree
from session_ops.registry import fact

__all__ = ["Deployment", "Dockerfile", "Hook", "Instruction", "Service", "Step", "Unit", "deployment"]


@fact
def deployment(tree: Tree) -> Deployment:
    """Every deployment file of the target; a file that does not parse becomes a problem, a template is left alone."""
    notes = Notes()
    services = read_compose(tree, notes)
    steps = read_ci(tree, notes)
    files = [read_dockerfile(entry.path, tree.text(entry.path)) for entry in tree.files("dockerfile")]
    places = built_from(tree, [f.path for f in files], services, steps)
    dockerfiles = []
    for file in files:
        contexts = places.get(file.path, ())
        context = contexts[0] if contexts else file.path.rpartition("/")[0]
        ignore_file, ignored = ignore_rules(tree, file.path, context)
        dockerfiles.append(replace(file, context=context, contexts=contexts, ignored=ignored, ignore_file=ignore_file))
    units = read_units(tree, notes)
    hooks = read_hooks(tree, notes)
    return Deployment(
        tuple(dockerfiles), services, steps, units, hooks, tuple(sorted(notes.problems)), tuple(sorted(notes.left_alone))
    )
