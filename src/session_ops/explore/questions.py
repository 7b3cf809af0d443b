"""The five questions as a form: other answers, and the solution that follows from them."""

from __future__ import annotations

import contextlib
import io
import shlex
from dataclasses import asdict, replace
from html import escape
from typing import TYPE_CHECKING, Any, get_args

import ipywidgets as widgets

from session_ops import show
from session_ops.explore.panel import Panel, joined, said, with_command
from session_ops.model import UsageError
from session_ops.parameters import Environment, Parameters, Shape, YesNo
from session_ops.visible import one_line

if TYPE_CHECKING:
    from session_ops.case import Case
    from session_ops.solution.phase import Document

QUESTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "environment": ("Where shall it run?", get_args(Environment)),
    "consumers": ("Who will use it?", ()),
    "preserve_data": ("Must existing state survive?", get_args(YesNo)),
    "access_control": ("Who may read its secrets and steer it?", ()),
    "shape": ("What is it meant to be?", get_args(Shape)),
}
"""The parameter of each question, how it is asked, and the answers to choose from; none stands for free text."""
FOLDER = "answers"
"""Where in a case the solution to other answers is kept, so that the case itself stays as it is."""


def questions(case: Case) -> Panel:
    """A form with the answers of the case; its button solves it again with those in the form."""
    fields = {}
    for name, (asked, choices) in QUESTIONS.items():
        kind = widgets.Dropdown if choices else widgets.Text
        options = {"options": choices} if choices else {"placeholder": "in a few words; empty: inferred"}
        fields[name] = kind(
            value=getattr(case.parameters, name), description=asked, style={"description_width": "16em"}, layout={"width": "34em"},
            **options,
        )  # fmt: skip
    button = widgets.Button(description="Solve again", tooltip="in a folder of its own; this case stays as it is")

    def given() -> dict[str, str]:
        return {name: field.value for name, field in fields.items()}

    def draw() -> show.Shown:
        asked = [
            {"question": a.question, "answer": a.answer, "why": a.why, "validate": a.validate}
            for a in case["diagnosis"].assumptions
        ]
        ready = (
            "Press “Solve again” for what follows from these answers."
            if _differ(case, given())
            else "These are the answers of the case."
        )
        return with_command(joined(said(ready), show.table(asked), _short(case["solution"])), *_commands(case, given()))

    panel = Panel([widgets.VBox([*fields.values(), button])], draw, live=list(fields.values()))

    def solve(_button: object) -> None:
        panel.show(said("solving it again …"))
        try:
            panel.show(questions_view(case, **given()))
        except UsageError as error:
            panel.show(said(f"✗ {error}"))

    button.on_click(solve)
    return panel


def questions_view(case: Case, **answers: str) -> show.Shown:
    """What becomes of approach, gates, fixes and plan with these answers (parameters of the case), beside what the case says now.

    The case stays as it is: the other solution is kept in its folder `answers`.

    Raises:
        UsageError: a parameter is none of the five, or its value is not possible.
    """
    for name in answers:
        if name not in QUESTIONS:
            raise UsageError(f"{name!r} is none of the five questions; they are {', '.join(QUESTIONS)}")
    if not _differ(case, answers):
        return with_command(
            joined(said("These are the answers of the case."), _short(case["solution"])), *_commands(case, answers)
        )
    now, before = case["solution"], case["diagnosis"]
    with contextlib.redirect_stdout(io.StringIO()):  # which documents are computed on the way is no news here
        other = _answered(case, answers)
        then, after = other["solution"], other["diagnosis"]
    rows = [
        {"": "approach", "as it is": now.approach.name, "with these answers": then.approach.name},
        {"": "runner-up", "as it is": now.approach.runner_up, "with these answers": then.approach.runner_up},
        {"": "because", "as it is": "; ".join(now.approach.why), "with these answers": "; ".join(then.approach.why)},
        {"": "verdict", "as it is": before.headline, "with these answers": after.headline},
        {"": "fixes", "as it is": len(now.fixes), "with these answers": len(then.fixes)},
        {"": "steps of the plan", "as it is": len(now.plan), "with these answers": len(then.plan)},
    ]
    had = {step.title for step in now.plan}
    new = [step for step in then.plan if step.title not in had]
    kept = {step.title for step in then.plan}
    gone = [step for step in now.plan if step.title not in kept]
    parts = [show.table(rows)]
    parts += [_steps("New in the plan", new)] if new else []
    parts += [_steps("No longer in the plan", gone)] if gone else []
    return with_command(joined(*parts), *_commands(case, answers))


def _answered(case: Case, answers: dict[str, str]) -> Case:
    """The same case with other answers. What the logs tell does not depend on them and is taken over."""
    from session_ops.case import Case

    wanted = replace(case.parameters, case=str(case.folder / FOLDER), **answers)  # type: ignore[arg-type]
    other = Case.open(**asdict(wanted))
    if other.stored("lifecycles") is None:
        other.save("lifecycles", case["lifecycles"])
    return other


def _differ(case: Case, answers: dict[str, str]) -> bool:
    return any(getattr(case.parameters, name) != value for name, value in answers.items())


def _short(solution: Document) -> show.Shown:
    approach = solution.approach
    rows: dict[str, Any] = {"approach": approach.name, "because": "; ".join(approach.why), "fixes": len(solution.fixes)}
    return show.facts("The solution", rows | {"steps of the plan": len(solution.plan)})


def _steps(title: str, steps: Any) -> show.Shown:
    items = "".join(f"<li>{escape(one_line(step.title))}</li>" for step in steps)
    lines = [title, *(f"  {one_line(step.title)}" for step in steps)]
    return show.Shown(f"<strong>{title}</strong><ul>{items}</ul>", "\n".join(lines))


def _commands(case: Case, answers: dict[str, str]) -> list[str]:
    """The call, and the command that makes a case with these answers."""
    told = {name: value for name, value in answers.items() if value != getattr(Parameters, name)}
    call = f"explore.questions_view(case{''.join(f', {name}={value!r}' for name, value in told.items())})"
    target = "--example" if case.is_example else shlex.quote(str(case.target))
    logs = [f"--logs {shlex.quote(str(path))}" for path in case.logs]
    options = [f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in told.items()]
    return [call, " ".join(["session-ops run", target, *logs, *options])]
