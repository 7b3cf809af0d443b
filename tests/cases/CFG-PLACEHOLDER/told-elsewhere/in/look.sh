#!/usr/bin/env bash
set -eu
NODE_IP="${NODE_IP:-<main-node-ip>}"
ping -c 1 "$NODE_IP"
