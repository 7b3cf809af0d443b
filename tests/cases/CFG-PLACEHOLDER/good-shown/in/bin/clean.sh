#!/usr/bin/env bash
echo "usage: clean ${BOARD_SPACE:-<board-space>}"
