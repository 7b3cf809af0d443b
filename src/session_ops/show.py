"""Case, findings, gates, causes and fixes as static HTML for notebooks.

It must hold in an untrusted JupyterLab, which strips scripts and style sheets: inline styles, `<details>`, tables and data URIs only.
Colours are translucent or inherited, so that light and dark themes both read well; a mark never speaks by colour alone.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from session_ops.model import GATE_HOLDS_WHEN, Finding, Fix, GateResult, Outcome, Severity
from session_ops.report.patch_lines import line_kinds
from session_ops.visible import LINE_LIMIT, one_line, visible

if TYPE_CHECKING:
    from session_ops.diagnosis.phase import Cause
    from session_ops.diagnosis.phase import Document as Diagnosis

MARK = {
    Outcome.PASS: ("✓", "clear", "rgba(46,160,67,.18)"),
    Outcome.FAIL: ("✗", "fails", "rgba(218,54,51,.18)"),
    Outcome.OPEN: ("?", "open", "rgba(187,128,9,.18)"),
    Outcome.BLOCKED: ("–", "not reached", "rgba(128,128,128,.18)"),
    Outcome.NOT_APPLICABLE: ("·", "does not apply", "rgba(128,128,128,.12)"),
}
"""How an outcome is shown: sign, word, background."""
TINT = {Severity.CRITICAL: "rgba(218,54,51,.18)", Severity.GAP: "rgba(187,128,9,.18)", Severity.ADVICE: "rgba(128,128,128,.14)"}
_CELL = "padding:.25em .7em;text-align:left;vertical-align:top"
_BADGE = "padding:.05em .5em;border-radius:.6em;white-space:nowrap"
_CODE = "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere"


@dataclass(frozen=True)
class Shown:
    """Something to look at: HTML in a notebook, plain text elsewhere."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Picture:
    """A picture with its alternative text, embedded so that the notebook needs no other file."""

    data: bytes
    kind: str
    alt: str

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.data).decode()
        return f'<img alt="{_html(self.alt, None)}" style="max-width:100%" src="data:{self.kind};base64,{data}">'

    def __repr__(self) -> str:
        return f"[picture: {one_line(self.alt, None)}]"


def facts_table(title: str, rows: Mapping[str, Any]) -> str:
    """Names and values under a title, as HTML."""
    body = "".join(
        f'<tr><th style="{_CELL};font-weight:600">{_html(k)}</th><td style="{_CELL}">{_html(v)}</td></tr>'
        for k, v in rows.items()
    )
    return f'<div><strong>{_html(title)}</strong><table style="border-collapse:collapse">{body}</table></div>'


def facts(title: str, rows: Mapping[str, Any]) -> Shown:
    """Names and values under a title."""
    rows = rows or {"none": ""}
    return Shown(facts_table(title, rows), "\n".join([title, *(f"  {k}: {one_line(str(v))}" for k, v in rows.items())]))


def table(rows: Iterable[Any], columns: Sequence[str] | Mapping[str, str] | None = None, limit: int = 20) -> Shown:
    """Rows (dataclasses, mappings, a pandas frame) as a table that says how many it leaves out.

    Parameters: `columns` are names of fields, or names to headings; without it the fields of the first row are taken.
    """
    records = [_record(row) for row in (rows.to_dict("records") if hasattr(rows, "to_dict") else rows)]
    names = list(columns) if columns is not None else list(records[0]) if records else []
    heads = [columns[n] for n in names] if isinstance(columns, Mapping) else [n.replace("_", " ") for n in names]
    shown = [[_cell(record.get(name)) for name in names] for record in records[:limit]]
    more = f"showing {len(shown):,} of {len(records):,}" if len(records) > len(shown) else f"{len(records):,} in all"
    if not records:
        return Shown("<p>nothing</p>", "nothing")
    head = "".join(f'<th style="{_CELL}">{_html(h)}</th>' for h in heads)
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{_html(c)}</td>' for c in row) + "</tr>" for row in shown)
    return Shown(
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p><small>{more}</small></p>',
        "\n".join(["  ".join(heads), *("  ".join(one_line(c, 80) for c in row) for row in shown), more]),
    )


