#!/usr/bin/env bash
cat > agent.plist < template
launchctl load agent.plist
