#!/usr/bin/env bash
set -e
read -p "Continue? " answer
