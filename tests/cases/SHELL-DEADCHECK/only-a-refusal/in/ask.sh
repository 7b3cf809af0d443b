#!/usr/bin/env bash
set -e
ask() {
  choice=$(dialog --menu "What to install" 10 40 4 a A b B)

  result=$?
  case ${result} in
  1 | 255)
    printf "%s\n" "Nothing chosen, the installer stops"
    exit 1
    ;;
  esac
  install_it "$choice"
}
ask
