"""Trying things in a copy: a sandbox, commands in it, and the gates that they decide."""
