"""A tracker."""
