#!/usr/bin/env bash
port=$(grep -o 'port=[0-9]+' ops.conf)
echo "$port"
