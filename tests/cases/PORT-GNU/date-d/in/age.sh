#!/usr/bin/env bash
now="$(date +%s)"
then="$(date -d "$1" +%s)"
echo $((now - then))
