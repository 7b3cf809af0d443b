import fcntl
import json


def save(path, sessions):
    handle = open(path + ".lock", "a")
    with open(path, "w") as file:
        json.dump(sessions, file)
    fcntl.flock(handle, fcntl.LOCK_UN)
    handle.close()
