#!/usr/bin/env bash
# `test-fleet`: the same seed makes the same bytes, in another directory, by another user, without a home, a place for
# temporary files, a terminal or a writable root; a fleet file's names are marked; what is refused says why.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fixed=(--seed 1 --now 2026-01-01T00:00:00Z)

# sums DIR: of what a seed decides, and the ledger as a dump (how its run was cut into chunks is not looked at).
sums() {
  (cd "$1" && find . -type f ! -path './ca/run.lock' ! -path './ca/ledger.db*' ! -path './out/.head' \
    ! -path './out/.runs/*' -print0 | sort -z | xargs -0 sha256sum &&
    cp ca/ledger.db "$work/dumped.db" && sqlite3 "$work/dumped.db" 'update run set commits = 1000000' .dump | sha256sum)
}
same() {
  sums "$1" >a.sums
  sums "$2" >b.sums
  diff a.sums b.sums >difference || fail "$1 and $2 differ: $(cat difference)"
}

run 0 test-fleet --hosts 12 "${fixed[@]}" --key p256 --with all --formats pfx,pem,pem-combined --out one --threads 1
run 0 test-fleet --hosts 12 "${fixed[@]}" --key p256 --with all --formats pfx,pem,pem-combined --out two --threads 7 \
  --kernel portable
same one two
run 0 verify --ca one/ca --out one/out
run 0 list --ca one/ca --json
equal "$(jq '.certificates | length' stdout)" 13
equal "$(wc -l <one/faults.jsonl)" 20
equal "$(jq -r .fault one/faults.jsonl | sort -u | wc -l)" 19
equal "$(jq -r 'select(.say == null or .password == null or .bundle == null) | .fault' one/faults.jsonl)" ''
while read -r bundle; do [[ -s one/$bundle ]] || fail "$bundle is missing"; done < <(jq -r .bundle one/faults.jsonl)
run 0 test-fleet --hosts 12 --seed 2 --now 2026-01-01T00:00:00Z --key p256 --out other
! cmp -s one/ca/root.key other/ca/root.key || fail 'two seeds make one key'

# Every bundle opens by the password that is told; each plain key is its certificate's.
run 0 passwords --csv --ca one/ca
while IFS=, read -r endpoint _ password; do
  [[ $endpoint != endpoint ]] || continue
  openssl pkcs12 -in "one/out/bundles/$endpoint.pfx" -passin "pass:${password%$'\r'}" -nokeys -clcerts 2>/dev/null |
    openssl x509 -noout -pubkey >bundled || fail "$endpoint does not open"
  openssl pkey -in "one/pem/$endpoint.key.pem" -pubout >plain
  cmp bundled plain || fail "the plain key of $endpoint is another one"
  openssl pkey -in "one/pem/$endpoint.pem" -pubout | cmp - plain || fail "the combined file of $endpoint has another key"
  openssl verify -crl_check -CRLfile one/out/crl.pem -CAfile one/ca/root.crt -untrusted "one/pem/$endpoint.pem" \
    "one/pem/$endpoint.pem" >said 2>&1 || [[ $endpoint == revoked.test ]] || fail "$endpoint: $(cat said)"
done <stdout
openssl x509 -in one/pem/host-0001.test.crt.pem -noout -subject >said
grep -q 'O = TEST ONLY' said || fail 'a subject is not marked'
openssl x509 -in one/ca/root.crt -noout -ext nameConstraints >said
grep -q critical said || fail 'the root has no name constraints'

# A test authority issues for nobody else, nor are faults made of a fleet file by accident.
cat >fleet.yaml <<'Y'
fleet: acme
profile: observeit-agent
vars: {application_server: itm.corp.example.com}
defaults: {domain: corp.example.com, os: windows-11}
hosts: ["ws-[1-2]"]
endpoints:
  - {name: gone, fault: expired}
  - {name: lost, fault: revoked}
Y
sed '/fault/d; /endpoints/d; s/^fleet: acme/fleet: test-fleet/' fleet.yaml >plain.yaml
for command in issue 'renew --all --yes'; do
  # shellcheck disable=SC2086
  run 2 $command plain.yaml --ca one/ca --out one/out
  says 'is a test authority'
done
run 2 check fleet.yaml
says "fleet.yaml:7:25: 'fault' belongs to test fleets"
says 'fleetmint test-fleet makes one of this file'

