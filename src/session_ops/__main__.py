"""`python -m session_ops` is the command line."""

import sys

from session_ops.cli import main

sys.exit(main())
