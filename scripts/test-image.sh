#!/bin/sh
# `npm run test:image`: builds the container image, target cpu, and tries it (scripts/image/main.ts). Exit code 77 where it
# cannot run here.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
exec node scripts/image/main.ts
