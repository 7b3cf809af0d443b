#!/bin/bash
while read -r line; do
  eval "$line"
  echo "$name"
done < list
