import os

LEVEL = os.environ.get("OPS_LEVEL", "info")


class Settings:
    database_url: str = ""
