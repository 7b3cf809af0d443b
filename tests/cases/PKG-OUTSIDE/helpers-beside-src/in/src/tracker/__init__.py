"""A tracker."""

import helpers

helpers.go()
