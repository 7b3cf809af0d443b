#!/bin/bash
echo "${OPS_STALE_AFTER:-90}"
