#!/bin/sh
# `npm run test:tensorflow`: what every runtime owes, and every op, on the TensorFlow back end of TF.js. Exits with 77
# where that is not set up.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
problem=$(node --input-type=module -e 'console.log((await import("./src/gpu/tensorflow-folder.ts")).tensorflowProblem() ?? "")')
[ -z "$problem" ] || {
  echo "skipped: $problem; run: npm run setup:tensorflow"
  exit 77
}
# Each test process is a CPU's, and TensorFlow's own notes are not its result.
export TFJS_BACKEND=tensorflow CUDA_VISIBLE_DEVICES='' TF_CPP_MIN_LOG_LEVEL=2
exec node --test --test-concurrency=2 --test-timeout=120000 --test-reporter=spec \
  test/gpu/runtimes/contract.test.ts 'test/gpu/runtimes/tfjs/*.test.ts' 'test/engine/ops/*.test.ts'
