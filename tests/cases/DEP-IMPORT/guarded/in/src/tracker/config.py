try:
    from dotenv import load_dotenv
except ImportError:
    load_dotenv = None


def lazy() -> None:
    import rich

    rich.print("x")
