#!/bin/sh
# API keys of the service, in its data folder or database: `npm run keys -- create --name ci --role runner`, `list`, `revoke`.
set -eu
cd "$(dirname "$0")/.."
setup_for=service
. scripts/setup.sh
exec node src/api/keys.ts "$@"
