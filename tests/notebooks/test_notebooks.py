"""The notebooks as committed: stripped, runnable from anywhere, all with the same parameters."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from session_ops.parameters import Parameters
from session_ops.runner import notebooks

BOOKS = {phase: json.loads(path.read_text(encoding="utf-8")) for phase, path in notebooks().items()}


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code(book: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("phase", BOOKS)
def test_committed_notebooks_are_stripped_and_start_a_plain_kernel(phase: str) -> None:
    book = BOOKS[phase]
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    for cell in code(book):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("phase", BOOKS)
def test_the_shape_of_a_notebook(phase: str) -> None:
    cells = BOOKS[phase]["cells"]
    titles = [
        line for cell in cells if cell["cell_type"] == "markdown" for line in source(cell).splitlines() if line.startswith("# ")
    ]
    assert 8 <= len(cells) <= 16
    assert len(titles) == 1
    assert source(cells[0]).startswith("# ")
    assert "**Reads**" in source(cells[0])
    assert "**Writes**" in source(cells[0])
    told = [cell for cell in cells if "parameters" not in cell["metadata"].get("tags", [])]
    assert all(len(source(cell).splitlines()) <= 15 for cell in told)
    assert f'case.save("{phase}"' in "\n".join(map(source, cells))
    assert source(cells[-2]).startswith("## Explore")
    assert cells[-1]["metadata"]["tags"] == ["interactive"]


@pytest.mark.parametrize("phase", BOOKS)
def test_one_parameters_cell_with_the_literals_of_the_table(phase: str) -> None:
    tagged = [cell for cell in code(BOOKS[phase]) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    found = {}
    for node, line in zip(ast.parse(source(tagged[0])).body, source(tagged[0]).splitlines(), strict=True):
        assert isinstance(node, ast.AnnAssign)
        assert isinstance(node.target, ast.Name)
        assert node.value is not None
        found[node.target.id] = (ast.literal_eval(node.value), line.partition("  # ")[2])
    assert found == {f.name: (f.default, f.metadata["help"]) for f in Parameters.__dataclass_fields__.values()}


@pytest.mark.parametrize("phase", BOOKS)
def test_nothing_depends_on_the_working_directory(phase: str) -> None:
    for cell in code(BOOKS[phase]):
        assert not re.search(r"\.\./|sys\.path|^\s*[!%]|os\.chdir|datetime\.now", source(cell), re.MULTILINE), source(cell)


@pytest.mark.parametrize("phase", BOOKS)
def test_papermill_lists_every_parameter_with_its_help(phase: str) -> None:
    from papermill import inspect_notebook

    listed = inspect_notebook(str(notebooks()[phase]))
    assert list(listed) == list(Parameters.__dataclass_fields__)
    assert all(one["help"] and one["inferred_type_name"] for one in listed.values())
