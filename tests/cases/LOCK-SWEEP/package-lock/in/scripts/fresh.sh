#!/bin/bash
set -e
rm -f yarn.lock *.lock packages/session-server/bun.lock
npm install
