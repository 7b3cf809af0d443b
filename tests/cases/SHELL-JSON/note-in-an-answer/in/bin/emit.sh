#!/usr/bin/env bash
session=$1 note=$2
echo "{\"session\":\"$session\",\"note\":\"$note\"}"
