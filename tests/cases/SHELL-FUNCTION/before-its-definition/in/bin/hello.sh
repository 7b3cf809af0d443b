#!/usr/bin/env bash
say_hello agent
say_hello() {
  echo "hello $1"
}
