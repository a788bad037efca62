#!/usr/bin/env bash
# The README's drill: an older backup is put over the authority. Every command that writes stops and says what to do;
# who follows that for each output has a ledger that knows what was issued: nothing is issued twice, every serial can
# be revoked, no revocation is taken back. And what happens where an output has lost a part of what it knew, or lies.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
other=(issue other.yaml --profiles profiles.d --ca ca --out out2)
sql() { sqlite3 ca/ledger.db "$1"; }
serial() { jq -r --arg name "$1" 'select(.endpoint == $name).serial' "${2-out}/manifest.jsonl"; }
listed() { openssl crl -in "${1-out/crl.der}" -inform DER -noout -text | sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort; }
restored() { rm -rf ca out out2 && cp -a backup ca && cp -a ahead/out ahead/out2 .; }
# follow: the command of the last hint, as it stands.
follow() {
  local command
  command=$(grep -h '^hint: ' stderr | grep -oE 'fleetmint ca adopt --ca [^ ]+ --out [^ ]+$' | head -n 1)
  [[ -n $command ]] || fail 'no hint names: fleetmint ca adopt'
  # shellcheck disable=SC2086
  run "${1-0}" ${command#fleetmint } "${@:2}"
}
# learned [FLEETS...]: nothing is left to do, and nothing is wrong.
learned() {
  run 0 "${issue[@]}" --json
  equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,8]'
  run 0 verify --ca ca --out out --json
  equal "$(jq -c '.findings' stdout)" '[]'
  run 0 "${other[@]}" --json
  equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,2]'
  run 0 verify --ca ca --out out2
}

fast_fleet fleet.yaml 'ws-[1-4]'
fast_fleet other.yaml 'x-[1-2]' other
sed -i 's/domain: example.com/domain: other.example/' other.yaml
run 0 "${issue[@]}"
run 0 crl --ca ca --out out
run 0 ca backup --ca ca --to backup
fast_fleet fleet.yaml 'ws-[1-8]'
run 0 "${issue[@]}"
run 0 "${other[@]}"
first=$(serial ws-2)
run 0 renew fleet.yaml --only ws-2 --profiles profiles.d --ca ca --out out
run 0 revoke ws-3 ws-6 --reason key-compromise --ca ca --yes
run 0 delivered ws-7 --delete --ca ca --out out
run 0 crl --ca ca --out out
mkdir ahead
cp -a ca out out2 ahead/
list=$(listed)
equal "$(wc -l <<<"$list")" 2

# --- The drill.
restored
mkdir -p untouched && cp -a out out2 untouched/
run 2 "${issue[@]}"
says "output 'out' holds what this ledger does not know: "
says 'was the authority restored from an older backup'
for command in 'manifest --out out' 'delivered --out out' 'verify --out out' 'retire ws-1 --out out' 'crl --out out'; do
  # shellcheck disable=SC2086
  "$FLEETMINT" $command --ca ca >stdout 2>stderr && fail "not stopped: $command"
done
# Not one CRL is signed, though no output is named; a revocation is recorded all the same.
run 3 crl --ca ca --always
says 'no CRL is signed before the outputs of all fleets were asked what it lacks'
run 0 revoke ws-4 --ca ca --yes
diff -r out untouched/out || fail 'an output was written into'
run 2 "${issue[@]}"
follow 0 --dry-run
says 'would adopt 5 certificates with a record'
diff -r out untouched/out || fail 'a dry run wrote something'
run 2 "${issue[@]}"
follow
says 'adopted 5 certificates with a record'
equal "$(jq -r '.endpoint' out/manifest.jsonl | tr '\n' ' ')" 'ws-1 ws-2 ws-3 ws-4 ws-5 ws-6 ws-7 ws-8 '
# The fleet that this ledger has never heard of is noticed when it is used.
run 2 "${other[@]}"
says "output 'out2' holds what this ledger does not know"
follow
learned
run 0 crl --ca ca --out out --out out2
# Nothing was taken back, and what was revoked meanwhile is on the list.
equal "$(listed)" "$(sort <(echo "$list") <(serial ws-4))"
equal "$(openssl crl -in out/crl.der -inform DER -noout -text | grep -c 'Key Compromise')" 2
# Each certificate is there once, with what it was.
equal "$(sql "select count(*), count(distinct serial), sum(state = 'issued'), sum(state = 'superseded') from certificate")" '11|11|10|1'
equal "$(sql "select hex(serial) from certificate where state = 'superseded'")" "${first^^}"
equal "$(sql "select hex(serial) || hex(r.der) || r.files || s.body || issued_at from certificate c join record r using (id) join settings s on s.id = c.settings order by 1")" \
  "$(sqlite3 ahead/ca/ledger.db "select hex(serial) || hex(r.der) || r.files || s.body || issued_at from certificate c join record r using (id) join settings s on s.id = c.settings order by 1")"
