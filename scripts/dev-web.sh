#!/bin/sh
# `npm run dev:web`: the dashboard as its files are now, loaded anew at every change, on the service that runs on port 3000.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
PATH="$PWD/web/node_modules/.bin:$PATH"
export PATH
exec vite --config web/vite.config.ts "$@"
