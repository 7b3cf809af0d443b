#!/bin/bash
jq -r '.tool // empty'
