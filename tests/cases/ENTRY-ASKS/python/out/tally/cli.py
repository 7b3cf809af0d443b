"""Counts sessions."""

import sys
import argparse


def main():
    """Count."""
    if sys.stdin.isatty():
        answer = input("Count now? [y/N] ")
        if answer != "y":
            raise SystemExit(1)
    parser = argparse.ArgumentParser()
    print(parser.parse_args())
