#!/usr/bin/env bash
# A run that is interrupted, killed, or met by a second one: nothing lost, nothing twice, and the same
# command finishes the job.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: mtls-client
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: all, hosts: "ws-[001-240]"}
Y
issue=(issue fleet.yaml --ca ca --out out --threads 1 --kernel portable)  # seconds of work on any machine

# start: a run in the background, until its first chunk is on disk.
start() {
  "$FLEETMINT" "${issue[@]}" >stdout 2>stderr &
  pid=$!
  local i before=${1-0}
  for ((i = 0; i < 600; ++i)); do
    (( $(ls out/bundles 2>/dev/null | wc -l) > before )) && return
    sleep 0.05
  done
  fail 'no bundle after 30 s'
}

start
run 5 issue fleet.yaml --ca ca --out out2  # two runs at once: the second one names the first
says "$pid"
absent out2
run 0 list --ca ca  # reading never waits for a run
kill -INT "$pid"
code=0
wait "$pid" || code=$?
equal "$code" 130
says 'run the same command again'
issued=$(ls out/bundles | wc -l)
(( issued > 0 && issued < 240 )) || fail "$issued of 240 are issued after Ctrl-C"
[[ -z $(ls -A out/.pending) ]] || fail 'Ctrl-C left pending files'
run 0 verify --ca ca --out out
equal "$(wc -l <out/manifest.jsonl)" "$issued"

start "$issued"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
run 0 "${issue[@]}" --json
equal "$(jq -r '.issued + .skipped' stdout)" 240
run 0 verify --ca ca --out out --json
equal "$(jq -c '[.endpoints,.files]' stdout)" '[240,240]'
equal "$(jq -r .serial out/manifest.jsonl | sort -u | wc -l)" 240
equal "$(jq -r .spki_sha256 out/manifest.jsonl | sort -u | wc -l)" 240
run 0 ca show --ca ca --json
equal "$(jq -r .ledger.reserved stdout)" 0
