try:
    import helpers
except ImportError:
    helpers = None
