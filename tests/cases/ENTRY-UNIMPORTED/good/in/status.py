from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pathlib

try:
    import tomllib as json
except ImportError:
    json = None


def main(time, where: pathlib.Path):
    import os

    print(os.getpid(), time.now(), "re.match", where)
    string = sys.argv[1]
    print(string.upper(), json.loads("a = 1"))
    for signal in sys.argv:
        print(signal.upper())
