#!/bin/sh
# `npm run build:web`: the dashboard alone, where it is not as web/ has it. `npm start` does the same by itself.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
. scripts/pages.sh
