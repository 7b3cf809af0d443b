#!/bin/bash
hour=$(date +%H)
minute=$(date +%-M)
day=$(date +%d)
if [ "$hour" -lt 9 ]; then echo early; fi
echo $((10#$hour * 60 + minute)) "$day"
