"""Secrets, paths and names planted in a target: none of them may be in any file that is made to be shared."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from session_ops import runner
from session_ops.case import Case

PLANTED = {
    "access key": "AKIAIOSFODNN7EXAMPLE",
    "password in a file of settings": "tulip-meadow-4417-kx",
    "token of a code host": "ghp_" + "a1B2c3D4" * 5,
    "password in an address": "hollyhock77secret",
    "bearer token": "Zm94Z2xvdmUtaXMtYS1mbG93ZXItMTIz",
    "mail address in a log": "marigold.smith@flowers.example.net",
    "mail address of a commit": "violet.jones@flowers.example.net",
    "name in a home folder": "marigoldsmith",
    "user who runs it": "snapdragonuser",
    "private key": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
    "password in an assignment": "periwinkle-9932-vault",
}
EVIL = "<img src=x onerror=alert(1)>"
ENV = {"LOGNAME": PLANTED["user who runs it"], "USER": PLANTED["user who runs it"]}


def plant(target: Path) -> None:
    target.mkdir()
    p = PLANTED
    (target / "start.sh").write_text(
        "#!/usr/bin/env bash\nset -e\n"
        f"export AWS_ACCESS_KEY_ID={p['access key']}\n"
        f"cd /home/{p['name in a home folder']}/agent-ops\n"
        f"curl -H 'Authorization: Bearer {p['bearer token']}' https://hub.example.org/claim\n"
        f"psql postgres://tracker:{p['password in an address']}@db.example.org/ops -c 'select 1'\n"
        f'API_PASSWORD="{p["password in an assignment"]}"\n'
        "read -p 'sure? ' answer\nbash lib/gone.sh\n"
    )
    (target / "start.sh").chmod(0o755)
    (target / ".env").write_text(f"DB_PASSWORD={p['password in a file of settings']}\nPORT=8080\n")
    (target / "README.md").write_text(
        f"# Tracker of {p['mail address in a log']}\n\nToken: {p['token of a code host']}\n\n```bash\n./start.sh\n```\n"
    )
    (target / "deploy.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{p['private key']}\n-----END PRIVATE KEY-----\n")
    event = {
        "session": p["mail address in a log"],
        "agent": p["mail address in a log"],
        "message": f"key {p['access key']} {EVIL}",
    }
    lines = [
        {"ts": f"2026-01-05T10:0{n}:00Z", "event": kind, **event}
        for n, kind in enumerate(("session.start", "heartbeat", "session.end", "heartbeat"))
    ]
    (target / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    author = ["-c", "user.name=Violet Jones", "-c", f"user.email={p['mail address of a commit']}", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A", "-f"], ["commit", "-qm", f"by {p['mail address of a commit']}"]):
        subprocess.run(["git", *author, *words], cwd=target, check=True)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("peonyhouse")
    target = base / "rosegarden"
    plant(target)
    argv = [sys.executable, "-m", "session_ops", "run", str(target), "--case", str(base / "case")]
    done = subprocess.run(argv, env=os.environ | ENV, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    return base / "case"


def shared(case: Path) -> dict[str, str]:
    """Every file that is made to be shared, as text; pictures inside it are opened too."""
    names = [
        *case.glob("report.*"),
        *case.glob("findings.*"),
        *case.glob("notebooks/*.ipynb"),
        *case.glob("figures/*"),
        *case.glob("exports/*"),
    ]
    found = {}
    for path in names:
        if path.name == "report.json":
            continue
        text = path.read_bytes().decode("latin-1")
        for data in re.findall(r"base64,([A-Za-z0-9+/=]+)|\"image/png\": \"([A-Za-z0-9+/=\\n]+)\"", text):
            raw = base64.b64decode("".join(data).replace("\\n", ""))
            text += raw.decode("latin-1") + "".join(_chunks(raw))
        found[path.relative_to(case).as_posix()] = text
    return found


def _chunks(png: bytes) -> list[str]:
    """The compressed texts of a PNG."""
    starts = [match.end() for match in re.finditer(rb"zTXt[^\0]*\0\0", png)]
    return [zlib.decompressobj().decompress(png[start:]).decode("latin-1") for start in starts]


def test_nothing_that_was_planted_is_in_a_shared_file(case: Path) -> None:
    files = shared(case)
    assert {
        "report.md",
        "report.html",
        "findings.sarif",
        "findings.json",
        "notebooks/01_discovery.ipynb",
        "notebooks/06_report.ipynb",
    } <= set(files)
    assert len(PLANTED) >= 10
    wanted = PLANTED | {"folder above the target": "peonyhouse", "this package's place": str(Path(runner.__file__).parent)}
    leaks = [(name, what) for name, text in files.items() for what, value in wanted.items() if value in text]
    assert leaks == []


def test_what_was_masked_is_still_readable(case: Path) -> None:
    report = (case / "report.md").read_text()
    assert "SECRET-COMMITTED" in report
    assert "$EMAIL" in report or "***" in report
    book = json.loads((case / "notebooks/01_discovery.ipynb").read_text())
    parameters = next("".join(c["source"]) for c in book["cells"] if "injected-parameters" in c["metadata"].get("tags", []))
    assert 'target = "$TARGET"' in parameters
    assert book["metadata"]["papermill"]["input_path"] == "01_discovery.ipynb"
    assert book["metadata"]["papermill"]["output_path"] == "01_discovery.ipynb"


def test_hostile_text_stays_text(case: Path) -> None:
    assert EVIL not in (case / "report.html").read_text()
    for path in case.glob("notebooks/*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", ()):
                assert EVIL not in "".join(output.get("data", {}).get("text/html", ""))


def test_only_secrets_are_masked_where_masking_is_off(tmp_path: Path) -> None:
    plant(tmp_path / "rosegarden")
    done = Case.open(target=str(tmp_path / "rosegarden"), case=str(tmp_path / "case"), mask=False)
    assert {r.status for r in runner.documents(done, lambda _: None).values()} == {"done"}
    text = "".join((tmp_path / "case" / name).read_text() for name in ("report.md", "findings.json", "findings.sarif"))
    assert PLANTED["name in a home folder"] in text
    for secret in (
        "access key",
        "password in a file of settings",
        "token of a code host",
        "private key",
        "password in an address",
    ):
        assert PLANTED[secret] not in text
