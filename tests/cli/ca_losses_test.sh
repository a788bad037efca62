#!/usr/bin/env bash
# A CA's life when something is lost, late or brought back: older ledgers, keys that are gone or come back, a CA that
# has ended, requests that nobody answers, certificates of other hands. No key is lost by it, no revocation taken back,
# no host left without a certificate that counts.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_profiles
(umask 077; echo 'phrase a' >a; echo 'phrase b' >b)
run 0 ca init --profile fast --profiles profiles.d --ca start-ca --passphrase-file a
fast_fleet fleet.yaml 'ws-[1-3]'
common=(--profiles profiles.d --ca ca --out out --passphrase-file a)
run 0 issue fleet.yaml --profiles profiles.d --ca start-ca --out start-out --passphrase-file a
run 0 crl --ca start-ca --out start-out --passphrase-file a
fresh() { rm -rf ca out; cp -a start-ca ca; cp -a start-out out; }
export FLEETMINT_PASSPHRASE_FILE=$PWD/a
later() { LD_PRELOAD=$FLEETMINT_SHIM SHIM_CLOCK=$(($1 * 86400)) run "${@:2}"; }
listed() { openssl crl -in "$1" -inform "${2-DER}" -noout -text | grep -c 'Serial Number' || true; }

# --- An older ledger takes no revocation back, whichever CA's list it was on.
fresh
leaf ws-1
cp ws-1.pem old.pem
old=$(openssl x509 -in old.pem -noout -serial | cut -d = -f 2)
run 0 ca rotate --ca ca
run 0 ca activate --ca ca
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
run 0 crl --ca ca --out out
accepted old || fail "$(cat verdict)"
run 0 ca backup --ca ca --to bk
run 0 revoke --serial "$old" --ca ca --yes
run 0 crl --ca ca --out out
! accepted old || fail 'a revoked certificate is accepted'
mv ca newest && cp -a bk ca
for command in 'crl --out out' 'manifest --out out' 'issue fleet.yaml --profiles profiles.d --out out'; do
  # shellcheck disable=SC2086
  "$FLEETMINT" $command --ca ca >stdout 2>stderr && fail "an older ledger: $command"
  says 'CRL'
  ! accepted old || fail "taken back by $command"
done
run 0 revoke ws-2 --ca ca --yes
run 3 crl --ca ca --out out
! accepted old || fail 'taken back by a CRL with a new entry'
rm -rf ca && mv newest ca && rm -rf bk
run 0 crl --ca ca --out out

# --- A change of the passphrase, and an old backup laid over it: no key goes but what the change has replaced.
fresh
cp -a ca old-ca
run 0 ca passphrase --ca ca --new-passphrase-file b
equal "$(cd ca && echo *.key)" 'fleet.p1.key issuing.p1.key root.p1.key'
cp -a ca new-ca
cp -a old-ca/. ca/
rm -f ca/ledger.db-*
run 2 ca activate --ca ca
run 0 issue fleet.yaml "${common[@]}"
equal "$(cd ca && echo *.key)" 'fleet.key fleet.p1.key issuing.key issuing.p1.key root.key root.p1.key'
rm -rf ca && cp -a new-ca ca
# The one that counts is damaged, and another one brought in: neither is touched.
: >ca/issuing.p1.key
cp old-ca/issuing.key ca/
run 3 issue fleet.yaml --profiles profiles.d --ca ca --out out --passphrase-file b
[[ -s ca/issuing.key ]] || fail 'a key that was brought in is gone'
rm -rf ca old-ca && mv new-ca ca

# --- The issuing CA has ended, though its CRL was published every day: the next one begins.
fresh
later 1900 1 ca rotate --ca ca
says "made generation 2, 'CN=Fast Issuing G2'"
says "'CN=Fast Issuing' ended at"
later 1900 1 ca activate --ca ca
says "generation 2, 'CN=Fast Issuing G2', signs from now on"
later 1900 0 renew fleet.yaml --issuer-retired "${common[@]}"
later 1900 0 crl --ca ca --out out

# --- The issuing CA's key is lost: it is replaced, and the CRLs of the others go on.
fresh
rm ca/issuing.key
run 0 revoke ws-1 --ca ca --yes
run 1 crl --ca ca --always
says 'restore it from the backup'
run 1 ca rotate --ca ca
run 1 ca activate --ca ca
says "generation 2, 'CN=Fast Issuing G2', signs from now on"
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
says 'renewed 2'
run 0 revoke ws-2 --ca ca --yes
run 1 crl --ca ca --out out
says "the CRL of 'CN=Fast Issuing' is not signed"
equal "$(listed out/crl.der)" 1

# --- A root's key under an earlier passphrase comes back: what does not need it goes on; given apart, it serves.
fresh
mv ca/root.key safe.key
run 0 ca passphrase --ca ca --new-passphrase-file b
export FLEETMINT_PASSPHRASE_FILE=$PWD/b
cp safe.key ca/root.key
later 300 1 crl --ca ca --out out
says 'wrong passphrase'
later 300 0 ca root-crl --root-key ca/root.key --root-key-passphrase-file a --ca ca
later 300 0 crl --ca ca --out out
export FLEETMINT_PASSPHRASE_FILE=$PWD/a

