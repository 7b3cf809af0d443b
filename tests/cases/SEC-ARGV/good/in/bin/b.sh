#!/usr/bin/env bash
set -euo pipefail
MYSQL_PWD="$DB_PASSWORD" mysqldump -u ops ops
echo "$TOKEN" | docker login -u ops --password-stdin
