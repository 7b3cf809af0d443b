#!/usr/bin/env bash
port=$(grep -o 'port=\d+' ops.conf)
echo "$port"
