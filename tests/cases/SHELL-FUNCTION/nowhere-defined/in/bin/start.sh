#!/usr/bin/env bash
log_info() {
  echo "$1"
}
log_info start
log_error "no state"
