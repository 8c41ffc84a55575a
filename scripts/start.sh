#!/bin/sh
# Starts the service: `npm start`, or `npm start -- --help` for the configuration. `exec` makes this process node
# itself, so that a signal to npm reaches it.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
. scripts/pages.sh
exec node src/api/server.ts "$@"
