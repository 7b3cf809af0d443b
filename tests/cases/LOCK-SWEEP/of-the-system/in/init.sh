#!/usr/bin/env bash
install_packages "$@"
rm -f /var/lock/slackpkg.*
