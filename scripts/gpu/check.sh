#!/bin/sh
# `sh check.sh [PARTS [RESULTS]]`, on a GPU host without a network: unpacks what scripts/gpu/pack.ts made (once), runs
# checks.ts and then ONNX Runtime's C API beside PyTorch. PARTS: the folder of the parts, this script's own without;
# RESULTS: where checks.jsonl and c-api-check.jsonl go, the current folder without. PYTHON names a Python with torch and
# torchvision (python3), whose CUDA 13 and cuDNN 9 libraries ONNX Runtime uses too. ONLY names checks of checks.ts, ARGUMENTS
# are given to the check of the C API. Under four minutes.
set -eu
parts=${1:-$(dirname "$0")}
results=$(cd "${2:-.}" && pwd)
python=${PYTHON:-python3}
work=${TMPDIR:-/tmp}/archmeter-check
if [ ! -e "$work/ready" ]; then
  mkdir -p "$work"
  cat "$parts"/libraries.tar.xz.* | tar -xJ -C "$work"
  touch "$work/ready"
fi
tar -xzf "$parts/program.tar.gz" -C "$work"
libraries=$("$python" -c '
import glob, os, sysconfig
found = glob.glob(os.path.join(sysconfig.get_paths()["purelib"], "nvidia", "*", "lib"))
print(":".join(sorted(found)))')
LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
native=.cuda/onnxruntime-node/bin/napi-v6/linux/x64
cd "$work"
# The npm package's own library, for the CPU.
mkdir -p "node_modules/onnxruntime-node/${native#.cuda/onnxruntime-node/}"
for file in "$native"/*; do ln -sf "$work/$file" "node_modules/onnxruntime-node/${native#.cuda/onnxruntime-node/}/"; done
failed=0
bin/node scripts/gpu/checks.ts --only "${ONLY:-smi,profiles,large,options,tf32,optimization,holder,float16,cap,memory}" \
  >"$results/checks.jsonl" 2>"$results/checks.errors.txt" || failed=1
cat "$results/checks.jsonl"
bin/node scripts/gpu/c-api-check.ts --library "$native" --torch "$python" ${ARGUMENTS:-} \
  >"$results/c-api-check.jsonl" 2>"$results/c-api-check.errors.txt" || failed=1
cat "$results/c-api-check.jsonl"
tail -c 2000 "$results/checks.errors.txt" "$results/c-api-check.errors.txt" >&2
exit "$failed"
