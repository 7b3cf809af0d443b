#!/bin/bash
DIR="${DIR:-/tmp/agent-team}"
mkdir -p "$DIR"
chmod 700 "$DIR"
echo x > "$DIR/a"
OTHER="${OTHER:-/tmp/other}"
ls "$OTHER"
