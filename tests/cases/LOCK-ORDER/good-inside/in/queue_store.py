import fcntl
import json

PATH = "/var/lib/agents/queue.json"


def pop():
    with open(PATH + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        queue = json.load(open(PATH))
        item = queue.pop(0)
        with open(PATH, "w") as out:
            json.dump(queue, out)
    return item
