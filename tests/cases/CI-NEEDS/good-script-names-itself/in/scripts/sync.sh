#!/bin/sh
git config user.name bot
git config user.email bot@example.com
