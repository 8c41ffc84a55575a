#!/bin/sh
# `npm run setup:cuda`: set-up of the project itself, then of its CUDA folder.
set -eu
cd "$(dirname "$0")/.."
setup_for=service
. scripts/setup.sh
exec node scripts/setup-cuda/main.ts "$@"
