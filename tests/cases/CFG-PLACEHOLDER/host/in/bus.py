import os

HOST = os.environ.get("BUS_HOST", "<broker-node-ip>")
