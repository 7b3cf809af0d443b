#!/usr/bin/env bash
notes="$HOME/notes"
cp a "$notes/"
