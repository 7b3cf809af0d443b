#!/usr/bin/env bash
cd build-area
rm -rf out
