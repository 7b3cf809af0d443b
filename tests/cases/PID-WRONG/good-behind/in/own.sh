#!/usr/bin/env bash
(
  echo $BASHPID > agent.pid
  sleep 1000
) &
