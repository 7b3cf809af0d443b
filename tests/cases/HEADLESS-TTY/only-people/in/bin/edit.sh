#!/usr/bin/env bash
"${EDITOR:-vi}" notes.md
