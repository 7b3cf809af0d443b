"""What decides whether a shell command runs, and what its failure costs: conditions, branches, early exits, `set -e`."""

from __future__ import annotations

import re

from ast_grep_py import SgNode

from session_ops.patterns import regex

ENDS = regex(r"\b(?:exit|return|exec|die|fail|abort|fatal|usage|break|continue)\b")
ERREXIT_ON = regex(r"^\s*set\s+(?:-\w*\s+)*(?:-[a-zA-Z]*e[a-zA-Z]*\b|-o\s+errexit\b|-\w*o\s+errexit\b)")
ERREXIT_OFF = regex(r"^\s*set\s+(?:\+[a-zA-Z]*e[a-zA-Z]*\b|\+o\s+errexit\b)")
ARGUMENT = regex(r"\$\{?(?:1|cmd|command|action|subcommand|mode|verb|COMMAND|ACTION|CMD|MODE)\b")
DEEPEST = 50
"""Calls of functions by functions that are followed."""
BODIES = frozenset(
    ("program", "compound_statement", "do_group", "case_item", "if_statement", "elif_clause", "else_clause", "subshell")
)


def holds(outer: SgNode | None, inner: SgNode) -> bool:
    """Is `inner` a part of `outer` (or `outer` itself)?"""
    if outer is None:
        return False
    whole, part = outer.range(), inner.range()
    return whole.start.index <= part.start.index and part.end.index <= whole.end.index


class Flow:
    """What stands before the commands of one shell text, functions and their callers taken together.

    `calls` maps each name to the commands that call it. What every call of a function shares holds inside it as well.
    """

    def __init__(self, calls: dict[str, list[SgNode]]) -> None:
        self._calls = calls
        self._asked: dict[str, list[str]] = {}
        self._branches: dict[str, frozenset[str]] = {}
        self._deep = 0

    def conditions(self, node: SgNode) -> list[str]:
        """The texts of what is asked before a node runs: if and case heads, the left of && and ||, earlier statements that may end it."""
        found: list[str] = []
        below = node
        for above in node.ancestors():
            kind = above.kind()
            if kind in ("if_statement", "elif_clause", "while_statement"):
                heads = [above.field("condition")]
                if kind == "if_statement":  # a later branch was chosen after the earlier heads were asked
                    heads += [c.field("condition") or c.child(1) for c in above.children() if c.kind() == "elif_clause"]
                found += [h.text() for h in heads if h is not None and not holds(h, node)]
            elif kind == "list":
                left = above.child(0)
                if left is not None and not holds(left, node):
                    found.append(left.text())
            elif kind == "case_statement":
                value = above.field("value")
                found.append(value.text() if value else "")
            elif kind == "case_item":
                found += patterns(above)
            if kind in BODIES:
                found += _early_ends(above, below)
            if kind == "function_definition":
                name = above.field("name")
                found += self._before_calls(name.text()) if name else []
            below = above
        return found

    def _before_calls(self, name: str) -> list[str]:
        """What is asked before every call of a function. Two calls may ask the same thing in other words; a call that asks nothing clears all."""
        if name not in self._asked:
            self._asked[name] = []  # a function that calls itself asks nothing more
            self._deep += 1
            lists = [self.conditions(place) for place in self._calls.get(name, ())] if self._deep < DEEPEST else []
            self._deep -= 1
            if all(lists):
                self._asked[name] = list(dict.fromkeys(text for texts in lists for text in texts))
        return self._asked[name]

    def branch(self, node: SgNode) -> frozenset[str]:
        """The words of the outermost case over an argument that must have been given for a node to run; empty where any would do."""
        chosen: frozenset[str] = frozenset()
        for above in node.ancestors():
            if above.kind() == "case_item":
                head = above.parent()
                value = head.field("value") if head is not None else None
                if value is not None and ARGUMENT.search(value.text()):
                    chosen = frozenset(patterns(above))
            elif above.kind() == "function_definition":
                name = above.field("name")
                return (self._branch_of_calls(name.text()) if name else frozenset()) or chosen
        return chosen

    def _branch_of_calls(self, name: str) -> frozenset[str]:
        if name not in self._branches:
            self._branches[name] = frozenset()
            self._deep += 1
            choices = [self.branch(place) for place in self._calls.get(name, ())] if self._deep < DEEPEST else []
            self._deep -= 1
            if all(choices):
                self._branches[name] = frozenset().union(*choices)
        return self._branches[name]


def _early_ends(body: SgNode, until: SgNode | None = None) -> list[str]:
    """What is asked by the statements before `until` that may leave."""
    found = []
    for child in body.children():
        if until is not None and child.range().start.index >= until.range().start.index:
            break
        if child.kind() in ("if_statement", "list", "case_statement") and ENDS.search(child.text()):
            found += _asked_by(child)
    return found


def _asked_by(statement: SgNode) -> list[str]:
    """What a statement asks before it leaves. What a branch asks that always leaves says nothing of those who come past it."""
    if statement.kind() != "if_statement":
        return [statement.text()]
    parts = [statement, *(c for c in statement.children() if c.kind() in ("elif_clause", "else_clause"))]
    heads = [part.field("condition") or part.child(1) for part in parts if part.kind() != "else_clause"]
    found = [head.text() for head in heads if head is not None]
    for part in parts:
        inside = [c for c in part.children() if c.is_named() and c.kind() not in ("elif_clause", "else_clause", "comment")]
        if not inside or inside[-1].kind() != "command" or not ENDS.search(inside[-1].text()):
            found += _early_ends(part)
    return found


def patterns(item: SgNode) -> list[str]:
    """The patterns of a case branch, without quotes."""
    found = []
    for child in item.children():
        if child.kind() == ")":
            break
        if child.is_named():
            found.append(child.text().strip("\"'"))
    return found


def tolerated(node: SgNode) -> bool:
    """Does a script with `set -e` go on when this command fails? Source: POSIX.1-2024, `set -e`."""
    below = node
    for above in node.ancestors():
        kind = above.kind()
        if kind in ("if_statement", "elif_clause", "while_statement") and holds(above.field("condition"), node):
            return True
        if kind == "negated_command":
            return True
        if kind == "list":
            last = above.child(len(above.children()) - 1)
            if last is None or not holds(last, node):
                return True
        if kind == "pipeline":
            last = above.child(len(above.children()) - 1)
            if last is None or not holds(last, node):
                return True
        if kind == "declaration_command":  # `local x=$(cmd)` has the status of `local`
            return True
        if kind == "command" and below.kind() != "variable_assignment" and above.range() != node.range():
            return True  # inside "$( )" of another command's words
        if kind in ("function_definition", "process_substitution"):
            return False
        below = above
    return False


def errexit(lines: list[str], line: int) -> bool:
    """Is `set -e` on at a line, as far as the text above it tells?"""
    on = bool(lines) and bool(re.match(r"#!\s*\S*(?:/|\s)(?:ba|da|k|z)?sh\s+-[a-z]*e", lines[0]))
    for text in lines[: line - 1]:
        if ERREXIT_ON.match(text):
            on = True
        elif ERREXIT_OFF.match(text):
            on = False
    return on