equal "$(sql "select endpoint from certificate where delivered_at is not null")" ws-7
# Every serial can be revoked: by name, and by serial.
run 0 revoke ws-5 --ca ca --yes
run 0 revoke --serial "$first" --ca ca --yes
run 0 revoke --serial "$(serial x-1 out2)" --ca ca --yes
run 0 crl --ca ca --out out --out out2
equal "$(listed | wc -l)" 6
run 0 verify --ca ca --out out
# A renewal goes on where they left.
run 0 renew fleet.yaml --only ws-8 --profiles profiles.d --ca ca --out out
equal "$(jq -r 'select(.endpoint == "ws-8").supersedes[].serial' out/manifest.jsonl)" "$(serial ws-8 ahead/out)"
run 0 verify --ca ca --out out

# --- The README's words, as they stand there.
cp -a ca learned
cp -a out learned-out
restored
rm -rf ca && mkdir safe && cp -a backup safe/ca-2026-01-31
awk '/^The drill,/ {drill = 1} drill && /^```/ {if (inside) exit; inside = 1; next} inside' "$source_tree/README.md" |
  sed 's/ *#.*//; s|/media/safe|safe|; s/^fleetmint issue.*/& --profiles profiles.d/' >commands
equal "$(grep -c . commands)" 6
for wanted in 0 2 0 0 0 0; do
  read -r line
  code=0
  eval "${line/#fleetmint/\"\$FLEETMINT\"}" >stdout 2>stderr </dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "exit code $code instead of $wanted: $line"
done <commands
equal "$(listed)" "$list"
rm -rf ca out && mv learned ca && mv learned-out out

# --- An output that is not ahead: nothing to adopt, and no file is touched.
find out ca -type f ! -name 'ledger.db*' ! -name run.lock -printf '%p %T@\n' | sort >before
run 0 ca adopt --ca ca --out out
says 'nothing to adopt'
run 0 ca adopt --ca ca --out out --json
equal "$(jq -c '[.adopted, .refused]' stdout)" '[0,[]]'
find out ca -type f ! -name 'ledger.db*' ! -name run.lock -printf '%p %T@\n' | sort | cmp -s before - || fail 'a file was touched'
run 2 ca adopt --ca ca
run 2 ca adopt --lost test --ca ca
says '--lost is not needed'

# --- Fleets whose outputs are not asked: no CRL is signed; one that is lost is waited for no more.
restored
run 2 "${other[@]}"
follow
says "no CRL is signed before the outputs of these fleets were asked, too: 'test'"
run 1 status --ca ca
says "no CRL is signed before the output of fleet 'test' was asked"
run 3 crl --ca ca
run 2 ca adopt --lost tset --ca ca
says "waited for are those of 'test'"
cp -a ca asked
run 0 ca adopt --lost test --ca ca
run 0 crl --ca ca --always
# One that a command finds not to be ahead was asked by that.
rm -rf ca && mv asked ca
run 0 ca adopt --ca ca --out out
run 0 crl --ca ca --out out --out out2
equal "$(listed)" "$list"

# --- Revoked after the backup was restored, by the name: the certificate that the host has by now.
restored
run 0 revoke ws-2 --ca ca --yes
run 2 "${issue[@]}"
follow
run 0 crl --ca ca --out out
listed | grep -qx "$(serial ws-2)" || fail 'the host keeps its access'

