#!/bin/bash
set -e
npm ci || true
npm run build
