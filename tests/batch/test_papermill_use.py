"""The notebooks through papermill as others use it: with its own input and output, and refused parameters."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_ops.runner import notebooks

STORE: dict[str, str] = {}


class Store:
    """What papermill wants of an input and output, as its extras for S3 and GCS give it."""

    def read(self, path: str) -> str:
        return STORE[path]

    def write(self, buf: str, path: str) -> None:
        STORE[path] = buf

    def listdir(self, path: str) -> list[str]:
        return [key for key in STORE if key.startswith(path)]

    def pretty_path(self, path: str) -> str:
        return path


@pytest.fixture
def papermill() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import papermill
        from papermill.iorw import papermill_io

        before = list(papermill_io._handlers)
        papermill_io.register("store://", Store())
        yield papermill
        papermill_io._handlers = before


def test_input_and_output_elsewhere(papermill: Any, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/start.sh").write_text("#!/bin/bash\necho hello\n")
    STORE["store://in/01.ipynb"] = notebooks()["discovery"].read_text()
    given = {"target": str(tmp_path / "t"), "case": str(tmp_path / "case")}
    papermill.execute_notebook("store://in/01.ipynb", "store://out/01.ipynb", given, progress_bar=False, kernel_name="python3")
    book = json.loads(STORE["store://out/01.ipynb"])
    assert not book["metadata"]["papermill"]["exception"]
    assert (tmp_path / "case/discovery.json").is_file()


def test_an_unknown_parameter_stops_the_run(papermill: Any, tmp_path: Path) -> None:
    from papermill.exceptions import PapermillExecutionError

    with pytest.raises(PapermillExecutionError) as caught:
        papermill.execute_notebook(
            str(notebooks()["discovery"]), str(tmp_path / "out.ipynb"), {"targt": "x", "case": str(tmp_path / "case")},
            progress_bar=False, kernel_name="python3",
        )  # fmt: skip
    assert "did you mean 'target'?" in caught.value.evalue