# --- What a revoked CA has signed is renewed, whenever the new one ends; and a host that is named.
fresh
run 0 ca rotate --validity 300d --ca ca
run 0 ca activate --ca ca
run 1 renew fleet.yaml --issuer-retired "${common[@]}"
says 'the issuing CA must be replaced first'
run 0 renew fleet.yaml --only ws-3 "${common[@]}"
run 0 ca revoke 1 --reason key-compromise --ca ca
run 1 status --ca ca
says 'of a revoked CA'
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
says 'renewed 2'
run 0 crl --ca ca --out out
run 0 verify --ca ca --out out

# --- A revocation that is on no CRL for want of the root's key is not forgotten.
fresh
mv ca/root.key safe.key
run 0 ca rotate --root-key safe.key --ca ca
run 0 ca activate --ca ca
run 1 ca revoke 1 --ca ca
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
run 1 status --ca ca
says '1 revocation by'
run 0 ca root-crl --root-key safe.key --ca ca
run 0 status --ca ca

# --- A request that nobody answers, or that has no place, stands in nobody's way.
fresh
run 3 ca rotate --request no/such/folder/n.csr --subject 'CN=Typo CA' --key p256 --ca ca
run 0 ca rotate --request n.csr --subject 'CN=Typo CA' --key p256 --ca ca
run 2 ca rotate --ca ca
run 0 ca rotate --cancel --ca ca
run 2 ca rotate --cancel --ca ca
says 'no request waits'
run 0 ca rotate --ca ca
equal "$(cd ca && echo issuing*.key)" 'issuing-3.key issuing.key'

# --- Certificates that others have signed for the CA's own key.
openssl pkey -in ca/root.key -passin file:a -out root.plain
extensions() { # KEY USAGE
  printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' "$1"
}
fresh
openssl req -new -key <(openssl pkey -in ca/issuing.key -passin file:a) -subj '/CN=Fast Issuing' -out own.csr
openssl req -new -key <(openssl pkey -in ca/issuing.key -passin file:a) -subj '/CN=Other' -out other.csr
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout foreign.key -out foreign.crt -subj '/CN=Foreign Root' -days 3650 -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
sign() { # CSR DAYS USAGE CA KEY OUT
  openssl x509 -req -in "$1" -CA "$4" -CAkey "$5" -days "$2" -out "$6" -extfile <(extensions "$3") 2>/dev/null
  cat "$6" "$4" >chain.pem
}
sign other.csr 2000 keyCertSign,cRLSign ca/root.crt root.plain n.crt
run 3 ca install chain.pem --ca ca
says 'of another name'
sign own.csr 2000 keyCertSign ca/root.crt root.plain n.crt
run 3 ca install chain.pem --ca ca
says 'may not sign CRLs'
sign own.csr 100 keyCertSign,cRLSign ca/root.crt root.plain n.crt
run 3 ca install chain.pem --ca ca
says "before today's"
# Under another root it waits, as every new root.
sign own.csr 2000 keyCertSign,cRLSign foreign.crt foreign.key n.crt
run 0 ca install chain.pem --ca ca
says 'it signs from fleetmint ca activate on'
run 2 ca activate --ca ca
says 'not said that they trust the new root'
# What was not made here is on no list of ours: it is not said to be revoked.
fresh
sign own.csr 2000 keyCertSign,cRLSign ca/root.crt root.plain n.crt
run 0 ca install chain.pem --ca ca
run 2 ca revoke 1 --ca ca
says 'has the same key'
run 0 ca rotate --ca ca
run 0 ca activate --ca ca
run 2 ca revoke 2 --ca ca
says 'was not made here'

# --- A renewed certificate of the root, of the same key.
fresh
openssl x509 -in ca/root.crt -signkey root.plain -days 7000 -out renewed.crt -set_serial 77 2>/dev/null ||
  openssl x509 -in ca/root.crt -key root.plain -signkey root.plain -days 7000 -out renewed.crt 2>/dev/null
cat ca/issuing.crt renewed.crt >chain.pem
run 0 ca install chain.pem --ca ca
says 'every bundle stays valid'
run 0 ca install chain.pem --ca ca
says 'already'
run 0 issue fleet.yaml "${common[@]}"
run 0 manifest --ca ca --out out
tail -n +"$(grep -n BEGIN out/chain.pem | tail -n 1 | cut -d : -f 1)" out/chain.pem | openssl x509 -outform DER |
  cmp -s - <(openssl x509 -in renewed.crt -outform DER) || fail 'chain.pem does not end with the renewed root'
run 0 crl --always --ca ca --out out
leaf ws-1
accepted ws-1 || fail "$(cat verdict)"
run 0 verify --ca ca --out out
# Its key is ours as before: it signs its CRL and the next generation.
! grep -q 'crl.pem lacks' stderr || fail 'the CRL of our own root is looked for elsewhere'
run 0 ca root-crl --ca ca
run 0 ca rotate --ca ca
run 0 crl --ca ca --out out
! grep -q 'crl.pem lacks' stderr || fail 'the CRL of our own root is looked for elsewhere'

# --- No key comes or goes while the directory is copied: each waits for whoever has the directory's lock.
fresh
while_copied() {
  local code=0
  flock ca timeout --kill-after=9 3 "$FLEETMINT" "$@" >stdout 2>stderr </dev/null || code=$?
  [[ $code == 124 || $code == 137 ]] || fail "$1 $2 did not wait: exit code $code"
}
while_copied ca rotate --ca ca
while_copied ca passphrase --ca ca --new-passphrase-file b
while_copied ca backup --ca ca --to bk
equal "$(cd ca && echo *.key)" 'fleet.key issuing.key root.key'
absent bk/ledger.db
run 0 ca rotate --ca ca
echo 'nothing lost, nothing taken back'
