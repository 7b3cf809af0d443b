"""The command line. Exit codes: 0 done, 1 findings at or above --fail-on, 2 unusable input, 3 something did not finish, 130 Ctrl-C."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import shutil
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from session_ops.interruption import sigterm_as_interrupt
from session_ops.model import Answers, Outcome, Severity, UsageError

if TYPE_CHECKING:
    from session_ops.case import Case
    from session_ops.narrow import Narrowed
    from session_ops.registry import Facts, Registry
    from session_ops.runner import PhaseRun

DONE, FOUND, UNUSABLE, UNFINISHED, INTERRUPTED = 0, 1, 2, 3, 130
PAGES = {
    "run": "commands", "check": "commands", "fix": "solution", "logs": "logs", "formats": "formats", "rules": "rules",
    "batch": "batch", "compare": "cases", "lab": "notebooks", "mcp": "agents",
}  # fmt: skip
"""The page of help that says more about a command; an error names it."""

app = typer.Typer(
    name="session-ops",
    help="Find out why a home-made tracker of agent sessions cannot be deployed, and what to do about it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """What `check` can print."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    GITHUB = "github"


class Only(StrEnum):
    """Which fixes `fix` takes."""

    SAFE = "safe"
    ALL = "all"


class FailOn(StrEnum):
    """From which severity on the exit code is 1."""

    CRITICAL = "critical"
    GAP = "gap"
    NEVER = "never"

    def met_by(self, severities: set[Severity]) -> bool:
        """Is one of the severities at or above this level?"""
        wanted = {FailOn.CRITICAL: {Severity.CRITICAL}, FailOn.GAP: {Severity.CRITICAL, Severity.GAP}, FailOn.NEVER: set()}
        return bool(wanted[self] & severities)


Target = Annotated[str | None, typer.Argument(help="The folder to investigate.", show_default=False)]
Example = Annotated[bool, typer.Option("--example", help="Investigate the bundled example instead of a TARGET.")]
ProbeStart = Annotated[
    str, typer.Option(help="Command that starts a session, with {agent} {task} {session}; -: none.", show_default="found")
]
ProbeBeat = Annotated[
    str, typer.Option(help="Command that says a session lives, with {session}; -: none.", show_default="found")
]
ProbeLock = Annotated[
    str, typer.Option(help="Command that takes a lock, with {resource} {session}; -: none.", show_default="found")
]
ProbeEnd = Annotated[str, typer.Option(help="Command that ends a session, with {session}; -: none.", show_default="found")]
OrphanAfter = Annotated[float, typer.Option(help="Minutes without an event after which an open session is an orphan.")]
SilentAfter = Annotated[float, typer.Option(help="Smallest gap between two heartbeats that counts as silence, in minutes.")]
LockAfter = Annotated[float, typer.Option(help="Minutes after which a lock that is still held at the log's end is stuck.")]
Limits = Annotated[
    str, typer.Option(help="Other limits of the detectors: name=value, ...; `help logs` lists them.", show_default=False)
]
LogsAs = Annotated[str, typer.Option(help="Read all logs as this format; `formats` lists them.", show_default=False)]
LogMapping = Annotated[
    str, typer.Option(help="Fields of an unknown log: session=run, time=when, ...", show_default="guessed and said")
]
Engine = Annotated[str, typer.Option(help="What computes the lifecycles: duckdb, spark.")]
OWN_VARIABLES = {name: f"SESSION_OPS_{name.upper()}" for name in ("rules", "formats", "detectors")}


def _own(name: str, text: str) -> Any:
    """An option for a folder of the user's own knowledge. The variable hands a folder named before the command to all, and to children."""
    return typer.Option(
        f"--{name}", help=f"Folder with {text} of your own.", show_default=False, envvar=OWN_VARIABLES[name], show_envvar=False
    )


RulesDir = Annotated[str, _own("rules", "rules (*.py)")]
FormatsDir = Annotated[str, _own("formats", "log formats (*.yaml)")]
DetectorsDir = Annotated[str, _own("detectors", "detectors (*.sql)")]


def _target(given: str | None, example: bool) -> str:
    if example and given:
        raise UsageError(f"give either a TARGET ({given}) or --example, not both")
    if not example and not (given or "").strip():
        raise UsageError("TARGET is missing: give the tracker's folder, or --example for the bundled one")
    return "" if example else str(given)


