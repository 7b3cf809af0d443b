#!/bin/bash
sed -i "/^CMD/d" "$1"
