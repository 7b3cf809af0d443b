import sys


def main():
    try:
        open(sys.argv[1])
    except OSError as e:
        print(e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
