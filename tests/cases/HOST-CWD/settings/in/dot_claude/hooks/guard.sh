#!/bin/bash
cat > /dev/null
