"""Worktrees: registered by git, not made by mkdir, and unregistered again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import ANCHORS, Mechanism
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SAFE_ADD = regex(r"worktree['\"`, ]+add['\"`, ]+(?:[^\n]*['\"` ,])?(?:-f|--force|-ff)\b")
UNREGISTERS = regex(
    r"worktree['\"`, ]+(?:remove|prune)\b|\bgit_worktree_(?:remove|prune)|removeWorktree|remove_worktree|deleteWorktree|delete_worktree"
    r"|prune_worktrees?|WorktreePrune"
)
LIBRARY = regex(r"\.(?:worktrees?|worktree)\(\s*\)?\.?(?:prune|remove)|git2::|libgit2|simple-git")


@rule("WORKTREE-PRUNE", gate="coordinate", category="cleanup")
def never_unregistered(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """Worktrees are added and nothing ever removes or prunes them.

    Why: git remembers a worktree after its folder is gone; the next `git worktree add` for the same path fails with "missing but already
    registered worktree", and its branch stays "checked out". So a session whose folder was deleted cannot be started again. Passes:
    targets that call `git worktree remove` or `prune` anywhere, and `add --force`.
    Do: Call `git worktree remove` when the session of a worktree ends, and `git worktree prune` before each `git worktree add`.
    Source: git-worktree(1), "prune" and "add -f".
    """
    added = [u for u in mechanism.uses if u.kind == "worktree" and u.way == "add" and not not_deployed(u.path)]
    if not added:
        raise NotApplicable("no worktree is added")
    if any(u.way in ("remove", "prune") for u in mechanism.uses if u.kind == "worktree"):
        return
    for entry in tree.files(
        "shell", "zsh", "python", "javascript", "typescript", "tsx", "go", "ruby", "rust", "makefile", "markdown"
    ):
        text = tree.text(entry.path)
        if (
            "orktree" in text
            and (LIBRARY.search(text) or UNREGISTERS.search(text))
            and (entry.language != "markdown" or "commands" in entry.path)
        ):
            return
    first = added[0]
    lines = tree.lines(first.path)
    if SAFE_ADD.search(lines[first.line - 1]):
        return
    # run by code on its own, again and again, or typed once by a person
    code = first.language not in ("shell", "markdown")
    body = bodies.source(first.path).body_at(first.line) if code else None
    text = bodies.source(first.path).body_text(body) if body else ""
    again = bool(re.search(r"exist|is_dir|Stat\(|mkdir", text))
    yield Finding(
        "a worktree is added here, and nothing in the target ever removes or prunes one",
        at=tree.evidence(first.path, first.line),
        also=tuple(tree.evidence(u.path, u.line) for u in added[1:6] if (u.path, u.line) != (first.path, first.line)),
        impact="Once the folder of a session was deleted, git still has it registered: adding it again fails, and its branch stays taken.",
        confidence="likely" if code and again else "possible",
    )


FOLDER = regex(
    r"(?:ensureDirSync|ensureDir|mkdirSync|mkdir|mkdirp|os\.makedirs|makedirs|os\.MkdirAll|create_dir_all|FileUtils\.mkdir_p)\(\s*(?P<to>[^,)\n]+)"
    r"|(?P<py>\w+)\.mkdir\("
)
FILLED = regex(
    r"worktree['\"`, ]+add\b|\bclone\b|checkout|\b(?:add|create|init|setup)_?worktree\w*\s*\(|git2|symlink|copytree|cpSync|copySync|fs\.copy",
    re.IGNORECASE,
)
"""What makes more of a folder than mkdir does."""
PLACED = regex(r"worktrees?/(?:\$?\{|['\"]\s*\+)", re.IGNORECASE)
"""One folder below those of all worktrees, by a name that is put in."""
NAMED = regex(r"work_?tree_?(?:path|dir|folder)?$", re.IGNORECASE)


@rule("WORKTREE-MKDIR", gate="coordinate", category="state")
def only_a_folder(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A "worktree" is made as an empty folder.

    Why: mkdir makes no checkout: there is no code and no branch in it. Where the folder lies inside the repository every session that is
    sent there works on the one checkout around it, and commits on whatever branch that is on; outside of it git does not work at all.
    Passes: functions that also call `git worktree add` or clone, folders that hold the worktrees (plural), their parents.
    Do: Make it with `git worktree add PATH BRANCH` (`-b NAME` for a new branch) in place of mkdir, and end with an error where
    that fails.
    Source: git-worktree(1), "add".
    """
    looked = False
    for entry in tree.files("javascript", "typescript", "tsx", "python", "go", "ruby", "rust"):
        text = tree.text(entry.path)
        if "orktree" not in text or (
            "mkdir" not in text and "Mkdir" not in text and "ensureDir" not in text and "create_dir" not in text
        ):
            continue
        if not_deployed(entry.path) or not FOLDER.search(text) or entry.language not in ANCHORS:
            continue
        source = bodies.source(entry.path)
        looked = True
        for match in FOLDER.finditer(source.text):
            target = (match["to"] or match["py"] or "").strip()
            last = re.split(r"\.|::", target)[-1]
            if (
                not (NAMED.search(last) or PLACED.search(target))
                or last.lower().endswith("worktrees")
                or "dirname" in target
                or "parent" in target
            ):
                continue
            line = source.line(match.start())
            body = source.body_at(line)
            if body is None:
                continue
            inside = source.body_text(body)
            # a helper that adds it, a call of git, a remote checkout: then the folder is only made ready
            if FILLED.search(re.sub(rf"(?m)^.*\b{re.escape(body.name)}\b.*$", "", inside)):
                continue
            if not re.search(r"worktree", body.name, re.IGNORECASE) and not re.search(
                r"(?:creat|set)\w*[^\n]*worktree", inside, re.IGNORECASE
            ):
                continue
            yield Finding(
                f"the worktree is only an empty folder: `{body.name}` never calls `git worktree add`",
                at=tree.evidence(entry.path, line),
                impact="Sessions that are sent there find no code and no branch of their own.",
                confidence="likely",
            )
            break
    if not looked and not any(u.kind == "worktree" for u in mechanism.uses):
        raise NotApplicable("no worktrees")


