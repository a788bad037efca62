#!/usr/bin/env bash
# The main job as a user does it: authority, check, issue, again, more hosts, verify, list, passwords,
# manifest; and the shape of every --json object.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fast_profiles
run 0 ca init --profile fast --profiles profiles.d --no-passphrase --ca ca --json
equal "$(jq -r '.tiers | length' stdout)" 2
equal "$(jq -r '.encrypted' stdout)" false
run 0 ca show --ca ca
prints 'root: CN=Fast Root'
prints 'issuing: CN=Fast Issuing'

fast_fleet fleet.yaml 'ws-[001-020]'
run 0 check fleet.yaml --profiles profiles.d --ca ca --json
equal "$(jq -r '.to_issue' stdout)" 20
absent out

run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out --json
equal "$(jq -c '[.issued,.skipped,.failed,.manifest]' stdout)" '[20,0,0,"out/manifest.jsonl"]'
equal "$(jq -r 'keys_unsorted | join(" ")' stdout)" \
  'issued skipped failed seconds endpoints_per_second kernel threads failures manifest'
equal "$(wc -l <out/manifest.jsonl)" 20
equal "$(ls out/bundles | wc -l)" 20
[[ -z $(ls -A out/.pending) ]] || fail 'pending files are left'
equal "$(stat -c %a out/bundles/ws-001.pfx)" 600
cp -a out before

# Again: nothing to do, nothing changes.
run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out --json
equal "$(jq -c '[.issued,.skipped]' stdout)" '[0,20]'
diff -r before out || fail 'a second run changed the output'

# Hosts that were added are issued alone.
fast_fleet fleet.yaml 'ws-[001-023]'
run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out --json
equal "$(jq -c '[.issued,.skipped]' stdout)" '[3,20]'
diff before/bundles/ws-007.pfx out/bundles/ws-007.pfx || fail 'an old bundle changed'

run 0 verify --ca ca --out out --json
equal "$(jq -c '[.endpoints,.files,(.findings|length)]' stdout)" '[23,23,0]'
run 0 list --ca ca
equal "$(wc -l <stdout)" 23
run 0 list --ca ca --json
equal "$(jq -r '.certificates | length' stdout)" 23
run 1 list --ca ca --expiring 2y
run 0 list --ca ca --expiring 1d

# The manifest is made again from the ledger, byte by byte.
mv out/manifest.jsonl kept.jsonl
mv out/manifest.csv kept.csv
run 0 manifest --ca ca --out out --json
equal "$(jq -r .endpoints stdout)" 23
diff kept.jsonl out/manifest.jsonl || fail 'the manifest differs'
diff kept.csv out/manifest.csv || fail 'the CSV differs'
equal "$(jq -r .bundle_sha256 out/manifest.jsonl | sort | md5sum)" \
  "$(sha256sum out/bundles/*.pfx | cut -d' ' -f1 | sort | md5sum)"
equal "$(head -n 1 out/manifest.csv | cut -d, -f1-5)" 'endpoint,fqdn,profile,subject,dns'

run 0 passwords --ca ca --csv
equal "$(head -n 1 stdout)" $'endpoint,serial,password\r'
equal "$(wc -l <stdout)" 24
run 0 passwords WS-003 --ca ca
[[ $(cat stdout) =~ ^[A-Z2-7]{26}$ ]] || fail 'not a derived password'
run 0 passwords --ca ca --json
equal "$(jq -r '.passwords | length' stdout)" 23
run 2 passwords nobody --ca ca
says "endpoint 'nobody' has no current certificate"

run 0 bench --bits 2048 --threads 1 --seconds 0.5 --json
equal "$(jq -r 'keys_unsorted | join(" ")' stdout)" 'kernel bits threads keys seconds keys_per_second'
run 0 profiles
prints observeit-agent-shared-cn
run 0 profiles observeit-agent
prints 'san: {dns: ["itAuth"]'
run 0 profiles --json
jq -e '.authorities | map(.name) | index("two-tier")' stdout >/dev/null || fail 'no two-tier'
run 0 --help
prints 'Exit codes:'
run 0 issue --help
prints 'Run it again to resume'
