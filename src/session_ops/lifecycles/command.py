"""The commands `logs` and `formats`: what they do; the command line itself is in cli.py."""

from __future__ import annotations

import difflib
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from session_ops.case import Case
from session_ops.lifecycles import engine, exports, phase
from session_ops.lifecycles.alone import LogsAlone
from session_ops.lifecycles.progress import Progress
from session_ops.lifecycles.spec import Format
from session_ops.lifecycles.text import render
from session_ops.model import UsageError, to_json
from session_ops.parameters import Parameters
from session_ops.visible import visible


def logs(paths: list[str], *, as_json: bool, csv: bool, export: str, **given: Any) -> str:
    """Read logs and say what became of the sessions; `given` are parameters of a case. Without a case nothing is left behind.

    Raises:
        UsageError: a path, a parameter or the case cannot be used. Nothing was written then.
    """
    wanted = exports.checked(export)
    csv = csv or "csv" in wanted
    parameters = Parameters.checked({"logs": paths} | given)
    phase.knowledge(parameters)  # a mistake in one's own formats or detectors is said before anything is made
    if parameters.case:
        case = LogsAlone.at(Path(parameters.case).expanduser().resolve(), parameters)
        document = _computed(case, pictures=True)
        case.save("lifecycles", document)
        return _told(document, as_json, _files(case, csv, wanted))
    if csv or wanted:
        raise UsageError(f"{f'--export {export}' if wanted else '--csv'} writes into the case: give --case DIR too")
    with tempfile.TemporaryDirectory(prefix="session-ops-") as folder:
        return _told(_computed(LogsAlone.at(Path(folder) / "case", parameters), pictures=False), as_json, [])


def _computed(case: Case, *, pictures: bool) -> phase.Document:
    with Progress(sys.stderr) as progress:
        return phase.compute(case, progress, pictures=pictures)


def _files(case: Case, csv: bool, wanted: list[str]) -> list[str]:
    """What was written; the tables as CSV and exports too where that was asked for."""
    case.clear("tables/*.csv")
    for table in engine.TABLES if csv else ():
        with case.writing(f"tables/{table}.csv") as path:
            engine.to_csv(case.folder / "tables" / f"{table}.parquet", path)
    exported = [str(path) for path in exports.export(case, wanted)]
    shown = ["lifecycles.json", "tables/*.parquet", *(["tables/*.csv"] if csv else [])]
    figures = ["figures/*.png"] if any(case.folder.glob("figures/*.png")) else []
    return [*(str(case.folder / name) for name in (*shown, *figures)), *exported]


def _told(document: phase.Document, as_json: bool, written: list[str]) -> str:
    if not as_json:
        return render(document, written)
    anomalies, left_out = document.counts, [asdict(one) for one in document.left_out]
    sources = [asdict(source) for source in document.sources]
    told = asdict(document.numbers) | {"anomalies": anomalies, "undecidable": document.undecidable, "kinds": document.kinds}
    return to_json(told | {"sources": sources, "left_out": left_out}).decode()


def formats(format_id: str | None, folder: str) -> str:
    """The formats in a list, or one in full.

    Raises:
        UsageError: there is no such format, or one of the user's own cannot be read.
    """
    known = {form.id: form for form in phase.formats_for(folder)}
    if format_id is None:
        width = max(map(len, known))
        return "".join(f"{name:<{width}}  {form.title}\n" for name, form in known.items())
    if format_id not in known:
        near = difflib.get_close_matches(format_id, known, 1)
        raise UsageError(
            f"no format {format_id!r}" + (f": did you mean {near[0]}?" if near else "; `session-ops formats` lists them")
        )
    return _in_full(known[format_id])


def _in_full(form: Format) -> str:
    lines = [f"{form.id}: {form.title} (version {form.version})", f"role {form.role}, reader {form.reader['kind']}", ""]
    lines += ["taken for this where a record has one of:"]
    lines += [f"  {', '.join(map(str, names))}" for names in form.detect.get("any_of", ())]
    lines += [f"and where at least one of the first records has: {', '.join(form.needs)}"] if form.needs else []
    lines += ["", "fields, the first that a record has counts:"]
    lines += [f"  {name}: {', '.join(names)}" for name, names in form.aliases.items() if names]
    lines += [f"  attrs.{name}: {', '.join(names)}" for name, names in form.attrs.items()]
    lines += ["", "events, by the first rule of a slot whose conditions hold:"]
    for rule in form.rules:
        wanted = [f"{name} is like {pattern.pattern}" for name, pattern in rule.when] + [f"no {name}" for name in rule.absent]
        at = f" at {rule.at[0]}, ..." if len(rule.at) > 1 else f" at {rule.at[0]}" if rule.at else ""
        fixed = "".join(f", {name} = {value}" for name, value in rule.set.items())
        lines.append(f"  {rule.emit}{at}{fixed}" + (f" where {' and '.join(wanted)}" if wanted else ""))
    lines += ["", "known of its logs: " + (", ".join(f"{name} {value}" for name, value in form.facts.items()) or "nothing")]
    for sample in form.samples:
        lines += ["", f"sample: {sample['name']}", *(f"  {line}" for line in _sample(sample).splitlines())]
    return visible("\n".join(lines)) + "\n"


def _sample(sample: Any) -> str:
    return str(sample.get("text", "")) or "(not a text: made when the sample is tried)"
