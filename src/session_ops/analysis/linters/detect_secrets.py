"""detect-secrets: values in the shape of credentials that our own rule does not know."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from session_ops.analysis.credentials import ALLOWED, SAMPLE
from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.discovery.aside import is_aside, is_document, not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import rule

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

PLUGINS = (
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"),
    ("cloudant", "CloudantDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("ibm_cos_hmac", "IbmCosHmacDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("softlayer", "SoftlayerDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
)
"""Module and class of the detectors in use: those of issuers that SECRET-COMMITTED does not look for. Entropy, keywords and web tokens are left out:
what they find in code is hashes, ids, names, and keys that are public by design."""
MARKS = (
    "AccountKey=",
    "cloudant",
    "softlayer",
    "hmac",
    "HMAC",
    "sq0csp-",
    "elegram",
    "TELEGRAM",
    "iscord",
    "DISCORD",
    "wilio",
    "TWILIO",
    "ailchimp",
    "MAILCHIMP",
)
"""The cheap look: a file without one of these words (or an address with a password) is not given to the detectors."""
ADDRESS = regex(r"://[^\s/:@\"'<>]+:[^\s/@\"'<>]+@")
LIKELY = regex(
    ADDRESS.pattern
    + r"|AccountKey=|(?i:cloudant|softlayer|hmac)|sq0csp-|[\w-]{6}\.[\w-]{27}|[0-9a-z]{32}-us\d|\d{8}:[\w-]{35}|(?:AC|SK)[0-9a-z]{32}"
)
"""Of such a file, only lines with this are."""
LONGEST = 1000
"""Characters of a line that are looked at; a longer one is data."""
_INVENTED = regex(
    r"user|pass|pw\b|secret|token|key|admin|root|guest|changeme|hunter2|postgres|redis|foo|bar|[$%{}<>*()\[\]\\|^+?]|:[a-z]{1,12}@",
    re.IGNORECASE,
)
_HERE = regex(
    r"@(?:localhost|127\.|0\.0\.0\.0|host\b|example|[\w-]+(?::\d+)?(?:/|[\"'\s]|$)|[\w.-]+\.(?:test|example|invalid|local|com/path)\b)"
)
"""An address without a password's worth: of this machine, of a service of compose, of a name that is nobody's."""


@cache
def _detectors() -> tuple[tuple[str, BasePlugin], ...]:
    made = []
    for module, name in PLUGINS:
        plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        made.append((name.removesuffix("Detector"), plugin))
    return tuple(made)


def look(path: str, text: str) -> Iterator[Remark]:
    """Lines of a text with a value in the shape of a credential. The value itself is not kept."""
    if not any(mark in text for mark in MARKS) and not ("://" in text and ADDRESS.search(text)):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST or not LIKELY.search(line) or ALLOWED.search(line):
            continue
        for name, plugin in _detectors():
            for value in plugin.analyze_string(line):
                if _real(name, value, line):
                    yield Remark(path, number, name, f"a value in the shape of a credential is committed: {plugin.secret_type}")


def _real(name: str, value: str, line: str) -> bool:
    """Is this a value that nobody would invent?"""
    if name == "BasicAuth":
        address = line[line.find("://") :]
        return (
            len(value) >= 8
            and len(set(value)) >= 6
            and any(map(str.isdigit, value))
            and not _INVENTED.search(value)
            and not _HERE.search(address)
        )
    if "devstoreaccount1" in line:  # the published key of the emulator of Azure's storage
        return False
    return not SAMPLE.search(value) and len(set(value)) >= 12


def texts(tree: Tree) -> Iterable[str]:
    """Files that git tracks and that are no lock file, minified code, test, example or document; .env files have a rule of their own."""
    return (
        entry.path
        for entry in tree.files()
        if entry.tracked is not False
        and entry.language not in ("env", "markdown")
        and not (not_deployed(entry.path) or is_aside(entry.path) or is_document(entry.path))
        and not entry.path.endswith(
            (".lock", "-lock.json", "-lock.yaml", ".min.js", ".svg", ".ipynb", ".patch", ".diff", ".sum")
        )
    )


LINTER = Linter("detect-secrets", "detect-secrets", texts, inside=look)


@rule("LINT-SECRET", gate=None, category="security")
def detect_secrets(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """A value in the shape of a credential is committed (detect-secrets).

    Why: it is in every clone and in the history. Only issuers that SECRET-COMMITTED does not know are asked for (Azure, Discord, Telegram,
    Twilio, Mailchimp, Square, passwords in addresses and others); what looks invented, tests, examples,
    documents and lock files are no defects, entropy, keywords and web tokens are not asked at all. The value is never repeated here.
    Do: Revoke it, take it out of the file, and read it from the environment or a secret store.
    Source: detect-secrets, plugins; CWE-798.
    """
    report = linters.report("detect-secrets")

    def judge(remark: Remark) -> Finding | None:
        found = breach("detect-secrets", remark.code)
        if found is None:
            return None
        at = tree.evidence(remark.path, remark.line)
        return Finding(remark.text, at, impact=found.impact, confidence=found.confidence, gate=found.gate)

    yield from findings(tree, report, "detect-secrets", judge)
