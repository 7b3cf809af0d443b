#!/bin/zsh
local name=x
