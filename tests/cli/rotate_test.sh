#!/usr/bin/env bash
# The generations of a CA: rotate, activate, revoke, root-crl, a renewed certificate; openssl is the judge of what
# hosts and servers would say that know trust.pem and crl.pem alone.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-3]'
common=(--profiles profiles.d --ca ca --out out)
run 0 issue fleet.yaml "${common[@]}"
run 0 crl --ca ca --out out

issuer_of() { openssl x509 -noout -issuer <"$1.pem" | sed 's/.*CN *= *//'; }
count() { grep -c "$1" "$2" || true; }

# --- Under the same root.
leaf ws-1
accepted ws-1 || fail "$(cat verdict)"
cp out/manifest.jsonl before.jsonl
mv ca/root.key away.key
run 2 ca rotate --ca ca
says "the key of 'CN=Fast Root' is not here"
says '--root-key FILE'
run 2 ca rotate --ca ca --root-key away.key --validity 0s
run 2 ca root-crl --ca ca --root-key away.key --valid-for 5s
says 'is too short'
run 0 ca rotate --ca ca --root-key away.key
says "made generation 2, 'CN=Fast Issuing G2': it signs nothing yet"
run 2 ca rotate --ca ca --root-key away.key
says 'generation 2 is there already, and waits for its turn'
says 'fleetmint ca activate'
run 0 ca show --ca ca
prints 'issuing, next generation: CN=Fast Issuing G2'
# It signs nothing yet, but whoever takes crl.pem and trust.pem knows it.
fast_fleet fleet.yaml 'ws-[1-4]'
run 0 issue fleet.yaml "${common[@]}"
leaf ws-4
equal "$(issuer_of ws-4)" 'Fast Issuing'
equal "$(count BEGIN out/trust.pem)" 3
equal "$(count BEGIN out/crl.pem)" 3
run 0 verify --ca ca --out out
run 0 ca activate --ca ca
says "generation 2, 'CN=Fast Issuing G2', signs from now on"
run 2 ca activate --ca ca
says 'there is no next generation'
fast_fleet fleet.yaml 'ws-[1-5]'
run 0 issue fleet.yaml "${common[@]}"
for host in ws-1 ws-4 ws-5; do
  leaf $host
  accepted $host || fail "$host: $(cat verdict)"
done
equal "$(issuer_of ws-1) $(issuer_of ws-5)" 'Fast Issuing Fast Issuing G2'
grep -q 'Fast Issuing G2' ws-5.chain || fail 'the bundle does not bring its issuer along'
run 0 verify --ca ca --out out
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
says 'renewed 4'
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
says 'renewed 0'
run 0 verify --ca ca --out out
equal "$(jq -r 'select(.endpoint == "ws-1") | .supersedes[0].serial' out/manifest.jsonl)" \
  "$(jq -r 'select(.endpoint == "ws-1") | .serial' before.jsonl)"
# What the old one has signed is on its own CRL, though it signs nothing more.
cp ws-1.pem ws-1-old.pem
accepted ws-1-old || fail "$(cat verdict)"
run 0 revoke ws-1 --ca ca --yes
run 0 crl --ca ca --out out
leaf ws-1
for host in ws-1-old ws-1; do
  ! accepted $host || fail "$host is accepted, though revoked"
  grep -q 'certificate revoked' verdict || fail "$host: $(cat verdict)"
done
leaf ws-2
accepted ws-2 || fail "$(cat verdict)"

# --- A lost CA.
run 2 ca revoke 2 --ca ca
says 'generation 2 is the current one'
says 'fleetmint ca rotate, then fleetmint ca activate'
run 2 ca revoke 7 --ca ca
says 'known here: 1, 2'
cp ws-4.pem ws-4-old.pem
run 1 ca revoke 1 --reason key-compromise --ca ca
says 'generation 1 is revoked'
says "the key of 'CN=Fast Root' is not here: its CRL is not signed"
run 0 ca root-crl --root-key away.key --ca ca
says "CRL of 'CN=Fast Root': 1 entry"
run 0 crl --ca ca --out out
openssl crl -in ca/crl/root.crl -inform DER -noout -text | grep -q 'Key Compromise' || fail 'no reason in the CRL of the root'
equal "$(count BEGIN out/trust.pem)" 2
! accepted ws-4-old || fail 'a certificate of a revoked CA is accepted'
accepted ws-2 || fail "$(cat verdict)"
run 0 ca revoke 1 --ca ca --root-key away.key
says 'was revoked before'
run 0 verify --ca ca --out out
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key 2>/dev/null
chmod 600 other.key
run 2 ca root-crl --root-key other.key --ca ca
says "'other.key' is not the key of a CA whose CRL is to be signed"
run 3 ca rotate --root-key other.key --ca ca
says "that is not the key of 'CN=Fast Root'"

