#!/usr/bin/env bash
(
  echo $$ > agent.pid
  exec sleep 1000
)
