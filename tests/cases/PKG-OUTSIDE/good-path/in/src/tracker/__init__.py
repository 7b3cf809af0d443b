import sys

sys.path.insert(0, "/opt/tracker")
import helpers

helpers.go()