def findings(found: Sequence[Finding], limit: int = 50, opened: int = 0) -> Shown:
    """Findings, worst first, each with its place and the quoted line below it, folded but for the first `opened`."""
    rank = list(Severity)
    ordered = sorted(found, key=lambda f: (rank.index(f.severity), f.at.path, f.at.line, f.id))
    if not ordered:
        return Shown("<p>no findings</p>", "no findings")
    parts = []
    for n, f in enumerate(ordered[:limit]):
        gate = f" · breaks {f.gate.value}" if f.gate else ""
        quote = f'<div style="{_CODE};opacity:.85">{_html(f.at.quote)}</div>' if _showable(f) else ""
        impact = f"<div>{_html(f.impact)}</div>" if f.impact else ""
        parts.append(
            f'<details{" open" * (n < opened)} style="margin:.2em 0"><summary><span style="{_BADGE};background:{TINT[f.severity]}">{f.severity.value}</span> '
            f"<code>{_html(f.at.place)}</code> {_html(f.message)}</summary>"
            f'<div style="margin:.2em 0 .6em 1.4em">{quote}{impact}<small>{_html(f.id)}{gate} · {f.confidence} · {f.category}</small></div></details>'
        )
    more = _more(len(ordered), limit)
    lines = [f"{f.severity.value:<8} {f.at.place}  {one_line(f.message)}  {f.id}" for f in ordered[:limit]]
    return Shown(
        "".join(parts) + (f"<p><small>{more}</small></p>" if more else ""), "\n".join([*lines, *([more] if more else [])])
    )


def gates(results: Sequence[GateResult]) -> Shown:
    """The gates in order of deployment: holds, fails or open, with how it was looked at."""
    rows = []
    for g in results:
        sign, word, tint = MARK[g.outcome]
        many = f"{len(g.findings):,} finding{'' if len(g.findings) == 1 else 's'}" if g.findings else ""
        rows.append(
            f'<tr><td style="{_CELL}"><span style="{_BADGE};background:{tint}">{sign} {word}</span></td><th style="{_CELL}">{g.gate.value}</th>'
            f'<td style="{_CELL}">{_html(GATE_HOLDS_WHEN[g.gate])}</td><td style="{_CELL}">{many}</td>'
            f'<td style="{_CELL}">{_html("; ".join(filter(None, (g.reason, g.how))))}</td></tr>'
        )
    head = "".join(f'<th style="{_CELL}">{h}</th>' for h in ("", "gate", "it holds when", "", "how it was looked at"))
    text = "\n".join(
        f"{MARK[g.outcome][0]} {g.gate.value:<10} {MARK[g.outcome][1]}  {one_line(g.reason or g.how)}" for g in results
    )
    return Shown(
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>', text
    )


def before_after(before: Sequence[GateResult], after: Sequence[GateResult]) -> Shown:
    """The gates as they are and with all fixes, with the reason of each that does not hold then."""
    later = {g.gate: g for g in after}
    ran = sum(not run.skipped for g in after for run in g.runs)
    said = f"{ran:,} commands ran in a copy with all fixes" if ran else "as the rules read the fixed copy; nothing was run"
    rows, lines = [], []
    for g in before:
        then = later.get(g.gate, g)
        marks = "".join(
            f'<td style="{_CELL}"><span style="{_BADGE};background:{MARK[one.outcome][2]}">{MARK[one.outcome][0]} {MARK[one.outcome][1]}</span></td>'
            for one in (g, then)
        )
        rest = then.rest
        rows.append(f'<tr><th style="{_CELL}">{g.gate.value}</th>{marks}<td style="{_CELL}">{_html(rest)}</td></tr>')
        lines.append(
            f"{g.gate.value:<10} {MARK[g.outcome][0]} → {MARK[then.outcome][0]} {MARK[then.outcome][1]}  {one_line(rest)}".rstrip()
        )
    head = "".join(f'<th style="{_CELL}">{h}</th>' for h in ("gate", "before", "with all fixes", "what is left"))
    return Shown(
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table><p><small>{said}</small></p>',
        "\n".join([*lines, said]),
    )


