#!/usr/bin/env bash
git push origin main
echo "✅ Pushed"
