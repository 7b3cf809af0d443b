#!/usr/bin/env bash
root="$(cd "$(dirname "$0")/.." && pwd)"
cd "$root"