def runs(results: Sequence[GateResult], seconds: Mapping[str, float] | None = None, limit: int = 60) -> Shown:
    """The commands that were run for the gates: exit status, seconds, last lines, and what was left out and why.

    Parameters: `seconds` are by `gate: command`, as `Case.seconds` gives them.
    """
    every = [run for result in results for run in result.runs]
    if not every:
        said = "No command was run: the gates are judged from what the rules read. prove = True runs them in a copy."
        return Shown(f"<p>{said}</p>", said)
    rows, lines = [], []
    for run in every[:limit]:
        sign, word, tint = MARK[Outcome.PASS if run.good else Outcome.FAIL if run.wrong else Outcome.OPEN]
        word = {"clear": "went well", "open": "left out" if run.ended != "refused" else "could not be done"}.get(word, word)
        took = (seconds or {}).get(f"{run.gate.value}: {run.command}")
        code = "" if run.code is None else str(run.code)
        tail = "\n".join(visible(line, LINE_LIMIT) for line in run.tail)
        folded = (
            f'<details><summary>last lines</summary><div style="{_CODE};opacity:.85">{escape(tail)}</div></details>'
            if tail
            else ""
        )
        rows.append(
            f'<tr><th style="{_CELL}">{run.gate.value}</th><td style="{_CELL}"><span style="{_BADGE};background:{tint}">{sign} {word}</span></td>'
            f'<td style="{_CELL};{_CODE}">{_html(run.command)}</td><td style="{_CELL}">{code}</td>'
            f'<td style="{_CELL}">{"" if took is None else f"{took:.1f}"}</td><td style="{_CELL}">{_html(run.wrong or run.skipped)}{folded}</td></tr>'
        )
        lines.append(
            f"{sign} {run.gate.value:<10} {code:>3}  {one_line(run.command, 80)}  {one_line(run.wrong or run.skipped)}".rstrip()
        )
    more = _more(len(every), limit)
    head = "".join(f'<th style="{_CELL}">{h}</th>' for h in ("gate", "", "command", "exit", "seconds", "what was said"))
    table = f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return Shown(table + (f"<p><small>{more}</small></p>" if more else ""), "\n".join([*lines, *([more] if more else [])]))


def causes(found: Sequence[Cause], limit: int = 12) -> Shown:
    """Root causes, the one with most hanging on it first."""
    if not found:
        return Shown("<p>no causes: nothing critical was found</p>", "no causes: nothing critical was found")
    parts = [
        f'<details{" open" if n <= 3 else ""} style="margin:.3em 0"><summary><strong>{n}. {_html(c.title)}</strong> '
        f"<small>{len(c.findings)} finding{'' if len(c.findings) == 1 else 's'}, gates {', '.join(g.value for g in c.gates) or 'none'}, "
        f'{c.confidence}</small></summary><div style="margin-left:1.4em">{_html(c.why)}<br><small>{_html(c.basis)}</small></div></details>'
        for n, c in enumerate(found[:limit], start=1)
    ]
    more = _more(len(found), limit)
    text = [f"{n}. {one_line(c.title)} ({len(c.findings)} findings)" for n, c in enumerate(found[:limit], start=1)]
    return Shown(
        "".join(parts) + (f"<p><small>{more}</small></p>" if more else ""), "\n".join([*text, *([more] if more else [])])
    )


