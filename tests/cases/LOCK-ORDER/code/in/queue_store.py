import fcntl
import json

PATH = "/var/lib/agents/queue.json"


def pop():
    queue = json.load(open(PATH))
    with open(PATH + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        item = queue.pop(0)
        with open(PATH, "w") as out:
            json.dump(queue, out)
    return item
