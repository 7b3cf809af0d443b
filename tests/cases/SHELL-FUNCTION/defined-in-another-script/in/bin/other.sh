#!/usr/bin/env sh
log_error() { printf '%s\n' "$*" >&2; }
log_error x
