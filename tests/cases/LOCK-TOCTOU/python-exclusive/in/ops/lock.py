from pathlib import Path


def take(resource, session):
    lock_path = Path("locks") / f"{resource}.lock"
    if lock_path.exists():
        return False
    with open(lock_path, "x") as f:
        f.write(session)
    return True
