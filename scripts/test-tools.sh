#!/bin/sh
# `npm run test:tools [-- --seed 7 --count 50 --save]`: random networks counted by our conventions and by the tools they are
# named for, digit for digit. The tools are Python packages: they get an environment of their own in .cache/tools-venv.
# Says `skipped: why` and exits with 77 where they cannot be installed.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

venv=.cache/tools-venv
requirements=scripts/tools/requirements.txt
stamp=$venv/.installed-requirements

if ! cmp -s "$requirements" "$stamp"; then
  python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || {
    echo 'skipped: no python3 here that is 3.10 or newer and has venv (Debian: apt-get install python3 python3-venv)'
    exit 77
  }
  echo "archmeter: installing the tools into $venv (once; downloads 1 GB, takes 2.2 GB of disk, nearly all of it torch) …" >&2
  began=$(date +%s)
  rm -rf "$venv"
  mkdir -p .cache
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$requirements" || {
    rm -rf "$venv"
    echo 'skipped: pip could not install the tools; its message stands above'
    exit 77
  }
  # torch's build for Linux on x86-64 asks the loader for CUDA's mathematics, 3 GB of it, although nothing here calls it. Each
  # name gets a library that is there anyway (a link, nothing is built); an actual call would end the process, never count
  # something else. The search path of torch's libraries has their own folder in it.
  for cuda in "$venv"/lib/python*/site-packages/torch/lib/libtorch_cuda.so; do
    [ -f "$cuda" ] || continue
    for name in cublas.so.12 cublasLt.so.12 cudnn.so.9 cufft.so.11 curand.so.10 cusparse.so.12 cusparseLt.so.0 nccl.so.2 nvshmem_host.so.3; do
      ln -sf libtorch_global_deps.so "${cuda%/*}/lib$name"
    done
  done
  cp "$requirements" "$stamp"
  echo "archmeter: installed in $(($(date +%s) - began)) s, $(du -sh "$venv" | cut -f 1)" >&2
fi

exec node scripts/tools/compare.ts "$venv/bin/python" "$@"
