#!/usr/bin/env bash
ips() {
  if _command_exists ifconfig; then
    ifconfig
  elif _command_exists ip; then
    ip addr | grep -oP 'inet \K[\d.]+'
  fi
}
ips
