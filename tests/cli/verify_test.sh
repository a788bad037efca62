#!/usr/bin/env bash
# Damage anything, and verify names it with exit code 1.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: windows, hosts: "ws-[1-3]"}
  - {name: old, hosts: [dc1], os: windows-2012r2}
  - {name: linux, hosts: [lnx-1], os: linux, bundle: {formats: [pem]}}
Y
run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out
run 0 verify --ca ca --out out
cp -a out good
cp -a ca goodca

# damaged WHAT-IS-NAMED: verify finds it; then everything is whole again.
damaged() {
  run 1 verify --ca ca --out out
  prints "$1"
  rm -rf out ca
  cp -a good out
  cp -a goodca ca
}
flip() { # FILE OFFSET: one bit
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
for file in ws-1.pfx dc1.pfx lnx-1.key.pem lnx-1.crt.pem lnx-1.chain.pem; do
  for part in 3 2; do
    flip "out/bundles/$file" $(($(stat -c %s "out/bundles/$file") / part))
    damaged "$file"
  done
  rm "out/bundles/$file"
  damaged "$file"
done
truncate -s -1 out/bundles/ws-2.pfx
damaged ws-2.pfx
cp out/bundles/ws-1.pfx out/bundles/ws-2.pfx
damaged ws-2.pfx
sed -i '2d' out/manifest.jsonl
damaged manifest.jsonl
sed -i 's/"bytes":[0-9]*/"bytes":1/' out/manifest.jsonl
damaged manifest.jsonl
rm out/chain.pem
damaged chain.pem
touch out/bundles/stranger.pfx
damaged stranger.pfx
echo 'authority: x' >out/.fleetmint
damaged .fleetmint
mv out/bundles elsewhere
ln -s "$PWD/elsewhere" out/bundles
damaged bundles
rm -rf elsewhere out/bundles/ws-1.pfx
mkdir out/bundles/ws-1.pfx
damaged ws-1.pfx
rm out/bundles/ws-1.pfx
mkfifo out/bundles/ws-1.pfx
damaged ws-1.pfx
# The ledger's word against the bundle's: each column, the certificate, the settings, the files.
for change in 'sha256 = zeroblob(32)' 'sha1 = zeroblob(20)' 'spki_sha256 = zeroblob(32)' 'not_after = not_after - 1' \
  "settings = (select settings from certificate where endpoint = 'dc1')" \
  "settings = (select settings from certificate where endpoint = 'lnx-1')"; do
  sqlite3 ca/ledger.db "update certificate set $change where endpoint = 'ws-3'" 2>/dev/null || fail "cannot change $change"
  damaged ws-3
done
for change in "der = x'3000'" "der = (select der from record where id = 1)" "der = x''" "files = 'pfx 1 $(printf '%064d' 0)' || char(10)"; do
  sqlite3 ca/ledger.db "drop trigger records_are_kept;
    update record set $change where id = (select id from certificate where endpoint = 'ws-3')" || fail "cannot change $change"
  damaged ws-3
done
for body in "'nonsense'" "body || 'validity=1y' || char(10)" "replace(body, 'client_auth', 'server_auth')" \
  "replace(body, 'digital_signature', 'key_agreement')" "replace(body, 'validity=1y', 'validity=1d')" \
  "body || 'zzz=1' || char(10)" "replace(body, 'san.dns={fqdn}', 'san.dns=other.example.com')"; do
  sqlite3 ca/ledger.db "drop trigger settings_are_kept;
    update settings set body = $body where id = (select settings from certificate where endpoint = 'ws-3')" || fail "cannot change $body"
  damaged ws-3
done
# What was issued is judged by its own settings, overrides included; profiles that have changed since, or are
# not there any more, change nothing.
sed -i 's/key_usage: .*/key_usage: [digital_signature, key_agreement]/' profiles.d/fast-agent.yaml
run 0 verify --ca ca --out out
run 0 verify --ca ca --out out
