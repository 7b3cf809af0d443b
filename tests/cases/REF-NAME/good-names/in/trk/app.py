from .loop import last, source
from trk.core import worker, make
from trk.lazy import anything
from trk.wide import Queue

try:
    from trk.core import fast
except ImportError:
    fast = None
