#!/usr/bin/env bash
# revoke, crl and retire: what each way of naming hits, what is refused, and what openssl, GnuTLS and
# servers make of the CRL.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: laptops, hosts: "lap-[1-4]"}
  - {name: desks, hosts: "desk-[1-4]", key: {algorithm: ecdsa, curve: p384}}
Y
more=(--ca ca --out out --profiles profiles.d)
run 0 issue fleet.yaml "${more[@]}"

# field NAME FIELD: of its line in the manifest.
field() { jq -r "select(.endpoint == \"$1\") | .$2" out/manifest.jsonl; }
# listed: the serials of the published CRL, as openssl reads them, sorted.
listed() {
  openssl crl -in out/crl.der -inform der -noout -text | sed -n 's/^ *Serial Number: //p' |
    tr A-F a-f | sort
}
# sorted SERIAL...
sorted() { printf '%s\n' "$@" | sort; }
# certificate NAME: its certificate as a file.
certificate() {
  local password
  password=$("$FLEETMINT" passwords --ca ca "$1" --json | jq -r '.passwords[0].password')
  openssl pkcs12 -in "out/bundles/$1.pfx" -passin "pass:$password" -nokeys -clcerts 2>/dev/null |
    openssl x509 >"$1.pem"
}
# accepted NAME / refused NAME: with the CRLs of every tier.
judge() { verdict=$(openssl verify -crl_check_all -CAfile out/chain.pem -CRLfile out/crl.pem "$1.pem" 2>&1) || true; }
accepted() { judge "$1"; [[ $verdict == *': OK'* ]] || fail "openssl refuses $1: $verdict"; }
refused() { judge "$1"; [[ $verdict == *'certificate revoked'* ]] || fail "openssl does not see $1 revoked: $verdict"; }

for name in lap-1 lap-2 lap-3 desk-1; do certificate $name; done

