#!/bin/sh
curl -fsSL "$URL" -o "$TMP/a" || exit 1
code=$(curl -sL -w '%{http_code}' -o "$TMP/b" "$URL")
curl -s "http://localhost:9090/health" -o /tmp/h || start
curl -sL "$URL" -o "$TMP/c"
curl -s "$API" || echo "not reachable"
curl --fail -L "$URL" -o "$TMP/d" && chmod +x "$TMP/d"
