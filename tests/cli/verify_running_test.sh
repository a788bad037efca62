#!/usr/bin/env bash
# verify while a run is going on: what is in flight is no finding.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-3]'
run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out
fast_fleet fleet.yaml 'ws-[0001-1500]'
"$FLEETMINT" issue fleet.yaml --profiles profiles.d --ca ca --out out --quiet 2>issue.log &
issuing=$!
# A verify that came before it would hold the lock, and the run would be refused.
until (($(ls out/bundles | wc -l) > 3)) || ! kill -0 $issuing 2>/dev/null; do sleep 0.01; done
during=0
while kill -0 $issuing 2>/dev/null; do
  run 0 verify --ca ca --out out
  if grep -q 'a run is going on' stderr; then during=$((during + 1)); fi
done
wait $issuing || fail "issue: $(cat issue.log)"
((during > 0)) || fail 'verify never ran beside the run'
run 0 verify --ca ca --out out
says 'verified 1503 endpoints'
