from tracker.commands import *
