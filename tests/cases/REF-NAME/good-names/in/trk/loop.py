"""Names of loops and of open files are names of the module."""
for last in range(3):
    pass
with open(__file__) as source:
    size = len(source.read())
