"""Which operating systems a target promises to run on, and where it says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.scripts import Scripts
from session_ops.model import Confidence, Evidence
from session_ops.patterns import regex
from session_ops.registry import fact

Name = Literal["linux-gnu", "macos", "busybox", "windows"]


@dataclass(frozen=True)
class Platform:
    """A platform and the first place that declares it. `likely`: said in so many words, or CI runs there; `possible`: only hinted at."""

    name: Name
    confidence: Confidence
    at: Evidence | None
    why: str


@dataclass(frozen=True)
class Platforms:
    """The declared platforms. `linux-gnu` is there by default, unless only others are declared.

    `only` names the scripts that one platform alone runs (those of a container, of CI on Linux, of a Linux installer);
    `contained` those that a Dockerfile on a busybox image names.
    """

    declared: tuple[Platform, ...]
    only: dict[str, str]
    contained: frozenset[str] = frozenset()
    newer_bash: Evidence | None = None
    """Where the docs ask for a bash newer than 3.2."""

    def get(self, name: str) -> Platform | None:
        """The platform of this name, if it is declared."""
        return next((p for p in self.declared if p.name == name), None)

    def meets(self, name: str, script: str) -> Platform | None:
        """The platform of this name if it is declared and may run this script."""
        if name == "busybox":
            return self.get(name) if script in self.contained else None
        alone = self.only.get(script)
        return self.get(name) if alone in (None, name) else None


WORDS: dict[Name, re.Pattern[str]] = {
    "macos": regex(
        r"\b(?:macOS|mac\s?OS\s?X|OS\s?X|Darwin)\b|\bMac\b(?=[/,|)&+]|%20| and Linux| or Linux)|(?<=Linux and )Mac\b",
        re.IGNORECASE,
    ),
    "linux-gnu": regex(r"\b(?:Linux|Ubuntu|Debian|Fedora|CentOS|RHEL|WSL)\b", re.IGNORECASE),
    "windows": regex(r"\bWindows\b"),
}
NOT = regex(
    r"\bnot\b|n't\b|\bno\b|\bunsupported\b|\bonly\b|\bunlike\b|\bexcept\b|\bcoming soon\b|\bplanned\b|\bTODO\b|\bfuture\b|\buntested\b",
    re.IGNORECASE,
)
PROMISE = regex(
    r"support|platform|require|prerequisite|compatib|\bworks? on|\bruns? on|tested on|operating system|available|^\s*#+|^\s*<summary>|badge"
    r"|^\s*[-*+|]?\s*\**(?:macOS|OS X|Linux|Ubuntu)\b|\binstall\w*\s+(?:on|for)\b|\b(?:on|for)\s+(?:macOS|Linux)\b",
    re.IGNORECASE,
)
"""What a sentence looks like that promises a platform; one that names several of them does as well."""
RUNS_ON = regex(
    r"(?:runs-on|os|runner|image|vm|vmImage|platform)\s*:.*\bmac-?os\b|^\s*-\s*[\"']?macos-(?:latest|\d+)|\bmacos-(?:latest|1\d)\b",
    re.IGNORECASE,
)
NEW_BASH = regex(r"\bbash\b[^.\n]{0,20}(?:>=?\s*|v?)(?:4|5)(?:\.\d+)?\+?|\bbash\s*(?:4|5)\b", re.IGNORECASE)
LINUX_ALONE = regex(
    r"^\s*(?:sudo\s+)?(?:apt-get|apt|yum|dnf|pacman|apk|systemctl|journalctl|useradd|usermod|loginctl|update-rc\.d|modprobe|sysctl)\s",
    re.MULTILINE,
)
MAC_ALONE = regex(r"^\s*(?:sudo\s+)?(?:osascript|launchctl|defaults\s+(?:write|read)|pbcopy|sw_vers|brew)\b", re.MULTILINE)
_CARE = regex(
    r"#[^\n]*(?:\b(?:on|for|and|both) (?:macOS|BSD)\b|\b(?:macOS|BSD)(?: |/BSD|/macOS|/Linux|-)"
    r"(?:has|fallback|compat\w*|ships|lacks|bash|stat|sed|date|support\w*)"
    r"|\bmacOS/BSD\b|\bGNU[^\n]{0,20}\b(?:BSD|macOS)\b)"
    r"|^[^#\n]*(?:\bstat -f ?['\"]?%|\bdate -j\b|\bmd5 -q\b)",
    re.MULTILINE,
)
FROM = regex(r"\s*FROM\s+(?:--\S+\s+)?(\S+)", re.IGNORECASE)
KEPT = regex(r"(?:^|/)(?:backups?|old|legacy)/")
BRANCHES = regex(r"\buname\b(?!\s+-[rmnvpi]+\b)|\$\{?OSTYPE\b|\bdarwin\b|\bmacos\b", re.IGNORECASE)


@fact
def platforms(tree: Tree, scripts: Scripts) -> Platforms:
    """The platforms that the README, CI, Dockerfiles and the scripts' own branches declare."""
    found: dict[str, Platform] = {}

    def declare(name: Name, confidence: Confidence, path: str, line: int, why: str) -> None:
        known = found.get(name)
        if known is None or (known.confidence == "possible" and confidence == "likely"):
            found[name] = Platform(name, confidence, tree.evidence(path, line), why)

    newer: Evidence | None = None
    for path in _guides(tree):
        for number, text in enumerate(tree.lines(path), 1):
            if len(text) > 2000:
                continue
            if newer is None and NEW_BASH.search(text):
                newer = tree.evidence(path, number)
            named = [] if NOT.search(text) else [name for name, words in WORDS.items() if words.search(text)]
            sure = len(named) > 1 or bool(named and PROMISE.search(text))
            for name in named:
                declare(name, "likely" if sure else "possible", path, number, f"{path} names it")
            if re.search(r"^\s*\$?\s*brew install\b", text):
                declare("macos", "possible", path, number, f"{path} installs with brew")
    for entry in tree.files("yaml"):
        if entry.path.startswith(".github/workflows/") or entry.path in (
            ".gitlab-ci.yml",
            ".travis.yml",
            "azure-pipelines.yml",
        ):
            for number, text in enumerate(tree.lines(entry.path), 1):
                if RUNS_ON.search(text) and not text.lstrip().startswith("#"):
                    aside = re.search(r"release|publish|deploy|build|docs|package", entry.path, re.IGNORECASE)
                    declare("macos", "possible" if aside else "likely", entry.path, number, "CI runs on it")
                    break
    for script in scripts:
        if script.language == "shell" and not is_aside(script.path) and not KEPT.search(script.path):
            text = tree.text(script.path)
            match = re.search(r"^[^#\n]*(?:\bDarwin\b|darwin\*|\bdarwin\))", text, re.MULTILINE)
            if match and re.search(r"\buname\b|OSTYPE", text):
                declare(
                    "macos", "likely", script.path, text.count("\n", 0, match.start()) + 1, f"{script.path} has a branch for it"
                )
    if "macos" not in found and (place := _cared_for(tree, scripts)):
        declare("macos", "possible", *place, f"{place[0]} takes care of it")
    if "linux-gnu" not in found and not ("macos" in found and found["macos"].confidence == "likely" and _says_only_macos(tree)):
        found["linux-gnu"] = Platform("linux-gnu", "possible" if "macos" in found else "likely", None, "by default")
    contained = _contained(tree, scripts)
    for path, (file, line, base) in contained.items():
        declare("busybox", "likely", file, line, f"{file} runs {path} on {base}")
    only = _only(tree, scripts)
    return Platforms(tuple(sorted(found.values(), key=lambda p: p.name)), only, frozenset(contained), newer)


