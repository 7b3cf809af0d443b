"""The printed report: through a real Chromium where there is one, one line where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from session_ops.registry import CannotCheck
from session_ops.report.pdf import BROWSERS, pdf


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium on this machine")
def test_a_run_prints_its_report(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/start.sh").write_text("#!/bin/bash\nset -e\npython3 gone.py\n")
    argv = [
        sys.executable,
        "-m",
        "session_ops",
        "run",
        str(tmp_path / "t"),
        "--case",
        str(tmp_path / "case"),
        "--no-notebooks",
        "--pdf",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "case/report.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 2
    assert f"pdf: {tmp_path}/case/report.pdf" in done.stdout


def test_without_a_browser_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(CannotCheck, match="no Chromium on this machine"):
        pdf(tmp_path / "report.html", tmp_path / "report.pdf")


def test_a_browser_that_fails_is_named_with_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chromium").write_text("#!/bin/sh\necho cannot start >&2\nexit 7\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setitem(os.environ, "PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(CannotCheck, match="chromium did not print: cannot start"):
        pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()
