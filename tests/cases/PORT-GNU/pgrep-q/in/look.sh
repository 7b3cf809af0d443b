#!/usr/bin/env bash
pgrep -P "$1" -xq claude && echo busy
