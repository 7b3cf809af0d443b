#!/usr/bin/env bash
sed -i 's/a/b/' x
