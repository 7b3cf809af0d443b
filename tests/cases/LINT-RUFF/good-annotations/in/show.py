from __future__ import annotations


def show(session: Session) -> None:
    print(session)
