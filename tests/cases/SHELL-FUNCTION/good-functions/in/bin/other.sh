#!/usr/bin/env bash
. "$(dirname "$0")/lib.sh"
log_error x
