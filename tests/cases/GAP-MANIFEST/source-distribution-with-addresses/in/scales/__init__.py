"""Weighs."""

from importlib.metadata import metadata

HOME = metadata("scales").get_all("Project-URL")
