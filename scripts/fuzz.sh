#!/bin/sh
# Fuzzes a running service by its own OpenAPI description with schemathesis, in a virtual environment of its own:
# `sh scripts/fuzz.sh [folder]`. Bounded in time, and seeded, so that a failure comes again; FUZZ_SECONDS and FUZZ_SEED
# change that.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
rm -rf "$folder/data"
: >"$folder/server.log"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5'

PORT=0 DATA_DIR="$folder/data" LOG_LEVEL=info node src/api/server.ts >"$folder/server.log" 2>&1 &
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
url=$(sed -n 's/^.*listens on \(http[^ "]*\).*$/\1/p' "$folder/server.log" | head -n 1)

# A graph that the schema allows can still be no network (channels that do not meet): 422 is right, so data that fits the
# schema need not be accepted. An address that is too long is refused before any schema is looked at.
cd "$folder"
value_of() { node -e 'let t = ""; process.stdin.on("data", (d) => (t += d)).on("end", () => console.log(JSON.parse(t)[process.argv[1]]))' "$1"; }
# With a key, so that calls without one must be refused; it is not to be revoked under the fuzzer.
key=$(curl -fsS -H 'content-type: application/json' -d '{"name":"fuzzer","role":"admin"}' "$url/v1/keys" | value_of key)
# 507 is the answer to a key whose quota of bytes is full; the fuzzer sets its own.
rejected='[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "507"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "431", "5xx"]
'
printf '%s' "$rejected" >all.toml
seconds=${FUZZ_SECONDS:-180}
status=0
fuzz() { # seconds, arguments …
  time=$1
  shift
  # Webhooks would be sent to addresses that the fuzzer makes up.
  venv/bin/schemathesis "$@" --checks all --exclude-checks positive_data_acceptance --max-examples 30 \
    --header "Authorization: Bearer $key" --exclude-operation-id revokeKey \
    --exclude-operation-id createWebhook --exclude-operation-id updateWebhook \
    --max-time "$time" --seed "${FUZZ_SEED:-20}" --generation-database none --continue-on-failure --request-timeout 20 \
    --no-color || status=$?
}
fuzz $((seconds * 2 / 3)) --config-file all.toml run "$url/openapi.json"

# Once more where made-up ids end in 404: with an architecture and a run that are there.
post() { curl -fsS -H "authorization: Bearer $key" -H 'content-type: application/json' -d "$2" "$url$1" | value_of id; }
architecture=$(post /v1/architectures '{"name":"fuzzed","zoo":{"preset":"squeezenet1_1","options":{"resolution":64}}}')
run=$(post /v1/runs "{\"architectureId\":\"$architecture\",\"device\":\"cpu:0\",\"runtime\":\"onnxruntime\",\"settings\":{\"warmupMs\":10,\"minDurationMs\":50,\"maxDurationMs\":200}}")
printf '%s' "$rejected" >ids.toml
for path in /v1/architectures/ /v1/runs/; do
  id=$architecture
  [ $path = /v1/architectures/ ] || id=$run
  # A read that waits for a minute is no fault: it waits for a second here.
  printf '[[operations]]\ninclude-path-regex = "^%s"\nparameters = { "path.id" = "%s", "query.wait" = 1 }\n' "$path" "$id"
done >>ids.toml
fuzz $((seconds / 3)) --config-file ids.toml run "$url/openapi.json" --exclude-method DELETE --include-path-regex '[{]id[}]' --phases coverage,fuzzing

curl -fsS "$url/readyz" >/dev/null || { echo 'the service is not ready after the fuzzing'; status=1; }
if grep -E '"level":(50|60)' server.log; then
  echo 'the service logged the errors above: each is a request that was not answered by a rule'
  status=1
fi
exit $status
