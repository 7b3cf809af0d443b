#!/bin/bash
set -eu
ask() {
    read -rsp "$1: " KEY
    echo ""
    echo "key of ${#KEY} letters"
}
ask "Key"
curl -H "X-Key: $KEY" https://example.org/
