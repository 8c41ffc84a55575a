#!/bin/sh
# `npm test`: set-up, then every check of the project. `npm test -- test/engine/cost.test.ts` runs those files alone.
# Each leg runs whatever the others said, so that one call shows everything that is wrong.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
. scripts/pages.sh

began=$(date +%s)
failed=''
leg() { # name, command …
  name=$1
  shift
  leg_began=$(date +%s)
  echo "── $name: $*"
  if "$@"; then
    echo "── $name: passed in $(($(date +%s) - leg_began)) s"
  else
    failed="$failed $name"
    echo "── $name: FAILED after $(($(date +%s) - leg_began)) s"
  fi
}

# Two at a time: the suite starts worker processes of its own, and times some of them. Loading modules fills V8's small
# first nursery many times over; a larger one takes a tenth off each file.
run_tests() { node --min-semi-space-size=16 --test --test-concurrency=2 --test-timeout=120000 --test-reporter=spec "$@"; }

# Tests of pure code share one process: a process for each of these 150 files takes several times as long. Not for a test
# that measures its own process or starts others.
pure=$(find test/engine test/gpu/timing -name '*.test.ts' | grep -v -e hostile -e bombs -e '/runs\.' -e laws -e properties -e onnx-export \
  -e round-trip -e tfjs-lowering -e constants | sort)
others=$(find test -name '*.test.ts' | sort | grep -vxF "$pure")

if [ $# -gt 0 ]; then
  leg tests run_tests "$@"
else
  # The types take one core half a minute, and what follows takes the other.
  types=$(mktemp)
  (leg typecheck tsc -p .; leg typecheck-web tsc -p web; [ -z "$failed" ]) >"$types" 2>&1 &
  types_job=$!
  leg lint biome check .
  leg boundaries node scripts/check-boundaries.ts
  leg schemas node scripts/write-schemas.ts --check
  leg pure-tests run_tests --test-isolation=none $pure
  wait "$types_job" || failed="$failed typecheck"
  cat "$types"
  rm -f "$types"
  leg tests run_tests $others
fi

seconds=$(($(date +%s) - began))
if [ -n "$failed" ]; then
  echo "npm test: FAILED in $seconds s:$failed"
  exit 1
fi
echo "npm test: passed in $seconds s"
