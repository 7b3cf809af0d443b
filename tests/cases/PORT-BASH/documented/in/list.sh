#!/usr/bin/env bash
mapfile -t rows < list
echo "${rows[@]}"
