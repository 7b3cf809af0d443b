"""Installs it."""
VERSION = "2.1.0"
print(VERSION)
