#!/usr/bin/env bash
# CAs that others made: in every file format, of every odd form; what no verifier would take is said once with a
# count, before a serial is reserved; openssl is the judge of what is issued.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v openssl >/dev/null || skip 'openssl is not installed'
umask 077
fast_profiles
cat >profiles.d/fast-pem.yaml <<'Y'
profile: fast-pem
extends: fast-agent
san: {dns: [itAuth]}
bundle: {formats: [pem]}
Y
fast_fleet fleet.yaml 'ws-[1-5]'
sed -i 's/^profile:.*/profile: fast-pem/' fleet.yaml
: >plain.cnf
ca_extensions='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'
# make NAME ISSUER DAYS EXTENSIONS [SUBJECT [ARGUMENT...]]: NAME.key, NAME.crt; signed by ISSUER, or by itself ('')
make() {
  local name=$1 issuer=$2 days=$3 extensions=$4 subject=${5-/O=Corp/CN=$1} by
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$name.key" -out "$name.csr" -subj "$subject" \
    -config <(printf '[req]\ndistinguished_name=dn\nutf8=yes\nstring_mask=%s\n[dn]\n' "${string_mask-utf8only}") 2>log || fail "$(cat log)"
  by=(-signkey "$name.key")
  [[ -z $issuer ]] || by=(-CA "$issuer.crt" -CAkey "$issuer.key" -CAcreateserial)
  openssl x509 -req -in "$name.csr" -out "$name.crt" -days "$days" "${by[@]}" "${@:6}" \
    -extfile <(printf '%s\n' "$extensions") 2>log || fail "$(cat log)"
}
import() { # CODE NAME...: the first one's key, the certificates of all
  local code=$1 one
  shift
  : >chain.pem
  for one; do cat "$one.crt" >>chain.pem; done
  rm -rf ca out
  run "$code" ca import --ca ca --key "$1.key" --chain chain.pem --no-passphrase
}
check() { run "$1" check fleet.yaml --ca ca --profiles profiles.d; }
issue() { run "$1" issue fleet.yaml --ca ca --out out --profiles profiles.d; }
reserved() { sqlite3 ca/ledger.db 'select count(*) from certificate'; }
# takes NAME [ARGUMENT...]: openssl takes its certificate as a client's
takes() {
  openssl verify -purpose sslclient -policy_check -CAfile root.crt -untrusted chain.pem "${@:2}" "out/bundles/$1.crt.pem" >verdict 2>&1
}
make root '' 3650 "$ca_extensions"

# --- A sound one: no warning.
make sub root 1800 "$ca_extensions"
import 0 sub root
equal "$(grep -c '^warning' stderr || true)" 0
check 0
issue 0
takes ws-1 || fail "$(cat verdict)"

# --- What forbids every endpoint: a warning at import, a count in check, nothing reserved.
make server root 1800 "$ca_extensions"$'\nextendedKeyUsage=serverAuth'
import 0 server root
says "the CA 'CN=server, O=Corp' has the extended key usage server_auth, which forbids client_auth below it"
check 1
prints '5 of 5 endpoints would fail: the CA '
issue 3
says '5 of 5 endpoints would fail'
equal "$(reserved)" 0
absent out
openssl x509 -req -in <(openssl req -new -key sub.key -subj /CN=x) -CA server.crt -CAkey server.key -out x.crt \
  -extfile <(echo extendedKeyUsage=clientAuth) 2>/dev/null
! openssl verify -purpose sslclient -CAfile root.crt -untrusted server.crt x.crt >/dev/null 2>&1 || fail 'openssl takes it'

make narrow root 1800 "$ca_extensions"$'\nnameConstraints=critical,permitted;DNS:example.com'
import 0 narrow root
says "has name constraints"
check 1
prints "5 of 5 endpoints would fail: the name constraints of CA 'CN=narrow, O=Corp' forbid the DNS name 'itAuth'"
issue 3
equal "$(reserved)" 0

make above root 1800 "$ca_extensions"$'\npolicyConstraints=requireExplicitPolicy:0'
import 3 above root
says 'requireExplicitPolicy'
says "hint: have the CA issued without requireExplicitPolicy"