# --- A new root, too.
run 0 ca rotate --root --ca ca
says 'its root is new: ship out/trust.pem first'
run 0 manifest --ca ca --out out
roots
equal "$(count BEGIN roots.pem)" 2
run 2 ca activate --ca ca
says 'not said that they trust the new root'
says '--yes, when it has been shipped'
# Each host says that it trusts it; one by one, that is enough.
hosts=$(jq -r 'select(.state != "revoked") | .endpoint' out/manifest.jsonl)
new_root=$("$FLEETMINT" ca show --json --ca ca | jq -r '.tiers[] | select(.next and .name == "root") | .sha256')
for host in $hosts; do
  run 2 ca activate --ca ca
  echo "{\"endpoint\":\"$host\",\"trust\":\"$new_root\"}" >receipt
  run 0 installed receipt --ca ca
done
run 0 status --json --ca ca
equal "$(jq -c .new_root stdout)" "{\"hosts\":$(wc -w <<<"$hosts"),\"trusting\":$(wc -w <<<"$hosts")}"
echo '{"endpoint":"ws-2","trust":"00"}' >receipt
run 1 installed receipt --ca ca
says "is no digest of its kind"
echo "{\"endpoint\":\"ws-2\",\"trust\":\"${new_root//[0-9]/0}\"}" >receipt
run 1 installed receipt --ca ca
says 'no CA certificate of this authority has SHA-256'
run 0 ca activate --ca ca
run 0 renew fleet.yaml --only ws-2 "${common[@]}"
cp ws-2.pem ws-2-old.pem
leaf ws-2
equal "$(issuer_of ws-2)" 'Fast Issuing G3'
for host in ws-2 ws-2-old; do accepted $host || fail "$host: $(cat verdict)"; done
run 0 verify --ca ca --out out
# One ordered chain: each one signed by the next.
equal "$(grep -c BEGIN out/chain.pem)" 2
csplit -z -s -f link- -b %03d.pem out/chain.pem '/BEGIN CERTIFICATE/' '{*}'
openssl verify -CAfile link-001.pem link-000.pem >/dev/null || fail 'chain.pem is not in order'

# --- While a run is on.
exec 9>>ca/run.lock
flock 9
run 5 ca rotate --ca ca
run 5 ca activate --ca ca
exec 9>&-

# --- Under the organization's CA: a request, and a renewed certificate of the same key.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout corp.key -out corp.crt -days 3650 \
  -subj '/CN=Corp Root' -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
sign() { # CSR OUT DAYS
  openssl x509 -req -in "$1" -CA corp.crt -CAkey corp.key -days "$3" -out "$2" \
    -extfile <(printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n') 2>/dev/null
}
run 0 ca request --subject 'CN=Corp Agents CA' --key p256 --no-passphrase --ca corp --request-out corp.csr
sign corp.csr issued.crt 1000
cat issued.crt corp.crt >chain.pem
run 0 ca install chain.pem --ca corp
common=(--profiles profiles.d --ca corp --out corp-out)
run 0 issue fleet.yaml "${common[@]}"
run 0 crl --ca corp --out corp-out
before=$(openssl crl -in corp-out/crl.der -inform DER -noout -crlnumber)
sign corp.csr renewed.crt 1500
cat renewed.crt corp.crt >chain.pem
run 0 ca install chain.pem --ca corp
says 'every bundle stays valid, the CRL goes on'
run 0 ca install chain.pem --ca corp
says 'is installed in corp already'
run 1 verify --ca corp --out corp-out
prints 'chain.pem'
run 0 manifest --ca corp --out corp-out
run 0 verify --ca corp --out corp-out
run 0 crl --always --ca corp --out corp-out
equal "$(ls corp/crl | wc -l)" 1
[[ $(openssl crl -in corp-out/crl.der -inform DER -noout -crlnumber) > $before ]] || fail 'the number of the CRL did not go on'
cmp -s <(openssl x509 -in corp-out/chain.pem -outform DER) <(openssl x509 -in renewed.crt -outform DER) || fail 'chain.pem is not the renewed one'
run 2 ca rotate --ca corp
says 'let its CA sign a request: fleetmint ca rotate --request FILE'
run 2 ca rotate --request next.csr --subject 'CN=Corp Agents CA' --ca corp
says 'a new key needs a new name'
run 0 ca rotate --request next.csr --subject 'CN=Corp Agents CA G2' --key p256 --ca corp
run 2 ca activate --ca corp
says 'has no certificate yet'
sign next.csr next.crt 2000
cat next.crt corp.crt >chain.pem
run 0 ca install chain.pem --ca corp
says 'it signs from fleetmint ca activate on'
run 0 ca activate --ca corp
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
says 'renewed 5'
run 0 verify --ca corp --out corp-out
equal "$(cd corp && echo *.crt)" 'issuing-2.crt issuing-3.crt issuing.crt root.crt'
