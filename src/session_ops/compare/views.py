"""A comparison as text, as JSON, as a part of a notebook and as a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from session_ops.compare.difference import WORSE, Comparison, Found, Side
from session_ops.model import Severity, to_json
from session_ops.visible import one_line

SHOWN = 40
"""Findings of one kind that are shown before the rest is counted."""
_TINT = {
    Severity.CRITICAL: "rgba(218,54,51,.18)",
    Severity.GAP: "rgba(187,128,9,.18)",
    Severity.ADVICE: "rgba(128,128,128,.14)",
}
_CELL = "padding:.25em .8em;text-align:left;vertical-align:top;border-top:1px solid rgba(128,128,128,.3)"
_BADGE = "padding:.05em .5em;border-radius:.6em;white-space:nowrap"
_WORD = {
    "pass": "✓ holds",
    "fail": "✗ fails",
    "open": "? open",
    "blocked": "– not reached",
    "not_applicable": "· does not apply",
    "": "–",
}


def text(comparison: Comparison) -> str:
    """For a terminal; the last character is a line end."""
    lines = [f"{_title(comparison.before)}  ->  {_title(comparison.after)}", comparison.summary]
    for said, findings in (("new", comparison.new), ("gone", comparison.gone)):
        if findings:
            lines += ["", f"{said} ({len(findings)})"]
            lines += [
                f"  {f.severity.value:<8} {one_line(f.place, 120)}  {one_line(f.message)}  {f.id}" for f in findings[:SHOWN]
            ]
            lines += [f"  and {len(findings) - SHOWN} more"] if len(findings) > SHOWN else []
    changed = [(gate, old, new) for gate, old, new in comparison.gates if old != new]
    lines += ["", "gates that changed" if changed else "no gate changed"]
    lines += [f"  {gate:<10} {_WORD[old]}  ->  {_WORD[new]}" for gate, old, new in changed]
    rows = [(said, old, new) for said, old, new in (*comparison.numbers, *comparison.anomalies) if old != new]
    if comparison.numbers or comparison.anomalies:
        lines += ["", "sessions that changed" if rows else "sessions: the same numbers"]
        lines += [f"  {said:<20} {_number(old)}  ->  {_number(new)}" for said, old, new in rows]
    return "\n".join(lines) + "\n"


def as_json(comparison: Comparison) -> str:
    """For another program."""
    document = {
        "schema": 1,
        "before": _side(comparison.before),
        "after": _side(comparison.after),
        "summary": comparison.summary,
        "findings": {kind: [asdict(f) for f in getattr(comparison, kind)] for kind in ("new", "gone", "same")},
        "gates": [{"gate": gate, "before": old, "after": new} for gate, old, new in comparison.gates],
        "sessions": [{"what": said, "before": old, "after": new} for said, old, new in comparison.numbers],
        "anomalies": [{"detector": name, "before": old, "after": new} for name, old, new in comparison.anomalies],
    }
    return to_json(document).decode()


def fragment(comparison: Comparison) -> str:
    """For a notebook: inline styles and no script, so that it also holds where the notebook is not trusted."""
    parts = [
        f"<p><strong>{_html(_title(comparison.before))} → {_html(_title(comparison.after))}</strong><br>{_html(comparison.summary)}</p>"
    ]
    for said, findings, folded in (
        ("New", comparison.new, False),
        ("Gone", comparison.gone, False),
        ("The same", comparison.same, True),
    ):
        parts.append(_findings(said, findings, folded=folded))
    rows = "".join(_gate(*row) for row in comparison.gates)
    parts.append(_table("Gates", ("gate", "before", "after"), rows))
    numbers = (*comparison.numbers, *comparison.anomalies)
    if numbers:
        rows = "".join(_row((said, _number(old), _number(new)), changed=old != new) for said, old, new in numbers)
        parts.append(_table("Sessions and anomalies", ("what", "before", "after"), rows))
    return f"<div>{''.join(parts)}</div>"


def page(comparison: Comparison) -> str:
    """One HTML file, without script and network."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>session-ops: {_html(comparison.before.name)} and {_html(comparison.after.name)}</title>
<style>:root {{ color-scheme: light dark; background: Canvas; color: CanvasText; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 70rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.4rem; }} table {{ width: 100%; }}</style>
</head>
<body><main><h1>What changed</h1>{fragment(comparison)}</main></body>
</html>
"""


def _findings(said: str, findings: Sequence[Found], *, folded: bool) -> str:
    rows = "".join(
        f'<tr><td style="{_CELL}"><span style="{_BADGE};background:{_TINT[f.severity]}">{f.severity.value}</span></td>'
        f'<td style="{_CELL}"><code>{_html(f.place)}</code></td><td style="{_CELL}">{_html(f.message)}<br><small>{_html(f.id)}</small></td></tr>'
        for f in findings[:SHOWN]
    )
    more = f"<p><small>and {len(findings) - SHOWN} more</small></p>" if len(findings) > SHOWN else ""
    body = f'<table style="border-collapse:collapse"><tbody>{rows}</tbody></table>{more}' if rows else "<p>none</p>"
    return f"<details{'' if folded or not rows else ' open'}><summary><strong>{said}: {len(findings)}</strong></summary>{body}</details>"


def _table(title: str, heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f'<th scope="col" style="{_CELL}">{h}</th>' for h in heads)
    return (
        f'<table style="border-collapse:collapse;margin-top:1em"><caption style="text-align:left"><strong>{title}</strong></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _gate(gate: str, old: str, new: str) -> str:
    better = {True: "rgba(46,160,67,.18)", False: "rgba(218,54,51,.18)"}
    ranked = old in WORSE and new in WORSE and old != new
    tint = f";background:{better[WORSE.index(new) < WORSE.index(old)]}" if ranked else ""
    return (
        f'<tr><th scope="row" style="{_CELL}">{gate}</th><td style="{_CELL}">{_WORD[old]}</td>'
        f'<td style="{_CELL}"><span style="{_BADGE}{tint}">{_WORD[new]}</span></td></tr>'
    )


def _row(cells: tuple[str, ...], *, changed: bool) -> str:
    weight = ";font-weight:600" if changed else ""
    name, *values = cells
    return f'<tr><th scope="row" style="{_CELL};font-weight:400">{_html(name)}</th>' + "".join(
        f'<td style="{_CELL}{weight}">{value}</td>' for value in values
    ) + "</tr>"  # fmt: skip


def _side(side: Side) -> dict[str, str]:
    return {"case": side.name, "target": side.target, "verdict": side.verdict, "headline": side.headline}


def _title(side: Side) -> str:
    return f"{one_line(side.target, 60)} ({one_line(side.name, 60)}): {side.verdict}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def _html(value: str) -> str:
    return escape(one_line(value, 600))
