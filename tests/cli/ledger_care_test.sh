#!/usr/bin/env bash
# The authority's care: backups while a run is going on, a newer ledger, clocks that go back, and
# runs that wait for each other.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[0001-1200]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)

# Backups and readers during a run; a second run that waits.
"$FLEETMINT" "${issue[@]}" --quiet 2>first.log &
first=$!
for ((i = 0; i < 200; ++i)); do [[ -n $(ls out/bundles 2>/dev/null) ]] && break; sleep 0.02; done
"$FLEETMINT" "${issue[@]}" --wait --json >second.json 2>second.log &
second=$!
copies=0
while kill -0 $first 2>/dev/null; do
  copies=$((copies + 1))
  run 0 ca backup --ca ca --to "copy-$copies" --json
  run 0 ca show --ca "copy-$copies" --json
  run 0 list --ca ca
done
wait $first || fail "the first run: $(cat first.log)"
wait $second || fail "the second run: $(cat second.log)"
grep -q 'waiting for another run: pid' second.log || fail 'the second run did not say that it waits'
equal "$(jq -c '[.issued, .skipped]' second.json)" '[0,1200]'
(( copies > 1 )) || fail 'no backup was made during the run'
run 0 verify --ca ca --out out

# A backup is an authority: modes, keys, ledger; it is never written over anything.
run 0 ca backup --ca ca --to copy
equal "$(stat -c %a copy copy/issuing.key copy/ledger.db | tr '\n' ' ')" '700 600 600 '
run 0 verify --ca copy --out out
run 3 ca backup --ca ca --to copy
says 'exists already'
run 3 ca backup --ca ca --to out/copy
says 'lies within the output directory'
run 3 ca backup --ca ca --to no/such/../fleet.yaml
ls -d ./*.new-* 2>/dev/null && fail 'a half-made copy was left'

# Ctrl-C while waiting.
flock --close ca/run.lock sleep 30 &  # the lock is flock's alone
holder=$!
sleep 0.3
"$FLEETMINT" "${issue[@]}" --wait 2>stderr &
pid=$!
sleep 0.5
kill -INT $pid
code=0
wait $pid || code=$?
equal $code 130
kill $holder 2>/dev/null || true
wait $holder 2>/dev/null || true

# A ledger of a newer program is refused.
cp -a ca newer
sqlite3 newer/ledger.db 'pragma user_version = 4'
run 3 list --ca newer
says 'has schema version 4; this program knows version 3'
# An older one did not keep the certificates.
sqlite3 newer/ledger.db 'pragma user_version = 2'
run 3 list --ca newer
says 'is of schema version 2'
says 'hint:'

# A certificate that has expired is said, and not passed over by a "nothing to do".
cp -a ca old
sqlite3 old/ledger.db "update certificate set not_after = 1000 where endpoint = 'ws-0001'"
run 1 issue fleet.yaml --profiles profiles.d --ca old --out out
says '1 endpoint has a certificate that has expired'

# A clock that has gone back.
sqlite3 ca/ledger.db "insert into run (fleet, token, selection, cutoff, started_at, ended_at) values (1, randomblob(16), 'missing', 1, unixepoch() + 90000, unixepoch() + 90001)"
run 0 "${issue[@]}"
says 'it has gone back by'
