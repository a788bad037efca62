#!/usr/bin/env bash
# Traps of the command line, and the whole truth: nothing that may be a secret is repeated, a month is no minute, errors
# are JSON where that was asked for, what has expired or has left the file is said, media that cannot be written are read.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-5]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
silent() { ! grep -qF -- "$1" stdout stderr || fail "it repeats: $1"; }

# --- Options that nobody knows come first, by their names alone.
for words in 'issue fleet.yaml --passphrase S3cret!' 'issue --passphrase S3cret!' '--passphrase=S3cret! issue' \
  'ca init --pasphrase-file S3cret! --ca y' 'issue -pS3cret! fleet.yaml' 'passwords --password S3cret! --ca ca' \
  'renew fleet.yaml --all --key-passphrase S3cret!' 'ca rotate --ca ca --pass=S3cret!' 'issue --passphrase-fd S3cret!'; do
  # shellcheck disable=SC2086
  run 2 $words
  silent S3cret
done
run 2 issue fleet.yaml --passphrase x
says "unknown option '--passphrase' of 'fleetmint issue'"
says 'hint: a passphrase is never given on the command line'
run 2 issue fleet.yaml --thread 2
says "hint: did you mean '--threads'?"
run 2 -x
says "unknown option '-x' of 'fleetmint'"

# --- Minutes are no months; the hint, followed.
run 0 "${issue[@]}"
for command in 'list --ca ca --expiring' 'renew fleet.yaml --profiles profiles.d --ca ca --out out --within' \
  'status --ca ca --within'; do
  # shellcheck disable=SC2086
  run 2 $command 2m
  says '2m is 2 minutes'
  # shellcheck disable=SC2086
  run 0 $command "$(sed -n 's/^hint: write \([0-9]*d\) for 2 months$/\1/p' stderr)"
done
run 2 renew fleet.yaml --profiles profiles.d --ca ca --out out --within 2y
says 'the shortest validity is 351 days'

# --- New passphrases; an old one is taken however short.
(umask 077; echo 1234567 >short; echo 12345678 >long)
run 3 ca init --profile fast --profiles profiles.d --ca new --passphrase-file short
says 'the passphrase is shorter than 8 characters'
absent new
run 0 ca init --profile fast --profiles profiles.d --ca new --passphrase-file long

(umask 077; echo abc >pw; echo abcdefgh >pw8)
sed 's/^fleet: test/fleet: three/; s/^defaults: {/defaults: {password: "file:pw", /' fleet.yaml >three.yaml
run 0 check three.yaml --profiles profiles.d
says 'the shortest password of a bundle has 3 characters'
run 0 issue three.yaml --profiles profiles.d --ca ca --out three
says 'the shortest password of a bundle has 3 characters'
sed 's/file:pw/file:pw8/' three.yaml >eight.yaml
run 0 check eight.yaml --profiles profiles.d
! grep -q 'shortest password' stderr || fail 'eight characters are short'

# --- Errors in JSON: one object, whoever has failed.
errors() { jq -e -s "length == 1 and .[0].exit_code == $1 and (.[0].errors[0].message | length > 0)" <stdout >/dev/null || fail "$(cat stdout)"; }
run 3 list --ca nowhere --json
errors 3
run 2 issue --json --nonsense
errors 2
printf 'fleet: test\nprofile: "fast-agent\n' >broken.yaml
run 2 check broken.yaml --json
errors 2
equal "$(jq -r '.errors[0] | "\(.file) \(.line)"' <stdout)" 'broken.yaml 2'
printf 'fleet: test\nprofile: \xff\n' >latin.yaml
run 2 check latin.yaml --json
errors 2
run 0 "${issue[@]}" --json
jq -e '.failures == []' <stdout >/dev/null || fail "$(cat stdout)"

# --- A log has times, other lines have none.
run 0 "${issue[@]}" --log-level info
! grep -qvE '^(20[0-9-]+T[0-9:]+Z )?(fleetmint|hint): ' stderr || fail "$(cat stderr)"
rm out/bundles/ws-1.pfx
run 1 "${issue[@]}" --log-level warning
grep -qE '^20[0-9-]+T[0-9:]+Z fleetmint: warning: ' stderr || fail 'no time'
run 0 "${issue[@]}" --replace-damaged
"$FLEETMINT" --help | grep -q FLEETMINT_PASSPHRASE_FILE || fail 'the variable is not in --help'

