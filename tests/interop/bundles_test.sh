#!/usr/bin/env bash
# Every kind of bundle, opened by OpenSSL and by GnuTLS; every certificate through OpenSSL's strict
# verification for the purpose it is for. Who wrote neither of them should find nothing.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
command -v certtool >/dev/null || skip 'certtool (gnutls-bin) is not installed'
fast_profiles
cat >fleet.yaml <<'Y'
fleet: kinds
profile: observeit-agent
vars: {application_server: itm.example.com}
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: capi, hosts: [capi]}
  - {name: cng, hosts: [cng], profile: observeit-agent-cng}
  - {name: shared, hosts: [shared], profile: observeit-agent-shared-cn}
  - {name: legacy, hosts: [legacy], os: windows-2012r2}
  - {name: ecdsa, hosts: [ecdsa], profile: fast-agent}
  - {name: p384, hosts: [p384], profile: fast-agent, key: {algorithm: ecdsa, curve: p384}, os: windows-2016}
  - {name: rsa3072, hosts: [rsa3072], key: {algorithm: rsa, bits: 3072}}
  - {name: pem, hosts: [pem], os: linux, bundle: {formats: [pem]}}
  - {name: both, hosts: [both], os: linux, bundle: {formats: [pfx, pem], chain: full}}
  - {name: peer, hosts: [peer], profile: mtls-peer, bundle: {chain: none}}
  - name: servers
    profile: observeit-server
    endpoints:
      - {name: itm, dns: [itm.example.com, itm], ip: [10.0.0.5, "2001:db8::5"]}
Y
run 0 ca init --no-passphrase --ca ca
run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out
run 0 verify --ca ca --out out
equal "$(wc -l <out/manifest.jsonl)" 11

# field ENDPOINT NAME: of the manifest.
field() { jq -r --arg e "$1" --arg f "$2" 'select(.endpoint == $e) | .[$f]' out/manifest.jsonl; }
checked=0
purpose() { case $1 in itm) echo sslserver ;; *) echo sslclient ;; esac; }

# whole ENDPOINT: ./cert.pem and ./key.pem belong together and verify.
whole() {
  openssl verify -x509_strict -purpose "$(purpose "$1")" -CAfile ca/root.crt -untrusted ca/issuing.crt cert.pem >/dev/null ||
    fail "openssl verify refuses $1"
  equal "$(openssl x509 -in cert.pem -noout -pubkey)" "$(openssl pkey -in key.pem -pubout)"
  equal "$(openssl x509 -in cert.pem -outform DER | sha256sum | cut -c1-64)" "$(field "$1" sha256)"
  cat cert.pem ca/issuing.crt ca/root.crt >path.pem
  certtool --verify --infile path.pem --load-ca-certificate ca/root.crt &>/dev/null || fail "certtool refuses the path of $1"
  checked=$((checked + 1))
}

for pfx in out/bundles/*.pfx; do
  endpoint=$(basename "$pfx" .pfx)
  (umask 077; "$FLEETMINT" passwords "$endpoint" --ca ca >password 2>/dev/null)
  openssl pkcs12 -in "$pfx" -passin file:password -nokeys -clcerts -legacy 2>/dev/null | openssl x509 >cert.pem ||
    fail "openssl does not open $pfx"
  openssl pkcs12 -in "$pfx" -passin file:password -nocerts -noenc -legacy 2>/dev/null | openssl pkey >key.pem
  whole "$endpoint"
  certtool --p12-info --inder --infile "$pfx" --password "$(cat password)" >certtool.out 2>&1 || fail "certtool does not open $pfx"
  grep -q 'Certificate' certtool.out || fail "certtool finds no certificate in $pfx"
  echo wrong >password
  ! openssl pkcs12 -in "$pfx" -passin file:password -noout -legacy 2>/dev/null || fail "$pfx opens with a wrong password"
done
equal "$checked" 10

for endpoint in pem both; do
  (umask 077; "$FLEETMINT" passwords "$endpoint" --ca ca >password 2>/dev/null)
  openssl pkey -in "out/bundles/$endpoint.key.pem" -passin file:password >key.pem || fail "openssl does not open $endpoint.key.pem"
  certtool --key-info --infile "out/bundles/$endpoint.key.pem" --password "$(cat password)" >/dev/null || fail "certtool does not open $endpoint.key.pem"
  cp "out/bundles/$endpoint.crt.pem" cert.pem
  whole "$endpoint"
done
equal "$(grep -c BEGIN out/bundles/both.chain.pem)" 2

# What Windows reads of a bundle, as OpenSSL shows it.
info() {
  "$FLEETMINT" passwords "$1" --ca ca 2>/dev/null |
    openssl pkcs12 -in "out/bundles/$1.pfx" -passin stdin -info -noenc -legacy >info 2>&1
}
info capi
for line in 'Microsoft CSP Name: Microsoft Enhanced RSA and AES Cryptographic Provider' \
  'Microsoft Local Key set: <No Values>' 'localKeyID: 01 00 00 00' 'friendlyName: kinds-capi-' \
  'friendlyName: ObserveIT agent capi.example.com' 'X509v3 Key Usage: 80' '1.3.6.1.4.1.311.17.3.13: ' \
  'PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256' 'MAC: sha256, Iteration 2048'; do
  grep -qF "$line" info || fail "the agent's bundle does not show: $line"
done
info itm
grep -qF 'X509v3 Key Usage: 10' info || grep -qF 'X509v3 Key Usage: 20' info || fail 'the server key is not for exchange'
info cng
grep -qF 'Microsoft Software Key Storage Provider' info || fail 'no key storage provider'
! grep -qF 'X509v3 Key Usage: 80' info || fail 'a CNG key has no key spec'
info legacy
grep -qF 'pbeWithSHA1And3-KeyTripleDES-CBC' info || fail 'not the old encryption'
! grep -qF AES-256 info || fail 'AES in a legacy bundle'
grep -qF 'MAC: sha1' info || fail 'not the old MAC'

# The certificate of the vendor's procedure.
openssl x509 -in out/bundles/pem.crt.pem -noout -text | sed 's/ = /=/g' >text  # before 3.2: CN = x
for line in 'Public-Key: (2048 bit)' 'sha256WithRSAEncryption' 'CN=pem.example.com' 'DNS:itAuth' \
  'Digital Signature, Key Encipherment' 'TLS Web Client Authentication' 'CA:FALSE'; do
  grep -qF "$line" text || fail "the agent's certificate does not show: $line"
done

openssl crl -inform DER -in ca/crl/root.crl -CAfile ca/root.crt -noout 2>&1 | grep -q 'verify OK' || fail 'the root CRL does not verify'
