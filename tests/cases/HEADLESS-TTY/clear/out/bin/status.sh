#!/usr/bin/env bash
if [ -t 1 ]; then clear; fi
echo fine
