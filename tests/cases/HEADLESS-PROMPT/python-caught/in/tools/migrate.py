#!/usr/bin/env python3
try:
    answer = input("Migrate? ")
except EOFError:
    answer = "n"
print(answer)
