#!/bin/bash
echo "${OPS_STALE_AFTER:-90} ${OPS_ROOT:-/} ${OPS_NAME:-x}"
