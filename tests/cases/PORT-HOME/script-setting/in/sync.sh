#!/usr/bin/env bash
notes=/home/marta/notes
cp a "$notes/"
