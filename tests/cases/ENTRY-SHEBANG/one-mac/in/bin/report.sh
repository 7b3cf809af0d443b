#!/opt/homebrew/bin/bash
echo 1
