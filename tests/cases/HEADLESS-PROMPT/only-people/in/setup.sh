#!/bin/sh
set -e
printf "Name? "
read -r name
echo "$name"
