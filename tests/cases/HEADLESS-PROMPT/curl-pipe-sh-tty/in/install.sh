#!/usr/bin/env bash
read -r -p "Install to? " folder < /dev/tty
mkdir -p "$folder"
