#!/bin/bash
set -e
pytest tests/
echo done
