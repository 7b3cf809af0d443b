#!/usr/bin/env bash
root="$(cd "$(dirname "$0")/.." && pwd)"
rm -rf $root/state/tmp
