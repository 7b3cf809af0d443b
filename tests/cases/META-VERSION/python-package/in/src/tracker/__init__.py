__version__ = "0.9.0"


def main():
    return 0