_ADDS = regex(r"worktree\s+add\b[^\n]*")
_REMOVES = regex(r"\brm\s+-\w*r\w*[^\n;|&]*")
_UNREGISTERED = regex(r"worktree\s+(?:remove|prune|list)")


@rule("WORKTREE-RM", gate="coordinate", category="cleanup")
def removed_but_registered(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script deletes the folder of worktrees with `rm -rf` and leaves them registered.

    Why: the folder may be that of a session that is still at work, with changes that nobody committed; `git worktree remove` would refuse. Git goes
    on listing what was deleted, its branch stays checked out, and the next `git worktree add` of that name fails. Passes: branches that also call
    `git worktree remove` or `git worktree prune`, or look into `git worktree list` first.
    Do: Call `git worktree remove PATH` for each one, and `git worktree prune` after folders were deleted.
    Source: git-worktree(1), "remove", "prune".
    """
    texts = [t for t in shell_texts if t.kind == "script" and not t.aside and "worktree add" in t.text and "rm -" in t.text]
    if not texts:
        raise NotApplicable("no script adds worktrees and deletes folders")
    for text in texts:
        names: set[str] = set()
        for match in _ADDS.finditer(text.text):
            for name in re.findall(r"\$\{?(\w+)", match[0]):
                if re.search(r"work_?tree|wt", name, re.IGNORECASE):
                    names.add(name)
                    names |= {
                        b
                        for b in re.findall(rf"(?m)\b{name}=[\"']?\$\{{?(\w+)\}}?/", text.text)
                        if re.search(r"work_?tree|wt", b, re.IGNORECASE)
                    }
        whole = [re.compile(rf"\$\{{?{n}(?::[?-][^}}]*)?\}}?(?:/(?:\$\{{?\w+(?::[?-][^}}]*)?\}}?|\*))*/?") for n in names]
        for one in text.commands:
            said = one.node.text()
            if one.words[0] != "rm" or not _REMOVES.match(said):
                continue
            if not any(one_name.fullmatch(word) for word in one.words[1:] for one_name in whole):
                continue
            around = next((a for a in one.node.ancestors() if a.kind() in ("case_item", "function_definition")), text.root)
            if not _UNREGISTERED.search(around.text()) and (around is not text.root or not _UNREGISTERED.search(text.text)):
                yield place(
                    tree, text, one.node, "the folder of worktrees is deleted, and git goes on listing them",
                    "A session that is at work there loses it, and adding the worktree again fails.", "possible",
                )  # fmt: skip
                break
