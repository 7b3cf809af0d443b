#!/bin/sh
kill -TERM "$(cat /run/tracker/watch.pid)" || exit 1
