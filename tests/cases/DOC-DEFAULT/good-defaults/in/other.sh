#!/bin/bash
echo "${AGENT_MAX_SESSIONS:-7}"
