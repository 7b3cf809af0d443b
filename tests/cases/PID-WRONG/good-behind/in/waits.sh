#!/usr/bin/env bash
(
  echo $$ > agent.pid
  sleep 1000
) &
wait