def _guides(tree: Tree) -> list[str]:
    """The documents that speak for the whole target: READMEs and install pages at the top or in docs/."""
    return [
        e.path
        for e in tree.files("markdown", "rst", "text")
        if re.fullmatch(
            r"(?:docs?/)?(?:README|INSTALL|INSTALLATION|SETUP|GETTING[-_]STARTED|QUICK[-_]?START|DEPLOY(?:MENT)?)(?:\.\w+)?",
            e.path,
            re.IGNORECASE,
        )
    ]


def _cared_for(tree: Tree, scripts: Scripts) -> tuple[str, int] | None:
    """Where a script first takes care of macOS, in a comment or with a command of BSD, where two scripts do; None where they do not."""
    places = [
        (script.path, text.count("\n", 0, match.start()) + 1)
        for script in scripts
        if script.language == "shell" and not is_aside(script.path) and not KEPT.search(script.path)
        for text in [tree.text(script.path)]
        if ("BSD" in text or "macOS" in text or "stat -f" in text or "date -j" in text) and (match := _CARE.search(text))
    ]
    return places[0] if len(places) > 1 else None


def _says_only_macos(tree: Tree) -> bool:
    return any(
        re.search(r"\bmacOS only\b|\bonly (?:on|for|supports) macOS\b", tree.text(path), re.IGNORECASE)
        for path in _guides(tree)
    )


def _contained(tree: Tree, scripts: Scripts) -> dict[str, tuple[str, int, str]]:
    """Shell scripts that a Dockerfile on a busybox image names: to that file, the line of its last FROM, and the image."""
    found: dict[str, tuple[str, int, str]] = {}
    shell = [s.path for s in scripts if s.language == "shell"]
    for entry in tree.files("dockerfile"):
        text = tree.text(entry.path)
        bases = [(n, m[1]) for n, t in enumerate(tree.lines(entry.path), 1) if (m := FROM.match(t))]
        if not bases or not re.search(r"alpine|busybox", bases[-1][1]) or re.search(r"\bcoreutils\b", text):
            continue
        for path in shell:
            if re.search(rf"(?<![\w.-]){re.escape(path.rsplit('/', 1)[-1])}(?![\w.-])", text):
                found.setdefault(path, (entry.path, *bases[-1]))
    return found


def _only(tree: Tree, scripts: Scripts) -> dict[str, str]:
    """Scripts that one platform alone runs."""
    only: dict[str, str] = {}
    images = [tree.text(e.path) for e in tree.files("dockerfile")]
    for script in scripts:
        if script.language != "shell":
            continue
        text = tree.text(script.path)
        name = script.path.rsplit("/", 1)[-1]
        inside = re.search(r"(?:^|/)\.?(?:docker|container|devcontainer)s?/|entrypoint", script.path) and any(
            name in image for image in images
        )
        if BRANCHES.search(text) and not inside:
            continue
        if (
            inside
            or script.path.startswith((".github/", "ci/", ".ci/", ".devcontainer/"))
            or (LINUX_ALONE.search(text) and "brew" not in text)
        ):
            only[script.path] = "linux-gnu"
        elif MAC_ALONE.search(text) and re.search(r"mac|osx|darwin|launchd|plist", script.path, re.IGNORECASE):
            only[script.path] = "macos"
    return only
