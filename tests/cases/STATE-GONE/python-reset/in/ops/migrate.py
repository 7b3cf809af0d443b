import os

PATH = os.path.join("state", "sessions.json")


def reset():
    os.remove(PATH)


def save(text):
    with open(PATH, "w") as f:
        f.write(text)
