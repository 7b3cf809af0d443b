#!/usr/bin/env python3
import json
import os
import sys


def main():
    rows = json.load(sys.stdin) if not sys.stdin.isatty() else []
    answer = input("Migrate? [y/N] ") if sys.stdin.isatty() else os.environ.get("MIGRATE_ANSWER", "n")
    print(os.getcwd(), answer, rows)


main()
