import sys


def main():
    """Copy."""
    try:
        copy(sys.argv[1])
    except Exception as e:
        print(f"error: {e}")


def copy(name):
    open(name).read()


if __name__ == "__main__":
    main()