@app.command(epilog="Example: session-ops run ./agent-ops --logs 'agent-ops/logs/*.jsonl' --case ./case")
def run(
    target: Target = None,
    example: Example = False,
    logs: Annotated[list[str] | None, typer.Option(help="Tracker log: a file, a folder or a glob; may be repeated.")] = None,
    case: Annotated[str, typer.Option(help="Case folder.", show_default="session-ops-cases/<target>-<n>")] = "",
    environment: Annotated[str, typer.Option(help="Where it shall run: local, docker, systemd, cloud.")] = "unknown",
    consumers: Annotated[str, typer.Option(help="Who will use it.")] = "",
    preserve_data: Annotated[str, typer.Option(help="Must existing state survive: yes, no.")] = "unknown",
    access_control: Annotated[str, typer.Option(help="Who may read its secrets and steer it.")] = "",
    shape: Annotated[str, typer.Option(help="What it is meant to be: library, service, bundle.")] = "unknown",
    prove: Annotated[
        bool, typer.Option("--prove", help="Run the gates, and try fixes, in a sandboxed copy of the target.")
    ] = False,
    trust_target: Annotated[
        bool, typer.Option("--trust-target", help="With --prove: run the target's code even where there is no sandbox.")
    ] = False,
    probe_start: ProbeStart = "",
    probe_beat: ProbeBeat = "",
    probe_lock: ProbeLock = "",
    probe_end: ProbeEnd = "",
    orphan_after_min: OrphanAfter = 60.0,
    silent_after_min: SilentAfter = 10.0,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 from this severity on.")] = FailOn.NEVER,
    workers: Annotated[int, typer.Option(min=1, help="Notebooks that run at once.")] = 2,
    no_notebooks: Annotated[
        bool, typer.Option("--no-notebooks", help="Documents and report only; no executed notebooks.")
    ] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also write report.pdf, through a Chromium of this machine.")] = False,
    no_mask: Annotated[
        bool, typer.Option("--no-mask", help="Leave paths, names, hosts and addresses as they are. Secrets are masked anyway.")
    ] = False,
    lock_after_min: LockAfter = 60.0,
    limits: Limits = "",
    logs_as: LogsAs = "",
    log_mapping: LogMapping = "",
    engine: Engine = "duckdb",
    rules: RulesDir = "",
    formats: FormatsDir = "",
    detectors: DetectorsDir = "",
) -> None:
    """Run all six notebooks on a target and write the report."""
    from session_ops.case import Case

    if trust_target and not prove:
        raise UsageError("--trust-target only means something together with --prove")
    opened = Case.open(
        target=_target(target, example), logs=list(logs or []), case=case, environment=environment, consumers=consumers,
        preserve_data=preserve_data, access_control=access_control, shape=shape, prove=prove, trust_target=trust_target,
        probe_start=probe_start, probe_beat=probe_beat,
        probe_lock=probe_lock, probe_end=probe_end, orphan_after_min=orphan_after_min,
        silent_after_min=silent_after_min, lock_after_min=lock_after_min, limits=limits, logs_as=logs_as,
        log_mapping=log_mapping, engine=engine, mask=not no_mask, rules=rules, formats=formats, detectors=detectors,
    )  # fmt: skip
    from session_ops import runner

    say = _say()
    say(f"case {opened.folder}")
    finished = 0

    def progress(result: PhaseRun) -> None:
        nonlocal finished
        finished += 1
        line = f"[{finished}/6] {result.phase:<11} {result.status:<8} {result.seconds:5.1f} s"
        say(line + (f"  {result.reason}" if result.reason else ""))

    try:
        results = runner.documents(opened, progress) if no_notebooks else runner.run(opened, progress, workers=workers)
    except KeyboardInterrupt:
        say(f"interrupted: finished phases are kept in {opened.folder}; run the same command to go on")
        raise typer.Exit(INTERRUPTED) from None
    failed = [r for r in results.values() if r.status != "done"]
    for result in failed:
        if result.notebook:
            say(f"{result.phase} failed: look at {result.notebook}")
    if results["report"].status == "done":
        typer.echo(opened["diagnosis"].headline)
        typer.echo(f"report: {opened.folder / 'report.html'}")
        if pdf:
            _pdf(opened)
    if failed:
        raise typer.Exit(UNFINISHED)
    if fail_on.met_by({f.severity for f in opened["analysis"].findings}):
        raise typer.Exit(FOUND)


