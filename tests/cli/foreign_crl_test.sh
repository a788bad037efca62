#!/usr/bin/env bash
# crl --with: the CRL of an organization's root beside ours, for servers that check every CA's; openssl is the judge.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v openssl >/dev/null || skip 'openssl is not installed'
fast_profiles
fast_fleet fleet.yaml 'h-[1-2]'
sed -i 's/^profile:.*/profile: fast-pem/' fleet.yaml
cat >profiles.d/fast-pem.yaml <<'Y'
profile: fast-pem
extends: fast-agent
bundle: {formats: [pem]}
Y
cat >corp.cnf <<'C'
[ca]
default_ca = corp
[corp]
database = index
crlnumber = number
default_md = sha256
default_crl_days = 30
C
root() { # NAME: a root of that name, NAME.key and NAME.crt
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" -out "$1.crt" -days 3650 \
    -subj "/CN=Corp Root" -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
# publish ROOT FILE [ARGUMENT...]: the root's CRL
publish() { openssl ca -config corp.cnf -gencrl -keyfile "$1.key" -cert "$1.crt" -out "$2" "${@:3}" 2>openssl.log || fail "$(cat openssl.log)"; }
: >index
echo 01 >number
root corp
root impostor
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout sub.key -subj '/CN=Corp Agents CA' -out sub.csr 2>/dev/null
openssl x509 -req -in sub.csr -CA corp.crt -CAkey corp.key -set_serial 0x1234 -days 1000 -out sub.crt \
  -extfile <(printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n') 2>/dev/null
cat sub.crt corp.crt >chain.pem
chmod 600 sub.key
run 0 ca import --ca ca --key sub.key --chain chain.pem --no-passphrase
run 0 issue fleet.yaml --ca ca --out out --profiles profiles.d
accepted() { openssl verify -crl_check_all -CAfile corp.crt -untrusted ca/issuing.crt -CRLfile out/crl.pem "out/bundles/$1.crt.pem" >verdict 2>&1; }

# Without it nobody is accepted, and that is said.
run 0 crl --ca ca --out out
says "crl.pem lacks the CRL of 'CN=Corp Root'"
says 'fleetmint crl --with FILE'
! accepted h-1 || fail 'accepted without the CRL of the root'
at() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
publish corp old.crl -crl_lastupdate "$(at '-10 days')" -crl_nextupdate "$(at '+1 day')"
run 0 crl --ca ca --out out --with old.crl     # the hint's word
accepted h-1 || fail "$(cat verdict)"
# It ends soon: status says whose turn it is.
run 1 status --ca ca
says "the CRL of 'CN=Corp Root' is to be replaced"
says 'fleetmint crl --with FILE --out OUT takes the next one'
publish corp corp.crl
run 0 crl --ca ca --out out --with corp.crl --json
run 0 status --ca ca
run 0 crl --ca ca --out out --with corp.crl --json
equal "$(jq -c '[.crls[].issuer]' stdout)" '["CN=Corp Agents CA","CN=Corp Root"]'
! grep -q 'crl.pem lacks' stderr || fail 'it still lacks'
accepted h-1 || fail "$(cat verdict)"
run 0 revoke h-2 --ca ca
run 0 crl --ca ca --out out
accepted h-1 || fail "it was not kept: $(cat verdict)"
! accepted h-2 || fail 'a revoked certificate is accepted'
run 0 verify --ca ca --out out
cmp -s ca/crl/root.crl <(openssl crl -in corp.crl -outform DER) || fail 'it is not the one that was given'

# A later one takes its place, in DER, too; the same once more changes nothing.
openssl crl -in old.crl -outform DER -out old.der
publish corp corp2.crl
openssl crl -in corp2.crl -outform DER -out corp2.der
run 0 crl --ca ca --out out --with corp2.der
accepted h-1 || fail "$(cat verdict)"
run 0 crl --ca ca --out out --with corp2.crl
says "CRL of 'CN=Corp Root': 0 entries, next update"
says '(unchanged)'
cmp -s ca/crl/root.crl corp2.der || fail 'the newer one is not there'

# What is refused, and changes nothing: an older one, another's, ours, ended, of the future, a delta, nonsense.
refused() { # FILE WORDS
  run 2 crl --ca ca --out out --with "$1"
  says "$2"
  cmp -s ca/crl/root.crl corp2.der || fail "$1 was taken"
}
refused old.der 'and the one that is there of'
publish impostor impostor.crl
refused impostor.crl "is not signed by 'CN=Corp Root'"
refused out/crl.der 'is signed here'
openssl req -x509 -key corp.key -out stranger.crt -days 9 -subj '/CN=Stranger' 2>/dev/null
cp corp.key stranger.key
publish stranger stranger.crl
refused stranger.crl "'CN=Stranger', which is no CA above"
publish corp ended.crl -crl_lastupdate 20250101000000Z -crl_nextupdate 20250201000000Z
refused ended.crl 'was to be replaced by 2025-02-01T00:00:00Z'
publish corp future.crl -crl_lastupdate 20990101000000Z -crl_nextupdate 20990201000000Z
refused future.crl "later than this machine's clock"
printf '[corp]\n[delta]\n2.5.29.27=critical,DER:020101\n' >>corp.cnf
publish corp delta.crl -crlexts delta
refused delta.crl 'is a delta CRL'
echo nonsense >nonsense.crl
refused nonsense.crl "'nonsense.crl'"
cat corp2.crl impostor.crl >two.crl     # all or none
refused two.crl 'is not signed by'

# Where the organization has revoked our CA, that is said.
openssl ca -config corp.cnf -keyfile corp.key -cert corp.crt -revoke sub.crt 2>/dev/null
publish corp revoking.crl
run 0 crl --ca ca --out out --with revoking.crl
says "'CN=Corp Agents CA' was revoked by the CA above"
! accepted h-1 || fail 'accepted under a revoked CA'
