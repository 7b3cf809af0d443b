#!/bin/sh
ssh -o BatchMode=yes "$1" true
ssh -p 22 "${HOST:?set HOST}" uptime
ssh -T git@github.com
scp status.json "$1:status/"