# A fleet file: names get .test, whatever domain they would have; faults are those that it names.
run 0 test-fleet fleet.yaml "${fixed[@]}" --key p256 --out acme --password changeit --formats pem
run 0 verify --ca acme/ca --out acme/out
equal "$(jq -r .endpoint acme/out/manifest.jsonl | xargs)" 'lost.test ws-1.test ws-2.test'
equal "$(jq -r '.fault + " " + .bundle' acme/faults.jsonl | xargs)" \
  'expired faults/gone.test.pfx revoked out/bundles/lost.test.pfx'
equal "$(jq -r 'select(.endpoint == "ws-1.test") | .dns | join(" ")' acme/out/manifest.jsonl)" itAuth
openssl pkcs12 -in acme/faults/gone.test.pfx -passin pass:changeit -noenc -out opened 2>/dev/null ||
  fail 'the password of all does not open a faulty bundle'
openssl verify -CAfile acme/ca/root.crt -untrusted acme/pem/ws-1.test.crt.pem acme/pem/ws-1.test.crt.pem >said 2>&1 ||
  fail "$(cat said)"

# Layers are recorded in the order of the file, though the keys of the first take longest.
cat >layers.yaml <<'Y'
fleet: layers
profile: mtls-client
groups:
  - {name: slow, hosts: ["slow-[1-8]"], key: {algorithm: rsa, bits: 3072}}
  - {name: fast, hosts: ["fast-[1-8]"], key: {algorithm: ecdsa, curve: p256}}
Y
run 0 test-fleet layers.yaml "${fixed[@]}" --out layers-1 --threads 1
run 0 test-fleet layers.yaml "${fixed[@]}" --out layers-2 --threads 8
same layers-1 layers-2
equal "$(sqlite3 layers-2/ca/ledger.db 'select grp from settings order by id' | xargs)" 'slow fast'

# Refused, with nothing left.
refused() {
  local wanted=$1
  shift
  run 2 test-fleet "$@" --out nowhere
  says "$wanted"
  absent nowhere
}
refused "unknown word 'expried'" --hosts 1 --with expried
refused "did you mean 'expired'?" --hosts 1 --with expried
refused '--hosts and --with are for a fleet without a file' fleet.yaml --hosts 3
refused 'a fleet of nobody'
refused 'unknown key' --hosts 1 --key rsa-1024
refused '--now: ' --hosts 1 --now yesterday
sed 's/fault: expired/fault: expried/' fleet.yaml >typo.yaml
refused "typo.yaml:7:25: unknown fault 'expried'" typo.yaml
run 2 test-fleet --hosts 1 "${fixed[@]}" --out one
says "'one' is not empty"
[[ -s one/faults.jsonl ]] || fail 'a refused command has removed what was there'

# What is not its own stays as it was, and a run that fails takes nothing of another one's.
ln -s nowhere dangling
run 3 test-fleet --hosts 1 --key p256 --out dangling
[[ -L dangling ]] || fail "somebody's link was removed"
run 2 test-fleet typo.yaml --out new/and/newer
absent new
code=0
"$FLEETMINT" test-fleet --hosts 3 "${fixed[@]}" --key p256 --out both >/dev/null 2>first </dev/null &
"$FLEETMINT" test-fleet --hosts 3 "${fixed[@]}" --key p256 --out both >/dev/null 2>second </dev/null || code=$?
other=0
wait $! || other=$?
equal "$((code + other))" 2
run 0 verify --ca both/ca --out both/out
absent both/.making
for place in both/out/sub both/ca/sub; do
  "$FLEETMINT" test-fleet --hosts 1 --out $place >stdout 2>stderr </dev/null && fail "made a fleet in $place" || true
  says 'lies within'
  absent $place
done

# Ctrl-C leaves nothing either.
"$FLEETMINT" test-fleet --hosts 2000 "${fixed[@]}" --key rsa-4096 --out stopped >/dev/null 2>stderr </dev/null &
until [[ -e stopped/ca ]]; do sleep 0.01; done
kill -INT $!
code=0
wait $! || code=$?
equal "$code" 130
absent stopped

# Its fleet file names its hosts as they are called.
run 0 retire --not-in other/fleet.yaml --ca other/ca --out other/out --yes
run 0 list --ca other/ca --json
equal "$(jq '.certificates | length' stdout)" 12

