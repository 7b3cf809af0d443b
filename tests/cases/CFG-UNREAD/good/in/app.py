import os

LEVEL = os.environ.get("OPS_LEVEL", "info")
ROOT = os.environ.get("OPS_ROOT", "/")
NAME = os.environ.get("OPS_NAME", "x")


class Settings:
    database_url: str = ""
