#!/bin/sh
# Starts the service: `npm start`, or `npm start -- --help` for the configuration. `exec` makes this process node
# itself, so that a signal to npm reaches it.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
# Compiled code and stripped types are kept from start to start: a third of the time to get ready. npm ci clears it.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/archmeter-compile}"
export NODE_COMPILE_CACHE
exec node src/api/server.ts "$@"
