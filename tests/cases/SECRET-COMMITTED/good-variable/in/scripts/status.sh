#!/usr/bin/env bash
BOARD_TOKEN="${BOARD_TOKEN:-}"
API_TOKEN="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
export NEXT_PUBLIC_API_KEY="9f31b7c2d84e60a5b19c7ef2304d8a6bc51e7f90"
SHA256="9f31b7c2d84e60a5b19c7ef2304d8a6bc51e7f909f31b7c2d84e60a5b19c7ef2"
MY_TOKEN="your_token_here_0123456789abcdefghijklmn"
curl -H "Authorization: Bearer $BOARD_TOKEN" "$URL"
