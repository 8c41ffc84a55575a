#!/bin/sh
# Backs the embedded database of DATA_DIR up, with the files of networks: `npm run backup -- archmeter.tar`.
set -eu
cd "$(dirname "$0")/.."
setup_for=service
. scripts/setup.sh
exec node src/api/backup.ts backup "$@"
