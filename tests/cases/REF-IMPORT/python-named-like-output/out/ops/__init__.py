from .log import start
