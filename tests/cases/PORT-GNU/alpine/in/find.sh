#!/bin/sh
grep -P '\d+' /etc/passwd
