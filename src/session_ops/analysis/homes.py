"""Where state lies: the home folder, and the names of Claude Code's project folders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

HOME_WORDS = ("UserHomeDir", "UserConfigDir", "UserCacheDir", "home_dir", "process.env.HOME")
GO_HOME = regex(r"^\s*(?P<name>\w+)\s*,\s*_\s*:?=\s*os\.(?P<call>UserHomeDir|UserConfigDir|UserCacheDir|Getwd)\(\)")
RUST_HOME = regex(
    r"(?:dirs::home_dir|home::home_dir|env::home_dir)\(\)\s*\.unwrap_or_(?:default\(\)|else\(\s*\|\|\s*PathBuf::new)"
)
JS_HOME = regex(r"(?:join|resolve)\(\s*process\.env\.HOME\s*(?:\|\|\s*['\"]{2}|\?\?\s*['\"]{2})")


@rule("ERR-HOME", gate="coordinate", category="error-handling")
def home_not_asked(bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """The error of asking for the home folder is dropped, and the path is built all the same.

    Why: without HOME (systemd units, cron, containers with another user) the call fails and gives an empty text; joined to `.claude` it
    is a path below the working directory, so the program reads and writes state where nobody looks for it. Passes: errors that
    are handled, and results that are tested for emptiness.
    Do: Handle the error: end with the message that HOME is not set, or take the folder from an option; never join a path to an
    empty result.
    Source: Go, os.UserHomeDir ("returns an error if $HOME is not defined"); Rust, dirs::home_dir.
    """
    looked = False
    many = 0
    for entry in tree.files("go", "rust", "javascript", "typescript", "tsx"):
        text = tree.text(entry.path)
        if not any(word in text for word in HOME_WORDS) or not_deployed(entry.path):
            continue
        looked = True
        source = bodies.source(entry.path)
        for number, line in enumerate(source.lines, start=1):
            match = GO_HOME.match(line)
            if match:
                if match["call"] == "Getwd":
                    continue
                rest = "\n".join(source.lines[number : number + 6])
                if re.search(rf"\b{match['name']}\s*==\s*\"\"|len\({match['name']}\)", rest) or not re.search(
                    rf"Join\(\s*{match['name']}\b|{match['name']}\s*\+", rest
                ):
                    continue
                what = f"`os.{match['call']}`"
            elif RUST_HOME.search(line) or JS_HOME.search(line):
                what = "the home folder"
            else:
                continue
            many += 1
            if many <= 5:
                yield Finding(
                    f"the error of {what} is dropped: without HOME the path starts in the working directory",
                    at=tree.evidence(entry.path, number),
                    impact="Under systemd, cron or another user, state is read and written in the wrong folder, in silence.",
                    confidence="possible",
                )
                break
    if not looked:
        raise NotApplicable("no code asks for the home folder")


ENCODES = regex(r"encode|project|claude|slug|sanit|folder|dir|path|convert|escape", re.IGNORECASE)
SLASHES = {
    "go": regex(r"strings\.(?:ReplaceAll|Replace)\(\s*(?P<what>[^,\n]+),\s*(?:\"/\"|string\(\w*[sS]eparator\)),\s*\"-\""),
    "python": regex(r"(?P<what>[\w.()]+)\.replace\(\s*(?:['\"]/['\"]|os\.sep),\s*['\"]-['\"]\)"),
    "javascript": regex(r"\.replace(?:All)?\(\s*(?:/(?:\\/|\[\\?/\.?\\?\\?\.?\])/g|['\"]/['\"]),\s*['\"]-['\"]\)"),
    "ruby": regex(r"\.(?:gsub|tr)\(\s*['\"]/['\"],\s*['\"]-['\"]\)"),
    "rust": regex(r"\.replace\(\s*(?:['\"]/['\"]),\s*\"-\"\)"),
}
SLASHES["typescript"] = SLASHES["tsx"] = SLASHES["javascript"]
PROJECTS = regex(
    r"\.claude[/\"', )]+.{0,20}projects|claude\s+(?:code\s+)?project|Claude'?s? (?:Code )?(?:encod|project)", re.IGNORECASE
)
HANDLES_MORE = regex(r"\"_\"|'_'|\[\^[^\]]*[a-zA-Z]|isalnum|IsLetter|\\W|\[_|_\]|/_/|is_alphanumeric|re\.sub|regexp\.")


def encode_everything(finding: Finding, tree: Tree) -> Fix | None:
    """Replace underscores too, in the line after the one that was found, where the code is a chain of Go assignments."""
    path, line = finding.at.path, finding.data.get("last", "")
    if tree.entries[path].language != "go" or not line:
        return None
    text = tree.lines(path)[int(line) - 1]
    match = re.match(r"^(?P<indent>\s*)(?P<name>\w+)\s*:?=\s*strings\.ReplaceAll\((?P<what>\w+),", text)
    if match is None:
        return None
    extra = f'{match["indent"]}{match["name"]} = strings.ReplaceAll({match["name"]}, "_", "-")'
    return Fix(
        title="Encode underscores as Claude Code does",
        findings=(finding.id,),
        safety="review",
        edits=(Edit(path, text, f"{text}\n{extra}", int(line)),),
        why="Claude Code replaces every character that is no letter and no digit by a hyphen.",
    )


@rule("NAME-ENCODE", gate="coordinate", category="state", fix=encode_everything)
def other_folder_name(bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """The name of a project's folder is made in another way than Claude Code makes it.

    Why: below ~/.claude/projects Claude Code replaces every character of the path that is no letter and no digit by `-`. Code that
    replaces only slashes (and dots) looks for a folder that does not exist as soon as a path holds `_` or a space, and finds no
    session there. Passes: code that replaces `_` too, or everything that is not alphanumeric; names that are not Claude Code's.
    Do: Replace every character that is no letter and no digit by `-`, with a pattern such as `[^a-zA-Z0-9]`, in place of single
    characters.
    Source: folders that Claude Code 2 makes below ~/.claude/projects.
    """
    looked = False
    for entry in tree.files("go", "python", "javascript", "typescript", "tsx", "ruby", "rust"):
        text = tree.text(entry.path)
        if "laude" not in text or "rojects" not in text or not_deployed(entry.path) or not PROJECTS.search(text):
            continue
        looked = True
        source = bodies.source(entry.path)
        pattern = SLASHES[entry.language]
        for match in pattern.finditer(source.text):
            line = source.line(match.start())
            body = source.body_at(line)
            around = source.body_text(body) if body else "\n".join(source.lines[max(0, line - 3) : line + 3])
            names = (body.name if body else "") + source.lines[line - 1]
            if HANDLES_MORE.search(around) or not ENCODES.search(names) or (body and body.last - body.first > 40):
                continue
            chain = [n for n in range(line, (body.last if body else line) + 1) if "Replace" in source.lines[n - 1]]
            yield Finding(
                "Claude Code replaces every character that is no letter or digit by `-`; here `_` stays as it is",
                at=tree.evidence(entry.path, line),
                impact="The sessions of a project with an underscore in its path are not found.",
                confidence="possible",
                data={"last": str(chain[-1]) if chain else ""},
            )
            break
    if not looked:
        raise NotApplicable("nothing reads Claude Code's project folders")
