"""Paths that are beside the product: tests, fixtures, examples, templates, documents."""

from __future__ import annotations

import re

_ASIDE = re.compile(
    r"(?:^|/)(?:\.?tests?|__tests__|spec|specs|e2e|fixtures?|__fixtures__|testdata|test[_-]data|mocks?|__mocks__|examples?|samples?|demos?"
    r"|templates?|scaffolds?|skeletons?|benchmarks?|bench|archived?|_archive|deprecated|playground|cases|\.?te?mp|\.tmp[\w-]*"
    r"|pytest-[\w-]+)/",
    re.IGNORECASE,
)
_DOCS = re.compile(r"(?:^|/)docs?/", re.IGNORECASE)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|specs|e2e|bats)/|(?:^|/)(?:test[_-][^/]*|conftest|[^/]*[_.-](?:test|spec|tests)|tests?)\.\w+$"
    r"|\.bats$|(?:^|/)[^/]*Tests?\.\w+$"
)


def is_aside(path: str) -> bool:
    """Is this path test data, an example or a template, so that what it names need not exist here?"""
    return bool(_ASIDE.search(path)) or is_test(path)


def is_document(path: str) -> bool:
    """Does the path lie in a folder of documents?"""
    return bool(_DOCS.search(path))


def is_test(path: str) -> bool:
    """Is this path a test, by the usual names of folders and files?"""
    return bool(_TEST.search(path))
