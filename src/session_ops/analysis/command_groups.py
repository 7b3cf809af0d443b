"""Command lines with subcommands that nobody can reach."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.registry import NotApplicable, rule


@rule("ENTRY-SWALLOWED", gate="start", category="entry-point")
def argument_takes_the_subcommand(tree: Tree) -> Iterator[Finding]:
    """A click group has an optional argument, which takes the name of every subcommand.

    Why: click gives the first word to the argument of the group, before it looks for a command: `tool list` runs the group with
    "list" as its argument, and `tool show 5` ends with "No such command '5'". `--help` shows the commands all the same.
    Passes: groups with options only, required arguments (`tool NAME list`), groups of a class of their own or that look their commands up.
    Do: Make the default action a command of its own (`tool run TASK`), or give the group a class that tries commands first.
    Source: click's documentation, Commands and Groups: group arguments; click.Group.resolve_command.
    """
    files = [e.path for e in tree.files("python") if "click" in tree.text(e.path) and ".argument(" in tree.text(e.path)]
    if not files:
        raise NotApplicable("no command line of click with arguments")
    for path in files:
        text = tree.text(path)
        if is_aside(path) or ".group(" not in text or "resolve_command" in text or "get_command" in text:
            continue
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            argument = _optional_argument(function)
            commands = [one.name for one in functions if _decorated(one, function.name, "command", "group")]
            if argument is None or not commands or f"{function.name}.commands" in text:
                continue
            yield Finding(
                f"the optional argument of {function.name} takes the first word, so its commands ({', '.join(commands[:5])}) are never reached",
                tree.evidence(path, argument.lineno),
                impact="A subcommand is taken for the argument, or ends with: No such command.",
                data={"group": function.name},
            )


def _optional_argument(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Call | None:
    """The optional argument of a plain click group."""
    calls = [d for d in function.decorator_list if isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute)]
    groups = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "group"]
    if not groups or any(k.arg in ("cls", "chain", None) for g in groups for k in g.keywords):
        return None
    for call in calls:
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "argument"):
            continue
        given = {k.arg: k.value for k in call.keywords}
        required, count = given.get("required"), given.get("nargs")
        if "default" in given or (isinstance(required, ast.Constant) and required.value is False) or _is_minus_one(count):
            return call
    return None


def _is_minus_one(node: ast.expr | None) -> bool:
    return node is not None and ast.unparse(node) == "-1"


def _decorated(function: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, *names: str) -> bool:
    for one in function.decorator_list:
        bare = one.func if isinstance(one, ast.Call) else one
        if (
            isinstance(bare, ast.Attribute)
            and bare.attr in names
            and isinstance(bare.value, ast.Name)
            and bare.value.id == owner
        ):
            return True
    return False
