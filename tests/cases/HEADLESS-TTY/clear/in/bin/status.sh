#!/usr/bin/env bash
clear
echo fine
