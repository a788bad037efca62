#!/usr/bin/env bash
# A revoked agent before servers of other makes: nginx with out/crl.pem refuses it while the rest connect, and so does
# GnuTLS; also while two generations of the issuing CA are in use, and when the first one has ended.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/interop/nginx.sh"
command -v curl >/dev/null || skip 'curl is not installed'
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || nginx=
gnutls=$(command -v gnutls-serv) || gnutls=
[[ -n $nginx$gnutls ]] || skip 'neither nginx nor gnutls-bin is installed'
fast_profiles
cat >profiles.d/fast-server.yaml <<'Y'
profile: fast-server
extends: fast-agent
extended_key_usage: [server_auth]
Y
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: agents, hosts: "a-[1-5]"}
  - name: servers
    profile: fast-server
    endpoints: [{name: srv, dns: [localhost]}]
Y
common=(--ca ca --out out --profiles profiles.d)
run 0 issue fleet.yaml "${common[@]}"
run 0 crl --ca ca --out out

# unpack NAME: its key and certificates in NAME.pem, its certificate and its issuer in NAME.crt.
unpack() {
  "$FLEETMINT" passwords "$1" --ca ca >"$1.password" 2>/dev/null
  (umask 077; openssl pkcs12 -in "out/bundles/$1.pfx" -passin "file:$1.password" -noenc -out "$1.pem" 2>/dev/null)
  sed -n '/BEGIN CERT/,/END CERT/p' "$1.pem" >"$1.crt"
}

# get NAME PORT: what the server says of that agent: an HTTP status, or 000 where it ends the handshake.
get() {
  curl --silent --max-time 20 --output page --write-out '%{http_code}' --cert "$1.pem" --cacert ca/root.crt "https://localhost:$2/" || true
}
start_nginx() {
  port=$((port + 1))
  start_nginx_with "$work/srv.crt" "$work/srv.pem" "$work/out/trust.pem" "$work/out/crl.pem"
}
start_gnutls() {
  port=$((port + 1))
  start "$gnutls" --http --port "$port" --x509certfile srv.crt --x509keyfile srv.pem --x509cafile out/trust.pem \
    --x509crlfile out/crl.pem --require-client-cert --verify-client-cert
}

# judge ACCEPTED -- REVOKED: names; each server has to say so of each of them.
judge() {
  local name refused='' verdict
  if [[ -n $nginx ]]; then start_nginx; judge_by nginx "$@"; fi
  if [[ -n $gnutls ]]; then start_gnutls; judge_by gnutls-serv "$@"; fi
  stop
  command -v certtool >/dev/null || return 0
  for name in "$@"; do
    if [[ $name == -- ]]; then refused=yes; continue; fi
    verdict=0
    certtool --verify --load-ca-certificate out/trust.pem --load-crl out/crl.pem --infile "$name.crt" >verdict 2>&1 || verdict=$?
    if [[ -n $refused ]]; then
      [[ $verdict != 0 ]] || fail "certtool takes $name"
      grep -qi revoked verdict || fail "certtool refuses $name for another reason: $(cat verdict)"
    else
      [[ $verdict == 0 ]] || fail "certtool refuses $name: $(cat verdict)"
    fi
  done
}
judge_by() { # SERVER ACCEPTED -- REVOKED
  local name refused=''
  for name in "${@:2}"; do
    if [[ $name == -- ]]; then refused=yes; continue; fi
    verdict=$(get "$name" "$port")
    if [[ -n $refused ]]; then
      [[ $verdict != 200 ]] || fail "$1 lets $name in"
    else
      [[ $verdict == 200 ]] || fail "$1 refuses $name: $verdict $(cat page server.log nginx/error.log 2>/dev/null)"
    fi
  done
}
# Each CRL is signed by the CA that it names.
judge_crls() {
  local crl ca seen
  command -v certtool >/dev/null || return 0
  rm -f one-*
  csplit -z -s -f one- -b %03d.crl out/crl.pem '/BEGIN X509 CRL/' '{*}'
  csplit -z -s -f one- -b %03d.ca out/trust.pem '/BEGIN CERTIFICATE/' '{*}'
  for crl in one-*.crl; do
    seen=''
    for ca in one-*.ca; do
      [[ $(openssl crl -noout -hash <"$crl") == $(openssl x509 -noout -subject_hash <"$ca") ]] || continue
      certtool --verify-crl --load-ca-certificate "$ca" --infile "$crl" >verdict 2>&1 || fail "certtool refuses $crl: $(cat verdict)"
      grep -q 'Verification output: Verified' verdict || fail "certtool: $(cat verdict)"
      seen=yes
    done
    [[ -n $seen ]] || fail "trust.pem has no CA of $crl"
  done
}
crls() { grep -c 'BEGIN X509 CRL' out/crl.pem; }

for name in a-1 a-2 a-3 a-4 srv; do unpack $name; done
judge a-1 a-2 a-3 a-4 --
judge_crls
run 0 revoke a-2 --ca ca
run 0 crl --ca ca --out out
judge a-1 a-3 a-4 -- a-2
judge_crls

# --- Two generations: the next one is made; it signs; some of the fleet are moved to it.
run 0 ca rotate --ca ca
run 0 crl --ca ca --out out
judge a-1 a-3 a-4 -- a-2
run 0 ca activate --ca ca
cp a-3.pem before-3.pem
cp a-3.crt before-3.crt
run 0 renew fleet.yaml --only a-3 a-4 "${common[@]}"
unpack a-3
unpack a-4
run 0 revoke a-4 --ca ca
run 0 revoke --superseded --ca ca --yes
run 0 crl --ca ca --out out
equal "$(openssl x509 -noout -issuer <a-3.pem | sed 's/.*CN *= *//')" 'Fast Issuing G2'
equal "$(crls)" 3
judge a-1 a-3 -- a-2 a-4 before-3
judge_crls

# --- The first generation ends with the last certificate that it has signed: its CRL goes, the others stay.
run 0 renew fleet.yaml --issuer-retired "${common[@]}"
for name in a-1 srv; do unpack $name; done
run 0 crl --ca ca --out out
equal "$(crls)" 3
first=$(sqlite3 ca/ledger.db "select id from issuer where leaves and generation = 1")
sqlite3 ca/ledger.db "update certificate set not_after = strftime('%s', 'now') - 10 where issuer = $first"
run 0 crl --ca ca --out out
equal "$(crls)" 2
judge a-1 a-3 -- a-4
judge_crls
run 0 status --ca ca --metrics metrics
equal "$(grep -c '^x509_crl_next_update' metrics)" 2
[[ -n $nginx ]] || skip 'nginx is not installed: it was not asked'
[[ -n $gnutls ]] || skip 'gnutls-bin is not installed: it was not asked'
