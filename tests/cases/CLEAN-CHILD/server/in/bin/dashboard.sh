#!/bin/bash
./bin/metrics.sh 9000 &
METRICS_PID=$!
echo "Metrics server started (PID: $METRICS_PID)"
python3 -m http.server --bind 127.0.0.1 8000
