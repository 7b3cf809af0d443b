"""Locks and traps that a commit took away; secrets and personal folders that a fix takes out of the code."""

import random
import string
from pathlib import Path

import pytest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Fix, Severity
from session_ops.proof.fixes import offered
from session_ops.proof.patches import applied
from session_ops.registry import Checked, Facts, Registry, check
from tests.repos import commit, start

REGISTRY = Registry.load()
LOCKED = (
    "import fcntl\n\n\ndef save(path, text):\n"
    "    with open(path, 'r+') as file:\n        fcntl.flock(file, fcntl.LOCK_EX)\n        file.truncate()\n        file.write(text)\n"
)
TRAPPED = '#!/usr/bin/env bash\nset -eu\nwork=$(mktemp -d)\n\nfinish() {\n  rm -rf "$work"\n}\n\ntrap finish EXIT\n\ncp a "$work"\nfinish_soon=1\n'


def look(root: Path) -> tuple[Facts, Checked]:
    tree = read_tree(root)
    facts = Facts(REGISTRY, {"tree": tree, "answers": Answers()})
    return facts, check(REGISTRY, facts, tree.root)


def fixes(root: Path, rule: str) -> list[Fix]:
    facts, checked = look(root)
    found, failed = offered(REGISTRY, facts, [f for f in checked.findings if f.rule == rule])
    assert not failed
    return found


def mended(root: Path, rule: str, path: str) -> str:
    (change,) = fixes(root, rule)
    state = applied(change, read_tree(root), {})[path]
    assert state is not None
    return state.data.decode()


@pytest.mark.parametrize(
    ("rule", "path", "text", "line"),
    [
        ("LOCK-DROPPED", "ops/save.py", LOCKED, "        fcntl.flock(file, fcntl.LOCK_EX)\n"),
        ("TRAP-DROPPED", "bin/pack.sh", TRAPPED, "trap finish EXIT\n"),
    ],
)
def test_a_line_that_a_commit_took_away_is_found_and_brought_back(
    tmp_path: Path, rule: str, path: str, text: str, line: str
) -> None:
    root = start(tmp_path / "t")
    name = path.replace("/", "__")
    commit(root, "All of it", **{name: text})
    assert rule not in {f.rule for f in look(root)[1].findings}
    commit(root, "Simpler", **{name: text.replace(line, "")})
    _, checked = look(root)
    (found,) = [f for f in checked.findings if f.rule == rule]
    assert found.at.path == path
    assert mended(root, rule, path) == text


