#!/bin/sh
# Restores a backup into an empty DATA_DIR: `npm run restore -- archmeter.tar`, or `--check archmeter.tar`.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
exec node src/api/backup.ts restore "$@"
