#!/usr/bin/env bash
# A paused run's memory holds no p, q or d of a key whose bundle is finished: wiped, not only freed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ $(id -u) == 0 ]] || skip "reading another process's memory needs root"
scan() { node "$source_tree/tests/support/scan_memory.js" "$@"; }
printf 'one for all of them\n' >phrase
chmod 600 phrase
run 0 ca init --ca ca --passphrase-file phrase
cat >fleet.yaml <<'Y'
fleet: test
profile: mtls-client
defaults: {domain: example.com, os: linux, bundle: {formats: [pem, pfx]}, password: "file:phrase"}
groups:
  - {name: all, hosts: "ws-[0001-2000]"}
Y
"$FLEETMINT" issue fleet.yaml --ca ca --out out --passphrase-file phrase --kernel portable --threads 2 2>stderr &
pid=$!
for ((i = 0; i < 1200; ++i)); do
  (( $(find out/bundles -name '*.key.pem' 2>/dev/null | wc -l) >= 128 )) && break
  kill -0 "$pid" 2>/dev/null || fail 'the run ended early'
  sleep 0.1
done
kill -STOP "$pid"
# If this finds nothing, the next one proves nothing: the CA's key is in use.
code=0
scan "$pid" phrase ca/issuing.key >found 2>stderr || code=$?
[[ $code != 77 ]] || { kill -KILL "$pid"; skip "$(cat stderr)"; }
[[ $code == 0 ]] || fail 'the scan failed'
grep -q 'issuing.key p little-endian' found || fail 'the key that signs was not found'
find out/bundles -name '*.key.pem' | head -n 128 >keys
mapfile -t keys <keys
scan "$pid" phrase "${keys[@]}" >found || fail 'the scan failed'
kill -CONT "$pid"
kill -INT "$pid"
wait "$pid" || true
[[ ! -s found ]] || fail "$(sort found | uniq -c | head -n 20)"
