#!/bin/sh
set -e
curl -sSL -H "Accept: application/octet-stream" \
  "$URL" -o "$TMP/agent.tar.gz" || error "Download failed"
tar -xzf "$TMP/agent.tar.gz"

if ! curl -sL "$BASE/list.json" > "$TMP/list.json"; then
  exit 1
fi

curl -sLo /usr/local/bin/agent "$BASE/agent"
chmod +x /usr/local/bin/agent
