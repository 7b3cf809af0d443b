import rich

rich.print("beat")