def test_a_trap_that_was_moved_into_a_chain_passes(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    commit(root, "All of it", **{"bin__pack.sh": TRAPPED})
    commit(
        root,
        "Chain",
        **{"bin__pack.sh": TRAPPED.replace("trap finish EXIT\n", "") + "mkdir -p out && trap finish EXIT || exit 1\n"},
    )
    assert "TRAP-DROPPED" not in {f.rule for f in look(root)[1].findings}


def test_a_trap_that_another_one_took_over_is_no_sure_finding(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    commit(root, "All of it", **{"bin__pack.sh": TRAPPED})
    commit(root, "More", **{"bin__pack.sh": TRAPPED.replace("trap finish EXIT", "trap 'finish; echo bye' EXIT")})
    assert "TRAP-DROPPED" not in {f.rule for f in look(root)[1].findings}
    other = TRAPPED.replace("trap finish EXIT\n", "") + "all_of_it() {\n  rm -rf more\n}\ntrap all_of_it EXIT\n"
    commit(root, "One trap", **{"bin__pack.sh": other})
    assert {f.confidence for f in look(root)[1].findings if f.rule == "TRAP-DROPPED"} <= {"possible"}


def test_a_lock_that_was_replaced_by_another_passes(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    commit(root, "All of it", ops__save=LOCKED)
    commit(root, "Other lock", **{"ops__save.py": LOCKED})
    commit(root, "lockf", **{"ops__save.py": LOCKED.replace("fcntl.flock(", "fcntl.lockf(")})
    assert "LOCK-DROPPED" not in {f.rule for f in look(root)[1].findings}


def token() -> str:
    made = random.Random(5)
    return "ghp_" + "".join(made.choice(string.ascii_letters + string.digits) for _ in range(36))


@pytest.mark.parametrize(
    ("path", "line", "after"),
    [
        ("ops/send.py", 'GITHUB_TOKEN = "{}"', 'GITHUB_TOKEN = os.environ.get("GITHUB_TOKEN", "")'),
        ("ops/send.js", "const apiToken = '{}';", "const apiToken = process.env.API_TOKEN;"),
        ("ops/send.sh", 'export GH_TOKEN="{}"', 'export GH_TOKEN="${GH_TOKEN:-}"'),
    ],
)
def test_a_secret_in_code_is_read_from_the_environment(tmp_path: Path, path: str, line: str, after: str) -> None:
    secret = token()
    (tmp_path / "ops").mkdir()
    (tmp_path / path).write_text("import json\n\n" * path.endswith(".py") + line.format(secret) + "\n")
    text = mended(tmp_path, "SECRET-COMMITTED", path)
    assert after in text
    assert secret not in text
    assert path.endswith(".py") is ("import os\n" in text)
    (change,) = fixes(tmp_path, "SECRET-COMMITTED")
    assert secret not in change.title + change.why


@pytest.mark.parametrize(
    ("path", "text", "after"),
    [
        (
            "ops/a.py",
            'import sys\n\nROOT = "/home/marta/ops"\n',
            'import os\nimport sys\n\nROOT = os.path.expanduser("~/ops")\n',
        ),
        (
            "ops/a.py",
            'from pathlib import Path\n\nROOT = Path("/home/marta/ops")\n',
            'from pathlib import Path\n\nROOT = Path("~/ops").expanduser()\n',
        ),
        (
            "ops/a.py",
            'from pathlib import Path\n\nROOT = Path("/home/marta")\n',
            "from pathlib import Path\n\nROOT = Path.home()\n",
        ),
        (
            "ops/a.js",
            "const fs = require('fs');\nfs.readFileSync('/home/marta/ops/a');\n",
            "const fs = require('fs');\nfs.readFileSync(require('os').homedir() + '/ops/a');\n",
        ),
        ("ops/a.sh", '#!/bin/sh\nls "/home/marta/ops" /x\n', '#!/bin/sh\nls "$HOME/ops" /x\n'),
        ("ops/a.sh", "#!/bin/sh\nls -l /home/marta/ops/*\n", '#!/bin/sh\nls -l "$HOME"/ops/*\n'),
    ],
)
def test_the_home_of_one_person_becomes_that_of_whoever_runs_it(tmp_path: Path, path: str, text: str, after: str) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / path).write_text(text)
    assert mended(tmp_path, "PORT-HOME", path) == after


def test_a_module_comes_back_together_with_what_it_needs_and_a_commit_removed_with_it(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    files = {
        "lib__board.js": "const { pace } = require('./pace')\nconst kept = require('./kept')\nmodule.exports = () => pace + kept\n",
        "lib__pace.js": "exports.pace = require('./deep/clock').now\n",
        "lib__deep__clock.js": "exports.now = 1\n",
        "lib__kept.js": "module.exports = 2\n",
        "start.js": "const board = require('./lib/board')\nboard()\n",
    }
    commit(root, "All of it", **files)
    commit(root, "Simpler", **dict.fromkeys(("lib__board.js", "lib__pace.js", "lib__deep__clock.js")))
    (change,) = fixes(root, "REF-IMPORT")
    assert [new.path for new in change.creates] == ["lib/board.js", "lib/deep/clock.js", "lib/pace.js"]
    assert change.title == "Bring lib/board.js, lib/deep/clock.js, lib/pace.js back"


def test_a_module_that_nothing_names_and_that_lost_what_it_cannot_do_without_is_a_leftover(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    files = {
        "README.md": "# t\n\nRun `node start.js`.\n",
        "start.js": "console.log(1)\n",
        "ops__stage.js": "require('./never')\n",
        "ops__full-run.js": "const stage = require('./stage')\nstage()\n",
        "docs__audit.json": '{"unused": ["ops/full-run.js"]}\n',
    }
    commit(root, "All of it", **files)
    commit(root, "Drop the stage", **{"ops__stage.js": None})
    (change,) = fixes(root, "REF-IMPORT")  # the stage cannot come back: what it needs never was there
    assert (change.title, change.deletes, change.safety) == (
        "Delete ops/full-run.js, a leftover",
        ("ops/full-run.js",),
        "review",
    )
    assert "removed ops/stage, without which it does not load" in change.why
    (root / "README.md").write_text("# t\n\nRun `node start.js`; `ops/full-run.js` does it all.\n")
    assert not fixes(root, "REF-IMPORT")


def test_a_module_whose_import_nobody_removed_is_no_leftover(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    commit(root, "All of it", **{"start.js": "console.log(1)\n", "ops__full-run.js": "require('./stage')()\n"})
    assert not fixes(root, "REF-IMPORT")


def test_an_x_bit_that_a_commit_took_is_found_where_others_beside_it_have_theirs(tmp_path: Path) -> None:
    root = start(tmp_path / "t")
    scripts = {f"lib__{name}.sh": f"#!/usr/bin/env bash\necho {name}\n" for name in ("one", "two", "never")}
    for name, text in scripts.items():
        (path := root / name.replace("__", "/")).parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o644 if "never" in name else 0o755)
    commit(root, "All of it")
    assert not [f for f in look(root)[1].findings if f.rule == "ENTRY-XBIT"]
    (root / "lib/two.sh").chmod(0o644)
    commit(root, "Simpler")
    (found,) = [f for f in look(root)[1].findings if f.rule == "ENTRY-XBIT"]
    assert (found.at.path, found.severity) == ("lib/two.sh", Severity.GAP)
    (change,) = fixes(root, "ENTRY-XBIT")
    assert [(mode.path, mode.executable) for mode in change.modes] == [("lib/two.sh", True)]
    assert change.safety == "review"
