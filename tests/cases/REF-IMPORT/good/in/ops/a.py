from __future__ import annotations

from typing import TYPE_CHECKING

import mcp.server

from . import b, name_of_package
from .sub import thing
from ._version import version

if TYPE_CHECKING:
    from .types_only import T
try:
    from .fast import go
except ImportError:
    from .b import go
