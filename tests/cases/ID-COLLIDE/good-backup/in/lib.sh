#!/usr/bin/env bash
BACKUP_SESSION_ID=$(date +%Y-%m-%d-%H%M%S)
mkdir -p "$HOME/backup/$BACKUP_SESSION_ID"
