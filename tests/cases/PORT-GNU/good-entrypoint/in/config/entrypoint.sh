#!/usr/bin/env bash
gid=$(stat -c '%g' /var/run/docker.sock)
[ "$(uname -m)" = x86_64 ] && echo "$gid"
