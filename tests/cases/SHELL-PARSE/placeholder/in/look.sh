#!/usr/bin/env bash
set -u
echo "looking for <main-node-ip>"
if ping -c 1 <main-node-ip> &>/dev/null; then
  echo there
fi
