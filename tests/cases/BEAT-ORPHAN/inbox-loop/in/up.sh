#!/usr/bin/env bash
nohup ./heartbeat.sh >/dev/null 2>&1 &
