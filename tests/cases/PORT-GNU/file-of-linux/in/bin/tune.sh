#!/bin/sh
config=/usr/lib/tracker/system.properties
sed -i "/ciphers/d" "$config"
