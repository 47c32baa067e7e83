#!/usr/bin/env bash
# A pay code of the running server is taken by a gate that has nothing but the published keys, written in Go and
# in JavaScript, and not when any bit of it is another.
set -euo pipefail
# shellcheck source=../services
source .ci/services

work=$(mktemp -d)
port=$(free_port)
export HTTP_ADDR=127.0.0.1:$port ADMIN_ADDR='' DATA_DIR=$work/data LOG_FORMAT=json
unset DATABASE_URL REDIS_URL
"$SERVER_BINARY" serve >"$work/log" 2>&1 &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$work"' EXIT
await 60 'the server did not become ready' "$SERVER_BINARY" healthcheck --ready

curl -sf "http://$HTTP_ADDR/.well-known/jwks.json" -o "$work/keys.json"
curl -sf "http://$HTTP_ADDR/graphql" -H "Authorization: Bearer $("$SERVER_BINARY" token --as chenjing)" -H 'Content-Type: application/json' \
  -d '{"query":"mutation { issuePayCode(input: {purpose: CLINIC}) { payCode { code } } }"}' -o "$work/answer.json"
code=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).data.issuePayCode.payCode.code' "$work/answer.json")

go build -o "$work/verify" ./mobile-contracts/paycode/verify
in_go=$("$work/verify" "$code" 1 <"$work/keys.json")
in_javascript=$(node mobile-contracts/paycode/verify.mjs "$code" 1 <"$work/keys.json")
if [[ -z $in_go || $in_go != "$in_javascript" ]]; then
  echo "the gates read different cards: '$in_go' and '$in_javascript'"
  exit 1
fi
"$SERVER_BINARY" paycode verify --purpose CLINIC "$code"
if "$work/verify" "$code" 2 <"$work/keys.json" 2>/dev/null || "$SERVER_BINARY" paycode verify --purpose TRANSIT "$code" 2>/dev/null; then
  echo 'a code is taken for another purpose'
  exit 1
fi
node .ci/steps/flipped.mjs "$work/keys.json" "$code"

curl -sf "http://$HTTP_ADDR/graphql" -H "Authorization: Bearer $("$SERVER_BINARY" token --as chenjing)" -H 'Content-Type: application/json' \
  -d "{\"query\":\"mutation { issueTransitCodes(input: {idempotencyKey: \\\"$(node -p 'crypto.randomUUID()')\\\"}) { transitCodes { codes } } }\"}" -o "$work/answer.json"
kept=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).data.issueTransitCodes.transitCodes.codes[0]' "$work/answer.json")
"$work/verify" "$kept" 4 <"$work/keys.json" >/dev/null
node mobile-contracts/paycode/verify.mjs "$kept" 4 <"$work/keys.json" >/dev/null
"$SERVER_BINARY" paycode verify --purpose TRANSIT_OFFLINE "$kept"
echo "card $in_go is read by every gate, and by none with a bit flipped"
