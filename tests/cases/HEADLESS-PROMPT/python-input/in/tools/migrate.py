#!/usr/bin/env python3
import json
import os
import sys


def main():
    rows = json.load(sys.stdin) if not sys.stdin.isatty() else []
    answer = input("Migrate? [y/N] ")
    print(os.getcwd(), answer, rows)


main()
