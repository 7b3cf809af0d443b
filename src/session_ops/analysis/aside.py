"""Which paths are aside from what is deployed: tests, examples, documents, other people's code."""

from __future__ import annotations

import re

_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|__tests__|e2e|specs?|fixtures?|testdata|test[-_]data|mocks?|__mocks__|examples?|samples?|demos?|docs?|templates?"
    r"|benchmarks?|bench|archived?|legacy|deprecated|old|backups?|vendor|third[-_]party|node_modules|stories|cookbook|tutorials?)/"
    r"|(?:^|/)(?:test_[^/]*\.py|conftest\.py|[^/]*[._-](?:test|spec)\.[a-z]+|[^/]*_(?:test|spec)\.(?:go|py|rb))$",
    re.IGNORECASE,
)


def aside(path: str) -> bool:
    """Is this a test, an example, a template, a document or vendored code? What is wrong there seldom blocks a deployment."""
    return _ASIDE.search(path) is not None
