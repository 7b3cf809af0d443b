ROOT = "."
