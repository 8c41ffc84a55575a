#!/bin/sh
# `npm run test:metrics`: the Grafana dashboard's queries on a real Prometheus; see scripts/metrics/run.ts.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
exec node scripts/metrics/run.ts "$@"
