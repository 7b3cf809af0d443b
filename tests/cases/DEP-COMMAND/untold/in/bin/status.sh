#!/bin/sh
jq -r .id state.json