def _pdf(case: Case) -> None:
    """The printed report beside the page, or one line that says why not."""
    from session_ops.registry import CannotCheck
    from session_ops.report.pdf import pdf as printed

    try:
        with case.writing("report.pdf") as aside:
            printed(case.folder / "report.html", aside)
    except CannotCheck as reason:
        (case.folder / "report.pdf").unlink(missing_ok=True)
        _say()(f"report.pdf was not written: {reason}")
    else:
        typer.echo(f"pdf: {case.folder / 'report.pdf'}")


@app.command(epilog="Example: session-ops check ./agent-ops --format sarif --output findings.sarif")
def check(
    target: Target = None,
    example: Example = False,
    format: Annotated[Format, typer.Option("--format", help="How the findings are written.")] = Format.TEXT,  # noqa: A002
    output: Annotated[
        Path | None, typer.Option(help="File to write to instead of standard output.", show_default=False)
    ] = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 from this severity on.")] = FailOn.CRITICAL,
    advice: Annotated[bool, typer.Option("--advice", help="Print advice too.")] = False,
    no_linters: Annotated[bool, typer.Option("--no-linters", help="Own rules only, no linters.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 when a rule could not look.")] = False,
    baseline: Annotated[
        Path | None, typer.Option(help="File of known findings: only others are shown and count.", show_default=False)
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write all findings to a file for --baseline, and end with 0.", show_default=False)
    ] = None,
    since: Annotated[
        str, typer.Option(help="Only findings in files that were changed since this revision.", show_default=False)
    ] = "",
    rules: RulesDir = "",
) -> None:
    """Check a target with the rules alone: no notebooks, and nothing of the target runs."""
    from session_ops.analysis.linters.process import Linters
    from session_ops.baseline import Baseline
    from session_ops.discovery.files import read_tree
    from session_ops.narrow import narrow
    from session_ops.registry import Facts, Registry
    from session_ops.registry import check as check_rules

    where = _target(target, example)
    known = Baseline.read(baseline) if baseline is not None else None
    with tempfile.TemporaryDirectory(prefix="session-ops-") as scratch:
        if where:
            folder = Path(where).expanduser()
        else:
            from session_ops import example as bundled

            folder = bundled.materialise(Path(scratch))
        tree = read_tree(folder)
        registry = Registry.load([Path(rules)] if rules else [])
        with Linters() if no_linters else Linters.start(tree) as linters:
            facts = Facts(registry, {"tree": tree, "answers": Answers(), "linters": linters})
            checked = check_rules(registry, facts, tree.root)
        shown = narrow(checked, tree, known, since)
        text = _written(format, shown, facts, registry, advice=advice, terminal=output is None and sys.stdout.isatty())
    if write_baseline is not None:
        from session_ops.baseline import content

        _write(write_baseline, content(checked.findings), "--write-baseline")
        _say()(f"{len(checked.findings)} findings written to {write_baseline}; --baseline {write_baseline} leaves them out")
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        _write(output, text)
    if strict and any(r.outcome is Outcome.OPEN for r in checked.results):
        raise typer.Exit(UNFINISHED)
    if write_baseline is None and fail_on.met_by({f.severity for f in shown.checked.findings}):
        raise typer.Exit(FOUND)


def _written(format: Format, shown: Narrowed, facts: Facts, registry: Registry, *, advice: bool, terminal: bool) -> str:  # noqa: A002
    """The findings in the format that was asked for; advice is left out of all of them unless it was asked for."""
    tree = facts["tree"]
    checked = shown.with_known if format is Format.SARIF else shown.checked  # code scanning closes what a log no longer holds
    if not advice and format in (Format.JSON, Format.SARIF):  # the others leave it out themselves, and count it
        kept = tuple(f for f in checked.findings if f.severity is not Severity.ADVICE)
        checked = dataclasses.replace(checked, findings=kept)
    if format is Format.TEXT:
        from session_ops.report.text import render

        width = shutil.get_terminal_size().columns
        return render(
            checked,
            tree.root.name,
            advice=advice,
            terminal=terminal,
            width=width,
            unread=_unread(facts),
            left_out=shown.left_out,
        )
    from session_ops.case import version

    if format is not Format.SARIF:
        from session_ops.report import jsonout

        if format is Format.JSON:
            return jsonout.findings_json(checked, tree.root.name, tree.prefix, version=version()).decode()
        if format is Format.MARKDOWN:
            return jsonout.markdown(checked, tree.root.name, advice=advice)
        return jsonout.github(checked, tree.prefix, advice=advice)
    from session_ops.model import to_json
    from session_ops.proof.fixes import offered
    from session_ops.report.sarif import sarif

    log = sarif(
        checked,
        registry,
        tree.prefix,
        tree.root.name,
        fixes=offered(registry, facts, checked.findings)[0],
        version=version(),
        texts=tree.text,
        linters=facts["linters"].versions,
        known=shown.known,
    )
    return to_json(log).decode()


