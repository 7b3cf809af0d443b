#!/usr/bin/env bash
echo "ERROR: none"
exit 0
