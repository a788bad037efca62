#!/usr/bin/env bash
# The organization's own CA: imported with its key, or asked for a subordinate CA by a request. OpenSSL
# plays the organization.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
fast_profiles
fast_fleet fleet.yaml 'ws-[1-3]'
issue=(issue fleet.yaml --profiles profiles.d)

openssl req -x509 -newkey rsa:2048 -noenc -keyout root.key -out root.crt -days 3650 -subj '/C=DE/O=Acme/CN=Acme Root' \
  -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
cat >sub.ext <<'X'
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
X
sign() { openssl x509 -req -in "$1" -CA root.crt -CAkey root.key -CAcreateserial -days "${3-1000}" -extfile "${4-sub.ext}" -out "$2" 2>/dev/null; }
accepted() { # AUTHORITY OUT
  openssl verify -x509_strict -purpose sslclient -CAfile root.crt -untrusted "$1/issuing.crt" \
    <("$FLEETMINT" passwords ws-1 --ca "$1" 2>/dev/null | openssl pkcs12 -in "$2/bundles/ws-1.pfx" -passin stdin -nokeys -clcerts 2>/dev/null | openssl x509) \
    >/dev/null || fail "openssl verify refuses a certificate of $1"
}

# Import.
openssl genrsa -out sub.key 2048 2>/dev/null
openssl req -new -key sub.key -subj '/O=Acme/CN=Acme Agents CA' -out sub.csr
sign sub.csr sub.crt
cat sub.crt root.crt >chain.pem
run 0 ca import --key sub.key --chain chain.pem --no-passphrase --ca imported --json
equal "$(jq -r '.tiers | map(.subject) | join(" / ")' stdout)" 'CN=Acme Root, O=Acme, C=DE / CN=Acme Agents CA, O=Acme'
run 0 "${issue[@]}" --ca imported --out out1
accepted imported out1
run 0 verify --ca imported --out out1

# An encrypted key, and the traditional format.
echo 'key phrase' >key.phrase
echo 'new phrase' >new.phrase
chmod 600 key.phrase new.phrase
openssl pkcs8 -topk8 -in sub.key -passout file:key.phrase -out sub.enc
openssl rsa -in sub.key -traditional -out sub.trad 2>/dev/null
run 0 ca import --key sub.enc --key-passphrase-file key.phrase --chain chain.pem --passphrase-file new.phrase --ca imported2
run 3 "${issue[@]}" --ca imported2 --out out2 --passphrase-file key.phrase
run 0 "${issue[@]}" --ca imported2 --out out2 --passphrase-file new.phrase
run 0 ca import --key sub.trad --chain chain.pem --no-passphrase --ca imported3

# Refused: chain without its root, in the wrong order, another key, a chain that is no CA's, out of date.
run 3 ca import --key sub.key --chain sub.crt --no-passphrase --ca bad
run 3 ca import --key root.key --chain chain.pem --no-passphrase --ca bad
says 'does not belong'
cat root.crt sub.crt >reversed.pem
run 3 ca import --key sub.key --chain reversed.pem --no-passphrase --ca bad
printf 'basicConstraints = critical, CA:FALSE\n' >leaf.ext
sign sub.csr leaf.crt 1000 leaf.ext
cat leaf.crt root.crt >leaf.pem
run 3 ca import --key sub.key --chain leaf.pem --no-passphrase --ca bad
says 'not one of a CA'
absent bad

# Request and install.
run 0 ca request --subject 'CN=Acme Agents CA 2, O=Acme' --key p256 --request-out agents.csr --no-passphrase --ca asked
openssl req -in agents.csr -verify -noout 2>&1 | grep -q 'verify OK' || fail 'openssl does not accept the request'
run 3 "${issue[@]}" --ca asked --out out4
says 'ca install'
absent out4
run 3 ca install chain.pem --ca asked
says 'not made for this authority'
sign agents.csr agents.crt
cat agents.crt root.crt >agents.pem
run 0 ca install agents.pem --ca asked
run 0 "${issue[@]}" --ca asked --out out4
accepted asked out4
run 0 verify --ca asked --out out4
