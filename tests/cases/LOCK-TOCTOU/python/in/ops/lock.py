from pathlib import Path


def take(resource, session):
    lock_path = Path("locks") / f"{resource}.lock"
    if lock_path.exists():
        return False
    lock_path.write_text(session)
    return True
