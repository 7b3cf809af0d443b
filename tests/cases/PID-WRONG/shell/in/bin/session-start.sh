#!/usr/bin/env bash
set -u
session="$1"
registry add "$session" pid="$$" status=active
