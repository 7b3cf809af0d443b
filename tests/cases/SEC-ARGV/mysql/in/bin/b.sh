#!/usr/bin/env bash
set -euo pipefail
mysqldump -u ops -p"$DB_PASSWORD" ops
