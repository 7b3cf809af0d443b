#!/usr/bin/env bash
TOKEN=$(cat ~/.config/trk.token)
curl -s -H "Authorization: Bearer $TOKEN" https://api.example.com/limits
curl -s -H "Accept: $TYPE" https://api.example.com/limits
