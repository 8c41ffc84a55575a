#!/bin/sh
# Fuzzes a running service by its own OpenAPI description with schemathesis, in a virtual environment of its own:
# `sh scripts/fuzz.sh [folder]`. Bounded in time, and seeded, so that a failure comes again; FUZZ_SECONDS and FUZZ_SEED
# change that.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5'

PORT=0 DATA_DIR="$folder/data" LOG_LEVEL=warn node src/api/server.ts >"$folder/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" || true' EXIT
tries=0
until grep -q 'listens on' "$folder/server.log"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$folder/server.log"
    echo 'the service did not start'
    exit 1
  fi
  sleep 0.2
done
url=$(sed -n 's/^.*listens on \(http[^ ]*\).*$/\1/p' "$folder/server.log" | head -n 1)

# A graph that the schema allows can still be no network (channels that do not meet): 422 is right, so data that fits the
# schema need not be accepted. There is no authentication whose absence could be ignored.
cd "$folder"
status=0
venv/bin/schemathesis run "$url/openapi.json" --checks all --exclude-checks positive_data_acceptance,ignored_auth \
  --max-examples 30 --max-time "${FUZZ_SECONDS:-150}" --seed "${FUZZ_SEED:-20}" --generation-database none \
  --continue-on-failure --request-timeout 20 --no-color || status=$?

curl -fsS "$url/readyz" >/dev/null || { echo 'the service is not ready after the fuzzing'; status=1; }
if grep -E '"level":(50|60)' server.log; then
  echo 'the service logged the errors above: each is a request that was not answered by a rule'
  status=1
fi
exit $status
