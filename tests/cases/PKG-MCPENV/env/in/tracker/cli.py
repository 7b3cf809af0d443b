import json


def entry(base):
    config = {"command": "python", "args": ["-m", "tracker"]}
    # config["_env"] = {} is not read
    config["env"] = {
        "OUT": "",
    }
    return {"mcpServers": {"tracker": config}}
