#!/usr/bin/env bash
flock -n /tmp/t.lock true
