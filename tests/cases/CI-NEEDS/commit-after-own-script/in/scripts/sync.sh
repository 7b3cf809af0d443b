#!/bin/sh
mkdir -p data; date > data/now
