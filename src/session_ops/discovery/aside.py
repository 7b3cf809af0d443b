"""Paths that are beside the product: tests, fixtures, examples, templates, documents, what is kept of old, other people's code."""

from __future__ import annotations

import re

from session_ops.patterns import regex

_ASIDE = regex(
    r"(?:^|/)(?:\.?tests?|__tests__|specs?|e2e|bats|fixtures?|__fixtures__|testdata|test[_-]data|mocks?|__mocks__|(?:[\w.]+-)?examples?|samples?|demos?"
    r"|templates?|scaffolds?|skeletons?|benchmarks?|bench|cases|stories|cookbook|tutorials?|playground"
    r"|archived?|_archive|legacy|deprecated|old|backups?|vendor|third[-_]party|node_modules|\.?te?mp|\.tmp[\w-]*|pytest-[\w-]+)/",
    re.IGNORECASE,
)
_DOCS = regex(r"(?:^|/)docs?/", re.IGNORECASE)
_TEST = regex(
    r"(?:^|/)(?:_?(?:integration|e2e|smoke|unit|functional|acceptance|system|load|perf)[-_])?tests?/|(?:^|/)(?:__tests__|spec|specs|e2e|bats)/|(?:^|/)(?:test[_-][^/]*|conftest|[^/]*[_.-](?:test|spec|tests)|tests?)\.\w+$"
    r"|\.bats$|(?:^|/)[^/]*Tests?\.\w+$"
)


def is_aside(path: str) -> bool:
    """Is this path test data, an example, a template, kept of old or other people's code, so that what it names need not exist here?"""
    return bool(_ASIDE.search(path)) or is_test(path)


def is_document(path: str) -> bool:
    """Does the path lie in a folder of documents?"""
    return bool(_DOCS.search(path))


def is_test(path: str) -> bool:
    """Is this path a test, by the usual names of folders and files?"""
    return bool(_TEST.search(path))


def not_deployed(path: str) -> bool:
    """Is this path aside or a document? What is wrong there seldom blocks a deployment."""
    return is_aside(path) or is_document(path)
