import os


def host() -> str:
    return os.environ.get("BUS_HOST", "127.0.0.1")
