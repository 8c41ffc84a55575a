#!/bin/sh
# Starts the service: `npm start`, or `npm start -- --help` for the configuration. `exec` makes this process node
# itself, so that a signal to npm reaches it.
set -eu
cd "$(dirname "$0")/.."
setup_for=service
. scripts/setup.sh
. scripts/pages.sh
# While modules load, V8 would grow its nursery to 64 MB, and an idle service would keep them.
exec node --max-semi-space-size=8 src/api/server.ts "$@"
