#!/bin/sh
# Removes from node_modules what nothing on this machine reads: ONNX Runtime for other platforms (0.24 GB), source maps
# (0.3 GB; our own code has none) and Node's C headers (0.07 GB). Half of what npm unpacks. Run after each `npm ci`, with
# the Node.js to be used first on PATH.
set -eu
cd "$(dirname "$0")/.."
here=$(node -p 'process.platform + "/" + process.arch')
for all in node_modules/onnxruntime-node/bin/napi-v*; do
  [ -d "$all/$here" ] || continue
  for each in "$all"/*/*; do [ "$each" = "$all/$here" ] || rm -rf "$each"; done
done
find node_modules -name '*.map' -type f -delete
rm -rf node_modules/node-linux-*/include