# --- The records are lost: bundles that open are adopted; the others' lines are taken as somebody's word.
restored
rm out/.runs/* out2/.runs/*
run 2 "${issue[@]}"
follow
says 'no record is left of 4 certificates: adopted from the bundle'
says "known from the manifest alone, which nothing proves: 1 certificate, of 'ws-7'"
run 0 verify --ca ca --out out
run 0 "${issue[@]}"
says '1 endpoint has a certificate that is known from a manifest alone, and is not issued anew'
run 1 status --ca ca
says "1 certificate of fleet 'test' is known from a manifest alone"
equal "$(sql "select count(*) from certificate where endpoint = 'ws-7'")" 1
run 2 "${other[@]}"
follow  # of a fleet of which there is not one setting
says 'no record is left of 2 certificates: adopted from the bundle'
run 0 "${other[@]}" --json
equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,2]'
run 0 verify --ca ca --out out2
run 0 revoke ws-7 --ca ca --yes
run 0 crl --ca ca --out out --out out2
listed | grep -qx "$(serial ws-7 ahead/out)" || fail 'what is known by word alone is not on the CRL'
run 0 renew fleet.yaml --only ws-7 --reinstate --profiles profiles.d --ca ca --out out
equal "$(jq -r 'select(.endpoint == "ws-7").supersedes[].serial' out/manifest.jsonl)" "$(serial ws-7 ahead/out)"
run 0 verify --ca ca --out out
run 0 "${issue[@]}"
! grep -q 'manifest alone' stderr || fail 'said of what was renewed'

# --- A bundle under a password that nobody has any more: the line is all there is.
restored
rm out/.runs/*
cp out/bundles/ws-1.pfx out/bundles/ws-8.pfx
run 2 "${issue[@]}"
follow
says "of 'ws-7', 'ws-8'"
run 0 "${issue[@]}"
run 1 verify --ca ca --out out
prints 'known from a manifest alone'
run 0 renew fleet.yaml --only ws-8 --profiles profiles.d --ca ca --out out
run 0 verify --ca ca --out out

# --- What no CA of ours has signed is not adopted, whatever says so.
restored
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forged.key -out forged.crt -days 300 -subj '/CN=Fast Issuing' 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout f.key -out f.csr -subj '/CN=evil.example.com' 2>/dev/null
openssl x509 -req -in f.csr -CA forged.crt -CAkey forged.key -set_serial 0x41000000000000000000000000000001 -days 90 -out f.crt 2>/dev/null
run_file=out/.runs/$(cat out/.head)
forge() { # NAME: a record of f.crt for it, at the end of the last chunk
  local last
  last=$(grep -n '"chunk"' "$run_file" | tail -n 1 | cut -d : -f 1)
  jq -nc --arg name "$1" --arg der "$(openssl x509 -in f.crt -outform DER | base64 -w 0)" \
    '{certificate: {endpoint: $name, settings: 1, issued_at: "2026-01-01T00:00:00Z", der: $der,
      files: [{extension: "pfx", bytes: 1, sha256: ("00" * 32)}]}}' >line
  sed -i "$((last - 1))r line" "$run_file"
}
forge evil
run 2 "${issue[@]}"
follow 1
says "refused: the record of 'evil' in .runs/"
says "its certificate was not signed by the CA that it names, 'CN=Fast Issuing'"
equal "$(sql "select count(*) from certificate where endpoint = 'evil'")" 0
run 2 "${other[@]}"
follow
learned
# Of a CA that this ledger does not have it is not certain what it is: nothing goes on without a word.
restored
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forged.key -out forged.crt -days 300 -subj '/CN=Fast Issuing G2' 2>/dev/null
openssl x509 -req -in f.csr -CA forged.crt -CAkey forged.key -set_serial 0x41000000000000000000000000000001 -days 90 -out f.crt 2>/dev/null
forge evil
run 2 "${issue[@]}"
follow 2
says "its certificate names 'CN=Fast Issuing G2', which is no CA of this ledger"
equal "$(sql 'select count(*) from certificate')" 4
word=$(grep -oE 'fleetmint ca adopt --ca ca --out out --yes' stderr)
# shellcheck disable=SC2086
run 1 ${word#fleetmint }
equal "$(sql "select count(*) from certificate where endpoint = 'evil'")" 0
# A record under another endpoint's name.
restored
sed -i 's/"endpoint":"ws-8"/"endpoint":"ws-9"/' out/.runs/*
run 2 "${issue[@]}"
follow 2
says "its certificate is not what its settings make of that name"
# A CRL that another has signed.
restored
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forged.key -out forged.crt -days 300 -subj '/CN=Fast Issuing' 2>/dev/null
mkdir forgery && touch forgery/index.txt
printf '[ca]\ndefault_ca=x\n[x]\ndatabase=forgery/index.txt\ndefault_md=sha256\ndefault_crl_days=30\ncrlnumber=forgery/number\n' >forgery/conf
echo 7FFFFFFFFFFFFF >forgery/number
openssl ca -config forgery/conf -gencrl -cert forged.crt -keyfile forged.key -out forged.crl 2>/dev/null
cat forged.crl >>out/crl.pem
run 2 "${issue[@]}"
follow 1
says 'refused: crl.pem: it was not signed by the CA that it names'
run 0 crl --ca ca --out out
equal "$(listed)" "$list"

# --- What a CRL alone tells: the serial of another fleet's certificate, before its output was asked.
restored
cp -a ahead/ca ca-ahead
run 0 revoke x-2 --ca ca-ahead --yes
run 0 crl --ca ca-ahead --out out
later=$(listed)
run 2 "${issue[@]}"
follow
equal "$(sql 'select count(*) from listed')" 1
run 2 "${other[@]}"
follow
equal "$(sql "select endpoint from certificate where revoked_at is not null order by 1" | tr '\n' ' ')" 'ws-3 ws-6 x-2 '
run 0 crl --always --ca ca --out out --out out2
equal "$(listed)" "$later"
run 0 verify --ca ca --out out2

# --- A generation of the CA that the backup does not have: nothing is adopted on the sly.
restored
rm -rf ca out && cp -a ahead/ca ahead/out .
run 0 ca rotate --ca ca
run 0 ca activate --ca ca
run 0 renew fleet.yaml --only ws-1 --profiles profiles.d --ca ca --out out
run 0 crl --ca ca --out out
rm -rf ca && cp -a backup ca
run 2 "${issue[@]}"
follow 2
says "refused: the record of 'ws-1'"
says "'CN=Fast Issuing G2', which is no CA of this ledger"
says "refused: crl.pem: 'CN=Fast Issuing G2' is no CA of this ledger"
equal "$(sql 'select count(*) from certificate')" 4

# --- Every kind of bundle, in folders; a renewal of all, and hosts with new names. With the records, and without.
rm -rf ca out
fast_ca ca
(umask 077; echo 'a password of a person' >pw)
cat >kinds.yaml <<'Y'
fleet: kinds
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: all, hosts: "ws-[1-3]"}
  - {name: pem, hosts: "lx-[1-3]", bundle: {formats: [pem]}}
  - {name: both, hosts: "bo-[1-2]", bundle: {formats: [pem, pfx], chain: full}}
  - {name: secret, hosts: "se-[1-2]", password: "file:pw"}
  - {name: old, hosts: "od-[1-2]", os: windows-2012r2, validity: 90d}
Y
kinds=(issue kinds.yaml --profiles profiles.d --ca ca --out out)
run 0 "${kinds[@]}" --layout hashed
rm -rf backup ahead && run 0 ca backup --ca ca --to backup
run 0 renew kinds.yaml --all --profiles profiles.d --ca ca --out out
sed -i 's/ws-\[1-3\]/ws-[1-2]/; s/lx-\[1-3\]/lx-[1-2]/' kinds.yaml
cat >>kinds.yaml <<'Y'
  - name: renamed
    endpoints:
      - {name: ws-new, formerly: ws-3}
      - {name: lx-new, formerly: lx-3, bundle: {formats: [pem]}}
  - {name: more, hosts: "nw-[1-2]"}
Y
run 0 "${kinds[@]}"
run 0 revoke lx-1 bo-2 --ca ca --yes
run 0 crl --ca ca --out out
mkdir ahead && cp -a ca out ahead/
for records in kept lost; do
  rm -rf ca out && cp -a backup ca && cp -a ahead/out .
  [[ $records == kept ]] || rm out/.runs/*
  run 2 "${kinds[@]}"
  follow
  run 0 "${kinds[@]}" --json
  equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,14]'
  run 0 verify --ca ca --out out
  run 0 crl --ca ca --out out
  diff -r -x .runs -x .head ahead/out out >differences || true
  if [[ $records == kept ]]; then
    equal "$(cat differences)" ''
    "$FLEETMINT" check kinds.yaml --profiles profiles.d --ca ca 2>&1 | grep -q ' -> ' && fail 'settings are other ones'
  else
    # Of what was known as superseded the manifest tells; the order of names may be another one.
    equal "$(jq -c 'del(.supersedes)' out/manifest.jsonl)" "$(jq -c 'del(.supersedes)' ahead/out/manifest.jsonl)"
  fi
  equal "$(jq -r 'select(.endpoint == "ws-new").supersedes[].serial' out/manifest.jsonl | sort)" \
    "$(jq -r 'select(.endpoint == "ws-new").supersedes[].serial' ahead/out/manifest.jsonl | sort)"
done

# --- A backup that was made while a run was going on: what it has as reserved was issued since.
if strace -o /dev/null true 2>/dev/null; then
  rm -rf ca out backup
  fast_ca ca
  fast_fleet fleet.yaml 'ws-[1-8]'
  strace -f -o /dev/null -e trace=syncfs -e inject=syncfs:delay_enter=3000000:when=3 \
    "$FLEETMINT" "${issue[@]}" --threads 1 >/dev/null 2>&1 &
  while [[ $(sqlite3 ca/ledger.db "select count(*) from certificate where state = 'issued'") == 0 ]]; do
    kill -0 $! || fail 'the run has ended'
    sleep 0.1
  done
  run 0 ca backup --ca ca --to backup
  [[ $(sqlite3 backup/ledger.db "select count(*) from certificate where state = 'reserved'") != 0 ]] ||
    fail 'the backup has no reservation'
  wait $!
  for meanwhile in nothing another-run; do
    rm -rf ca && cp -a backup ca
    # A run of another fleet gives them up: they may have been signed.
    [[ $meanwhile == nothing ]] || run 0 issue other.yaml --profiles profiles.d --ca ca --out out3
    cp -a out out.kept
    run 2 "${issue[@]}"
    follow
    run 0 "${issue[@]}" --json
    equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,8]'
    run 0 verify --ca ca --out out
    equal "$(sql "select count(*) from certificate c join fleet f on f.id = c.fleet where f.name = 'test' and state = 'issued' and revoked_at is null")" 8
    rm -rf out && mv out.kept out
  done
fi

# --- An output that was copied without its hidden files, its bundles shipped and deleted: the manifest is all that tells.
rm -rf ca out backup
fast_ca ca
fast_fleet fleet.yaml 'm-[1-2]'
run 0 "${issue[@]}"
run 0 ca backup --ca ca --to backup
fast_fleet fleet.yaml 'm-[1-4]'
run 0 "${issue[@]}"
run 0 delivered --ca ca --out out --delete
rm -rf out/.head out/.runs/*
rm -rf ca && cp -a backup ca
run 2 "${issue[@]}"
says "which its manifest names"
follow
"$FLEETMINT" "${issue[@]}" --json >stdout 2>stderr || true
equal "$(jq -r .issued stdout)" 0
equal "$(sql "select count(*) from certificate")" 4

# --- The copy says what is not in it.
mv ca/root.key root.key
run 0 ca backup --ca ca --to without
says "the copy does not have the key of root 'CN=Fast Root'"
mv root.key ca/
run 0 ca backup --ca ca --to with
! grep -q 'does not have' stderr || fail 'said of a whole copy'
echo 'nothing issued twice, nothing taken back'
