"""Weighs what is named."""

import sys

from .weigh import weigh

print(weigh(sys.argv[1:]))
