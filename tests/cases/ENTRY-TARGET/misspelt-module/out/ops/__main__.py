from ops.main import main
