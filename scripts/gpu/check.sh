#!/bin/sh
# `sh check.sh [PARTS [RESULTS]]`, on a GPU host without a network: unpacks what scripts/gpu/pack.ts made (once) and runs the
# check of ONNX Runtime's C API beside PyTorch. PARTS: the folder of the parts, this script's own without; RESULTS: where
# c-api-check.jsonl goes, the current folder without. PYTHON names a Python with torch and torchvision (python3), whose
# CUDA 13 and cuDNN 9 libraries ONNX Runtime uses too. ARGUMENTS are given to the check. About 100 s.
set -eu
parts=${1:-$(dirname "$0")}
results=${2:-.}
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
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,power.limit --format=csv >&2 || true
cd "$work"
bin/node scripts/gpu/c-api-check.ts --library onnxruntime --torch "$python" ${ARGUMENTS:-} >"$work/results.jsonl" 2>"$work/errors.txt" && code=0 || code=$?
cd - >/dev/null
cp "$work/results.jsonl" "$results/c-api-check.jsonl"
cat "$work/results.jsonl"
tail -c 4000 "$work/errors.txt" >&2
exit "$code"
