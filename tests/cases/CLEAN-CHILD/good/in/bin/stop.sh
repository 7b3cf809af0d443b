#!/bin/bash
pkill -f bin/watcher.sh
