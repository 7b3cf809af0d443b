#!/usr/bin/env bash
BOARD_URL="https://board.acme.dev"
BOARD_TOKEN="tk_9f31b7c2d84e60a5b19c7ef2304d8a6bc51e7f90"
curl -sf -H "Authorization: Bearer $BOARD_TOKEN" "$BOARD_URL/api/tasks"
