#!/usr/bin/env bash
local name=x
