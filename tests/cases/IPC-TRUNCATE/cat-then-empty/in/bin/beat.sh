#!/bin/bash
INBOX="$HOME/.team/inbox"
while sleep 5; do
    if [ -s "$INBOX" ]; then
        events="$(cat "$INBOX")"
        : > "$INBOX"
        echo "$events"
    fi
done
