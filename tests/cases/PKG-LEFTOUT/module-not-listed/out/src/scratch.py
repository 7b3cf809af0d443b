import cli