# Whatever is done with it, it stays a test authority.
run 2 check plain.yaml --ca both/ca
says 'is a test authority'
run 2 ca rotate --ca both/ca
says 'is a test authority'
run 3 ca import --key both/ca/issuing.key --chain both/out/chain.pem --ca imported --no-passphrase
says 'is the CA of a test fleet'
absent imported
sed -i '/^test:/d' both/ca/authority.yaml
run 2 issue plain.yaml --ca both/ca --out both/out
says 'is a test authority'

# Passwords come from where the file says, are told of faults, and a fleet may be moved.
(umask 077; echo sesame-open >phrase)
cat >phrases.yaml <<'Y'
fleet: phrases
profile: mtls-server
defaults: {password: "file:phrase"}
hosts: [a]
endpoints: [{name: gone, fault: shared-key}, {name: lost, fault: revoked}]
Y
run 0 test-fleet phrases.yaml "${fixed[@]}" --key p256 --formats pem --out phrases
equal "$(jq -r .password phrases/faults.jsonl | sort -u)" sesame-open
for bundle in $(jq -r .bundle phrases/faults.jsonl) out/bundles/a.test.pfx; do
  openssl pkcs12 -in "phrases/$bundle" -passin pass:sesame-open -noenc -out opened 2>/dev/null || fail "$bundle does not open"
done
run 0 test-fleet phrases.yaml "${fixed[@]}" --key p256 --password changeit --out here
run 0 test-fleet phrases.yaml "${fixed[@]}" --key p256 --password changeit --out further/there
same here further/there
mv here gone-elsewhere
run 0 verify --ca gone-elsewhere/ca --out gone-elsewhere/out

# It lasts, whatever the profile says; names do not meet, nor grow too long.
openssl x509 -in phrases/pem/a.test.crt.pem -noout -checkend $((4 * 365 * 86400 - $(date +%s) + $(date +%s -d 2026-01-01))) ||
  fail 'a certificate of a test fleet does not last'
sed 's/{name: lost, fault: revoked}/{name: twin-gone}/' phrases.yaml >twins.yaml
refused "two endpoints of the test fleet are called 'twin-gone.test'" twins.yaml
sed "s/{name: gone, /{name: $(printf 'x%.0s' {1..58}), /" phrases.yaml >long.yaml
refused 'which shares a key' long.yaml
refused "--seed '010' is no number" --hosts 1 --seed 010
refused "--seed '-1' is no number" --hosts 1 --seed=-1
refused 'a test fleet of 1990' --hosts 1 --now 1990-01-01T00:00:00Z

# By anybody, anywhere: without an environment, a terminal, a home; as another user; with a root that cannot be written.
args=(test-fleet --hosts 12 "${fixed[@]}" --key p256 --with all --formats "pfx,pem,pem-combined")
(cd / && env -i setsid "$FLEETMINT" "${args[@]}" --out "$work/bare" </dev/null >"$work/stdout" 2>"$work/stderr") ||
  fail 'not without an environment'
same one bare
if [[ $(id -u) == 0 ]] && command -v setpriv >/dev/null; then
  mkdir nobody
  chmod 755 .
  cp "$FLEETMINT" program  # where another user can read it
  chown 65534 nobody
  setpriv --reuid 65534 --regid 65534 --clear-groups env -i "$work/program" "${args[@]}" --out "$work/nobody/fleet" \
    </dev/null >stdout 2>stderr || fail 'not as another user'
  same one nobody/fleet
fi
# shellcheck disable=SC2016
if unshare --mount true 2>/dev/null; then
  mkdir writable
  unshare --mount bash -c 'set -e
    mount --bind "$1" "$1"
    mount -o remount,bind,ro /
    ! touch /tmp/.fleetmint-probe 2>/dev/null || { rm -f /tmp/.fleetmint-probe; exit 78; }
    shift
    exec env -i "$@"' bash "$work/writable" "$FLEETMINT" "${args[@]}" --out "$work/writable/fleet" \
    </dev/null >stdout 2>stderr && code=0 || code=$?
  if [[ $code != 78 ]]; then
    equal "$code" 0
    same one writable/fleet
  fi
fi
echo "test fleets repeat"
