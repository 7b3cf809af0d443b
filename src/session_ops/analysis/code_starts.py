"""Scripts of the target that Python or JavaScript starts by their own path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from session_ops.discovery.files import Tree
from session_ops.patterns import regex

_LIST = regex(
    r"(?:subprocess\.)?\b(?:run|call|check_call|check_output|Popen|create_subprocess_exec)\(\s*\[?\s*(?:str\(\s*)?(?P<first>[^,\]\n]+)"
)
_SPAWN = regex(
    r"\b(?:spawn|spawnSync|execFile|execFileSync)\(\s*(?P<first>(?:path\.)?(?:join|resolve)\([^()\n]*\)|[A-Za-z_]\w*)"
)
_OWN = regex(r"__file__|__dirname|import\.meta|\b(?:HERE|ROOT|BASE|SCRIPT_DIR|SCRIPTS_DIR|SCRIPTS|_DIR|PROJECT_ROOT)\w*\b")
_LITERAL = regex(r"[\"']([\w./-]+)[\"']")


def started_in_code(tree: Tree, scripts: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """(script, source, line) of each start whose first word is a path beside the source file, given there or one assignment above.

    Source: Python, subprocess (args[0] is the program); Node.js documentation, child_process.spawn.
    """
    by_name: dict[str, list[str]] = {}
    for script in scripts:
        by_name.setdefault(posixpath.basename(script), []).append(script)
    for entry in tree.files("python", "javascript", "typescript"):
        text = tree.text(entry.path)
        if entry.vendored or ("subprocess" not in text and "spawn" not in text and "execFile" not in text):
            continue
        pattern = _LIST if entry.language == "python" else _SPAWN
        for match in pattern.finditer(text):
            said = match["first"]
            name = re.fullmatch(r"\s*(\w+)\)*\s*", said)
            if name:
                given = re.search(
                    rf"(?m)^\s*(?:const\s+|let\s+)?{name[1]}\s*(?::[^=\n]+)?=\s*(?P<value>[^\n]+)$", text[: match.start()]
                )
                said = given["value"] if given else ""
            parts = _LITERAL.findall(said)
            if (
                not parts
                or not _OWN.search(said)
                or text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip().startswith(("#", "//", "*"))
            ):
                continue
            tail = posixpath.normpath("/".join(parts)).lstrip("./")
            fitting = [p for p in by_name.get(posixpath.basename(tail), ()) if p == tail or p.endswith("/" + tail)]
            near = [p for p in fitting if p.split("/")[0] == entry.path.split("/")[0]] if len(fitting) > 1 else fitting
            if len(near) == 1:
                yield near[0], entry.path, text.count("\n", 0, match.start()) + 1
