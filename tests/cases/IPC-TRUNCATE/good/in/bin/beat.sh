#!/bin/bash
INBOX="$HOME/.team/inbox"
mv "$INBOX" "$INBOX.taken"
events="$(cat "$INBOX.taken")"
rm -f "$INBOX.taken.old"
echo "$events"
