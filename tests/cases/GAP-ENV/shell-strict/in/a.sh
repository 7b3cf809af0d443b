#!/bin/bash
set -eu
echo "$TRACKER_QUEUE"
