sessions = 0


def start() -> None:
    sessions += 1
    print(sessions)
