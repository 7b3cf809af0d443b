#!/usr/bin/env bash
rows=()
while read -r x; do rows+=("$x"); done < list
local_copy="${rows[*]}"
[[ $local_copy =~ ^a ]] && echo "${local_copy/a/b} ${local_copy: -1} ${local_copy:0:2}" "${local_copy:-,}"
