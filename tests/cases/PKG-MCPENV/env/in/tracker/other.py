env_vars = {"mcpServers": 1}
x = {"command": "a", "env_vars": {"a": 1}}
