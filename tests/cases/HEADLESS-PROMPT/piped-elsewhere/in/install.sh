#!/usr/bin/env bash
read -r -p "Install to? " folder
mkdir -p "$folder"
