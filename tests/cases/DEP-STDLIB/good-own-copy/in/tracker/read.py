try:
    import tomllib as toml
except ImportError:
    from tracker.vendor import tomli as toml


def read(text):
    return toml.loads(text)
