__version__ = "1.0.0"


def main():
    return 0
