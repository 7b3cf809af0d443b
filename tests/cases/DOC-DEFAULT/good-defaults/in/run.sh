#!/bin/bash
echo "${AGENT_MAX_SESSIONS:-5}" "${AGENT_HOME_DIR:-$HOME/.agents}" "${AGENT_MODE:-fast}" "${AGENT_PORT_NUMBER:-80}"
