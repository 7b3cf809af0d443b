#!/bin/bash
RUN="$(uuidgen)"
AGENTS="/tmp/${RUN}-agents.cfg"
jq -r '.agents[].name' agents.json > "$AGENTS"
