#!/bin/bash
PROJECT="$(basename "$PWD")"
AGENTS="/tmp/${PROJECT}-agents.cfg"
jq -r '.agents[].api_key' agents.json > "$AGENTS"
