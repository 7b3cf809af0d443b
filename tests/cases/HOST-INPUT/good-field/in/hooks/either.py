#!/usr/bin/env python3
import json, sys
data = json.load(sys.stdin)
print(data.get("tool") or data.get("tool_name"))
