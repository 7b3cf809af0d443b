import ops.store
from ops.locks import take


def main() -> None:
    take(ops.store)
