"""What must not leave the machine: absolute paths of ours, names of users and hosts, addresses, tokens, secret values.

Masking keeps the text readable (`$HOME`, `$USER`, `***`) and is done once, on the documents, before anything is rendered.
"""

from __future__ import annotations

import dataclasses
import getpass
import re
import socket
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from session_ops.model import Evidence, Finding

SECRET = "***"  # noqa: S105 - what stands in for one
COMMON_NAMES = frozenset(
    """
    root user admin ubuntu debian runner build build-1 dev docker nobody node
    agent vscode jovyan app appuser claude codex git deploy ec2-user pi service
    www-data home test localhost python main local work server host worker shared
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""Names of users and hosts that say nothing about anybody; masking them would only spoil the text."""

# Published shapes of access tokens: the issuer's own prefix makes each unmistakable.
_TOKENS = re.compile(
    r"""(?x)
    (?<![A-Za-z0-9])
    (?: (?:AKIA|ASIA)[0-9A-Z]{16}
      | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[\w-]{16,}
      | sk-[A-Za-z0-9_-]{16,} | [spr]k_(?:live|test)_[A-Za-z0-9]{12,}
      | xox[abeprs]-[A-Za-z0-9-]{10,} | AIza[\w-]{30,} | ya29\.[\w-]{20,}
      | npm_[A-Za-z0-9]{30,} | pypi-[\w-]{40,} | hf_[A-Za-z0-9]{20,} | dop_v1_[0-9a-f]{40,}
      | eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*
    )
    """
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_IN_ADDRESS = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:)(?P<value>[^\s/@'\"${}]+)(?=@)", re.IGNORECASE)
_HEADER = re.compile(r"(?P<head>\b(?:Bearer|Basic)\s+)(?P<value>[A-Za-z0-9+/_.=-]{12,})")
_ASSIGNED = re.compile(
    r"""(?x)
    (?P<head> [\w.-]* (?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential)s? (?:_?(?:id|key|value))?
      (?:\\?["']|&quot;|&\#(?:x27|34|39);)? \s* (?:=|:=|:|=>) \s* (?:\\?["']|&quot;|&\#(?:x27|34|39);)? )
    (?P<value> (?!\$|<|\{|%|\*|os\.|process\.|env|None\b|null\b|true\b|false\b) [^\s"'`,;<>(){}\[\]$&\\]{8,} )
    """,
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?<![\w.+/-])(?!git@)[A-Za-z0-9][\w.+-]*@(?:[A-Za-z0-9-]+\.)+(?P<end>[A-Za-z]{2,24})(?![\w@/-]|\.\w)")
_NOT_MAIL = frozenset(
    ("service", "timer", "socket", "target", "path", "mount", "slice", "js", "py", "sh", "md", "json", "yml", "yaml")
)
# the slash first: a pattern that begins with a look behind is tried at each character
_HOMES = re.compile(r"(?P<head>/(?<![\w.-]/)(?:home|Users)/)(?P<name>[A-Za-z0-9][\w.-]*)")
_SEPARATOR = re.compile(r"[=:]\s*[\"']?")
_PLAIN_SETTING = re.compile(r"^[a-z_. -]{1,24}$|^[./~$]|^[\d.:]+$|^\w+://[^@]*$|\s", re.IGNORECASE)
"""Settings that are no secret: a word, a path, a number, an address without a password, a sentence."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Redactor:
    """Masks text. `places` are absolute paths and what stands for them; `words` names and what stands for them;
    `secrets` values that a rule found to be secret; `personal` masks addresses and the names in home folders too (what stays on the
    machine does not need that).
    """

    places: tuple[tuple[str, str], ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    secrets: frozenset[str] = frozenset()
    personal: bool = True

    @classmethod
    def here(cls, *, case: Path | None = None, target: Path | None = None, project: Path | None = None) -> Redactor:
        """What is private on this machine, for this case."""
        named = (
            (case, "$CASE"), (target, "$TARGET"), (project, "$PROJECT"), (Path(__file__).parents[1], "$SESSION_OPS"),
            (Path(sys.prefix), "$PYTHON"), (Path(sys.base_prefix), "$PYTHON"), (_home(), "$HOME"),
        )  # fmt: skip
        places = {str(path): mark for path, mark in reversed(named) if path is not None and len(PurePosixPath(path).parts) > 1}
        words = [(name, mark) for name, mark in ((_user(), "$USER"), (socket.gethostname(), "$HOST")) if _telling(name)]
        return cls(tuple(sorted(places.items(), key=lambda p: (-len(p[0]), p[0]))), tuple(words))

    def knowing(self, findings: Iterable[Finding]) -> Redactor:
        """The same, and the values that SECRET-* findings quote are masked wherever they stand."""
        found = {v for f in findings if is_secret(f) for e in (f.at, *f.also) if len(v := _value(e.quote)) >= 8}
        return dataclasses.replace(self, secrets=self.secrets | found)

    def text(self, text: str) -> str:
        """One text, masked."""
        if not text:
            return text
        for path, mark in self.places:
            if path in text:
                text = re.sub(re.escape(path) + r"(?![\w.-])", lambda _, mark=mark: mark, text)  # type: ignore[misc]
        for value in self._longest_first:
            text = text.replace(value, SECRET)
        text = _PRIVATE_KEY.sub(f"-----PRIVATE KEY {SECRET}-----", text)
        text = _TOKENS.sub(SECRET, text)
        for pattern in (_IN_ADDRESS, _HEADER, _ASSIGNED):
            text = pattern.sub(lambda m: m["head"] + SECRET, text)
        if self.personal:
            text = _without_persons(text)
        for word, mark in self.words:
            if word in text:
                text = re.sub(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\w)", lambda _, mark=mark: mark, text)  # type: ignore[misc]
        return text

    @cached_property
    def _longest_first(self) -> tuple[str, ...]:
        return tuple(sorted(self.secrets, key=lambda v: (-len(v), v)))

    def finding(self, finding: Finding) -> Finding:
        """A finding, masked; one of SECRET-* keeps only what stands before the value."""
        shown = self.all(dataclasses.replace(finding, data={}))
        if is_secret(finding):
            hide = _without_value
            shown = dataclasses.replace(shown, at=hide(shown.at), also=tuple(hide(e) for e in shown.also))
        return dataclasses.replace(shown, id=finding.id, rule=finding.rule, fingerprint=finding.fingerprint)

    def all(self, value: T) -> T:
        """Every text of a document, masked: dataclasses, tuples, lists and dicts are rebuilt, the rest is left as it is."""
        return self._all(value)  # type: ignore[no-any-return]

    def _all(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, Finding) and value.data:
            return self.finding(value)
        if isinstance(value, tuple | list):
            return type(value)(self._all(v) for v in value)
        if isinstance(value, Mapping):
            return {self._all(k): self._all(v) for k, v in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [f.name for f in dataclasses.fields(value) if f.init]
            old = [getattr(value, name) for name in names]
            new = [self._all(v) for v in old]
            if all(a is b for a, b in zip(old, new, strict=True)):
                return value
            return dataclasses.replace(value, **dict(zip(names, new, strict=True)))
        return value


def _without_persons(text: str) -> str:
    if "@" in text:
        text = _MAIL.sub(lambda m: m[0] if m["end"].lower() in _NOT_MAIL else "$EMAIL", text)
    names = {m["name"] for m in _HOMES.finditer(text) if m["name"].lower() not in COMMON_NAMES}
    for name in sorted(names, key=lambda n: (-len(n), n)):
        # the name in the path, and where the same text repeats it: "/home/x is the home folder of x"
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", "$USER", text)
    return text


def is_secret(finding: Finding) -> bool:
    """Does this finding point at a secret (SECRET-*, *-SECRET), so that the value in its quote must not be shown?"""
    return "SECRET" in finding.rule.split("-")


def settings(text: str) -> frozenset[str]:
    """Values of a file of settings (`.env`) that look made rather than chosen: long, or letters and digits mixed."""
    values = {_value(line) for line in text.split("\n") if _SEPARATOR.search(line) and not line.lstrip().startswith("#")}
    return frozenset(v for v in values if len(v) >= 8 and not _PLAIN_SETTING.search(v))


def _value(quote: str) -> str:
    """The secret of a quoted line: what follows the first `=` or `:`, else its longest word."""
    after = _SEPARATOR.split(quote, maxsplit=1)
    if len(after) > 1:
        return after[1].strip().strip("\"',;")
    return max(quote.split(), key=len, default="")


def _without_value(evidence: Evidence) -> Evidence:
    sign = _SEPARATOR.search(evidence.quote)
    quote = evidence.quote[: sign.end()] + SECRET if sign else SECRET if evidence.quote else ""
    return dataclasses.replace(evidence, quote=quote)


def _telling(name: str) -> bool:
    return len(name) >= 4 and name.lower() not in COMMON_NAMES


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a uid without a name, as containers have
        return ""


def _home() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home != Path("/") else None
