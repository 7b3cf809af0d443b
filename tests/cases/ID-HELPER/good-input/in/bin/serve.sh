#!/usr/bin/env bash
id="${SESSION_ID:-$$}"
exec node server.js "$id"
