#!/bin/sh
# `npm run test:corpus [-- --only swin --save --renew]`: networks of timm, torchvision and ultralytics, exported as ONNX by the newest
# tools, counted by executing them in Python and by us. All of it lies in .cache/corpus, or where CORPUS_CACHE says: an environment of
# Python's (7 GB, nearly all of it torch) and the exported files (15 GB). What is there is kept; `--renew` takes the newest tools.
# Says `skipped: why` and exits with 77 where they cannot be installed.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

cache=${CORPUS_CACHE:-$PWD/.cache/corpus}
requirements=test/corpus/requirements.txt
venv=$cache/venv
if [ "${1:-}" = --renew ]; then
  rm -rf "$venv" "$cache/files"
  shift
fi
mkdir -p "$cache/files" "$cache/settings"
# ultralytics keeps settings, and would install what it misses.
export YOLO_CONFIG_DIR="$cache/settings" YOLO_AUTOINSTALL=false HF_HUB_OFFLINE=1

if ! cmp -s "$requirements" "$venv/.installed-requirements"; then
  python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || {
    echo 'skipped: no python3 here that is 3.10 or newer and has venv (Debian: apt-get install python3 python3-venv)'
    exit 77
  }
  echo "archmeter: installing the newest torch, timm, ultralytics and onnx into $venv (once; downloads 3 GB) …" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  # What ultralytics asks for beside the libraries listed is for pictures on screens, and for its own service.
  { "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps ultralytics; } || {
    rm -rf "$venv"
    echo 'skipped: pip could not install the tools; its message stands above'
    exit 77
  }
  cp "$requirements" "$venv/.installed-requirements"
fi

exec node test/corpus/run.ts "$venv/bin/python" "$cache/files" "$@"
