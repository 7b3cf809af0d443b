import os

HOST = os.environ.get("BUS_HOST", "<broker-node-ip>")
if HOST.startswith("<"):
    raise SystemExit("set BUS_HOST")
