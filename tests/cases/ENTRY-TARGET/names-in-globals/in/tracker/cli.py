from tracker import commands

for name in ("main", "stop"):
    globals()[name] = getattr(commands, name, None)
