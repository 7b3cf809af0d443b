import os
if os.environ.get("TRACKER_TRACE"):
    pass
