#!/usr/bin/env bash
pkill -f claude || true
tmux kill-server
