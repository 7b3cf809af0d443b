#!/bin/bash
set -euo pipefail
mkdir -p "$HOME/.local/bin"
cp tools/agentctl "$HOME/.local/bin/agentctl"
