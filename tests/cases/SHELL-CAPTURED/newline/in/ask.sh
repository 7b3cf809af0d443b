#!/bin/bash
set -eu
ask() {
    local val
    read -rsp "$1: " val
    echo ""
    echo "$val"
}
KEY=$(ask "Key")
curl -H "X-Key: $KEY" https://example.org/
