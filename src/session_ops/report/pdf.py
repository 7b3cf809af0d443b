"""report.pdf: the page as a headless Chromium prints it, where one is present."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from session_ops.registry import CannotCheck

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
"""Names of programs that print a page as Chromium does."""
TIMEOUT_S = 120
_CALM = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-javascript", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
)  # fmt: skip


def pdf(page: Path, into: Path) -> None:
    """Print a page of this machine; nothing is loaded from elsewhere and no script runs.

    Raises:
        CannotCheck: there is no such browser, or it did not print.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise CannotCheck("no Chromium on this machine; open report.html and print it")
    with tempfile.TemporaryDirectory(prefix="session-ops-") as folder:
        printed = Path(folder) / "report.pdf"
        root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to sandbox for root
        argv = [
            browser,
            *_CALM,
            *root,
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={printed}",
            page.absolute().as_uri(),
        ]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
                env=os.environ | {"HOME": folder},
            )
        except subprocess.TimeoutExpired:
            raise CannotCheck(f"{Path(browser).name} did not print within {TIMEOUT_S} s") from None
        if not printed.is_file() or not printed.stat().st_size:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise CannotCheck(
                f"{Path(browser).name} did not print: {(lines[-1] if lines else f'it ended with {done.returncode}')[:200]}"
            )
        shutil.copyfile(printed, into)