# --- What forbids some of them: the others are issued.
make lab root 1800 "$ca_extensions"$'\nnameConstraints=excluded;DNS:ws-3.example.com'
import 0 lab root
cat >profiles.d/fast-named.yaml <<'Y'
profile: fast-named
extends: fast-pem
san: {dns: ["{fqdn}"]}
Y
sed 's/^profile:.*/profile: fast-named/' fleet.yaml >named.yaml
run 1 check named.yaml --ca ca --profiles profiles.d
prints "1 of 5 endpoints would fail: the name constraints of CA 'CN=lab, O=Corp' forbid the DNS name 'ws-3.example.com'"
run 1 issue named.yaml --ca ca --out out --profiles profiles.d
says '1 of 5 endpoints would fail'
equal "$(reserved)" 4
takes ws-4 || fail "$(cat verdict)"
absent out/bundles/ws-3.crt.pem

# --- Constraints of kinds that no endpoint has concern nobody.
make mail root 1800 "$ca_extensions"$'\nnameConstraints=critical,permitted;email:corp.example,permitted;URI:corp.example'
import 0 mail root
check 0
issue 0
takes ws-1 || fail "$(cat verdict)"

# --- Certificates end with the first CA of the chain that ends.
make short '' 60 "$ca_extensions"
make long short 1800 "$ca_extensions"
import 0 long short
sed -i 's/^defaults: {/defaults: {validity: 90d, /' fleet.yaml
check 0
prints "end at $(date -u -d "$(openssl x509 -noout -enddate <short.crt | cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ) (in 59 days), with the CA 'CN=short, O=Corp'"
issue 0
openssl verify -CAfile short.crt -untrusted chain.pem -attime "$(($(date -d "$(openssl x509 -noout -enddate <out/bundles/ws-1.crt.pem | cut -d= -f2)" +%s) - 1))" \
  out/bundles/ws-1.crt.pem >verdict 2>&1 || fail "$(cat verdict)"
equal "$(openssl x509 -noout -enddate <short.crt)" "$(openssl x509 -noout -enddate <out/bundles/ws-1.crt.pem)"
sed -i 's/validity: 90d, //' fleet.yaml

# --- Odd, and good enough: a warning where a strict verifier would refuse.
make quiet root 1800 $'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
import 0 quiet root
says "has no key usage: refused by OpenSSL with -x509_strict"
issue 0
takes ws-1 || fail "$(cat verdict)"
make soft root 1800 "${ca_extensions/critical,CA/CA}"
import 0 soft root
says 'not critical: refused by OpenSSL with -x509_strict'
make mute root 1800 "${ca_extensions/,cRLSign/}"
import 0 mute root
says 'may not sign CRLs'
make minus root 1800 "$ca_extensions" /CN=minus -set_serial -5
import 0 minus root
says 'negative serial number'
make large root 1800 "$ca_extensions" /CN=large -set_serial 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
import 0 large root
says 'serial number of 22 octets'
make bare root 1800 $'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=none'
import 0 bare root
says 'no subject key identifier'
issue 0
takes ws-1 || fail "$(cat verdict)"

# --- Names in every string type, shown as text; also in JSON.
for kind in default nombstr utf8only MASK:0x4 MASK:0x800 MASK:0x100; do
  string_mask=$kind make names root 1800 "$ca_extensions" '/O=Müller/CN=Gerät' || continue
  import 0 names root
  run 0 ca show --ca ca --json
  equal "$(jq -r '.tiers[-1].subject' <stdout)" 'CN=Gerät, O=Müller'
  issue 0
  takes ws-1 || fail "$(cat verdict)"
done

# --- No end (RFC 5280 4.1.2.5), as openssl's plain `req -x509` and easy-rsa make CAs.
openssl req -x509 -newkey rsa:2048 -nodes -keyout plain.key -out plain.crt -subj /CN=plain -days 800 2>/dev/null
import 0 plain
issue 0
mkdir -p new && : >index && echo 01 >serial
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=new\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' >ca.cnf
openssl ca -batch -config ca.cnf -in sub.csr -keyfile root.key -cert root.crt -out ever.crt -startdate 20250101000000Z \
  -enddate 99991231235959Z -notext -extfile <(printf '%s\n' "$ca_extensions") 2>log || fail "$(cat log)"
cp sub.key ever.key
import 0 ever root
run 0 ca show --ca ca --json
equal "$(jq -r '.tiers[-1].not_after' <stdout)" 9999-12-31T23:59:59Z

