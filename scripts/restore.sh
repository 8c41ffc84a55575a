#!/bin/sh
# Restores a backup into an empty DATA_DIR: `npm run restore -- archmeter.tar`, or `--check archmeter.tar`.
set -eu
cd "$(dirname "$0")/.."
setup_for=service
. scripts/setup.sh
exec node src/api/backup.ts restore "$@"
