"""What the wheel holds, and that it works by itself from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_it_holds_notebooks_example_formats_sql_templates_pages_and_schemas(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    notebooks = [n for n in names if n.startswith("session_ops/notebooks/0") and n.endswith(".ipynb")]
    assert len(notebooks) == 6
    for part in (
        "session_ops/notebooks/example/agent-ops/",
        "session_ops/lifecycles/formats/",
        "session_ops/lifecycles/sql/views/",
        "session_ops/lifecycles/sql/detectors/",
        "session_ops/report/templates/",
        "session_ops/solution/templates/",
        "session_ops/docs/gates.md",
        "session_ops/plugin/.claude-plugin/plugin.json",
        "session_ops/plugin/.mcp.json",
        "session_ops/plugin/agents/",
        "session_ops/plugin/commands/",
        "session_ops/schemas/analysis.schema.json",
    ):
        assert any(name.startswith(part) for name in names), part
    in_checkout = {
        p.relative_to(ROOT / "notebooks").as_posix() for p in (ROOT / "notebooks" / "example").rglob("*") if p.is_file()
    }
    packed = {n.removeprefix("session_ops/notebooks/") for n in names if n.startswith("session_ops/notebooks/example/")}
    assert packed == in_checkout
    assert not [n for n in names if "__pycache__" in n or n.startswith(("tests/", "session_ops/tests"))]


def test_it_runs_the_example_from_another_folder_with_equal_documents(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(installed)
    env = os.environ | {"PYTHONPATH": str(installed)}
    where = [sys.executable, "-c", "import session_ops; print(session_ops.__file__)"]
    assert str(installed) in subprocess.run(where, env=env, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    argv = [sys.executable, "-m", "session_ops", "run", "--example", "--case", str(tmp_path / "case")]
    done = subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    ours = [sys.executable, "-m", "session_ops", "check", "--example", "--format", "json", "--fail-on", "never"]
    from_checkout = json.loads(subprocess.run(ours, capture_output=True, text=True, check=True).stdout)
    in_case = json.loads((tmp_path / "case" / "analysis.json").read_text())["document"]["findings"]
    assert {f["id"] for f in from_checkout["findings"]} <= {f["id"] for f in in_case}
