#!/usr/bin/env bash
# Who refuses what of a test fleet's faults: openssl, GnuTLS, Go and Java as servers that ask an agent for its
# certificate (openssl, GnuTLS and Go look at its name, too), nginx by connections; and who opens a broken bundle.
# The table holds for Debian 12; a tool that is not installed is left out.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/interop/nginx.sh"
run 0 test-fleet --hosts 1 --with all --formats pem,pfx --password changeit --now 2026-01-01T00:00:00Z --out fleet
run 0 verify --ca fleet/ca --out fleet/out
mkdir certs said-by
cp fleet/faults/pem/* fleet/pem/* certs/
trust=$work/fleet/out/trust.pem crls=$work/fleet/out/crl.pem
cd certs
names=$(printf '%s\n' *.crt.pem | sed 's/\.crt\.pem$//')

# fault             openssl gnutls go   java nginx
cat >../wanted <<'T'
host-0001           ok      ok     ok   ok   ok
expired             no      no     no   no   no
not-yet-valid       no      no     no   no   no
wrong-eku           no      no     no   no   no
wrong-ca            no      no     no   no   no
unknown-ca          no      no     no   no   no
revoked             no      no     ok   no   no
no-san              ok      ok     no   ok   ok
wrong-name          no      no     no   ok   ok
weak-key            no      ok     ok   ok   no
sha1-signature      no      no     no   ok   no
no-key-usage        ok      ok     ok   ok   ok
ca-as-leaf          ok      ok     ok   ok   ok
broken-signature    no      no     no   no   no
shared-key          ok      ok     ok   ok   ok
negative-serial     ok      ok     ok   ok   ok
long-serial         ok      ok     ok   ok   ok
rsa-exponent-3      ok      ok     ok   ok   ok
T
columns=(fault)

# verdict TOOL NAME CODE: noted in ../said-by/TOOL.
verdict() { printf '%s %s\n' "${2%.test}" "$([[ $3 == 0 ]] && echo ok || echo no)" >>"../said-by/$1"; }

columns+=(openssl)
for name in $names; do
  code=0
  openssl verify -CAfile "$trust" -CRLfile "$crls" -crl_check -purpose sslclient -verify_hostname "$name" \
    -auth_level 2 "$name.crt.pem" >../said 2>&1 || code=$?
  verdict openssl "$name" $code
done
if command -v certtool >/dev/null; then
  columns+=(gnutls)
  for name in $names; do
    code=0
    certtool --verify --load-ca-certificate "$trust" --load-crl "$crls" --verify-hostname "$name" \
      --verify-purpose 1.3.6.1.5.5.7.3.2 --infile "$name.crt.pem" >../said 2>&1 || code=$?
    verdict gnutls "$name" $code
  done
fi
judged() { while read -r name said _; do verdict "$1" "$name" "$([[ $said == accepts ]]; echo $?)"; done <../said; }
if command -v go >/dev/null; then
  columns+=(go)
  # shellcheck disable=SC2086
  HOME=$work GOCACHE=$work/gocache GO111MODULE=off go run "$source_tree"/tests/interop/{judge,certificates}.go "$trust" $names >../said
  judged go
fi
if command -v javac >/dev/null; then
  columns+=(java)
  # shellcheck disable=SC2086
  java "$source_tree/tests/interop/Judge.java" "$trust" "$crls" $names >../said
  judged java
fi
if nginx=$(PATH=$PATH:/usr/sbin command -v nginx) && command -v curl >/dev/null; then
  columns+=(nginx)
  start_nginx_with "$work/certs/host-0001.test.crt.pem" "$work/certs/host-0001.test.key.pem" "$trust" "$crls"
  for name in $names; do
    # The client takes any certificate of its own; TLS 1.2, for a refusal is then part of the handshake.
    status=$(curl --silent --max-time 20 --output ../page --write-out '%{http_code}' --tls-max 1.2 \
      --ciphers 'DEFAULT@SECLEVEL=0' --cert "$name.crt.pem" --key "$name.key.pem" --cacert "$work/fleet/ca/root.crt" \
      --resolve "host-0001.test:$port:127.0.0.1" "https://host-0001.test:$port/" || true)
    verdict nginx "$name" "$([[ $status == 200 ]]; echo $?)"
  done
  stop
fi
cd ..

for tool in "${columns[@]:1}"; do
  place=$(awk -v tool="$tool" '{ for (i = 1; i <= NF; ++i) if ($i == tool) print i }' <<<'fault openssl gnutls go java nginx')
  awk -v p="$place" '{ print $1, $p }' wanted | sort >expected
  grep -v '^bundle-\|^twin-' "said-by/$tool" | sort >found
  diff expected found >difference || fail "$tool: $(cat difference)"
done

# Bundles: what is damaged, or under another password, nobody opens; a good one everybody.
opens() {
  openssl pkcs12 -in "$1" -passin pass:changeit -noenc -out opened 2>/dev/null
}
opens fleet/out/bundles/host-0001.test.pfx || fail 'openssl does not open a good bundle'
for fault in bundle-damaged bundle-wrong-password; do
  ! opens "fleet/faults/$fault.test.pfx" || fail "openssl opens $fault"
  ! command -v certtool >/dev/null ||
    ! certtool --p12-info --inder --password changeit --infile "fleet/faults/$fault.test.pfx" >said 2>&1 ||
    fail "certtool opens $fault"
  ! command -v javac >/dev/null ||
    ! java "$source_tree/tests/interop/Judge.java" --bundle changeit "fleet/faults/$fault.test.pfx" >said 2>&1 ||
    fail "java opens $fault"
done
echo "judged by ${columns[*]:1}"
