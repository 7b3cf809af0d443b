import os

HOST = os.environ.get("BUS_HOST", "127.0.0.1")
