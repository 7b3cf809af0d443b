#!/usr/bin/env bash
echo "$TOOL_INPUT"
