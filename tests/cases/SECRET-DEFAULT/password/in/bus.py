import os

PASSWORD = os.environ.get("BUS_PASSWORD", "5f4dcc3b5aa765d61d8327deb882cf99")
