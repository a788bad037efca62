#!/usr/bin/env bash
# Whose output it is: a fleet stays in the directory that holds its bundles, the manifest holds what exists,
# and authority, ledger and output belong together.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-3]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca)
run 0 "${issue[@]}" --out out

# Another directory, with nothing left to issue or with something.
run 2 "${issue[@]}" --out other
says "fleet 'test'"
says 'hint: give the --out that the fleet was issued into'
absent other
fast_fleet fleet.yaml 'ws-[1-4]'
run 2 "${issue[@]}" --out other
absent other
mkdir empty
run 2 "${issue[@]}" --out empty
equal "$(ls -A empty)" ''
mv out moved
run 0 "${issue[@]}" --out moved
equal "$(wc -l <moved/manifest.jsonl)" 4
mv moved out

# A directory that says it is the fleet's, but is not the one.
fast_ca twin
cp -a out copy
sed -i "s/^output: .*/output: '00112233445566778899aabbccddeeff'/" copy/.fleetmint
run 2 "${issue[@]}" --out copy
run 2 manifest --ca ca --out copy
run 2 verify --ca ca --out copy

# A crash after the directory was made and before anything was issued leaves what the next run takes.
fast_fleet second.yaml 'b-[1-2]' second
sqlite3 ca/ledger.db "insert into fleet (name, output) values ('second', 'lost before its first certificate')"
run 0 issue second.yaml --profiles profiles.d --ca ca --out second

# The manifest holds only what exists.
mv out/bundles/ws-2.pfx .
run 1 "${issue[@]}" --out out
says "1 bundle is not in the output, and not in the manifest: 'ws-2'"
equal "$(jq -r .endpoint out/manifest.jsonl | tr '\n' ' ')" 'ws-1 ws-3 ws-4 '
equal "$(tail -n +2 out/manifest.csv | wc -l)" 3
run 1 manifest --ca ca --out out --json
equal "$(jq -c '[.endpoints, .missing]' stdout)" '[3,1]'
run 1 verify --ca ca --out out --json
equal "$(jq -r '.findings[].endpoint' stdout)" ws-2
mv ws-2.pfx out/bundles/
run 1 verify --ca ca --out out
prints manifest.jsonl
run 0 manifest --ca ca --out out
run 0 verify --ca ca --out out

# A bundle between its commit and its rename, as a crash leaves it, is not missing.
mv out/bundles/ws-2.pfx "out/.pending/$(jq -r 'select(.endpoint == "ws-2").serial' out/manifest.jsonl).pfx"
run 0 manifest --ca ca --out out
says 'recovered from an unfinished run: 1 file put in place'
equal "$(wc -l <out/manifest.jsonl)" 4

# Manifests at the same moment: each ends well, and what is left is whole.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  pids=()
  for _ in 1 2 3; do
    "$FLEETMINT" manifest --ca ca --out out --quiet 2>>stderr &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || fail 'a manifest disturbed another'; done
done
run 0 verify --ca ca --out out

# The run's result is told even where the manifest cannot be written.
fast_fleet fleet.yaml 'ws-[1-5]'
rm -rf out/rollout
touch out/rollout
run 3 "${issue[@]}" --out out --json
equal "$(jq -c '[.issued, .manifest]' stdout)" '[1,null]'
says 'out/rollout'
says 'hint: when that is mended: fleetmint manifest'
rm out/rollout
run 0 manifest --ca ca --out out

# The ledger of another authority; the copies of the CA certificates, which are for people, lost.
cp -a ca mixed
cp twin/ledger.db mixed/ledger.db
for command in 'issue fleet.yaml --profiles profiles.d --ca mixed --out out' 'list --ca mixed' 'passwords --ca mixed' 'ca show --ca mixed'; do
  run 3 $command
  says 'is that of another authority'
done
for tier in root issuing; do
  rm -rf mixed
  cp -a ca mixed
  rm "mixed/$tier.crt"
  run 0 list --ca mixed
  run 0 ca show --ca mixed
done

# One within the other; also by a link.
fast_fleet third.yaml 'c-1' third
ln -s ca link
for out in ca ca/out link/out .; do
  run 2 issue third.yaml --profiles profiles.d --ca ca --out "$out"
  says 'lie within each other'
done
absent ca/out
run 3 ca init --profile fast --profiles profiles.d --no-passphrase --ca out/private/ca
says "'out/private/ca' lies within the output directory"
absent out/private

# check says what issue would.
sed 's/^authority: fast/authority: short/; s/validity: 5y/validity: 30d/' profiles.d/fast-authority.yaml >profiles.d/short.yaml
run 0 ca init --profile short --profiles profiles.d --no-passphrase --ca short
for command in check 'issue --out short-out'; do
  run 3 $command third.yaml --profiles profiles.d --ca short
  says 'under a quarter of the validity'
done
run 0 ca request --subject 'CN=Waiting' --key p256 --no-passphrase --ca waiting
for command in check 'issue --out waiting-out'; do
  run 3 $command third.yaml --profiles profiles.d --ca waiting
  says 'has no certificate yet'
done
absent short-out
absent waiting-out

# Path lengths.
sed 's/^authority: fast/authority: narrow/; s/validity: 10y/validity: 10y, path_length: 0/' profiles.d/fast-authority.yaml >profiles.d/narrow.yaml
run 2 ca init --profile narrow --profiles profiles.d --no-passphrase --ca narrow
says "tier 'root' has path length 0, but 1 CA certificate below it"
absent narrow
