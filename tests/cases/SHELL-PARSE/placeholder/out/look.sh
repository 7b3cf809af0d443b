#!/usr/bin/env bash
set -u
echo "looking for <main-node-ip>"
if ping -c 1 "${MAIN_NODE_IP:?}" &>/dev/null; then
  echo there
fi
