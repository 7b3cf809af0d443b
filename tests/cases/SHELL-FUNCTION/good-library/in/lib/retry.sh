#!/usr/bin/env bash
retry() {
  run_agent "$1"
}
