#!/usr/bin/env bash
declare -A MATCHERS=([Notification]="permission")
local_names() { local -A kinds; kinds=([a]=1 [b]=2); echo "${kinds[a]}"; }
first=0
numbers=([first]=x [1]=y)
list=([0]=a)
local_names
echo "${MATCHERS[Notification]} ${numbers[0]} ${list[0]}"
