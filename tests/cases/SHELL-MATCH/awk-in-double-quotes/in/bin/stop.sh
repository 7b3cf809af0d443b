#!/usr/bin/env bash
ssh build "ps aux | awk '/agent/ {print $2}' | xargs kill"
