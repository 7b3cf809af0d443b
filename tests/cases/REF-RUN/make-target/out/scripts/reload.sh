#!/usr/bin/env bash
printf "%s\n" "$1"
