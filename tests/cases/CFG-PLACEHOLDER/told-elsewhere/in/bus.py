import os

HOST = os.environ.get("BUS_HOST", "<main-node-ip>")