# --- Each file format. `imports ARGUMENT...`, then a certificate is issued.
imports() {
  rm -rf ca out
  run 0 ca import --ca ca --no-passphrase "$@"
  issue 0
  takes ws-1 || fail "$* $(cat verdict)"
}
cat sub.crt root.crt >chain.pem
echo "a phrase" | tee phrase >phrase.too
openssl crl2pkcs7 -nocrl -certfile root.crt -certfile sub.crt -out chain.p7b
imports --key sub.key --chain chain.p7b
openssl crl2pkcs7 -nocrl -certfile root.crt -certfile sub.crt -outform DER -out chain.der.p7b
imports --key sub.key --chain chain.der.p7b
openssl x509 -in root.crt -outform DER -out root.der
rm -rf ca && run 0 ca import --ca ca --no-passphrase --key root.key --chain root.der
openssl pkcs8 -topk8 -nocrypt -in sub.key -outform DER -out sub.der
imports --key sub.der --chain chain.pem
for cipher in aes128 aes192 aes256 des3; do
  openssl ec -in sub.key "-$cipher" -passout file:phrase -out sub.dek 2>/dev/null
  grep -q DEK-Info sub.dek || fail 'no DEK-Info'
  imports --key sub.dek --key-passphrase-file phrase --chain chain.pem
done
echo 'another phrase' >wrong
rm -rf ca
run 3 ca import --ca ca --no-passphrase --key sub.dek --key-passphrase-file wrong --chain chain.pem
says 'wrong passphrase'
openssl pkcs12 -export -inkey sub.key -in sub.crt -certfile root.crt -passout file:phrase -out sub.pfx
imports --pfx sub.pfx --key-passphrase-file phrase
openssl pkcs12 -export -inkey sub.key -in sub.crt -passout pass: -out lone.pfx
imports --pfx lone.pfx --chain root.crt

# --- What is not read has a line of openssl that works: taken from the message.
for scheme in '-v1 PBE-MD5-DES -provider legacy -provider default' '-v1 PBE-SHA1-3DES' '-scrypt'; do
  # shellcheck disable=SC2086
  openssl pkcs8 -topk8 $scheme -in sub.key -passout file:phrase -out odd.key
  rm -rf ca
  run 3 ca import --ca ca --no-passphrase --key odd.key --key-passphrase-file phrase --chain chain.pem
  command=$(sed -n 's/.*convert it: //p' stderr | head -1)
  [[ $command == openssl* ]] || fail "no hint for $scheme"
  command=${command//NEW_KEY/new.key}
  rm -f new.key
  bash -c "${command/KEY/odd.key} -passin file:phrase -passout file:phrase.too" >log 2>&1 || fail "$command: $(cat log)"
  imports --key new.key --key-passphrase-file phrase --chain chain.pem
done
# A PFX in RC2: the hint is of several commands.
if openssl pkcs12 -export -legacy -inkey sub.key -in sub.crt -certfile root.crt -passout file:phrase -out old.pfx 2>log; then
  rm -rf ca
  run 3 ca import --ca ca --no-passphrase --pfx old.pfx --key-passphrase-file phrase
  command=$(sed -n "s/.*convert it: (\(.*\)), then give .*/\1/p" stderr)
  [[ $command == *openssl* ]] || fail 'no hint for a PFX in RC2'
  bash -c "$command -passin file:phrase -passout file:phrase.too" >log 2>&1 || fail "$command: $(cat log)"
  # shellcheck disable=SC2046
  imports $(sed -n 's/.*), then give //p' stderr) --key-passphrase-file phrase
fi
# A PFX where the key should be, and a key in UTF-16.
rm -rf ca
run 3 ca import --ca ca --no-passphrase --key sub.pfx --chain chain.pem
says 'hint: give it as --pfx FILE, in place of --key and --chain'
imports --pfx sub.pfx --key-passphrase-file phrase
rm -rf ca
cp sub.key wide.key && iconv -f UTF-8 -t UTF-16 sub.key >wide.key
run 3 ca import --ca ca --no-passphrase --key wide.key --chain chain.pem
says 'it is in UTF-16'
command=$(sed -n 's/^hint: //p' stderr)
bash -c "${command//KEY/wide.key}" || fail "$command"
imports --key wide.key --chain chain.pem
iconv -f UTF-8 -t UTF-16 chain.pem >wide.pem
rm -rf ca
run 3 ca import --ca ca --no-passphrase --key sub.key --chain wide.pem
says 'the chain: it is in UTF-16'
# Name constraints that are none, and a chain with each certificate twice.
make torn root 1800 "$ca_extensions"$'\n2.5.29.30=critical,DER:3003a00105'
import 3 torn root
says 'cannot read the chain'
import 0 sub sub root root
equal "$(grep -c '' stderr)" 1

echo "CAs of others: imported, judged, issued with"
