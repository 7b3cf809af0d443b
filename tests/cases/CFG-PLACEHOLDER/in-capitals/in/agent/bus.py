import os

# where the bus is
HOST = os.getenv("BUS_HOST", "YOUR_BUS_HOST_HERE")
PORT = int(os.getenv("BUS_PORT", "6379"))
