"""The house itself: pins, conda environment, wheel, notebooks' names, nothing of this machine in a commit."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"python-duckdb": "duckdb", "matplotlib-base": "matplotlib"}
TOP_LEVEL = {"notebooks", "src", "tests"}
TOP_FILES = {
    "environment.yml",
    "README.md",
    "pyproject.toml",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    "SECURITY.md",
    "requirements.txt",
}


def tracked() -> list[str]:
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [path for path in done.stdout.split("\0") if path]


def test_conda_environment_is_in_step_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    by_pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    found = {}
    for item in [*plain, *(p for p in by_pip if not p.startswith("-e"))]:
        requirement = Requirement(item)
        found[CONDA_NAMES.get(requirement.name, requirement.name)] = str(requirement.specifier)
    assert found.pop("python") == PROJECT["requires-python"]
    assert found.pop("pip") == ""
    assert found == {r.name: str(r.specifier) for r in map(Requirement, PROJECT["dependencies"])}
    assert by_pip[-1] == "-e ."


def test_pins_are_plain_hashed_and_cover_the_dependencies() -> None:
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    assert "://" not in text
    assert "--index-url" not in text
    pins = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        assert re.match(r"[a-z0-9._-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+$", line, re.IGNORECASE), line[:80]
        pins.setdefault(line.split("==")[0].lower(), line.split()[0].split("==")[1])
    wanted = [
        *map(Requirement, PROJECT["dependencies"]),
        *map(Requirement, PROJECT["optional-dependencies"]["dev"]),
        Requirement("hatchling"),
    ]
    for requirement in wanted:
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert requirement.specifier.contains(pins[name]), requirement


def test_only_the_agreed_things_lie_at_the_top() -> None:
    tops = {path.split("/")[0] for path in tracked()}
    assert {t for t in tops if not t.startswith(".")} <= TOP_LEVEL | TOP_FILES


def test_nothing_of_this_machine_or_of_a_registry_is_committed() -> None:
    # put together here, so that this file passes its own test
    paths = ["/".join(("", *parts)) for parts in (("root", ""), ("work", "main"), ("work", "shared"), ("work", r"\."))]
    hosts = [r"\.".join(parts) for parts in (("pythonhosted", "org"), ("registry", "npmjs", "org"), ("pypi", "org/simple"))]
    forbidden = re.compile("|".join(paths + hosts))
    here = str(ROOT) + "/"
    for path in tracked():
        whole = ROOT / path
        if not whole.is_file() or whole.suffix == ".png":
            continue
        text = whole.read_text(encoding="utf-8", errors="replace")
        hit = forbidden.search(text)
        assert hit is None, f"{path}: {hit}"
        assert here not in text or here == "/", path
