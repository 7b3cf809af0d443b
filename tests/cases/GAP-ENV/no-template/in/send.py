import os

URL = os.environ["TRACKER_URL"]
TOKEN = os.environ["TRACKER_TOKEN"]
LEVEL = os.getenv("TRACKER_LEVEL", "info")
