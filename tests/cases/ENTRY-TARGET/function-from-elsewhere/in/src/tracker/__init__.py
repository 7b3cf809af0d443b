try:
    from tracker.cli import main
except ImportError:
    main = None
