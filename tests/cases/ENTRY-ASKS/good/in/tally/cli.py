import argparse
import sys


def main():
    arguments = argparse.ArgumentParser().parse_args()
    if sys.stdin.isatty():
        answer = input("Count now? [y/N] ")
        if answer != "y":
            raise SystemExit(1)
    print(arguments)
