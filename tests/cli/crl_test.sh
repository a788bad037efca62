#!/usr/bin/env bash
# crl at its edges: a run that was ended, a CA that may not sign CRLs, a root's CRL that ends; and hints of
# status and issue, followed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v openssl >/dev/null || skip 'openssl is not installed'
fast_profiles
sed -i 's/crl_validity: 1y/crl_validity: 2s/' profiles.d/fast-authority.yaml
fast_ca ca
fast_fleet fleet.yaml 'h-[1-3]'
more=(--ca ca --out out --profiles profiles.d)
run 0 issue fleet.yaml "${more[@]}"
run 2 crl --ca ca --valid-for 5s
says 'is too short'
run 2 crl --ca ca --valid-for soon
run 0 crl --ca ca --out out
listed() { openssl crl -in out/crl.der -inform der -noout -text | sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort; }

# What a run that was ended has reserved may have been signed: it is abandoned, and on the CRL.
sqlite3 ca/ledger.db "insert into certificate (serial, run, fleet, endpoint, lineage, issuer, end_bound, state, reserved_at)
  select x'41000000000000000000000000000001', run, fleet, 'h-9', id + 1, issuer, end_bound, 'reserved', reserved_at
  from certificate where id = 3"
run 0 crl --ca ca --out out
says '1 serial of a run that did not end is abandoned'
equal "$(listed)" 41000000000000000000000000000001
run 0 verify --ca ca --out out
# While a run holds the lock, its reservations are its own.
sqlite3 ca/ledger.db "insert into certificate (serial, run, fleet, endpoint, lineage, issuer, end_bound, state, reserved_at)
  select x'41000000000000000000000000000002', run, fleet, 'h-9', 5, issuer, end_bound, 'reserved', reserved_at
  from certificate where id = 3"
(flock 9; "$FLEETMINT" crl --ca ca --out out --always 2>/dev/null) 9<>ca/run.lock
equal "$(listed)" 41000000000000000000000000000001

# The root's CRL ends: status says so, and its hint works.
mv ca/root.key away.key
sleep 3
run 0 crl --ca ca --out out
run 1 status --ca ca
says "the CRL of 'CN=Fast Root' is to be replaced by"
says 'fleetmint ca root-crl signs the next one (--root-key FILE'
run 0 ca root-crl --root-key away.key --valid-for 1y --ca ca
run 0 crl --ca ca --out out
run 0 status --ca ca --metrics metrics
openssl verify -crl_check_all -CAfile out/chain.pem -CRLfile out/crl.pem ca/issuing.crt >/dev/null || fail 'openssl refuses'

# Numbers for Prometheus.
grep -qx 'fleetmint_certificates{fleet="test",profile="fast-agent",state="current"} 3' metrics || fail 'no count'
grep -q '^x509_crl_next_update{issuer_CN="Fast Root"' metrics || fail "the root's CRL is not there"
equal "$(grep -vc '^#' metrics)" "$(grep -vE '^#' metrics | grep -cE '^[a-z_0-9]+(\{.*\})? [0-9]+$')"

# A certificate that has expired: the hint of issue, followed.
sqlite3 ca/ledger.db "update certificate set not_after = unixepoch() - 10 where endpoint = 'h-1' and state = 'issued'" 2>/dev/null ||
  sqlite3 ca/ledger.db "update certificate set not_after = strftime('%s', 'now') - 10 where endpoint = 'h-1' and state = 'issued'"
run 1 issue fleet.yaml "${more[@]}"
says 'to renew them: fleetmint renew fleet.yaml --within 1d'
run 0 renew fleet.yaml "${more[@]}" --within 1d --json
equal "$(jq .issued stdout)" 1
run 0 issue fleet.yaml "${more[@]}"

# A revoked bundle is not installed.
run 0 revoke h-2 --ca ca
run 0 crl --ca ca --out out
sh out/rollout/install.sh out h-2 target 2>stderr && fail 'a revoked certificate was installed'
says 'was revoked: nothing is installed'
absent target

# A damaged CRL: said, with a hint that works.
echo nonsense >ca/crl/issuing.crl
run 3 crl --ca ca --out out
says 'is no CRL'
rm ca/crl/issuing.crl
sleep 1
run 0 crl --ca ca --out out

# A CA that may not sign CRLs signs none; whoever signs its CRL is told what to put on it.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.pem -days 900 \
  -subj /CN=Own -addext keyUsage=critical,keyCertSign 2>/dev/null
chmod 600 own.key
run 0 ca import --ca own --key own.key --chain own.pem --no-passphrase
fast_fleet own.yaml 'o-[1-2]' own
run 0 issue own.yaml --ca own --out own-out --profiles profiles.d
run 0 revoke o-1 --ca own
run 3 crl --ca own --out own-out
says 'may not sign CRLs'
run 0 crl --ca own --serials     # the hint's word
equal "$(wc -l <stdout)" 1
