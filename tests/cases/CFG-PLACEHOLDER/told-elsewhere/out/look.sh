#!/usr/bin/env bash
set -eu
NODE_IP="${NODE_IP:?}"
ping -c 1 "$NODE_IP"
