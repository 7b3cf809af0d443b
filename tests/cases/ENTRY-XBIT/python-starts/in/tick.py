#!/usr/bin/env python3
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PLAN = HERE / "steps" / "plan.sh"
subprocess.run([str(PLAN)], check=True)
subprocess.run([sys.executable, str(HERE / "steps" / "more.py")], check=True)
subprocess.run(["bash", str(HERE / "steps" / "third.sh")], check=True)
