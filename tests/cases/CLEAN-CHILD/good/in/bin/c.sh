#!/bin/bash
serve &
pid=$!
wait "$pid"
