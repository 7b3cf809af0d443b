#!/bin/bash
for f in "$DIR"/lib/*.sh; do source "$f"; done
