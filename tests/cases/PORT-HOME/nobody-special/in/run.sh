#!/bin/sh
cd /home/worker/app || exit 1
