#!/bin/sh
for f in bin/*.sh; do chmod +x "$f"; done
