#!/usr/bin/env bash
state=$(./where-is-state)
rm -rf "$state/sessions"
