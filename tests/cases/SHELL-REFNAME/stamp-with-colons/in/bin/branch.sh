#!/usr/bin/env bash
at=$(date +%Y-%m-%dT%H:%M:%S)
git checkout -b "session/$at"
