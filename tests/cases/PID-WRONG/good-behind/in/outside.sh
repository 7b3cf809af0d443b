#!/usr/bin/env bash
( sleep 1000 ) &
echo $! > agent.pid
