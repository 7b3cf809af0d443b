#!/bin/sh
rm -f "$HOME/.cache/tracker/status/test-one.status"