def _unread(facts: Facts) -> dict[str, str]:
    """Files that nobody looked into, and why: too large, no permission, a template in place of YAML."""
    from session_ops.discovery.files import unread_files
    from session_ops.registry import CannotCheck

    unread = {entry.path: entry.reason for entry in unread_files(facts["tree"])}
    with contextlib.suppress(CannotCheck):  # what broke is said by the rules that need it
        unread |= {path: why for path, _, why in facts["deployment"].left_alone}
    return unread


def _write(path: Path, text: str, option: str = "--output") -> None:
    """Write beside and rename, so that nobody reads half a file."""
    try:
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be written ({error.strerror}); give another file") from None


@app.command(epilog="Example: session-ops fix ./agent-ops --prove --patch fixes.patch")
def fix(
    target: Target = None,
    example: Example = False,
    prove: Annotated[
        bool, typer.Option("--prove", help="Run the gates in a sandboxed copy, before and after each fix.")
    ] = False,
    trust_target: Annotated[
        bool, typer.Option("--trust-target", help="With --prove: run the target's code even where there is no sandbox.")
    ] = False,
    patch: Annotated[
        str,
        typer.Option(
            help="Write one patch; into a folder (FOLDER/ where there is none yet), one for each step and combined.patch.",
            show_default=False,
        ),
    ] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Change the work tree where it is clean; git commits nothing.")
    ] = False,
    only: Annotated[Only, typer.Option(help="Which fixes: those that may be applied unread, or all.")] = Only.ALL,
    json_out: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
    rules: RulesDir = "",
) -> None:
    """Try fixes in a copy, keep those that help, and hand them over as patches. Without --apply nothing is changed."""
    from session_ops.model import to_json
    from session_ops.solution import fixing, worktree

    where = _target(target, example)
    if apply and example:
        raise UsageError("--apply changes a target of yours; with --example give --patch FILE")
    if trust_target and not prove:
        raise UsageError("--trust-target only means something together with --prove")
    with tempfile.TemporaryDirectory(prefix="session-ops-") as scratch:
        if where:
            folder = Path(where).expanduser()
        else:
            from session_ops import example as bundled

            folder = bundled.materialise(Path(scratch))
        done = fixing.fix(folder, Answers(), rules=rules, only=only.value, prove=prove, trust=trust_target)
        if apply:
            worktree.refuse_unclean(done.tree, done.repair.changed)
        typer.echo(to_json(fixing.document(done)).decode() if json_out else "\n".join(fixing.text(done)), nl=not json_out)
        say = _say()
        if patch and done.repair.steps:
            written = fixing.write_patches(done, patch)
            say(f"patch: {written[-1]}" + (f" and {len(written) - 1} single ones" if len(written) > 1 else ""))
        if apply:
            worktree.write(done.tree, done.repair.changed)
            count = len(done.repair.changed)
            say(f"changed {count} file{'' if count == 1 else 's'} of {folder}; nothing was committed")
        elif not patch and done.repair.steps:
            say("nothing was changed: give --patch FILE for a patch, or --apply")


@app.command(epilog="Example: session-ops logs 'agent-ops/logs/**/*.jsonl' --json")
def logs(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH ...", help="Files, folders, globs in quotes, or - for standard input.", show_default=False
        ),
    ] = None,
    logs_as: Annotated[
        str, typer.Option("--as", help="Read all logs as this format; `formats` lists them.", show_default=False)
    ] = "",
    case: Annotated[str, typer.Option(help="Folder for tables, figures and document.", show_default="nothing is written")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write the tables of the case as CSV too.")] = False,
    export: Annotated[
        str, typer.Option(help="Write for other tools: trace (Perfetto, Chrome), xes, csv; with commas.", show_default=False)
    ] = "",
    engine: Engine = "duckdb",
    orphan_after_min: OrphanAfter = 60.0,
    silent_after_min: SilentAfter = 10.0,
    lock_after_min: LockAfter = 60.0,
    limits: Limits = "",
    log_mapping: LogMapping = "",
    formats: FormatsDir = "",
    detectors: DetectorsDir = "",
) -> None:
    """Read tracker logs alone: sessions, locks, and what looks wrong."""
    from session_ops.lifecycles import command

    try:
        told = command.logs(
            paths or [], as_json=as_json, csv=csv, export=export, case=case, logs_as=logs_as, log_mapping=log_mapping, engine=engine,
            limits=limits, orphan_after_min=orphan_after_min, silent_after_min=silent_after_min,
            lock_after_min=lock_after_min, formats=formats, detectors=detectors,
        )  # fmt: skip
    except KeyboardInterrupt:
        _say()("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(told, nl=False)


@app.command(name="formats", epilog="Example: session-ops formats ndjson")
def list_formats(
    format_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Show this format in full.", show_default=False)
    ] = None,
    formats: FormatsDir = "",
) -> None:
    """List the log formats, or show one: what it is known by, its fields and rules, samples."""
    from session_ops.lifecycles import command
    from session_ops.parameters import Parameters

    typer.echo(command.formats(format_id, Parameters.checked({"formats": formats}).formats), nl=False)


