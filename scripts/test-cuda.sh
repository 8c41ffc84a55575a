#!/bin/sh
# `npm run test:cuda`: the set-up of CUDA for real, without a GPU (test/cuda/setup.ts). Exit code 77 where it cannot run here.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

skip() {
  echo "skipped: $1"
  exit 77
}
[ "$(uname -sm)" = 'Linux x86_64' ] || skip 'the CUDA provider comes for Linux on x64 alone'
command -v gcc >/dev/null || skip 'no gcc, by which the stand-in for the driver is built: apt-get install gcc'
command -v xz >/dev/null || skip 'no xz: apt-get install xz-utils'
python3 -m pip --version >/dev/null 2>&1 || skip 'no Python with pip: apt-get install python3-pip'
[ "$(df -Pk "${TMPDIR:-/tmp}" | awk 'NR == 2 { print $4 }')" -gt 4000000 ] || skip 'less than 4 GB free in the temporary folder'
exec node --test --test-timeout=900000 --test-reporter=spec test/cuda/setup.ts
