"""What of a check is shown and counts: without what a baseline knows, and only what was changed since a revision."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from session_ops.baseline import Baseline
from session_ops.discovery.files import Tree
from session_ops.model import Finding, Severity
from session_ops.registry import Checked
from session_ops.since import Changes


@dataclass(frozen=True)
class Narrowed:
    """A check without the findings that were left out, the same with what the baseline knows, what was left out in words, and the
    fingerprints that the baseline knows (None without one).
    """

    checked: Checked
    with_known: Checked
    left_out: tuple[str, ...] = ()
    known: frozenset[str] | None = None


def narrow(checked: Checked, tree: Tree, baseline: Baseline | None, since: str) -> Narrowed:
    """Leave out what the baseline knows and, with a revision, what does not concern a file that was changed since.

    Raises:
        UsageError: the revision cannot be compared with.
    """
    kept, said = checked.findings, []
    if since:
        concerned = Changes.since(tree, since).concern(kept)
        said += _words([f for f in kept if f not in concerned], f"in files that were not changed since {since}")
        kept = concerned
    if baseline is None:
        narrowed = dataclasses.replace(checked, findings=kept)
        return Narrowed(narrowed, narrowed, tuple(said))
    new = baseline.new(kept)
    old = [f for f in kept if f not in new]
    said += _words(old, "known to the baseline")
    if not since and (gone := baseline.gone(checked.findings)):
        named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        said.append(
            f"{len(gone)} of the baseline {'is' if len(gone) == 1 else 'are'} gone ({named}): --write-baseline forgets them"
        )
    known = frozenset(f.fingerprint for f in old)
    with_known = dataclasses.replace(checked, findings=kept)
    return Narrowed(dataclasses.replace(checked, findings=new), with_known, tuple(said), known)


def _words(findings: list[Finding], why: str) -> list[str]:
    if not findings:
        return []
    critical = sum(f.severity is Severity.CRITICAL for f in findings)
    said = f"left out: {len(findings)} finding{'' if len(findings) == 1 else 's'} {why}"
    return [said + (f", {critical} of them critical" if critical else "")]