# --- A progress line is no wider than the terminal.
fast_fleet many.yaml 'm-[1-300]' many
cat >wide.py <<'P'
import fcntl, os, pty, re, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 20, 24, 0, 0))
text = b''
try:
    while part := os.read(fd, 4096):
        text += part
except OSError:
    pass
lines = [part for part in re.split(rb'\r\x1b\[K|\r?\n', text) if b' of 300 issued' in part or b'issued (' in part]
late = lines[1:]  # the first may have been drawn before the terminal was narrow
assert late and all(len(line) < 24 for line in late), lines
P
if command -v python3 >/dev/null; then
  python3 wide.py "$FLEETMINT" issue many.yaml --profiles profiles.d --ca ca --out many --threads 1 >log 2>&1 || fail "$(tail -3 log)"
fi

# --- What has expired, and who has left the file.
cat >profiles.d/brief-agent.yaml <<'Y'
profile: brief-agent
extends: fast-agent
validity: 2s
backdate: 1h
jitter: 0s
Y
fast_fleet brief.yaml 'b-[1-3]' brief
sed -i 's/^profile:.*/profile: brief-agent/' brief.yaml
run 0 issue brief.yaml --profiles profiles.d --ca ca --out brief
run 0 delivered b-1 --ca ca --out brief --delete
sleep 3
run 1 issue brief.yaml --profiles profiles.d --ca ca --out brief
says '3 endpoints have a certificate that has expired'
! grep -q 'nothing to do' stderr || fail 'nothing to do'
run 1 check brief.yaml --profiles profiles.d --ca ca
prints 'issued, and expired: 3'
run 1 verify --ca ca --out brief
prints 'b-1: was delivered, and expired at'
equal "$(grep -c 'expired at' stdout)" 3
fast_fleet fleet.yaml 'ws-[1-2]'
run 0 "${issue[@]}"
for name in ws-3 ws-4 ws-5; do says "not in the fleet file: $name"; done
run 0 check fleet.yaml --profiles profiles.d --ca ca
for name in ws-3 ws-4 ws-5; do prints "    $name"; done
sed -i 's/os: windows-11/os: windows-2012r2/' fleet.yaml
run 0 check fleet.yaml --profiles profiles.d --ca ca
prints '2 endpoints (ws-1, ws-2): bundle.encryption modern -> legacy: their bundles are for another os'

# --- When certificates end: jitter takes a tenth at most.
fast_fleet ends.yaml 'e-[1-9]' ends
sed -i 's/^defaults: {/defaults: {validity: 30d, jitter: 14d, /' ends.yaml
run 0 check ends.yaml --profiles profiles.d
grep -qE '^  certificates end from 20[0-9-]+ to 20[0-9-]+, in 27 to 30 days$' stdout || fail "$(cat stdout)"

# --- Media that cannot be written.
if [[ $(id -u) == 0 ]] && mkdir medium && mount -t tmpfs none medium 2>/dev/null; then
  trap 'umount medium 2>/dev/null || true; cleanup' EXIT
  cp -a ca out medium
  mount -o remount,ro medium
  fast_fleet fleet.yaml 'ws-[1-5]'
  for command in 'list --ca medium/ca' 'verify --ca medium/ca --out medium/out' 'ca show --ca medium/ca' \
    'passwords --ca medium/ca' 'check fleet.yaml --profiles profiles.d --ca medium/ca'; do
    # shellcheck disable=SC2086
    run 0 $command
  done
  run 3 issue fleet.yaml --profiles profiles.d --ca medium/ca --out medium/out
  says 'is on a read-only medium'
  # Changes in a log beside the ledger can be read only where they can be written.
  mount -o remount,rw medium
  (umask 077; echo changes >medium/ca/ledger.db-wal)
  mount -o remount,ro medium
  run 3 list --ca medium/ca
  says 'hint: copy the directory to a disk, and use the copy'
  umount medium
fi
