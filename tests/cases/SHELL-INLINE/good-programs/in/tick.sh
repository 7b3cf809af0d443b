#!/bin/bash
python3 -c 'import json, sys; d = json.load(sys.stdin); n = d["items"]; print(f"{n} items")' < state.json
python3 -c "print($1)"
python3 -c '
import sys
match sys.argv:
    case _:
        print(1)
'
