#!/usr/bin/env bash
# `ca activate` counts only when all is there that it needs; and what a revoked CA has signed needs somebody.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'h-[1-3]'
more=(--ca ca --out out --profiles profiles.d)
run 0 issue fleet.yaml "${more[@]}"
run 0 crl --ca ca --out out
run 0 ca rotate --ca ca
current() { # the generation that signs
  run 0 ca show --ca ca --json
  jq '[.tiers[] | select(.name == "issuing" and (.next | not))][0].generation' stdout
}

# The next generation's CRL cannot be written: it does not become current.
mv ca/crl/issuing-2.crl kept.crl
mkdir ca/crl/issuing-2.crl
run 3 ca activate --ca ca --json
jq -e 'has("errors")' <stdout >/dev/null || fail 'it prints a result'
equal "$(current)" 1
rmdir ca/crl/issuing-2.crl
run 0 ca activate --ca ca --json
equal "$(current)" 2
[[ -s ca/crl/issuing-2.crl ]] || fail 'the CRL was not signed'

# Retired is not revoked: the fleet may stay as it is until it ends.
run 0 crl --ca ca --out out
run 0 status --ca ca
run 0 ca revoke 1 --reason key-compromise --ca ca
run 0 crl --ca ca --out out
run 1 status --ca ca --json
equal "$(jq -c '[.fleets[].issuer_revoked]' stdout)" '[3]'
run 1 status --ca ca --quiet --metrics metrics
says "3 endpoints of fleet 'test', profile 'fast-agent', have certificates of a revoked CA"
says 'renew FLEET.yaml --issuer-retired'
grep -qx 'fleetmint_certificates{fleet="test",profile="fast-agent",state="issuer_revoked"} 3' metrics || fail 'no count'
run 0 renew fleet.yaml "${more[@]}" --only h-1
run 0 revoke h-2 --ca ca          # revoked itself: nobody expects it to work
run 0 crl --ca ca --out out
run 1 status --ca ca --quiet
says "1 endpoint of fleet 'test', profile 'fast-agent', has a certificate of a revoked CA"
run 0 renew fleet.yaml "${more[@]}" --issuer-retired   # the hint's word
run 0 status --ca ca --quiet
