#!/bin/bash
set -e
open=$(ls state/*.lock 2>/dev/null | wc -l)
echo "$open locks"
