#!/usr/bin/env bash
# Ctrl-C while a person or a pipe is waited for, and while a CA is made: ends within two seconds with exit
# code 130, and leaves nothing behind.
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
