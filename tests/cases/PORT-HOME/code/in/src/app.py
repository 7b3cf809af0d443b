CLAUDE = "/home/marta/.local/bin/claude"
