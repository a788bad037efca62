#!/usr/bin/env bash
# One damaged row of the ledger is named by every command that reads it, and takes no other row with it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: all, hosts: "ws-[1-3]"}
  - {name: other, hosts: [dc1], os: windows-2012r2}
Y
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
verify=(verify --ca ca --out out)
run 0 "${issue[@]}"
cp -a ca goodca
cp -a out good

# damage SQL: the ledger is as it was, but for this.
damage() {
  rm -rf ca out
  cp -a goodca ca
  cp -a good out
  sqlite3 ca/ledger.db "drop trigger records_are_kept; drop trigger records_are_not_removed; drop trigger settings_are_kept; drop trigger states_only_go_forward;
    pragma ignore_check_constraints = on; $1" || fail "cannot damage: $1"
}
# A bundle of another endpoint is damaged, too: its verdict must not be lost.
also_damaged() { printf 'X' | dd of=out/bundles/ws-1.pfx bs=1 seek=200 conv=notrunc status=none; }
ws3="(select id from certificate where endpoint = 'ws-3')"

for change in "delete from record where id = $ws3" \
  "update record set files = 'nonsense' where id = $ws3" \
  "update record set files = 'pfx 1 zz' || char(10) where id = $ws3" \
  "update record set der = x'3000' where id = $ws3" \
  "update record set der = x'' where id = $ws3" \
  "update certificate set issued_at = 9223372036854775807 where id = $ws3" \
  "update certificate set delivered_at = -1 where id = $ws3"; do
  damage "$change"
  also_damaged
  run 1 "${verify[@]}" --json
  equal "$(jq -r '[.findings[].endpoint] | unique | join(" ")' stdout)" 'ws-1 ws-3'
  equal "$(jq -r .endpoints stdout)" 4
  run 1 manifest --ca ca --out out
  says "the ledger's record of 1 endpoint is damaged; not in the manifest: 'ws-3'"
  says 'hint: restore the ledger from a backup'
  equal "$(jq -r .endpoint out/manifest.jsonl | tr '\n' ' ')" 'dc1 ws-1 ws-2 '
done

# What list and passwords read of the row: its columns, its settings, and that the record is there.
for change in "delete from record where id = $ws3" "update certificate set not_after = 9223372036854775807, end_bound = 9223372036854775807 where id = $ws3"; do
  damage "$change"
  run 1 list --ca ca
  says "endpoint 'ws-3', serial"
  says 'the ledger is damaged'
  equal "$(wc -l <stdout)" 4
  run 1 passwords --ca ca  # which hang on the name and the serial alone
  says "endpoint 'ws-3', serial"
  equal "$(wc -l <stdout)" 4
done
damage "update certificate set state = 'nonsense' where id = $ws3"
run 1 list --ca ca --state all
says "unknown state 'nonsense'"
run 1 "${verify[@]}"
prints "ws-3: the ledger is damaged: unknown state 'nonsense'"

# A certificate that is not current any more.
damage "update certificate set state = 'superseded' where id = $ws3; delete from record where id = $ws3"
run 1 list --ca ca --state superseded
says "endpoint 'ws-3', serial"
run 1 "${verify[@]}"
prints 'ws-3: the ledger is damaged: its record is missing'

# Settings, which a layer shares: the other layer is judged, listed, has its passwords and is issued.
dc1="(select settings from certificate where endpoint = 'dc1')"
for change in "update settings set body = 'nonsense' where id = $dc1" "pragma foreign_keys = off; delete from settings where id = $dc1"; do
  damage "$change"
  also_damaged
  run 1 "${verify[@]}" --json
  equal "$(jq -r '[.findings[].endpoint | select(. != "")] | unique | join(" ")' stdout)" 'dc1 ws-1'
  run 1 passwords --ca ca
  says "endpoint 'dc1', serial"
  equal "$(wc -l <stdout)" 3
  run 1 manifest --ca ca --out out
  says "not in the manifest: 'dc1'"
  rm out/bundles/ws-1.pfx
  run 1 "${issue[@]}" --replace-damaged --json  # dc1 is not in the manifest
  equal "$(jq -r .issued stdout)" 1
  says '1 endpoint (dc1): settings damaged in the ledger'
done
run 1 list --ca ca
says "endpoint 'dc1', serial"

# Where there is no backup a new certificate can be issued in place of the one whose record is lost.
damage "delete from record where id = $ws3"
run 0 "${issue[@]}" --replace-damaged --json
equal "$(jq -r .issued stdout)" 1
run 1 "${verify[@]}" --json  # the old one is still named
equal "$(jq -r '[.findings[].endpoint] | unique | join(" ")' stdout)" 'ws-3'

# Recovery: the others' pending files are put in place.
damage "delete from record where id = $ws3"
pending() { mv "out/bundles/$1.pfx" "out/.pending/$(jq -r "select(.endpoint == \"$1\").serial" good/manifest.jsonl).pfx"; }
pending ws-2
pending ws-3
run 1 "${verify[@]}"
says "is left alone: the ledger's record of it is damaged"
[[ -f out/bundles/ws-2.pfx ]] || fail 'ws-2 was not put in place'
[[ -n $(ls out/.pending) ]] || fail 'the file of ws-3 is lost'
