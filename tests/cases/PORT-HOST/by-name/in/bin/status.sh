#!/bin/sh
if ssh -o ConnectTimeout=2 -o BatchMode=yes lovelace true; then
  scp -P 22 status.json dev@10.66.66.3:status/
fi