def fixes(found: Sequence[Fix], patches: Mapping[str, str] | None = None, limit: int = 30, opened: int = 0) -> Shown:
    """Fixes with their patch below, folded but for the first `opened`.

    Parameters: `patches` gives the text of a patch by the fix's id; without one, the paths that the fix touches are named.
    """
    if not found:
        return Shown("<p>no fixes</p>", "no fixes")
    parts = []
    for n, fix in enumerate(found[:limit]):
        text = (patches or {}).get(fix.id, "")
        changed = (
            diff(text).html if text else f"<p>changes {', '.join(f'<code>{_html(path)}</code>' for path in fix.paths)}</p>"
        )
        safe = "may be applied unread" if fix.safety == "safe" else "wants a look"
        known = f"{_html(fix.patch or fix.id)} · {safe} · removes {len(fix.findings)}"
        parts.append(
            f'<details{" open" * (n < opened)} style="margin:.3em 0"><summary><strong>{_html(fix.title)}</strong> <small>{known}</small>'
            f"</summary>{f'<p>{_html(fix.why)}</p>' if fix.why else ''}{changed}</details>"
        )
    more = _more(len(found), limit)
    lines = [f"{fix.patch or fix.id}  {one_line(fix.title)}  ({fix.safety})" for fix in found[:limit]]
    return Shown(
        "".join(parts) + (f"<p><small>{more}</small></p>" if more else ""), "\n".join([*lines, *([more] if more else [])])
    )


def diff(text: str) -> Shown:
    """A unified diff, added and removed lines tinted (the sign in front says the same)."""
    tints = {"add": "rgba(46,160,67,.18)", "del": "rgba(218,54,51,.18)", "hunk": "rgba(56,139,253,.15)"}
    lines = text.split("\n")
    shown = [
        f'<span style="display:block;background:{tints.get(kind, "transparent")}">{_html(line) or " "}</span>'
        for kind, line in zip(line_kinds(lines), lines, strict=True)
    ]
    return Shown(f'<pre style="{_CODE};line-height:1.35">{"".join(shown)}</pre>', visible(text))


def figure(source: str | Path | bytes | Any, alt: str) -> Picture:
    """A picture: the path of a png or svg file, or a matplotlib figure (it is drawn as svg). `alt` says what it shows."""
    if isinstance(source, str | Path):
        path = Path(source)
        return Picture(path.read_bytes(), _kind(path.name), alt)
    if isinstance(source, bytes):
        return Picture(source, "image/png" if source.startswith(b"\x89PNG") else "image/svg+xml", alt)
    drawn = io.BytesIO()
    getattr(source, "figure", source).savefig(drawn, format="svg", bbox_inches="tight")
    return Picture(drawn.getvalue(), "image/svg+xml", alt)


def verdict(diagnosis: Diagnosis) -> Shown:
    """The answer in one box: does it deploy, what stops it, which gates fail."""
    sign, word, tint = {
        "blocked": ("✗", "Not deployable", MARK[Outcome.FAIL][2]),
        "open": ("?", "Open", MARK[Outcome.OPEN][2]),
        "deployable": ("✓", "Deployable", MARK[Outcome.PASS][2]),
    }[diagnosis.verdict]
    marks = " ".join(
        f'<span style="{_BADGE};background:{MARK[g.outcome][2]}">{MARK[g.outcome][0]} {g.gate.value}</span>'
        for g in diagnosis.gates
    )
    html = (
        f'<div style="border-left:.35em solid {tint.replace(".18", ".8")};background:{tint};padding:.6em 1em;margin:.4em 0">'
        f'<strong style="font-size:1.25em">{sign} {word}</strong><br>{_html(diagnosis.headline)}</div><div style="line-height:2">{marks}</div>'
    )
    lines = [
        f"{sign} {word}: {one_line(diagnosis.headline)}",
        *(f"  {MARK[g.outcome][0]} {g.gate.value}" for g in diagnosis.gates),
    ]
    return Shown(html, "\n".join(lines))


def _html(value: Any, limit: int | None = LINE_LIMIT * 2) -> str:
    return escape(visible(str(value), limit))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}" if value == value else ""  # noqa: PLR0124 - a missing number of a frame
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_cell(v) for v in value)
    return str(value)


def _record(row: Any) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return {str(k): v for k, v in row.items()}
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    return dict(row._asdict()) if hasattr(row, "_asdict") else {str(n): v for n, v in enumerate(row)}


def _showable(finding: Finding) -> bool:
    return bool(finding.at.quote) and not finding.rule.startswith("SECRET-")


def _more(many: int, limit: int) -> str:
    return f"showing {limit:,} of {many:,}" if many > limit else ""


def _kind(name: str) -> str:
    return "image/svg+xml" if name.endswith(".svg") else "image/png"
