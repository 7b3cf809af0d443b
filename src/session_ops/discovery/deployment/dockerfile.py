"""Dockerfile instructions, by dockerfile-parse, with here-documents and stages."""

from __future__ import annotations

import io
import json
import re
import shlex

from session_ops.discovery.deployment.model import Dockerfile, Instruction
from session_ops.patterns import regex

_HEREDOC = regex(r"<<(?P<dash>-?)(?P<quote>[\"']?)(?P<word>[A-Za-z_]\w*)(?P=quote)")
_TAKES_HEREDOC = regex(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)


def read_dockerfile(path: str, text: str) -> Dockerfile:
    """Parse a Dockerfile; its build context is set by the caller.

    dockerfile-parse does not know here-documents: their bodies are taken out first and given back to their instruction.
    Source: Dockerfile reference, "Here-documents".
    """
    from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped, unused-ignore]

    plain, bodies = _without_heredocs(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    try:
        parsed = DockerfileParser(fileobj=io.BytesIO(plain.encode("utf-8", "replace"))).structure
    except (ValueError, IndexError, AttributeError):
        parsed = []
    found: list[Instruction] = []
    stage = -1
    for item in parsed:
        name = str(item["instruction"]).upper()
        if name == "COMMENT":
            continue
        if name == "FROM":
            stage += 1
        first, last = int(item["startline"]) + 1, int(item["endline"]) + 1
        value = str(item["value"])
        for line in range(first, last + 1):
            if line in bodies:
                value += "\n" + bodies[line][0]
                last = max(last, bodies[line][1])
        found.append(Instruction(name, value, first, last, stage))
    return Dockerfile(path, "", tuple(found))


def _without_heredocs(text: str) -> tuple[str, dict[int, tuple[str, int]]]:
    """The text with empty lines for bodies, and for each opening line (the body, its last line)."""
    lines = text.split("\n")
    bodies: dict[int, tuple[str, int]] = {}
    number = 0
    continued = False
    while number < len(lines):
        line = lines[number]
        opened = list(_HEREDOC.finditer(line)) if "<<" in line and (continued or _TAKES_HEREDOC.match(line)) else []
        continued = line.rstrip().endswith("\\")
        start = number
        for mark in opened:
            end = number + 1
            while end < len(lines) and (lines[end].lstrip("\t") if mark["dash"] else lines[end]).rstrip() != mark["word"]:
                end += 1
            if end == len(lines):  # never closed: not a here-document (a shift in arithmetic, say)
                break
            body = "\n".join(lines[number + 1 : end])
            before = bodies.get(start + 1, ("", 0))[0]
            bodies[start + 1] = (f"{before}\n{body}" if before else body, end + 1)
            lines[number + 1 : end + 1] = [""] * (end - number)
            number = end
        number += 1
    return "\n".join(lines), bodies


def flags_and_words(value: str) -> tuple[dict[str, str], list[str]]:
    """The flags (`--from=x` as `from`) and the words of a COPY, ADD, CMD or ENTRYPOINT; the JSON form is understood."""
    flags: dict[str, str] = {}
    rest = value.split("\n", 1)[0].strip()
    while match := re.match(r"--([\w-]+)(?:=(\S*))?\s*", rest):
        flags[match[1]] = match[2] or ""
        rest = rest[match.end() :]
    if rest.startswith("["):
        try:
            words = json.loads(rest)
        except ValueError:
            words = None
        if isinstance(words, list):
            return flags, [str(word) for word in words]
    try:
        return flags, shlex.split(rest, comments=False)
    except ValueError:
        return flags, rest.split()