@app.command(name="rules", epilog="Example: session-ops rules REF-RUN")
def list_rules(
    rule_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this rule in full.", show_default=False)] = None,
    rules: RulesDir = "",
) -> None:
    """List the rules, or explain one: what it says, why, its source, the gate that it guards."""
    import difflib

    from session_ops.registry import Registry

    registry = Registry.load([Path(rules)] if rules else [])
    if rule_id is None:
        width = max(map(len, registry.rules), default=0)
        for one in registry.rules.values():
            typer.echo(f"{one.id:<{width}}  {one.gate or '-':<10} {one.title}")
        return
    wanted = registry.rules.get(rule_id.upper())
    if wanted is None:
        near = difflib.get_close_matches(rule_id.upper(), registry.rules, 1)
        raise UsageError(
            f"no rule {rule_id!r}" + (f": did you mean {near[0]}?" if near else "; `session-ops rules` lists them")
        )
    gate = f"gate {wanted.gate}" if wanted.gate else "costs no gate"
    typer.echo(
        f"{wanted.id}: {wanted.title}\n{gate}, category {wanted.category}{', has a fix' if wanted.fix else ''}\n\n{wanted.explanation}".rstrip()
    )


@app.command(epilog="Example: session-ops batch targets.csv --out nightly --jobs 2")
def batch(
    targets: Annotated[
        Path, typer.Argument(metavar="LIST", help="Targets: text (one a line), CSV or YAML.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the cases and the index.", show_default=False)],
    jobs: Annotated[int | None, typer.Option(min=1, help="Targets at once.", show_default="one for each core")] = None,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler (tcp://HOST:PORT) whose workers see OUT.", show_default=False)
    ] = "",
    timeout_min: Annotated[float, typer.Option(min=0.01, help="Minutes that one target may take.")] = 30.0,
    memory_gb: Annotated[float, typer.Option(min=0.1, help="Memory that one target may use.")] = 4.0,
    no_notebooks: Annotated[
        bool, typer.Option("--no-notebooks", help="Documents and reports only: faster, for many small targets.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Run targets again that have not changed.")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Run the gates of all targets in sandboxed copies.")] = False,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 from this severity on.")] = FailOn.NEVER,
    rules: RulesDir = "",
    formats: FormatsDir = "",
    detectors: DetectorsDir = "",
) -> None:
    """Investigate many targets, each in a process of its own, and write an index. A batch that was ended goes on where it was."""
    from session_ops.batch import listing
    from session_ops.batch.command import start
    from session_ops.batch.work import Limits

    own = {"rules": rules, "formats": formats, "detectors": detectors}
    common = {name: str(Path(folder).expanduser().absolute()) for name, folder in own.items() if folder}
    wanted = listing.read(targets, common | ({"prove": True} if prove else {}))
    limits = Limits(timeout_min * 60, int(memory_gb * 2**30))
    ended = start(
        wanted, out, _say(), jobs=jobs or 0, scheduler=scheduler, limits=limits, notebooks=not no_notebooks, force=force
    )
    typer.echo(f"index: {ended.index}")
    if ended.unfinished:
        raise typer.Exit(UNFINISHED)
    if (ended.critical and fail_on is not FailOn.NEVER) or (ended.gaps and fail_on is FailOn.GAP):
        raise typer.Exit(FOUND)


