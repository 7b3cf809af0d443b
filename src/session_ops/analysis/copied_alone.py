"""Single scripts that a COPY brings into an image, without the files that they read beside themselves."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Dockerfile
from session_ops.discovery.deployment.dockerfile import flags_and_words
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
from session_ops.patterns import regex

_PYTHON = regex(
    r"Path\(__file__\)(?:\.resolve\(\)|\.absolute\(\))?\.parent\s*/\s*[\"'](?P<one>[\w.-]+)[\"']"
    r"|os\.path\.dirname\((?:os\.path\.(?:abspath|realpath)\()?__file__\)+\s*,\s*[\"'](?P<two>[\w.-]+)[\"']"
)
_SHELL = regex(
    r"(?m)^\s*(?:source|\.)\s+\"?(?:\$\(\s*(?:cd\s+\"?\$\(\s*)?dirname[^\n]*?\)\"?|\$\{?(?:SCRIPT_DIR|HERE|DIR|script_dir|here)\}?\"?)/(?P<one>[\w.-]+)"
)
_JAVASCRIPT = regex(r"(?:require\(\s*|from\s+|import\(\s*)[\"']\./(?P<one>[\w.-]+)[\"'/]")


def copied_alone(tree: Tree, dockerfile: Dockerfile, brought: AbstractSet[str]) -> Iterator[Finding]:
    """What scripts that are copied one by one read beside themselves, and nothing brings (`brought`: the names that any step mentions)."""
    for step in dockerfile.instructions:
        flags, words = flags_and_words(step.value) if step.name == "COPY" else ({}, [])
        if "from" in flags:
            continue
        for source in words[:-1]:
            path = normal(f"{dockerfile.context}/{source}" if dockerfile.context else source)
            entry = tree.entries.get(path)
            if entry is None or entry.status != "read":
                continue
            shape = {"python": _PYTHON, "shell": _SHELL, "javascript": _JAVASCRIPT}.get(entry.language)
            folder = path.rpartition("/")[0]
            for match in shape.finditer(tree.text(path)) if shape else ():
                name = match["one"] or match.groupdict().get("two") or ""
                beside = f"{folder}/{name}" if folder else name
                there = beside in tree.entries or tree.is_folder(beside)
                if not there or name in brought or _in_brought_folder(tree, beside, brought):
                    continue
                line = tree.text(path).count("\n", 0, match.start("one" if match["one"] else "two")) + 1
                yield Finding(
                    f"{step.name} brings {source} alone, and it reads {name} beside itself",
                    tree.evidence(dockerfile.path, step.line, step.end),
                    (tree.evidence(path, line),),
                    f"{source.rpartition('/')[2]} does not find {name} in the image.",
                    "possible" if not_deployed(dockerfile.path) else "likely",
                )
                break


def _in_brought_folder(tree: Tree, folder: str, brought: AbstractSet[str]) -> bool:
    return tree.is_folder(folder) and any(entry.path.rpartition("/")[2] in brought for entry in tree.below(folder))
