#!/usr/bin/env bash
# Names by their type, from the fleet file to what openssl shows: addresses, accounts, URIs, wildcards,
# subjects in the order of RFC 4514, ends instead of validities; and hints, followed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
head='fleet: test\nprofile: fast-agent\ndefaults: {domain: c.example, os: windows-11}\n'
files() { printf '%b' "$1" >fleet.yaml; }
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
check=(check fleet.yaml --profiles profiles.d --ca ca)
san() { openssl x509 -in "$1.pem" -noout -ext subjectAltName | tail -n 1 | sed 's/^ *//'; }
field() { jq -rc --arg n "$1" "select(.endpoint == \$n).$2" out/manifest.jsonl; }

cat >profiles.d/web.yaml <<'Y'
profile: web
extends: fast-agent
summary: web servers
extended_key_usage: [server_auth]
san: {replace: true, dns: ["{fqdn}"]}
Y

# An address is an address, wherever it is written; a wildcard is for servers.
files "${head}endpoints:
  - {name: 10.0.0.1, profile: web}
  - {name: srv, profile: web, dns: ['*.c.example', SRV.c.example], ip: ['::1', '0:0:0:0:0:0:0:1']}
  - name: app
    profile: web
    subject: 'CN={fqdn}, O=\"Acme, Inc.\", C=DE'
    san: {replace: true, uri: ['spiffe://c.example/{host}'], email: '{host}@c.example', upn: '{host}\$@c.example'}
    crl_url: ['http://a.example/c.crl', 'http://b.example/c.crl']
    ocsp_url: http://o.example/
    sid: S-1-5-21-1-2-3-1104
    sid_form: both
    not_after: 2027-03-31
"
run 0 "${issue[@]}"
for name in 10.0.0.1 srv app; do leaf "$name"; done
equal "$(san 10.0.0.1)" 'IP Address:10.0.0.1'
equal "$(field 10.0.0.1 fqdn)" 10.0.0.1
equal "$(san srv)" 'DNS:*.c.example, DNS:SRV.c.example, IP Address:0:0:0:0:0:0:0:1'
equal "$(openssl x509 -in app.pem -noout -subject -nameopt RFC2253)" 'subject=CN=app.c.example,O=Acme\, Inc.,C=DE'
equal "$(field app subject)" 'CN=app.c.example, O=Acme\, Inc., C=DE'
equal "$(field app uri)" '["spiffe://c.example/app","tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104"]'
equal "$(field app email)" '["app@c.example"]'
equal "$(field app upn)" '["app$@c.example"]'
equal "$(field app dns)" '[]'
equal "$(field app not_after)" 2027-03-31T23:59:59Z
openssl x509 -in app.pem -noout -text >text
for part in 'URI:http://a.example/c.crl' 'URI:http://b.example/c.crl' 'OCSP - URI:http://o.example/' '1.3.6.1.4.1.311.25.2:'; do
  grep -qF "$part" text || fail "openssl shows no $part"
done
run 0 verify --ca ca --out out

# Renewing what ends at a fixed time gains nothing, until a later one is given.
run 0 renew fleet.yaml --profiles profiles.d --ca ca --out out --within 10w
sed -i "s/not_after: .*/not_after: $(date -u -d '+20 days' +%F)/" fleet.yaml
run 0 renew fleet.yaml --profiles profiles.d --ca ca --out out --changed
serial=$(field app serial)
run 1 renew fleet.yaml --profiles profiles.d --ca ca --out out --within 10w
says '1 endpoint is not renewed: its certificate ends when not_after says'
says 'hint: give a later not_after in the fleet file'
equal "$(field app serial)" "$serial"
sed -i 's/not_after: .*/not_after: 2027-03-31/' fleet.yaml
run 0 renew fleet.yaml --profiles profiles.d --ca ca --out out --within 10w
[[ $(field app serial) != "$serial" ]] || fail 'a later end was not taken'
leaf app
equal "$(openssl x509 -in app.pem -noout -serial)" "serial=$(field app serial | tr a-f A-F)"
sed -i 's/not_after: .*/not_after: 2027-04-30/' fleet.yaml
run 0 "${check[@]}" --json
equal "$(jq -c '.changes[] | [.key, .before, .now]' stdout)" '["not_after","2027-03-31T23:59:59Z","2027-04-30T23:59:59Z"]'
files "${head}endpoints:\n  - {name: late, not_after: 2020-01-01}\n"
run 2 "${issue[@]}"
says '1 endpoint would get a certificate that ends in the past: not_after is 2020-01-01T23:59:59Z'
equal "$("$FLEETMINT" list --ca ca --json 2>/dev/null | grep -c late || true)" 0

# Two endpoints of one host.
files "${head}hosts: [a, a.c.example, b]\n"
run 0 "${check[@]}"
prints 'with the fqdn of another endpoint (a, a.c.example): 2'
run 0 "${check[@]}" --json
equal "$(jq .same_fqdn stdout)" 2

# follow SED: the first hint's correction between quotes, put into the file in the place of what was wrong.
follow() { # WRONG
  local right
  right=$(grep -m 1 '^ *hint: ' stderr | sed -E "s/[^']*write '([^']*)'.*/\1/")
  WRONG=$1 RIGHT=$right perl -0pi -e 's/\Q$ENV{WRONG}\E/$ENV{RIGHT}/' fleet.yaml
  run 0 "${check[@]}"
}
files "${head}hosts: ['web[1:20]']\n"
run 2 "${check[@]}"
follow 'web[1:20]'
prints '20 endpoints'
files "${head}hosts: [a]\ngroups:\n  - {name: g, hosts: [b], subject: '/C=DE/O=Acme/CN=x'}\n"
run 2 "${check[@]}"
follow '/C=DE/O=Acme/CN=x'

# Names too long for a CN: the hint's settings, in the place of the profile's.
long=$(printf 'x%.0s' {1..60})
files "${head}hosts: [$long]\n"
run 2 "${check[@]}"
settings=$(grep -m 1 'hint: write subject' stderr | sed -E 's/.*hint: write (.*) \(.*/\1/; s/ and /, /')
files "fleet: test\nprofile: fast-agent\ndefaults: {domain: c.example, os: windows-11, $settings}\nhosts: [$long]\n"
run 0 "${issue[@]}"
leaf "$long"
openssl x509 -in "$long.pem" -noout -ext subjectAltName | grep -q critical || fail 'the SAN is not critical'
san "$long" | grep -qF "DNS:$long.c.example" || fail 'the name is not in the SAN'

# What is refused, and the hint.
refused() { # TEXT MESSAGE HINT
  files "${head}$1"
  run 2 "${check[@]}"
  says "$2"
  says "$3"
}
refused "hosts: ['::1']\n" "endpoint name '::1' cannot be a file name" "{name: NAME, ip: ['::1']}"
refused 'hosts: [10.1]\n' "its last label '1' is a number" 'ip: [10.0.0.1]'
refused 'hosts: [010.0.0.1]\n' "its last label '1' is a number" 'ip: [10.0.0.1]'
refused "endpoints:\n  - {name: a, dns: ['*.c.example']}\n" 'for server_auth alone' 'hint: profile: mtls-server'
refused 'hosts: [a]\ngroups:\n  - {name: g, hosts: [b], os: windows}\n' "unknown os 'windows'" 'write its version: windows-10,'
files "${head}hosts: [a]\ngroups:\n  - {name: g, hosts: [b], os: windows-10-22h2}\n"
run 0 "${check[@]}"