class CompareFormat(StrEnum):
    """What `compare` can print."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


@app.command(name="compare", epilog="Example: session-ops compare cases/before cases/after")
def compare_cases(
    before: Annotated[str, typer.Argument(metavar="CASE", help="The case before.", show_default=False)],
    after: Annotated[str, typer.Argument(metavar="CASE", help="The case after.", show_default=False)],
    format: Annotated[CompareFormat, typer.Option("--format", help="How the difference is written.")] = CompareFormat.TEXT,  # noqa: A002
    output: Annotated[
        Path | None, typer.Option(help="File to write to instead of standard output.", show_default=False)
    ] = None,
) -> None:
    """Two cases: findings new, gone and the same, gates, session statistics."""
    from session_ops.compare import compare, views

    made = compare(before, after)
    text = {CompareFormat.TEXT: views.text, CompareFormat.HTML: views.page, CompareFormat.JSON: views.as_json}[format](made)
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        _write(output, text)


@app.command(epilog="Example: session-ops lab session-ops-cases/agent-ops-1")
def lab(
    case: Annotated[
        str | None, typer.Argument(help="A case to open; without it, the notebooks start on the bundled example.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")] = False,
    port: Annotated[int, typer.Option(help="Port of the server.")] = 8888,
) -> None:
    """Open JupyterLab at a working copy of the six notebooks, with the case's parameters filled in."""
    from session_ops.lab import working_copy

    folder = working_copy(case)
    typer.echo(f"notebooks in {folder}", err=True)
    argv = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}"]
    argv += ["--allow-root"] if os.geteuid() == 0 else []  # a container's only user
    os.execv(sys.executable, argv + (["--no-browser"] if no_browser else []))  # noqa: S606


@app.command(epilog="Example: claude mcp add session-ops -- session-ops mcp")
def mcp() -> None:
    """Serve agents: the Model Context Protocol on standard input and output, until the client closes it."""
    try:
        from session_ops.mcp.server import build
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise UsageError("the mcp package is absent: pip install 'session-ops[mcp]'") from None
    build().run("stdio")


@app.command(name="help", epilog="Example: session-ops help notebooks")
def show_help(topic: Annotated[str | None, typer.Argument(help="A page; without it, the pages are listed.")] = None) -> None:
    """Print a page of help."""
    from importlib.resources import files

    pages = {
        page.name.removesuffix(".md"): page for page in (files("session_ops") / "docs").iterdir() if page.name.endswith(".md")
    }
    if topic is None:
        typer.echo("pages: " + ", ".join(sorted(pages)) + "\nsession-ops help PAGE prints one")
    elif topic in pages:
        typer.echo(pages[topic].read_text(encoding="utf-8"))
    else:
        raise UsageError(f"no page {topic!r}; the pages are {', '.join(sorted(pages))}")


def _print_version(wanted: bool) -> None:
    if wanted:
        from session_ops.case import version as number

        typer.echo(f"session-ops {number()}")
        raise typer.Exit(DONE)


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001 - its callback prints it and ends
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
    rules: RulesDir = "",
    formats: FormatsDir = "",
    detectors: DetectorsDir = "",
) -> None:
    """Find out why a home-made tracker of agent sessions cannot be deployed, and what to do about it."""
    own = {"rules": rules, "formats": formats, "detectors": detectors}
    for name, folder in own.items():
        if folder:
            from session_ops.parameters import Parameters

            Parameters.checked({name: folder})
            os.environ[OWN_VARIABLES[name]] = str(Path(folder).expanduser().absolute())


def _say() -> Any:
    """Progress goes to standard error, one line at a time."""

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    return say


def _more(argv: list[str]) -> str:
    """Where to read on after an error."""
    page = next((PAGES[word] for word in argv if word in PAGES), "")
    return f" (more: session-ops help {page})" if page else ""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    code: int | None = DONE
    gc.set_threshold(
        50_000, 20, 20
    )  # facts and syntax trees are kept to the end: the default walks them again and again for nothing
    try:
        with sigterm_as_interrupt():
            code = app(argv, standalone_mode=False)
    except UsageError as error:
        print(f"session-ops: {error}{_more(sys.argv[1:] if argv is None else argv)}", file=sys.stderr)  # noqa: T201
        code = UNUSABLE
    except TyperException as error:  # an unknown option, a missing value
        text = error.format_message() if hasattr(error, "format_message") else str(error)
        if text:
            more = _more(sys.argv[1:] if argv is None else argv) or "; see session-ops --help"
            print(f"session-ops: {text.rstrip('.')}{more}", file=sys.stderr)  # noqa: T201
        code = UNUSABLE
    except (typer.Abort, KeyboardInterrupt):
        print("session-ops: interrupted", file=sys.stderr)  # noqa: T201
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    return code if isinstance(code, int) else DONE
