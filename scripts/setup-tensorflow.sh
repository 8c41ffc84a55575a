#!/bin/sh
# `npm run setup:tensorflow`: set-up of the project itself, then of its TensorFlow folder.
set -eu
cd "$(dirname "$0")/.."
setup_for=service
. scripts/setup.sh
exec node scripts/setup-tensorflow/main.ts "$@"
