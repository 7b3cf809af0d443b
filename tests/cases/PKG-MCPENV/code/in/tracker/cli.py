import json


def entry(base):
    config = {"command": "python", "args": ["-m", "tracker"]}
    # config["_env"] = {} is not read
    config["_env_example"] = {
        "OUT": "",
    }
    return {"mcpServers": {"tracker": config}}
