#!/bin/sh
# `npm run screenshots [-- folder [page]]`: see scripts/screenshots.ts.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
. scripts/pages.sh
exec node scripts/screenshots.ts "$@"
