#!/usr/bin/env bash
kill "$(cat board.pid)"
tmux kill-session -t =board
tmux -L board kill-server
pkill -f "/opt/board/server.js"
pkill -P $$ node
docker rm -f $(docker ps -aq --filter label=board)
echo "or: killall node"