# The first CRL names nobody; servers want the root's, too.
absent out/crl.der
run 0 crl --ca ca --out out
equal "$(listed)" ''
equal "$(grep -c 'BEGIN X509 CRL' out/crl.pem)" 2
for name in lap-1 desk-1; do accepted $name; done
run 0 verify --ca ca --out out
before=$(sha256sum out/*.*)
run 0 crl --ca ca --out out
says '(unchanged)'
equal "$(sha256sum out/*.*)" "$before"

# Nothing, or nobody, or something that is not ours: said, and nothing done.
run 2 revoke --ca ca
says 'say which certificates'
run 2 revoke lap-1 --group desks --ca ca
run 2 revoke nobody --ca ca
says "no certificate was issued to endpoint 'nobody'"
run 2 revoke lap-1 --fleet nofleet --ca ca
run 2 revoke --serial 0123 --ca ca
says 'has issued no certificate with serial 0123'
run 2 revoke --thumbprint abc --ca ca
says 'too short'
run 2 revoke --thumbprint xyzxyzxyz --ca ca
says 'not hexadecimal'
run 2 revoke --file ca/root.crt --ca ca
says 'is no certificate of this authority'
run 2 revoke --file fleet.yaml --ca ca
run 2 revoke --group nogroup --ca ca
run 2 revoke --key rsa-4711 --ca ca
run 2 revoke --issued-before yesterday --ca ca
run 2 revoke lap-1 --reason certificate-hold --ca ca
says 'a revocation is final'
run 2 revoke lap-1 --reason key-compromized --ca ca
says "did you mean 'key-compromise'?"
run 2 revoke --profile fast-agent --ca ca
says 'all there are'
run 2 revoke lap-1 --installed --ca ca
run 0 revoke --group desks --ca ca --dry-run
equal "$(awk '{print $2}' stdout | tr '\n' ' ')" 'desk-1 desk-2 desk-3 desk-4 '
run 0 crl --ca ca --out out --always
equal "$(listed)" ''

# By name, and all of the endpoint's certificates: the lost laptop may hold the older one.
old=$(field lap-1 serial)
run 0 renew fleet.yaml "${more[@]}" --only lap-1
run 0 revoke LAP-1 --ca ca --reason key-compromise --json
equal "$(cat stdout)" '{"revoked":2,"already":0}'
says 'fleetmint crl --ca ca --out OUT'
run 0 revoke lap-1 --ca ca --json
equal "$(cat stdout)" '{"revoked":0,"already":2}'
run 0 crl --ca ca --out out   # the hint's word
equal "$(listed)" "$(sorted "$old" "$(field lap-1 serial)")"
openssl crl -in out/crl.der -inform der -noout -text | grep -q 'Key Compromise' || fail 'no reason'
refused lap-1
accepted lap-2
equal "$(field lap-1 state)" revoked

# By serial, thumbprints (as Windows shows them, and their beginning), file, group, key.
run 0 revoke --serial "$(field lap-2 serial)" --ca ca
run 0 revoke --thumbprint "$(field lap-3 sha1 | tr a-f A-F | sed 's/../& /g')" --ca ca
run 0 revoke --thumbprint "$(field lap-4 sha256 | head -c 12)" --ca ca --reason privilege-withdrawn
run 0 revoke --file desk-1.pem --ca ca
run 0 revoke --key p384 --ca ca --json --yes
equal "$(cat stdout)" '{"revoked":3,"already":1}'
run 0 crl --ca ca --out out
equal "$(listed)" "$(sorted "$old" $(jq -r .serial out/manifest.jsonl))"
refused lap-2
refused desk-1
run 0 crl --ca ca --serials
equal "$(cut -d' ' -f1 stdout)" "$(listed)"
grep -q "^$(field lap-4 serial) 9$" stdout || fail 'no reason beside the serial'

# A revoked endpoint: issue leaves it, renew wants its name and the word, and what was revoked stays so.
run 0 issue fleet.yaml "${more[@]}"
says '8 endpoints have a certificate that was revoked'
run 0 renew fleet.yaml "${more[@]}" --all
says 'nothing to do'
run 2 renew fleet.yaml "${more[@]}" --only lap-2
says '--reinstate gives'
gone=$(field lap-2 serial)
run 0 renew fleet.yaml "${more[@]}" --only lap-2 --reinstate
certificate lap-2
run 0 crl --ca ca --out out
accepted lap-2
listed | grep -q "$gone" || fail 'a renewal took a revocation back'
equal "$(jq -r 'select(.endpoint == "lap-2") | .supersedes[0].serial' out/manifest.jsonl)" "$gone"

# Retired ones leave manifest, bundles and passwords; with --revoke the CRL names them; issue brings back.
run 2 retire --ca ca --out out
run 2 retire nobody --ca ca --out out
says "no certificate was issued to endpoint 'nobody'"
gone=$(field lap-2 serial)
run 0 retire lap-2 --ca ca --out out --revoke --json
equal "$(cat stdout)" '{"retired":1,"revoked":1,"removed":1}'
absent out/bundles/lap-2.pfx
equal "$(field lap-2 serial)" ''
run 0 passwords --ca ca --json
! grep -q lap-2 stdout || fail 'a retired endpoint has a password'
run 0 retire lap-2 --ca ca --out out --json
equal "$(cat stdout)" '{"retired":0,"revoked":0,"removed":0}'
run 0 crl --ca ca --out out
listed | grep -q "$gone" || fail 'not on the CRL'
run 0 verify --ca ca --out out
run 0 issue fleet.yaml "${more[@]}"
equal "$(jq -r 'select(.endpoint == "lap-2") | .supersedes | length' out/manifest.jsonl)" 2
sed -i 's/lap-\[1-4\]/lap-[1-2]/' fleet.yaml
run 0 issue fleet.yaml "${more[@]}"
says 'to end them: fleetmint retire --not-in fleet.yaml'
run 0 retire --not-in fleet.yaml "${more[@]}" --json
equal "$(cat stdout)" '{"retired":2,"revoked":0,"removed":2}'
sed 's/^fleet: test/fleet: other/' fleet.yaml >other.yaml
run 2 retire --not-in other.yaml "${more[@]}"
sed 's/lap-/nap-/; s/desk-/task-/' fleet.yaml >wrong.yaml
run 2 retire --not-in wrong.yaml "${more[@]}"
says 'the file names no endpoint that has a certificate'
run 0 verify --ca ca --out out

# A name in two fleets needs the fleet.
fast_fleet second.yaml lap-1 second
run 0 issue second.yaml --ca ca --out out2 --profiles profiles.d
run 0 revoke lap-1 --ca ca --fleet second
run 0 issue fleet.yaml "${more[@]}"
run 0 renew fleet.yaml "${more[@]}" --only lap-1 --reinstate
run 2 revoke lap-1 --ca ca
says '--fleet second'

# A CRL that is out already must not be fallen behind: an older ledger signs nothing.
run 0 crl --ca ca --out out
run 0 ca backup --ca ca --to saved
run 0 revoke lap-1 --ca ca --fleet test
run 0 crl --ca ca --out out
mv ca lost && cp -a saved ca
# Nor is the newer CRL replaced by any other command.
newer=$(sha256sum out/crl.der)
run 2 issue fleet.yaml "${more[@]}"
says 'holds what this ledger does not know: CRL number'
run 2 manifest --ca ca --out out
equal "$(sha256sum out/crl.der)" "$newer"
run 3 crl --ca ca --out out --always
says 'which this ledger has never given'
# Whichever of the two files is left of it.
mv out/crl.pem crl.pem
run 3 crl --ca ca --out out --always
says 'which this ledger has never given'
run 2 manifest --ca ca --out out
{ cat crl.pem; echo '-----BEGIN X509 CRL-----'; } >out/crl.pem
run 2 manifest --ca ca --out out
run 3 crl --ca ca --out out --always
says 'which this ledger has never given'
mv crl.pem out/crl.pem
# Nor one whose number this ledger has reached meanwhile: it lacks an entry.
run 3 crl --ca ca --always
says 'no CRL is signed before'
run 0 ca adopt --lost test --ca ca
run 0 ca adopt --lost second --ca ca
run 0 crl --ca ca --always
run 3 crl --ca ca --out out --always
says 'names what this ledger does not have as revoked'
# Who follows the hint has it back.
cp -a out kept
eval "run 0 $(grep -oE 'ca adopt --ca ca --out OUT' stderr | sed 's/OUT/out/')"
run 3 crl --ca ca --out out --always
run 0 ca adopt --lost second --ca ca  # it is noticed anew, and so all are asked anew
run 0 crl --ca ca --out out --always
rm -rf out && mv kept out
rm -rf ca && mv lost ca
run 0 crl --ca ca --out out --always
echo '-----BEGIN X509 CRL-----' >>out/crl.pem
run 3 crl --ca ca --out out
says "out/crl.pem' is no PEM"
says 'move it away'
mv out/crl.pem damaged.pem
run 0 crl --ca ca --out out
[[ -e out/crl.pem ]] || fail 'crl.pem is not written anew'

# An empty value, as an unset variable leaves it, selects nothing; and what hits nothing says so.
run 2 renew fleet.yaml "${more[@]}" --within ''
run 2 revoke --profile fast-agent --group '' --ca ca
run 2 revoke --serial "$(field lap-1 serial)" --fleet second --ca ca
says 'nothing is hit'
run 0 revoke lap-1 --fleet test --ca ca --dry-run --json
jq -e '.would_revoke' stdout >/dev/null || fail 'no JSON'
run 0 crl --ca ca --serials --json
jq -e '.revoked[0].serial' stdout >/dev/null || fail 'no JSON'

# A new name gives a revoked host no access.
cat >renamed.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
endpoints: [{name: other, formerly: lap-1}]
Y
run 0 issue renamed.yaml "${more[@]}" --json
equal "$(jq .issued stdout)" 0
says '1 endpoint has a certificate that was revoked'

# Receipts: who has installed what; only then are the older ones revoked.
sed -i 's/lap-\[1-2\]/new-[1-3]/' fleet.yaml
run 0 issue fleet.yaml "${more[@]}"
run 0 renew fleet.yaml "${more[@]}" --only new-1 new-2 new-3
printf '{"endpoint":"new-1","sha1":"%s","time":"2026-01-01T00:00:00Z","host":"x"}\n' "$(field new-1 sha1)" >receipts
printf '{"endpoint":"NEW-2","sha256":"%s"}\n\n' "$(field new-2 sha256 | tr a-f A-F)" >>receipts
run 0 installed receipts --ca ca --json
equal "$(cat stdout)" '{"recorded":2,"known":0,"refused":0}'
run 0 installed receipts receipts --ca ca --json
equal "$(cat stdout)" '{"recorded":0,"known":4,"refused":0}'
printf '{"endpoint":"nobody","sha1":"%040d"}\n{"endpoint":"new-3","sha1":"%040d"}\nhello\n{"sha1":"12"}\n{"endpoint":"new-3","sha1":"12"}\n[]\n' 1 1 >bad
printf '{"endpoint":"x\\u001b[31m\\nfleetmint: all is well","sha1":"%040d"}\n' 1 >esc
run 1 installed esc --ca ca
says 'x\x1b[31m\x0afleetmint'
run 1 installed bad --ca ca --json
equal "$(cat stdout)" '{"recorded":0,"known":0,"refused":6}'
says 'bad:2: endpoint '
run 0 revoke --superseded --installed --ca ca --dry-run
equal "$(awk '$2 ~ /^new/ {print $2}' stdout | tr '\n' ' ')" 'new-1 new-2 '
run 0 revoke --superseded --installed --ca ca --yes
run 0 crl --ca ca --out out
certificate new-1
accepted new-1

# status: what needs somebody, and numbers for Prometheus.
run 0 status --ca ca --metrics out.prom --json
equal "$(jq -r '[.fleets[] | select(.fleet == "test")] | map(.installed) | add' stdout)" 2
if command -v promtool >/dev/null; then promtool check metrics <out.prom || fail 'promtool'; fi
equal "$(stat -c %a out.prom)" 644
ln -s out.prom link.prom
run 2 status --ca ca --metrics link.prom
says 'is no regular file'
run 0 revoke new-3 --ca ca
run 1 status --ca ca --quiet
says 'on no CRL yet'
run 0 crl --ca ca          # the hint's word
run 0 status --ca ca --quiet
[[ ! -s stderr && ! -s stdout ]] || fail 'status is not quiet where there is nothing to do'
run 1 status --ca ca --within 52w
says 'within 52w'
