#!/usr/bin/env bash
# What output/schedule ships: systemd takes the unit and the timer; their commands, and cron's, as they stand there,
# print nothing and end with 0 while all is well, and speak when something needs somebody; to the journal, with
# priorities.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
shipped=$source_tree/output/schedule
fast_profiles
echo a-secret >phrase
chmod 600 phrase
mkdir home run
run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca home/ca
cat >home/fleet.yaml <<'Y'
fleet: test
profile: mtls-client
defaults: {domain: example.com, os: windows-11, key: {algorithm: ecdsa, curve: p256}}
groups: [{name: all, hosts: "h-[1-3]"}]
Y
cd home
run 0 issue fleet.yaml --ca ca --out out --passphrase-file ../phrase
run 0 crl --ca ca --out out --passphrase-file ../phrase
cd ..

# here TEXT: what is shipped, with the places of this test.
here() { sed "s,/usr/local/bin/fleetmint,$FLEETMINT,g; s,/run/fleetmint/,$work/run/,g; s,/etc/fleetmint.phrase,$work/phrase,g
  s,/var/lib/fleetmint/ca.phrase,$work/phrase,g; s,/var/lib/fleetmint,$work/home,g"; }
here <"$shipped/fleetmint.service" >fleetmint.service
here <"$shipped/fleetmint.timer" >fleetmint.timer
sed -n 's/^ExecStart=//p' fleetmint.service >commands
equal "$(wc -l <commands)" 3
for command in renew crl status; do grep -q " $command .*--quiet" commands || fail "no $command --quiet"; done

# service: the unit's commands as systemd runs them: one after the other, until one without "-" fails.
service() {
  local command code=0
  : >stdout
  : >stderr
  while IFS= read -r command; do
    (cd home && sh -c "${command#-}" <../phrase >>../stdout 2>>../stderr) || code=$?
    [[ $command == -* ]] && code=0
    ((code == 0)) || return $code
  done <commands
}
silent() { [[ ! -s stdout && ! -s stderr ]] || fail "$1 is not quiet: $(cat stdout stderr)"; }
cron() { (cd / && sh -c "$(here <"$shipped/fleetmint.cron" | sed -n 's/^13 3 \* \* \* fleetmint //p')" >"$work/stdout" 2>"$work/stderr"); }

# --- Nothing to do: nothing is said, nothing is changed.
cp home/out/manifest.jsonl home/out/crl.der .
service || fail "the unit's commands failed: $?"
silent 'the unit'
cmp -s manifest.jsonl home/out/manifest.jsonl || fail 'something was issued'
cmp -s crl.der home/out/crl.der || fail 'a CRL was signed'
grep -qx 'fleetmint_actions_needed 0' run/fleetmint.prom || fail 'no metrics'
cron || fail "cron's line failed: $?"
silent cron

# --- Something to do, and nobody is needed: it is done in silence.
run 0 revoke h-1 --ca home/ca
service || fail "the unit's commands failed: $?"
silent 'the unit'
cmp -s crl.der home/out/crl.der && fail 'the revocation was not published'
run 0 status --ca home/ca --quiet
sqlite3 home/ca/ledger.db "update certificate set not_after = strftime('%s', 'now') + 86400 where endpoint = 'h-2' and state = 'issued'"
cron || fail "cron's line failed: $?"
silent cron
equal "$(jq -r 'select(.endpoint == "h-2") | .supersedes | length' home/out/manifest.jsonl)" 1

# --- Somebody is needed: the unit fails, and says why. The renewal that fails keeps the CRL from nothing.
run 0 revoke h-3 --ca home/ca
cp home/out/crl.der .
mv home/fleet.yaml away.yaml
sqlite3 home/ca/ledger.db "update certificate set not_after = strftime('%s', 'now') + 86400 where endpoint = 'h-2' and state = 'issued'"
code=0
service || code=$?
equal $code 1
says "cannot read 'fleet.yaml'"
says 'end within 2w'
cmp -s crl.der home/out/crl.der && fail 'the revocation was not published'
grep -qx 'fleetmint_actions_needed 1' run/fleetmint.prom || fail 'the metrics do not tell'
code=0
cron || code=$?
equal $code 1

# --- The journal: each line with its priority, where stderr is the journal, and nowhere else.
export JOURNAL_STREAM
JOURNAL_STREAM=$(stat -c %d:%i stderr)
service && fail 'nobody is needed'
grep -q "^<3>fleetmint: cannot read 'fleet.yaml'" stderr || fail 'an error is no error to the journal'
grep -q '^<4>fleetmint: warning: .* end within 2w' stderr || fail 'a warning is no warning to the journal'
grep -q '^<4>hint: ' stderr || fail "a warning's hint is no warning"
[[ $(grep -vc '^<[34]>[a-z]' stderr) == 0 ]] || fail 'a line without a priority'
run 2 issue $'no\n<0>such.yaml' --ca home/ca --out home/out
equal "$(grep -c '' stderr)" "$(grep -c '^<3>' stderr)"
says 'no\x0a<0>such.yaml'
run 0 revoke h-3 --ca home/ca
grep -q '^<6>fleetmint: ' stderr || fail 'a report is no report to the journal'
equal "$(grep -vc '^<6>' stderr)" 0
# Inherited from a service, but stderr is another file: as ever.
JOURNAL_STREAM=${JOURNAL_STREAM%:*}:$(($(stat -c %i stderr) + 1)) run 0 revoke h-3 --ca home/ca
equal "$(grep -c '^<' stderr)" 0
for stale in '' : 0 "${JOURNAL_STREAM%:*}" "${JOURNAL_STREAM}x" "$JOURNAL_STREAM:1"; do
  JOURNAL_STREAM=$stale run 0 revoke h-3 --ca home/ca
  equal "$(grep -c '^<' stderr)" 0
done
unset JOURNAL_STREAM

# --- systemd's own opinion of the files.
command -v systemd-analyze >/dev/null || skip 'systemd-analyze is not installed'
grep -qx 'Persistent=true' fleetmint.timer || fail 'not Persistent='
grep -q '^RandomizedDelaySec=' fleetmint.timer || fail 'no RandomizedDelaySec='
systemd-analyze verify ./fleetmint.service ./fleetmint.timer >verify.log 2>&1 || fail "$(cat verify.log)"
! grep -q fleetmint verify.log || fail "$(cat verify.log)"
# At most 1.5 of 10, "ok" or better.
systemd-analyze security --offline=true --threshold=15 ./fleetmint.service >security.log 2>&1 || fail "$(tail -n 3 security.log)"

# What the commands ask of the kernel is what the unit allows, on any machine where it would be denied.
command -v strace >/dev/null || skip 'strace is not installed'
mv away.yaml home/fleet.yaml
allowed() { # SET
  local name
  systemd-analyze syscall-filter "$1" | sed -n 's/^    \([@a-z0-9_-]*\)$/\1/p' | while read -r name; do
    if [[ $name == @* ]]; then allowed "$name"; else echo "$name"; fi
  done
}
allowed "$(sed -n 's/^SystemCallFilter=//p' fleetmint.service)" | sort -u >allowed
sed -i 's/^-\{0,1\}/strace -f -qq -o trace.$$ /' commands
service || fail "the unit's commands failed under strace"
renewed() { jq -r 'select(.endpoint == "h-2") | .supersedes | length' home/out/manifest.jsonl; }
equal "$(renewed)" 2
sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' home/trace.* | sort -u >used
[[ $(wc -l <used) -gt 20 ]] || fail 'nothing was traced'
equal "$(comm -23 used allowed)" ''
