#!/usr/bin/env bash
sed -i 's/a/b/' notes.md
sed -i.bak 's/a/b/' notes.md
