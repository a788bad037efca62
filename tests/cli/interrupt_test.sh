#!/usr/bin/env bash
# Ctrl-C while a person or a pipe is waited for, while a CA is made, and in a run whose keys are slow: ends
# within two seconds with exit code 130, and leaves nothing behind. A second one ends at once. Readers that
# have gone away end nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-2]'
mkfifo pipe
chmod 600 pipe

# interrupted AFTER-SECONDS ARGUMENT...
interrupted() {
  local wait=$1 code=0 began
  shift
  setsid "$FLEETMINT" "$@" >stdout 2>stderr </dev/null &
  local pid=$!
  sleep "$wait"
  kill -INT $pid 2>/dev/null || fail "ended before it was interrupted: $*"
  began=$(date +%s%N)
  wait $pid || code=$?
  equal $code 130
  (($(date +%s%N) - began < 2000000000)) || fail "took longer than two seconds: $*"
}
interrupted 0.3 ca init --profile fast --profiles profiles.d --passphrase-file pipe --ca new
interrupted 0.3 issue fleet.yaml --profiles profiles.d --ca ca --out out --passphrase-file fleet.yaml --profiles pipe
interrupted 0.3 check pipe --profiles profiles.d
# Many tiers of RSA 4096: seconds of work; interrupted at several moments of it.
{
  printf 'authority: slow\nsummary: "many tiers"\ncrl_validity: 1y\ntiers:\n'
  for tier in root a b c d e f g h i j issuing; do
    printf '  - {name: %s, subject: "CN=%s", key: {algorithm: rsa, bits: 4096}, validity: 10y}\n' $tier $tier
  done
} >profiles.d/slow.yaml
for moment in 0.1 0.3; do
  interrupted $moment ca init --profile slow --profiles profiles.d --no-passphrase --ca new
done
equal "$(ls -A | tr '\n' ' ')" 'ca fleet.yaml pipe profiles.d stderr stdout '

# The slowest keys: RSA 4096 on the portable kernel. What is in flight is dropped.
printf 'fleet: big\nprofile: mtls-client\ndefaults: {domain: example.com, key: {algorithm: rsa, bits: 4096}}\ngroups:\n  - {name: all, hosts: "ws-[001-400]"}\n' >big.yaml
for moment in 0.5 1.2 2.5; do
  interrupted $moment issue big.yaml --ca ca --out big --kernel portable
  says 'run the same command again'
done
# And passwords of one's own, which cost a tenth of a second each: chunks of 64 of them.
seq -f '%04g' 2000 | sed 's/.*/ws-&,Password-&-of-mine/' >passwords.csv
chmod 600 passwords.csv
printf 'fleet: slow\nprofile: fast-agent\ndefaults: {domain: example.com, password: "csv:passwords.csv"}\ngroups:\n  - {name: all, hosts: "ws-[0001-2000]"}\n' >own.yaml
for moment in 0.7 3; do interrupted $moment issue own.yaml --profiles profiles.d --ca ca --out own; done
run 0 verify --ca ca --out own
says 'verified'

# A disk that hangs: the first Ctrl-C waits for it, the second one does not.
if [[ -e $FLEETMINT_SHIM ]]; then
  setsid env SHIM_HANG_RENAME=1 LD_PRELOAD="$FLEETMINT_SHIM" \
    "$FLEETMINT" issue fleet.yaml --profiles profiles.d --ca ca --out out >stdout 2>stderr </dev/null &
  pid=$!
  for ((i = 0; i < 200; ++i)); do
    [[ -z $(ls out/.pending 2>/dev/null) ]] || break
    sleep 0.05
  done
  sleep 0.3
  kill -INT $pid
  sleep 0.5
  kill -0 $pid || fail 'the first signal did not wait for the disk'
  began=$(date +%s%N)
  kill -INT $pid
  code=0
  wait $pid || code=$?
  equal $code 130
  (($(date +%s%N) - began < 500000000)) || fail 'the second signal did not end the run at once'
fi

# Nobody reads what it says: the run goes on to its end.
"$FLEETMINT" issue fleet.yaml --profiles profiles.d --ca ca --out out --json 2> >(true) > >(true) || fail "exit code $? where nobody reads"
run 0 verify --ca ca --out out --json
equal "$(jq .endpoints stdout)" 2
