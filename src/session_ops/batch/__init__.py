"""Many targets: a list of them, one child process each, an index of what was found."""
