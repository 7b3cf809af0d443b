#!/usr/bin/env bash
held="$(grep -l mine locks/*.lock)"
rm -f $held
