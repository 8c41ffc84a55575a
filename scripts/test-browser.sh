#!/bin/sh
# `npm run test:browser`: the dashboard in a real browser; see test/browser/story.ts.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
. scripts/pages.sh
exec node test/browser/story.ts "$@"
