"""What a script makes of a download that was an error page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.deployment_ci import lines_of
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_FAILS = regex(r"\s-[a-zA-Z]*f|\s--fail|\s-w\b|\s--write-out|\s-[a-zA-Z]*[Iw]\b|\s--head\b|http_code")
_INTO = regex(
    r"\s(?:-[a-zA-Z]*o\s*|--output[= ])(?P<file>\"[^\"]+\"|'[^']+'|[^\s|;&]+)|\s(?P<remote>-[a-zA-Z]*O)\b|(?<![<>&\d])>\s*(?P<redirected>\"[^\"]+\"|[^\s|;&]+)"
)
_LOCAL = regex(r"localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0|file://|/dev/null")


@rule("SHELL-HTTP", gate="start", category="shell")
def error_page_as_download(shell_texts: ShellTexts, tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """Curl without `--fail` says success for "404 not found", and the script takes the error page for the file.

    Why: curl ends with 0 whenever the server answered, whatever it answered. In `curl -o file URL || die "download failed"` the right side is never
    reached for 404 or 500, and a step that commits, installs or runs the file does so with an error page. Looked at only where the output
    goes to a file whose failure is asked for, or that is made executable or committed. Passes: `-f`, `--fail`, `-w '%{http_code}'`, wget, servers
    on the same machine.
    Do: Write `curl -f` (or `--fail-with-body`).
    Source: curl(1), --fail and EXIT CODES.
    """
    texts = [t for t in shell_texts if t.kind == "script" and "curl" in t.text]
    steps = [s for s in deployment.steps if s.run and "curl" in s.run]
    if not texts and not steps:
        raise NotApplicable("nothing calls curl")
    yield from told(found for text in texts for found in _asked(tree, text))
    for step in steps:
        later = "\n".join(s.run for s in deployment.steps if (s.path, s.job) == (step.path, step.job) and s.line >= step.line)
        for line, text in lines_of(step):
            into = _written(text)
            if into and re.search(rf"(?:\bgit\s+add\b|\bchmod\s+\S*x)[^\n]*{re.escape(into)}", later):
                yield Finding(
                    "curl takes an error page for the file: without --fail it succeeds at 404 and 500",
                    tree.evidence(step.path, line),
                    impact=f"What the server says about the error ends up in {into}, and CI goes on with it.",
                    confidence="possible",
                )


def _written(code: str) -> str:
    """The file into which a curl without --fail writes; empty for all else."""
    at = re.search(r"(?:^|[\s;&|(!])curl\s", code)
    if at is None:
        return ""
    call = re.split(r"\s(?:\|\|?|&&|;)\s", code[at.start() :])[0]
    into = _INTO.search(call)
    if into is None or _FAILS.search(call) or _LOCAL.search(call):
        return ""
    return (into["file"] or into["redirected"] or "the file").strip("\"'")


def _asked(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for one in text.commands:
        if one.words[0] != "curl":
            continue
        node, above = one.node, one.node.parent()
        while above is not None and above.kind() in ("redirected_statement", "negated_command"):
            node, above = above, above.parent()
        into = _written(node.text().replace("\\\n", " "))
        if not into or above is None:
            continue
        alternative = above.kind() == "list" and re.match(
            r"\s*\|\|(?!\s*(?:true|:)\b)", above.text()[node.range().end.index - above.range().start.index :]
        )
        judged = above.kind() in ("if_statement", "elif_clause") and above.field("condition") is not None
        if judged and not (above.field("condition") or above).text().startswith(node.text()[:40]):
            judged = False
        ready = re.search(
            rf"chmod\s+\S*x\S*\s+[\"']?{re.escape(into)}[\"']?(?:\s|$)", "\n".join(text.lines[node.range().end.line :])
        )
        sums = re.search(r"sha\d+sum|shasum|gpg\s+--verify|cosign|minisign", text.text)
        if alternative or judged or (ready and not sums):
            what = (
                "the failure that is asked for here is never seen"
                if alternative or judged
                else "an error page is made executable"
            )
            yield place(
                tree, text, one.node, f"curl without --fail succeeds at 404 and 500: {what}",
                f"What the server says about the error ends up in {into}, and the script goes on with it.", "possible",
            )  # fmt: skip
