try:
    import rich
except ImportError:
    rich = None
