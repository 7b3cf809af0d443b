#!/bin/sh
sh ./run.sh
. ./env.sh
python3 ./tool.py
